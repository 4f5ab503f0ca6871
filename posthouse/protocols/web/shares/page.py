"""One page of HTML: all text encoded, styled from within, and allowed by its policy nothing but that."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Sequence
from html import escape

import msgspec

from posthouse.webdav.http.answer import Answer, Fields

_STYLE = """
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:48rem;margin:0 auto;padding:1rem}
h1{font-size:1.4rem;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
caption{text-align:start;padding:.5rem 0}
th,td{text-align:start;padding:.5rem .25rem;border-bottom:1px solid #8886;overflow-wrap:anywhere}
td+td,th+th{white-space:nowrap}
label{display:block;margin:.5rem 0 .25rem}
input,button,.button{font:inherit;padding:.5rem .75rem}
.button{display:inline-block;border:1px solid;border-radius:.25rem}
.note{border-inline-start:.25rem solid;padding-inline-start:.75rem}
img{vertical-align:middle}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_KIND = (b"content-type", b"text/html; charset=utf-8")
PRIVATE: Fields = ((b"cache-control", b"private, no-store"), (b"x-robots-tag", b"noindex, nofollow"))
_GUARDS: Fields = ((b"content-security-policy", _POLICY.encode()), *PRIVATE)


class Row(msgspec.Struct, frozen=True):
    """A line of a listing: text, where it leads to, and what stands beside it."""

    text: str
    address: str
    size: str
    modified: str
    picture: str = ""


def head(title: str) -> str:
    """What a page begins with."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>\n"
    )


TAIL = "</main>\n</body>\n</html>\n"


def page(title: str, inside: str, status: int = 200, fields: Fields = ()) -> Answer:
    """A page of that; `inside` is HTML."""
    return Answer(status, (_KIND, *_GUARDS, *fields), (head(title) + inside + TAIL).encode())


def streamed(pieces: AsyncIterator[str]) -> Answer:
    """A page whose HTML is made as it goes out."""
    return Answer(200, (_KIND, *_GUARDS), _encoded(pieces))


async def _encoded(pieces: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield piece.encode()


def note(text: str, *, is_alert: bool = False) -> str:
    """A remark; screen readers say an alert at once."""
    role = "alert" if is_alert else "status"
    return f'<p class="note" role="{role}">{escape(text)}</p>\n'


def linked(text: str, address: str, *, is_button: bool = False) -> str:
    """A link; `address` is encoded as a URL already."""
    kind = ' class="button"' if is_button else ""
    return f'<a{kind} href="{escape(address)}" rel="noreferrer">{escape(text)}</a>'


def rows(lines: Sequence[Row]) -> str:
    """The lines of a listing."""
    return "".join(
        [
            f"<tr><td>{_picture(line.picture)}{linked(line.text, line.address)}</td>"
            f"<td>{escape(line.size)}</td><td>{escape(line.modified)}</td></tr>\n"
            for line in lines
        ]
    )


TABLE = (
    '<table>\n<caption>Files and folders</caption>\n<thead><tr><th scope="col">Name</th><th scope="col">Size</th>'
    '<th scope="col">Changed</th></tr></thead>\n<tbody>\n'
)
TABLE_END = "</tbody>\n</table>\n"


def password_form(address: str, why: str = "") -> str:
    """Asks for the password of a link."""
    return (
        f"{note(why, is_alert=True) if why else ''}"
        f'<form method="post" action="{escape(address)}">\n<label for="password">Password</label>\n'
        '<input id="password" name="password" type="password" autocomplete="off" required>\n'
        '<button type="submit">Open</button>\n</form>\n'
    )


def upload_form(address: str) -> str:
    """Asks for files."""
    return (
        f'<form method="post" action="{escape(address)}" enctype="multipart/form-data">\n'
        '<label for="files">Files to send</label>\n<input id="files" name="files" type="file" multiple required>\n'
        '<button type="submit">Send</button>\n</form>\n'
    )


def _picture(address: str) -> str:
    return f'<img src="{escape(address)}" alt="" width="32" height="32" loading="lazy"> ' if address else ""
