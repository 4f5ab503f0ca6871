"""The job that tells a sender what became of a message."""

from __future__ import annotations

from posthouse.storage.contract import WriteTransaction
from posthouse.storage.jobs import add_job

REPORT = "report"  # its body and key name the message


def need_report(txn: WriteTransaction, number: int, now: int) -> None:
    """Have the sender of a message told of recipients whose `reported` is not what has become of them.

    Also while that is being done: it is then done once more.
    """
    add_job(txn, REPORT, b"%d" % number, now, f"{REPORT} {number}")
