"""Small pictures of documents, made in a process that may die of them."""
