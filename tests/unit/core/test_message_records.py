"""Records of messages: what is read of a part of one is what all of it says."""

from __future__ import annotations

import msgspec
import pytest

from posthouse.core.mail.letters import scanned
from posthouse.core.mail.records import (
    ENCODER,
    decode_envelope,
    decode_hash,
    decode_message,
    decode_structures,
    record_of,
)


@pytest.mark.parametrize("octets", [0, 1, 255, 256, 65_535, 65_536, 100_000])
def test_parts_of_a_record(octets: int) -> None:
    letter = scanned(b"Subject: one\r\nMessage-ID: <1@a>\r\n\r\nhello\r\n")
    record = msgspec.structs.replace(record_of(letter), envelope=b"e" * octets, thread=5)
    value = ENCODER.encode(record)
    assert decode_message(value) == record
    assert decode_envelope(value) == record.envelope
    assert decode_hash(value) == letter.blob.hash
    found = decode_structures(value)
    assert (found.bodystructure, found.body, found.parts) == (letter.bodystructure, letter.body, letter.parts)
