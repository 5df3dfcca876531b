"""What every paper has: labels, languages, its number; and how papers write days and rates."""

from collections.abc import Mapping
from datetime import date, datetime

from refund.core.agreement import Signature
from refund.core.calendar import SHANGHAI
from refund.core.form import Form
from refund.core.places import PORTS
from refund.services.papers import AGENCY
from refund.web.paper_languages import Both, Fact, Label, PaperLanguage, Words
from refund.web.paper_words import LABELS

PEN_WIDTH = 7
"""Of a signature that is 1000 wide and 400 high."""

Filled = dict[str, object]
"""What a template is given."""


def head(paper: str, language: PaperLanguage, number: str, facts: Mapping[str, Fact]) -> Filled:
    """What each paper of any kind starts from: labels, languages, its number and its title."""
    labels = Words(language).labels(paper, {**_EMPTY, **facts})
    return {
        "labels": labels,
        "own": {"lang": language.lang, "region": language.region, "dir": language.direction},
        "number": number,
        "title": f"{labels['title'][0]} · {labels['title'][1]} · {number}",
        "author": f"{AGENCY.name_zh} · {AGENCY.name_en}",
        "qr": "",
        "qr_alt": number,
    }


_EMPTY: dict[str, Fact] = dict.fromkeys(("day", "port", "net", "rate", "sales", "gross", "fee"), "")
"""Labels that a paper fills for itself; the rest are filled at once."""


def port_fact(form: Form) -> Both | Label:
    """Where the traveller may leave, as a part of a sentence."""
    if form.port_any:
        return Label(LABELS["application"]["any_port"])
    port = PORTS[form.port]
    return Both(port.name_zh, port.name_en)


def day(value: date) -> str:
    """A day as papers write it in every language."""
    return value.isoformat()


def moment(value: datetime) -> str:
    """A moment in Shanghai, to the minute, as papers write it in every language."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def percent(basis_points: int) -> str:
    """A rate in per cent without needless digits."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


def signature_picture(signature: Signature | None) -> str:
    """A drawn signature as an SVG picture of its strokes; "" for any other."""
    if signature is None or not signature.strokes:
        return ""
    lines = "".join(f'<polyline points="{stroke}"/>' for stroke in signature.strokes)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 400">'
        f'<g fill="none" stroke="#000" stroke-width="{PEN_WIDTH}" stroke-linecap="round" '
        f'stroke-linejoin="round">{lines}</g></svg>'
    )
