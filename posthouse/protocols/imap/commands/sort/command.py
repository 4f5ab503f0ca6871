"""SORT: find, put in order, answer; RFC 5256 3, RFC 5267 3 (ESORT), RFC 5957 (SORT=DISPLAY)."""

from __future__ import annotations

from posthouse.core.turns import Turn
from posthouse.protocols.imap.commands.search.answer import answer, list_numbers, to_be_saved
from posthouse.protocols.imap.commands.search.command import find_ranked
from posthouse.protocols.imap.commands.sort.ordering import ordered
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.commands.search import Sort


async def sort(command: Sort, view: View, user: User) -> Ok:
    """Find messages and show them in order; the answer is ESEARCH when RETURN was given."""
    with to_be_saved(command.returns, view):
        turn = Turn()
        ascending, relevancy = await find_ranked(command.tag, command.key, view, user)
        await turn.share()
        found = await ordered(ascending, command.criteria, relevancy, view, user)
        if command.returns is not None:
            return await answer(command, command.returns, found, relevancy, view, user)
        return await list_numbers(b"* SORT", command, found, view, user)
