"""A small picture of a document: by Pillow, a PDF file's first page by PDFium. What is read comes from anywhere."""

from __future__ import annotations

import io

from PIL import Image, ImageOps
from pypdfium2 import PdfDocument

from posthouse.formats.pictures.kinds import Kind

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")  # of all that Pillow reads, what people have
QUALITY = 80


class TooManyPixels(Exception):
    """args: width, height."""


def small_picture(kind: Kind, octets: bytes, side: int, pixels: int) -> bytes:
    """A WebP picture that fits in a square of `side` pixels; raises TooManyPixels, and whatever the libraries do.

    Of an office document it is made from the PDF file that LibreOffice made of it.

    A picture of more than `pixels` is not decoded at all.
    """
    image = _page(octets, side) if kind == "pdf" else _picture(octets, side, pixels)
    image.thumbnail((side, side))
    made = io.BytesIO()
    # made anew: nothing of the original's metadata (places, owners) goes along
    image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB").save(
        made, "WEBP", quality=QUALITY, exif=b"", icc_profile=None
    )
    return made.getvalue()


def _picture(octets: bytes, side: int, pixels: int) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # the bound is ours, and looked at before anything is decoded
    image = Image.open(io.BytesIO(octets), formats=FORMATS)
    width, height = image.size
    if width * height > pixels:
        raise TooManyPixels(width, height)
    image.draft("RGB", (side, side))  # JPEG files can be decoded smaller at once
    return ImageOps.exif_transpose(image)


def _page(octets: bytes, side: int) -> Image.Image:
    page = PdfDocument(octets)[0]
    width, height = page.get_size()
    return page.render(scale=side / max(width, height, 1)).to_pil().convert("RGB")
