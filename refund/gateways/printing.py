"""The receipt printer: ESC/POS over a socket, the whole strip as one raster picture."""

import socket
from io import BytesIO

from PIL import Image

from refund.core.errors import Refused

PROFILE = "TM-T20II"
"""A printer of 80 mm paper with 576 dots, as most are."""

DARK_BELOW = 160
"""Grey of 256 below which a dot is burnt: thin strokes stay whole, and nothing is dithered."""

DEADLINE_SECONDS = 3.0
"""How long each answer of the printer may take."""

FED_LINES = 3

ASK_STATE = b"\x10\x04\x01"
ASK_PAPER = b"\x10\x04\x04"
ASK_WHEN_DONE = b"\x1dr\x01"
"""DLE EOT is answered at once; GS r only when all before it was worked off."""

OFFLINE_BIT = 0x08
NO_PAPER_BITS = 0x60


class NetworkPrinter:
    """One printer, at an address that the settings name; nobody else can name one."""

    def __init__(self, host: str, port: int, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._address = (host, port)
        self._deadline_seconds = deadline_seconds

    def put_out(self, strip: bytes) -> None:
        """Print a strip and cut it off, and wait until the printer says that it is through.

        Raises:
            Refused: `printer_unreachable`, with `why` one of `off`, `not_ready` (cover open, no
                paper) and `silent` (it took the strip, or a part of it, and did not answer).
        """
        job = _job(black_and_white(strip))
        try:
            printer = socket.create_connection(self._address, self._deadline_seconds)
        except OSError:
            raise Refused("printer_unreachable", why="off") from None
        with printer:
            try:
                self._print(printer, job)
            except OSError:
                raise Refused("printer_unreachable", why="silent") from None

    def _print(self, printer: socket.socket, job: bytes) -> None:
        if _ask(printer, ASK_STATE) & OFFLINE_BIT or _ask(printer, ASK_PAPER) & NO_PAPER_BITS:
            raise Refused("printer_unreachable", why="not_ready")
        printer.sendall(job)
        _ask(printer, ASK_WHEN_DONE)


def _ask(printer: socket.socket, question: bytes) -> int:
    """One byte of an answer."""
    printer.sendall(question)
    answer = printer.recv(1)
    if not answer:
        raise ConnectionError("the printer hung up")
    return answer[0]


def _job(picture: Image.Image) -> bytes:
    """The commands that burn a picture and cut it off."""
    # Half a second of importing that nobody without a printer waits for.
    from escpos.printer import Dummy  # noqa: PLC0415

    printer = Dummy(profile=PROFILE)
    printer.hw("INIT")
    printer.image(picture, impl="bitImageRaster")
    printer.print_and_feed(FED_LINES)
    printer.cut()
    return bytes(printer.output)


def black_and_white(strip: bytes) -> Image.Image:
    """The picture in dots that are burnt or not."""
    with Image.open(BytesIO(strip)) as picture:
        grey = picture.convert("L")
    return grey.point([0] * DARK_BELOW + [255] * (256 - DARK_BELOW)).convert("1")
