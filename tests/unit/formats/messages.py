"""Messages for tests: wild ones that obey no rule, and well-formed ones."""

from __future__ import annotations

from hypothesis import strategies as st

_LINES = [
    b"",
    b"text",
    b"Content-Type: text/plain",
    b"Content-Type: text/html; charset=utf-8",
    b"Content-Type: message/rfc822",
    b"content-type:message/global",
    b'Content-Type: multipart/mixed; boundary="b"',
    b"Content-Type: multipart/digest; boundary=bb",
    b"Content-Type: multipart/alternative;\r\n boundary=b--",
    b"Content-Type: multipart/x",
    b"Content-Type: multipart/y; boundary=b",
    b'Content-Type: multipart/related; boundary="c c"',
    b"Content-Type: nonsense",
    b"Content-Transfer-Encoding: base64",
    b"Content-Disposition: attachment; filename*0*=utf-8''a%20; filename*1=b.txt",
    b"Content-ID: <a@b>",
    b"Content-MD5: Q2hlY2s=",
    b"Content-Description: \xff\x00",
    b"Content-Language: en, fr",
    b"Content-Location: http://x/\r\n y",
    b"Subject: =?utf-8?q?a?=",
    b"From: Ann <ann@example.org>",
    b"To: a:b@c,d;, (x) <e@f>",
    b"X: " + b"y" * 100,
    b"--b",
    b"--b--",
    b"--bb",
    b"--bb--",
    b"--b----",
    b"--c c",
    b"--c c--",
    b"--",
    b"---b",
    b"--b \t",
    b" folded",
    b"\r",
    b"a\rb",
    b"\x00",
]

_ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\n", b"\r", b"", b"\r\n\r\n", b"\n\n"])

_WILD_LINES = st.tuples(st.sampled_from(_LINES) | st.binary(max_size=12), _ENDS).map(b"".join)
_BEGINNINGS = st.sampled_from(
    [
        b"",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        b"Content-Type: multipart/x; boundary=b\n\n\n--b",
    ]
)

wild_messages = st.tuples(_BEGINNINGS, st.lists(_WILD_LINES, max_size=40).map(b"".join)).map(b"".join)

any_octets = st.binary(max_size=400) | wild_messages

_WORDS = st.lists(st.sampled_from(["hello", "world", "-- ", "--", "a=b", "gruss", ".", ""]), max_size=6).map(" ".join)
_BODIES = st.lists(_WORDS, max_size=6).map("\n".join).map(str.encode)


def _leaf(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["text/plain", "text/html; charset=utf-8", 'application/pdf; name="a b.pdf"', ""]))
    head = f"Content-Type: {kind}\nX-Kind: leaf\n".encode() if kind else b"X-Kind: bare\n"
    return head + b"\n" + draw(_BODIES)


def _message(draw: st.DrawFn, depth: int, number: list[int]) -> bytes:
    choice = draw(st.sampled_from(["leaf", "leaf", "multipart", "message"])) if depth else "leaf"
    if choice == "leaf":
        return _leaf(draw)
    if choice == "message":
        inner = b"Subject: inner\nFrom: ann@example.org\n" + _message(draw, depth - 1, number)
        return b"Content-Type: message/rfc822\n\n" + inner
    number[0] += 1
    boundary = f"=_{number[0]}_{'x' * draw(st.integers(0, 60))}".encode()
    children = [_message(draw, depth - 1, number) for _ in range(draw(st.integers(1, 3)))]
    found = b'Content-Type: multipart/mixed;\n boundary="' + boundary + b'"\n\n'
    found += draw(st.sampled_from([b"", b"A preamble.\n"]))
    found += b"".join(b"--" + boundary + b"\n" + child + b"\n" for child in children)
    return found + b"--" + boundary + b"--" + draw(st.sampled_from([b"", b"\n", b"\nAn epilogue.\n"]))


@st.composite
def well_formed_messages(draw: st.DrawFn) -> bytes:
    """Whole messages that obey RFC 2045 and RFC 2046, with one kind of line end."""
    message = b"From: Ann Bee <ann@example.org>\nSubject: test\n" + _message(draw, 4, [0])
    return message if draw(st.booleans()) else message.replace(b"\n", b"\r\n")
