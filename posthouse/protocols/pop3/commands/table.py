"""Which command is allowed when, and who does it; RFC 1939 3."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from posthouse.protocols.pop3.commands import any_state, delete, listing, login, retrieve
from posthouse.protocols.pop3.wire import commands as wire

Run = Callable[..., Awaitable[bytes | None]]

# Those that look at the connection or change its state: they are given the session, and say themselves what they need
CONNECTION_COMMANDS: dict[type[wire.Command], Run] = {
    wire.Capa: any_state.capa,
    wire.Quit: any_state.quit_,
    wire.Noop: any_state.noop,
    wire.Utf8: any_state.utf8,
    wire.Lang: any_state.lang,
    wire.Stls: any_state.stls,
    wire.User: login.user,
    wire.Pass: login.pass_,
    wire.Apop: login.apop,
    wire.Auth: login.auth,
}

# Those for whoever has logged in
USER_COMMANDS: dict[type[wire.Command], Run] = {
    wire.Stat: listing.stat,
    wire.List: listing.list_,
    wire.Uidl: listing.uidl,
    wire.Retr: retrieve.retr,
    wire.Top: retrieve.top,
    wire.Dele: delete.dele,
    wire.Rset: delete.rset,
}
