"""What a PDF is to its reader: pages as pictures, words, fonts, and what it says of itself."""

from __future__ import annotations

import re

import pypdfium2
import zxingcpp
from PIL import Image
from pypdfium2 import raw

POINTS_PER_INCH = 72


def pages(content: bytes, dots_per_inch: int = 110) -> list[Image.Image]:
    """Every page in grey."""
    with pypdfium2.PdfDocument(content) as document:
        return [
            page.render(scale=dots_per_inch / POINTS_PER_INCH).to_pil().convert("L")
            for page in document
        ]


def sizes_mm(content: bytes) -> list[tuple[int, int]]:
    """Width and height of every page."""
    with pypdfium2.PdfDocument(content) as document:
        return [
            (round(page.get_width() * 25.4 / 72), round(page.get_height() * 25.4 / 72))
            for page in document
        ]


def texts(content: bytes) -> list[str]:
    """What can be read and copied on every page, line ends as blanks."""
    with pypdfium2.PdfDocument(content) as document:
        return [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document]


def text(content: bytes) -> str:
    """All pages' words."""
    return " ".join(texts(content))


def codes(picture: Image.Image) -> list[str]:
    """The codes that a camera reads."""
    return [one.text for one in zxingcpp.read_barcodes(picture)]


def standard(content: bytes) -> tuple[str, str]:
    """Part and conformance of PDF/A that the file claims."""
    part = re.search(rb"pdfaid:part>(\d)<", content)
    conformance = re.search(rb"pdfaid:conformance>(\w)<", content)
    return (
        part[1].decode() if part else "",
        conformance[1].decode() if conformance else "",
    )


def fonts_not_embedded(content: bytes) -> int:
    """How many pieces of text are set in a font that the file does not carry."""
    missing = 0
    with pypdfium2.PdfDocument(content) as document:
        for page in document:
            for piece in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=8):
                font = raw.FPDFTextObj_GetFont(piece.raw)
                missing += raw.FPDFFont_GetIsEmbedded(font) != 1
    return missing
