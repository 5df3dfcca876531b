"""A terminal's screen as a camera sees it."""

from __future__ import annotations

import zxingcpp
from PIL import Image

DOTS = 4
_BLOCKS = {"█": (0, 0), "▀": (0, 255), "▄": (255, 0), " ": (255, 255)}


def seen_by_a_camera(text: str) -> list[str]:
    """What the codes of block characters say, from the top to the bottom, dark on light."""
    found, block = [], []
    for line in [*text.split("\n"), ""]:
        if line and set(line) <= set(_BLOCKS) and len(line) > 20:
            block.append(line)
        elif block:
            found.append(_read(block))
            block = []
    return found


def _read(lines: list[str]) -> str:
    picture = Image.new("L", (len(lines[0]), len(lines) * 2), 255)
    for y, line in enumerate(lines):
        for x, block in enumerate(line):
            upper, lower = _BLOCKS[block]
            picture.putpixel((x, y * 2), upper)
            picture.putpixel((x, y * 2 + 1), lower)
    side = picture.resize((picture.width * DOTS, picture.height * DOTS), Image.Resampling.NEAREST)
    codes = zxingcpp.read_barcodes(side)
    assert len(codes) == 1, "\n".join(lines)
    return str(codes[0].text)
