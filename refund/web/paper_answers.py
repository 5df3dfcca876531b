"""Papers as answers to a browser, and the language that was chosen for one."""

from flask import request
from werkzeug.wrappers import Response

from refund.core.errors import Refused
from refund.web.context import ports
from refund.web.paper_languages import LANGUAGES
from refund.web.security import FIELD


def asked_locale() -> str:
    """The language that was chosen beside the button; "" where the paper is to guess."""
    asked = request.values.get("language", "")
    return asked if asked in LANGUAGES else ""


def pdf_answer(content: bytes, name: str) -> Response:
    """A paper that the browser shows; kept, it has a name of its own."""
    answer = Response(content, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return answer


def put_out(strip: bytes) -> None:
    """Print a strip on the receipt printer.

    Raises:
        Refused: `printer_unreachable`.
    """
    printer = ports().printer
    if printer is None:
        raise Refused("printer_unreachable", why="none")
    printer.put_out(strip)


def paper_choices() -> dict[str, object]:
    """What a page needs that offers papers."""
    return {
        "paper_languages": list(LANGUAGES.values()),
        "has_printer": ports().printer is not None,
        "csrf_name": FIELD,
    }
