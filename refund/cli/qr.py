"""A QR code on a terminal: two modules in each character, white around it, dark on light."""

import sys

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET_ZONE = 4
"""Light modules on every side. Source: ISO/IEC 18004."""

_BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
_DARK_ON_LIGHT, _AS_BEFORE = "\x1b[38;5;16;48;5;231m", "\x1b[0m"


def qr_text(text: str, *, coloured: bool | None = None) -> str:
    """A text as a QR code of block characters, which a camera reads from the screen.

    Args:
        text: what it holds.
        coloured: with black and white of its own, whatever the terminal's are; else as the
            terminal draws, which must be dark on light.  By itself it is for a terminal.
    """
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    if len(rows) % 2:
        rows.append([False] * len(rows))
    lines = [
        "".join(_BLOCKS[bool(upper), bool(lower)] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
    if coloured is None:
        coloured = sys.stdout.isatty()
    if not coloured:
        return "\n".join(lines)
    return "\n".join(f"{_DARK_ON_LIGHT}{line}{_AS_BEFORE}" for line in lines)
