"""The QR code of a text: the very matrix that qrcode makes, its mask chosen on big integers."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Literal

from PIL import Image, ImageDraw, ImageFont
from qrcode import util
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import BIT_LIMIT_TABLE, QRData

from refund.places import fonts_folder

QUIET_ZONE = 4  # light modules on every side, as ISO/IEC 18004 asks
CAPTION_ROOM = 6  # modules, below the quiet zone
CAPTION_FONT = "NotoSansCJKsc-Regular.otf"
REHEARSAL = "REHEARSAL · 演练"
"""What stands below each code of a rehearsal."""


_PATTERNS: tuple[Literal[0, 1, 2, 3, 4, 5, 6, 7], ...] = (0, 1, 2, 3, 4, 5, 6, 7)
_MODE: Literal[2] = 2  # alphanumeric: 11 bits for two characters
_ALPHANUMERIC = frozenset(util.ALPHA_NUM.decode("ascii"))
_BINARY_DIGITS = bytes.maketrans(b"\x00\x01", b"01")
_DARK_RUN = re.compile(rb"\x01+")

Matrix = tuple[tuple[bool, ...], ...]


def matrix(text: str) -> Matrix:
    """Return the rows of a text's QR code at level M, dark modules true, without quiet zone.

    Raises:
        ValueError: the text holds what alphanumeric mode does not, or too much of it.
    """
    version = version_of(text)
    masks = _masks(version)
    code = QRCode(version=version, error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(QRData(text, mode=_MODE))
    code.makeImpl(True, 0)
    rows, columns = _as_integers(_settled(code.modules))
    scores = [
        penalty(rows ^ mask_rows, columns ^ mask_columns, masks.size)
        for mask_rows, mask_columns in masks.flips
    ]
    code.mask_pattern = _PATTERNS[scores.index(min(scores))]
    code.make(fit=False)
    return _settled(code.modules)


def version_of(text: str) -> int:
    """Return the smallest version whose level M holds the text; it has 17 + 4 modules for each.

    Raises:
        ValueError: the text holds what alphanumeric mode does not, or too much of it.
    """
    if not text or not set(text) <= _ALPHANUMERIC:
        raise ValueError("a QR code of ours holds alphanumeric text only")
    text_bits = len(text) // 2 * 11 + len(text) % 2 * 6
    for version in range(1, 41):
        needed_bits = 4 + util.length_in_bits(_MODE, version) + text_bits
        if needed_bits <= BIT_LIMIT_TABLE[ERROR_CORRECT_M][version]:
            return version
    raise ValueError(f"{len(text)} characters are too many for a QR code")


@lru_cache(maxsize=512)
def svg(text: str, title: str, caption: str = "") -> str:
    """Return the QR code as one SVG element: a line for each run of dark modules.

    Pages that update themselves show the same code again and again, so it is drawn once. A
    caption stands below the quiet zone, as a part of the picture.
    """
    modules = matrix(text)
    side = len(modules) + 2 * QUIET_ZONE
    below = CAPTION_ROOM if caption else 0
    written = (
        f'<path d="M0 {side}h{side}v{below}H0z"/><text x="{side / 2:g}" y="{side + 4.3:g}" '
        'fill="#fff" font-family="sans-serif" font-size="4" font-weight="bold" '
        f'text-anchor="middle">{html.escape(caption)}</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side + below}" role="img" '
        f'shape-rendering="crispEdges"><title>{html.escape(title)}</title>'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path fill="none" stroke="#000" d="{_lines(modules)}"/>{written if caption else ""}</svg>'
    )


def png(text: str, scale: int, caption: str = "") -> bytes:
    """Return the QR code as a black and white PNG file, each module `scale` pixels wide."""
    modules = matrix(text)
    side = len(modules) + 2 * QUIET_ZONE
    dark = Image.frombytes("L", (len(modules),) * 2, b"".join(map(bytes, modules)))
    picture = Image.new("1", (side, side), 1)
    picture.paste(0, (QUIET_ZONE, QUIET_ZONE), dark.point([0] + [255] * 255))
    picture = picture.resize((side * scale,) * 2, Image.Resampling.NEAREST)
    if caption:
        picture = _captioned(picture, caption, CAPTION_ROOM * scale)
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _captioned(picture: Image.Image, caption: str, room: int) -> Image.Image:
    """Put words below a picture, white on black, as large as there is room."""
    width, height = picture.size
    whole = Image.new("1", (width, height + room), 0)
    whole.paste(picture, (0, 0))
    font = ImageFont.truetype(fonts_folder() / CAPTION_FONT, room * 2 // 3)
    middle = (width // 2, height + room // 2)
    ImageDraw.Draw(whole).text(middle, caption, fill=1, font=font, anchor="mm")
    return whole


def penalty(rows: int, columns: int, size: int) -> int:
    """Return what ISO/IEC 18004 (7.8.3) charges a symbol for, as `qrcode.util.lost_point` does.

    Args:
        rows: the modules as one number, row after row, dark ones set.
        columns: the same, column after column.
        size: modules in a row.
    """
    share = float(rows.bit_count()) / (size**2)
    return (
        _runs_and_finders(rows, size)
        + _runs_and_finders(columns, size)
        + _blocks(rows, size)
        + int(abs(share * 100 - 50) / 5) * 10
    )


def _runs_and_finders(lines: int, size: int) -> int:
    """Charge runs of five and more, and what looks like a finder, along the lines of a symbol.

    In each number a set bit stands for the module where such a stretch begins.
    """
    light = ~lines & _starts(size, 1)
    alike = ~(lines ^ lines >> 1) & _starts(size, 2)
    fives = alike & alike >> 1 & alike >> 2 & alike >> 3
    runs = fives & ~(fives << 1)
    quiet = light & light >> 1 & light >> 2 & light >> 3
    finder = lines & light >> 1 & lines >> 2 & lines >> 3 & lines >> 4 & light >> 5 & lines >> 6
    fits = _starts(size, 11)
    finder_first, quiet_first = finder & quiet >> 7 & fits, quiet & finder >> 4 & fits
    return (
        fives.bit_count()
        + 2 * runs.bit_count()
        + 40 * (finder_first.bit_count() + quiet_first.bit_count())
    )


def _blocks(rows: int, size: int) -> int:
    """Charge every block of two by two modules of one colour."""
    alike = ~(rows ^ rows >> 1) & _starts(size, 2)
    alike_below = ~(rows ^ rows >> size) & _starts(size, 1) >> size
    return 3 * (alike & alike >> size & alike_below).bit_count()


@lru_cache
def _starts(size: int, length: int) -> int:
    """Return the places of a symbol where a stretch of that length fits into its line."""
    line = (1 << size - length + 1) - 1
    return sum(line << size * at for at in range(size))


@dataclass(frozen=True, slots=True)
class _Masks:
    """What turns a symbol under mask 0 into the one under each mask, by rows and by columns."""

    size: int
    flips: tuple[tuple[int, int], ...]


@lru_cache
def _masks(version: int) -> _Masks:
    """Learn the masks of a version from qrcode itself: any symbol under one and under another."""
    code = QRCode(version=version, error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(QRData("0", mode=_MODE))
    symbols = []
    for pattern in _PATTERNS:
        code.makeImpl(True, pattern)
        symbols.append(_as_integers(_settled(code.modules)))
    rows, columns = symbols[0]
    return _Masks(
        size=code.modules_count,
        flips=tuple((other ^ rows, turned ^ columns) for other, turned in symbols),
    )


def _settled(modules: list[list[bool | None]]) -> Matrix:
    return tuple(tuple(map(bool, row)) for row in modules)


def _as_integers(modules: Matrix) -> tuple[int, int]:
    return _joined(modules), _joined(zip(*modules, strict=True))


def _joined(lines: Iterable[tuple[bool, ...]]) -> int:
    return int(b"".join(map(bytes, lines)).translate(_BINARY_DIGITS), 2)


def _lines(modules: Matrix) -> str:
    """Return path data that moves from run to run of dark modules and draws each as a line."""
    steps = []
    x, y = 0, 0.0
    for row_y, row in enumerate(modules, QUIET_ZONE):
        for run in _DARK_RUN.finditer(bytes(row)):
            begin, end = run.start() + QUIET_ZONE, run.end() + QUIET_ZONE
            steps.append(f"m{begin - x} {row_y + 0.5 - y:g}h{end - begin}")
            x, y = end, row_y + 0.5
    return "".join(steps)
