"""The part of a report that people read: who, what the other server said, and what happens next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from posthouse.formats.dsn.lines import one_line
from posthouse.formats.dsn.report import Action, Report, ReportedRecipient
from posthouse.formats.mime.dates import date_time

_WIDTH = 72
_LONGEST_WORDS = 1000  # characters of what a server said
_MOST_SHOWN = 100  # recipients; programs read all of them in the next part

_SUBJECTS: dict[Action, str] = {
    "failed": "Your message could not be delivered",
    "delayed": "Your message is delayed",
    "delivered": "Your message was delivered",
    "relayed": "Your message was passed on",
    "expanded": "Your message was passed on to a list",
}
_HEADINGS: dict[Action, str] = {
    "failed": "It could not be delivered to:",
    "delayed": "It has not been delivered yet to:",
    "delivered": "It was delivered to:",
    "relayed": "It was handed to the server responsible for these recipients, which sends no reports of its own:",
    "expanded": "It was passed on to the members of:",
}
_OUTLOOKS: dict[Action, str] = {
    "failed": "Nothing more will be tried. To reach these recipients, put right what is said above, or ask them, and "
    "send the message again.",
    "delayed": "You need do nothing: it is tried again{until}. You will hear if it cannot be delivered.",
    "delivered": "It is in the mailbox; whether it was read is not known.",
    "relayed": "You will hear no more of it, unless that server returns it.",
    "expanded": "What becomes of it there is not reported.",
}
_ORDER: tuple[Action, ...] = ("failed", "delayed", "delivered", "relayed", "expanded")


def subject(report: Report) -> str:
    """The report's subject: the worst that is in it."""
    actions = {recipient.action for recipient in report.recipients}
    return next(_SUBJECTS[action] for action in _ORDER if action in actions)


def explanation(report: Report) -> str:
    """The text, lines ended by LF."""
    return "\n".join(_paragraphs(report)) + "\n"


def _paragraphs(report: Report) -> Iterator[str]:
    title = one_line(report.subject, _LONGEST_WORDS)
    named = f' "{title}"' if title else ""
    yield _wrapped(
        f"This is the mail server {report.hostname}. It is about your message{named}, which came here on "
        f"{date_time(report.arrived)}."
    )
    for action in _ORDER:
        recipients = [recipient for recipient in report.recipients if recipient.action == action]
        if recipients:
            yield ""
            yield _wrapped(_HEADINGS[action])
            for recipient in recipients[:_MOST_SHOWN]:
                yield ""
                yield from _about(recipient)
            if len(recipients) > _MOST_SHOWN:
                yield f"\nand {len(recipients) - _MOST_SHOWN} others."
            yield ""
            until = max(recipient.retry_until for recipient in recipients)
            yield _wrapped(_OUTLOOKS[action].format(until=f" until {date_time(until)}" if until else ""))
    if report.returned is not None:
        yield ""
        yield _wrapped(f"{'The message' if report.returned.whole else 'The header of the message'} is below.")


def _about(recipient: ReportedRecipient) -> Iterator[str]:
    yield f"  {one_line(recipient.address)}"
    words = one_line(recipient.words, _LONGEST_WORDS)
    if recipient.code:
        said = " ".join(part for part in (str(recipient.code), one_line(recipient.status), words) if part)
        yield _wrapped(f"{one_line(recipient.host) or 'The server'} said: {said}", "    ")
    elif words:
        yield _wrapped(words, "    ")


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
