"""What IMAP transcripts play on: alice@example.org and bob@example.org, password "secret"; the time stands still.

`# with:` takes `messages=N` (the first N of MESSAGES are in Alice's inbox), `tls=yes` (STARTTLS is offered),
`tokens=yes` (those of tests/tokens.py are taken),
`peer=ADDRESS`, `inline_octets=N` (larger messages become blobs of their own), `quota_octets=N` and `quota_messages=N`
(what Alice may hold), `house=large` (see `enlarge`), and any setting of ImapSettings.
"""

from __future__ import annotations

from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_account, change_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.group_folders import open_folders
from posthouse.core.accounts.groups import add_group
from posthouse.core.mail.messages import append
from posthouse.core.sharing.changing import share
from posthouse.core.sharing.grants import ROOT
from posthouse.core.sharing.rights import ALL
from posthouse.core.sharing.settings import SharingSettings
from tests.letters import letter
from tests.tokens import SomeTokens
from tests.transcripts.runner import Stage
from tests.unit.imap.world import NOW, PASSWORD, World, keys_of, open_world

PLAIN = b"""\
Date: Mon, 7 Feb 1994 21:52:25 -0800
From: Fred Foobar <foobar@example.org>
Subject: afternoon meeting
To: alice@example.org
Message-ID: <B27397-0100000@example.org>

Hello Alice, do you think we can meet at 3:30 tomorrow?
"""

MIXED = b"""\
Date: Tue, 8 Feb 1994 10:00:00 +0000
From: =?utf-8?q?J=C3=B6rg?= <joerg@example.com>
To: alice@example.org
Cc: bob@example.org
Subject: =?utf-8?b?R3LDvMOfZQ==?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=bb

--bb
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe aus K=C3=B6ln
--bb
Content-Type: text/plain; charset=iso-8859-1; name=notes.txt
Content-Disposition: attachment; filename=notes.txt
Content-Transfer-Encoding: base64

RGFzIGlzdCBlaW4gQW5oYW5nLg==
--bb--
"""

FORWARDED = b"""\
Date: Wed, 9 Feb 1994 10:00:00 +0000
From: bob@example.org
To: alice@example.org
Subject: Fwd: lost keys
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=out

--out
Content-Type: text/plain

see below
--out
Content-Type: message/rfc822

From: Carol <carol@example.net>
Subject: lost keys
Content-Type: text/plain

They were in the car.

--out--
"""

CODED = b"""\
Subject: codes
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=bb

--bb
Content-Type: application/octet-stream
Content-Transfer-Encoding: BASE64

YQBi
--bb
Content-Type: text/plain
Content-Transfer-Encoding: x-rot13

Uryyb
--bb
Content-Type: text/plain
Content-Transfer-Encoding: 8bit

as it is
--bb--
"""

MESSAGES = [text.replace(b"\n", b"\r\n") for text in (PLAIN, MIXED, FORWARDED, CODED)]

STAGE_OPTIONS = ("messages", "tls", "peer", "quota_octets", "quota_messages", "house", "tokens")


async def enlarge(world: World) -> None:
    """Dora in our domain, Carol in example.com; Bob in the group sales@example.org, whose folders Alice rules."""
    await world.store.write(add_domain, "example.com", None, NOW)
    for address in ("dora@example.org", "carol@example.com"):
        await world.store.write(add_account, NewAccount(address, "", keys_of(PASSWORD), None), NOW)
    await world.store.write(add_group, "sales@example.org", "Sales", "anyone", ["bob@example.org"], NOW)
    account = await world.store.write(open_folders, "sales@example.org", NOW)
    await world.store.write(share, account, ROOT, "alice@example.org", "set", int(ALL), SharingSettings())


async def set_stage(options: dict[str, str]) -> Stage:
    """A new server for one transcript."""
    settings = {name: int(value) for name, value in options.items() if name not in STAGE_OPTIONS}
    tokens = SomeTokens() if options.get("tokens") == "yes" else None
    world = await open_world(tls=object() if options.get("tls") == "yes" else None, tokens=tokens, **settings)
    letters = [letter(octets) for octets in MESSAGES[: int(options.get("messages", "0"))]]
    if letters:
        times = [NOW - 60_000 * number for number in range(len(letters))]
        await world.store.write(append, 1, "INBOX", letters, [(0, ())] * len(letters), times, NOW)
    for limit in ("quota_octets", "quota_messages"):
        if limit in options:
            await world.store.write(change_account, "alice@example.org", AccountChange(**{limit: int(options[limit])}))
    if "house" in options:
        await enlarge(world)
    return Stage(world.begin)
