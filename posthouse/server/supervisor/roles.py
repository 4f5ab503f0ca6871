"""What the nursery can fork; importing this imports all that they need."""

from __future__ import annotations

from posthouse.server.indexer.main import run_indexer
from posthouse.server.indexer.sandbox import run_documents
from posthouse.server.nursery import Role
from posthouse.server.store_process import run_store
from posthouse.server.worker.main import run_worker

ROLES: dict[str, Role] = {
    "store": run_store,
    "indexer": run_indexer,
    "documents": run_documents,
    "worker": run_worker,
}
