"""Which function does which command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from posthouse.protocols.smtp.commands import any_state, content, login, mail, xclient
from posthouse.protocols.smtp.wire.commands import (
    Auth,
    Bdat,
    DataCommand,
    Ehlo,
    Help,
    Lhlo,
    Mail,
    Noop,
    Quit,
    Rcpt,
    Rset,
    StartTls,
    Vrfy,
    Xclient,
)
from posthouse.protocols.smtp.wire.reply import Reply

COMMANDS: dict[type[Any], Callable[[Any, Any], Awaitable[Reply | None]]] = {
    Ehlo: any_state.ehlo,
    Lhlo: any_state.lhlo,
    StartTls: any_state.starttls,
    Auth: login.auth,
    Mail: mail.mail,
    Rcpt: mail.rcpt,
    DataCommand: content.begin,
    Bdat: content.chunk,
    Rset: any_state.rset,
    Noop: any_state.noop,
    Help: any_state.help_,
    Vrfy: any_state.vrfy,
    Xclient: xclient.xclient,
    Quit: any_state.quit_,
}
