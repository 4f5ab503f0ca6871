"""The TXT record of TLS reports as it is read; RFC 8460 3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.tlsrpt.record import MOST_PLACES, Place, report_places

MAIL = Place("mail", "tls@example.net")


@pytest.mark.parametrize(
    ("texts", "places"),
    [
        (["v=TLSRPTv1; rua=mailto:tls@example.net"], [MAIL]),
        (["v=TLSRPTv1;rua=mailto:tls@example.net;"], [MAIL]),
        (["v=TLSRPTv1 ; rua = MAILTO:tls@EXAMPLE.net , mailto:tls@example.net"], [MAIL]),
        (["v=TLSRPTv1; rua=mailto:tls%40example.net?subject=x"], [MAIL]),
        (["v=TLSRPTv1; rua=mailto:a%2Cb@example.net"], []),
        (
            ["v=TLSRPTv1; rua=https://reports.example.net/v1/tls,mailto:tls@example.net; x=y"],
            [Place("https", "https://reports.example.net/v1/tls"), MAIL],
        ),
        (["v=TLSRPTv1; rua=https://reports.example.net:443"], [Place("https", "https://reports.example.net/")]),
        (["v=TLSRPTv1; rua=https://reports.example.net:8443/x"], []),
        (["v=TLSRPTv1; rua=https://name:password@example.net/x"], []),
        (["v=TLSRPTv1; rua=https://[::1]/x"], []),
        (["v=TLSRPTv1; rua=http://example.net/x,ftp:x,mailto:,mailto:nobody,tls@example.net"], []),
        (["v=TLSRPTv1; rua=mailto:grüße@example.net"], []),
        (["v=TLSRPTv1; rua="], []),
        (["v=TLSRPTv1"], []),
        (["v=tlsrptv1; rua=mailto:tls@example.net"], []),
        (["v=TLSRPTv1; rua=mailto:tls@example.net"] * 2, []),
        (["v=spf1 -all", "v=TLSRPTv1; rua=mailto:tls@example.net"], [MAIL]),
        ([], []),
    ],
)
def test_places(texts: list[str], places: list[Place]) -> None:
    assert report_places(texts) == places


def test_not_more_than_some() -> None:
    many = ",".join(f"mailto:u{number}@example.net" for number in range(50))
    assert len(report_places([f"v=TLSRPTv1; rua={many}"])) == MOST_PLACES


@given(st.text(max_size=300))
def test_whatever_it_says(text: str) -> None:
    for place in report_places([f"v=TLSRPTv1; rua={text}"]):
        assert place.to.isascii()
        assert place.to.isprintable()
        assert not (set("\r\n ") & set(place.to)) or place.kind == "mail"
        if place.kind == "https":
            assert place.to.startswith("https://")
