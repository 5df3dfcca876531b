"""The receipt printer: ESC/POS over a socket, the whole strip as one raster picture."""

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image

from refund.core.errors import Refused

if TYPE_CHECKING:
    from escpos.printer import Network

PROFILE = "TM-T20II"
"""A printer of 80 mm paper with 576 dots, as most are."""

DARK_BELOW = 160
"""Grey of 256 below which a dot is burnt: thin strokes stay whole, and nothing is dithered."""

DEADLINE_SECONDS = 3.0
"""How long each answer of the printer may take."""

FED_LINES = 3
ASK_WHEN_DONE = b"\x1dr\x01"
"""GS r 1: answered only when all before it was worked off."""


class NetworkPrinter:
    """One printer, at an address that the settings name; nobody else can name one."""

    def __init__(self, host: str, port: int, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._host, self._port = host, port
        self._deadline_seconds = deadline_seconds

    def put_out(self, strip: bytes) -> None:
        """Print a strip and cut it off, and wait until the printer says that it is through.

        Raises:
            Refused: `printer_unreachable`, with `why` one of `off`, `not_ready` (cover open, no
                paper) and `silent` (it took the strip, or a part of it, and did not answer).
        """
        picture = black_and_white(strip)
        printer = self._open()
        try:
            if not printer.is_online() or printer.paper_status() == 0:
                raise Refused("printer_unreachable", why="not_ready")
            printer.hw("INIT")
            printer.image(picture, impl="bitImageRaster")
            printer.print_and_feed(FED_LINES)
            printer.cut()
            answer = printer.query_status(ASK_WHEN_DONE)
        except OSError:
            raise Refused("printer_unreachable", why="silent") from None
        finally:
            printer.close()
        if not answer:
            raise Refused("printer_unreachable", why="silent")

    def _open(self) -> "Network":
        # Half a second of importing that nobody without a printer waits for.
        from escpos.exceptions import DeviceNotFoundError  # noqa: PLC0415
        from escpos.printer import Network  # noqa: PLC0415

        printer = Network(
            self._host, port=self._port, timeout=self._deadline_seconds, profile=PROFILE
        )
        try:
            printer.open()
        except DeviceNotFoundError:
            raise Refused("printer_unreachable", why="off") from None
        return printer


def black_and_white(strip: bytes) -> Image.Image:
    """The picture in dots that are burnt or not."""
    with Image.open(BytesIO(strip)) as picture:
        grey = picture.convert("L")
    return grey.point([0] * DARK_BELOW + [255] * (256 - DARK_BELOW)).convert("1")
