"""The engine for tests: a dictionary and its sorted keys, in the caller's own process; nothing of it lasts."""

from posthouse.storage.memory.store import MemoryStore

__all__ = ["MemoryStore"]
