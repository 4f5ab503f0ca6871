"""The store: an ordered map with transactions, its engines, and the records kept in it."""
