"""The duty that tells senders what became of their mail: one report for all recipients that there is news of."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import structlog

from posthouse.core.dkim.keys import signing_keys
from posthouse.core.dkim.signing import signatures
from posthouse.core.mail.letters import Letters
from posthouse.core.queue.numbers import new_number, written
from posthouse.core.queue.reporting import News, Told, read_news, tell
from posthouse.core.queue.returning import read_returned
from posthouse.core.queue.send import NewRecipient, Outbound
from posthouse.core.queue.settings import QueueSettings
from posthouse.formats.dkim.body import BodyHash
from posthouse.formats.dsn.compose import compose
from posthouse.formats.dsn.report import Report, ReportedRecipient, Returned
from posthouse.formats.mime.dates import date_time
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Store

log = structlog.get_logger()

RETURN_PATH = b"Return-Path: <>\r\n"  # RFC 3464 2: a report comes from nobody


class Reporter:
    """Composes reports and puts them where they belong; raises StoreUnavailable."""

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        letters: Letters,
        settings: QueueSettings,
        hostname: str,
        now: Callable[[], int],
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._letters = letters
        self._settings = settings
        self._hostname = hostname
        self._now = now

    async def report(self, body: bytes) -> None:
        """Tell the sender of the message with that number all that there is to tell."""
        number = int(body)
        while (news := await self._store.read(read_news, number, self._now())) is not None:
            await self._tell(number, news)

    async def _tell(self, number: int, news: News) -> None:
        now = self._now()
        message = news.message
        failed = any(action == "failed" for _, _, action in news.recipients)
        returned = await read_returned(self._blobs, news.place, message, self._settings.returned_octets, failed=failed)
        own_number = new_number(now)
        report = _report(news, returned, self._hostname, written(own_number), now)
        octets = compose(report)
        header, _, content = octets.partition(b"\r\n\r\n")
        received = _received(self._hostname, written(own_number), now)
        signed = await self._signed(header + b"\r\n\r\n", content, message.domain, now) if news.outside else b""
        writer = self._letters.open()
        try:
            for piece in (RETURN_PATH, received, octets):
                writer.write(piece)
            letter = await writer.finish()
        except BaseException:
            writer.abandon()
            raise
        outbound = Outbound(
            number=own_number,
            sender="",
            domain=message.domain,
            account=0,
            recipients=[NewRecipient(address, notify=("never",)) for address in news.outside],
            start=len(RETURN_PATH),
            prefix=signed,
            expires=now + self._settings.expire_seconds * 1000,
            utf8=report.utf8,
            body="7BIT" if octets.isascii() else "8BITMIME",
        )
        told = [Told(at, recipient) for at, recipient, _ in news.recipients]
        if await self._store.write(tell, number, told, letter, news.accounts, outbound, now):
            log.info("sender told", id=written(number), sender=message.sender, report=written(own_number))

    async def _signed(self, header: bytes, content: bytes, domain: str, now: int) -> bytes:
        keys = await self._store.read(signing_keys, domain, now)
        body_hash = BodyHash()
        body_hash.feed(content)
        return signatures(header, body_hash.digest(), keys, now)


def _report(news: News, returned: Returned | None, hostname: str, number: str, now: int) -> Report:
    message = news.message
    addresses = [recipient.address for _, recipient, _ in news.recipients]
    header = b"" if returned is None else returned.octets.partition(b"\r\n\r\n")[0]
    is_beyond_ascii = not (header.isascii() and all(address.isascii() for address in addresses))
    alone = news.outside[0] if len(news.outside) == 1 and not news.accounts else message.sender
    return Report(
        sender=alone,  # of mail that we passed on, whoever sent it
        hostname=hostname,
        domain=message.domain or hostname,
        number=number,
        mark=f"report-{secrets.token_hex(16)}",
        arrived=message.created,
        now=now,
        recipients=tuple(
            ReportedRecipient(
                address=recipient.address,
                action=action,
                status=recipient.status,
                code=recipient.code,
                words=recipient.words,
                host=recipient.host,
                original=recipient.original,
                last_attempt=recipient.changed if recipient.attempts else 0,
                retry_until=message.expires if action == "delayed" else 0,
            )
            for _, recipient, action in news.recipients
        ),
        returned=returned,
        subject=message.subject,
        message_id=message.message_id,
        envelope_id=message.envelope_id,
        # whoever sent by SMTPUTF8 reads it, too; RFC 6533 1
        utf8=not alone.isascii() or (message.utf8 and is_beyond_ascii),
    )


def _received(hostname: str, number: str, now: int) -> bytes:
    return f"Received: by {hostname} (Posthouse) id {number};\r\n\t{date_time(now)}\r\n".encode()
