"""The default engine: LMDB, read in place by every worker, written by the store process alone."""

from posthouse.storage.lmdb.copies import StoreFigures, copy_snapshot
from posthouse.storage.lmdb.engine import StoreInUse
from posthouse.storage.lmdb.local import LocalStore
from posthouse.storage.lmdb.remote import RemoteStore

__all__ = ["LocalStore", "RemoteStore", "StoreFigures", "StoreInUse", "copy_snapshot"]
