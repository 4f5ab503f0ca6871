"""Octets to text in the character set that the sender meant, which is often not the one named. Never fails.

Labels are taken as browsers take them: a sender that says ISO-8859-1 or GB2312 writes the larger set.
"""

from __future__ import annotations

import encodings.aliases
import re

_COMMON = frozenset((b"", b"utf-8", b"us-ascii", b"iso-8859-1", b"iso-8859-15", b"windows-1252"))  # ASCII stays ASCII
_NOT_LABEL = re.compile(r"[^a-z0-9]+")

# Codecs of Python that are no character sets, cost too much, or write what no UTF-8 can carry.
_NO_CHARSETS = {
    "base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec", "mbcs", "oem",
    "idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "tactis",
}  # fmt: skip

# What senders name -> what they write. The larger sets hold the smaller ones.
_MEANT = {
    "ascii": "", "usascii": "", "ansix341968": "", "iso646us": "",
    "iso88591": "cp1252", "latin1": "cp1252", "l1": "cp1252", "iso885919871": "cp1252", "ansi": "cp1252",
    "iso88599": "cp1254", "latin5": "cp1254", "iso885911": "cp874", "tis620": "cp874", "windows874": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "xgbk": "gb18030", "cp936": "gb18030", "gb231280": "gb18030",
    "euccn": "gb18030", "windows936": "gb18030",
    "euckr": "cp949", "ksc56011987": "cp949", "ksc5601": "cp949", "ks_c_56011989": "cp949", "windows949": "cp949",
    "shiftjis": "cp932", "sjis": "cp932", "xsjis": "cp932", "mskanji": "cp932", "windows31j": "cp932",
    "iso2022jp": "iso2022_jp_2", "cp50220": "iso2022_jp_2", "big5": "big5hkscs", "xbig5": "big5hkscs",
    "cp950": "big5hkscs", "iso88598i": "iso8859_8", "iso88598e": "iso8859_8", "iso88596i": "iso8859_6",
    "unicode11utf7": "utf_7", "unicode": "utf_16", "utf8mb4": "utf_8", "xmacroman": "mac_roman",
    "macintosh": "mac_roman", "xmaccyrillic": "mac_cyrillic", "koi8": "koi8_r", "xeucjp": "euc_jp",
}  # fmt: skip


def _known() -> dict[str, str]:
    # A table of our own, for asking Python itself about any name a peer sends would remember each of them for ever.
    known = {}
    for alias, codec in encodings.aliases.aliases.items():
        if codec not in _NO_CHARSETS:
            known[_NOT_LABEL.sub("", alias)] = codec
            known[_NOT_LABEL.sub("", codec)] = codec
    for part in (*range(2, 12), *range(13, 17)):
        known[f"iso8859{part}"] = f"iso8859_{part}"
    for page in range(1250, 1259):
        known[f"windows{page}"] = known[f"xcp{page}"] = f"cp{page}"
    for codec in ("cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "koi8_r", "koi8_t", "koi8_u"):
        known[_NOT_LABEL.sub("", codec)] = codec
    return {**known, **_MEANT}


_CODECS = _known()


def decode_text(octets: bytes, label: bytes) -> str:
    """Text of `octets` in the set that `label` means; unknown or none: UTF-8 when it is that, else Windows-1252."""
    if octets.isascii() and label.lower() in _COMMON:
        return octets.decode("ascii")
    codec = _CODECS.get(_NOT_LABEL.sub("", label.decode("ascii", "replace").lower()), "")
    if codec == "utf_8":
        return octets.decode("utf-8", "replace")
    if not codec:
        return guess_text(octets)
    try:
        text = octets.decode(codec, "replace")
    except (UnicodeError, LookupError, ValueError):
        return guess_text(octets)
    # UTF-7 and the like can name half a surrogate pair
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def guess_text(octets: bytes) -> str:
    """Text of octets that nobody named a set for."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")
