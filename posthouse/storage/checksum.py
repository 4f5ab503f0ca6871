"""CRC-32 of what is stored, by which damage is noticed."""

from __future__ import annotations

try:
    from isal.isal_zlib import crc32  # the same as zlib's, in a tenth of the time
except ImportError:  # it is not made for this machine
    from zlib import crc32

checksum = crc32
