"""Reading what an operator types of a store: its details, an application, days and moments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from refund.core.calendar import parse_moment
from refund.core.errors import Refused
from refund.core.money import ASCII_BLANKS
from refund.core.register import DETAILS, StoreDetails
from refund.core.store import TAX_CREDIT_GRADES, Store, read_phone, read_taxpayer_number
from refund.services.register import Application, Seen
from refund.web.filters import moment
from refund.web.parse import Reader, read_day, read_words

SHANGHAI_OFFSET = "+08:00"
LENGTHS = {"name_zh": 80, "name_en": 120, "address_zh": 200, "address_en": 200, "source": 200}
"""The longest texts, as in a register in CSV."""

CONDITIONS = ("general_taxpayer", "goods_ledger_kept", "sign_displayed")
VERSION_LENGTH_MAX = 9


@dataclass(frozen=True, slots=True)
class ReadChange:
    """A change as it could be read."""

    details: StoreDetails | None
    changed_on: date | None
    problems: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class ReadApplication:
    """An application as it could be read."""

    application: Application | None
    problems: tuple[Refused, ...]


def typed_of(store: Store) -> dict[str, str]:
    """A store's details as its form shows them before anybody types."""
    values = {name: getattr(store, name) for name in DETAILS}
    return {
        name: ("yes" if value else "") if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }


def read_change(typed: Mapping[str, str]) -> ReadChange:
    """Read the form of a change, every field to its end."""
    reader = Reader()
    details = _details(reader, typed)
    changed_on = reader.read(read_day, typed.get("changed_on", ""), "changed_on")
    return ReadChange(details, changed_on, tuple(reader.problems))


def read_application(typed: Mapping[str, str]) -> ReadApplication:
    """Read the form of a new store's application, every field to its end.

    A simulated taxpayer number says by itself that the store is illustrative.
    """
    reader = Reader()
    details = _details(reader, typed)
    number = reader.read(read_taxpayer_number, typed.get("taxpayer_number", ""), "taxpayer_number")
    source = _words(reader, typed, "source")
    received_on = reader.read(read_day, typed.get("received_on", ""), "received_on")
    if details is None or number is None or source is None or received_on is None:
        return ReadApplication(None, tuple(reader.problems))
    application = Application(
        details=details,
        taxpayer_number=number,
        illustrative=number.startswith("SIM"),
        source=source,
        note="",
        received_on=received_on,
    )
    return ReadApplication(application, ())


def _details(reader: Reader, typed: Mapping[str, str]) -> StoreDetails | None:
    names = {name: _words(reader, typed, name) for name in LENGTHS if name != "source"}
    phone = reader.read(read_phone, typed.get("phone", ""), "phone")
    grade = reader.read(_read_grade, typed.get("tax_credit_grade", ""), "tax_credit_grade")
    texts = {**names, "phone": phone, "tax_credit_grade": grade}
    known = {name: text for name, text in texts.items() if text is not None}
    if len(known) < len(texts):
        return None
    conditions = {name: typed.get(name) == "yes" for name in CONDITIONS}
    return StoreDetails(
        name_zh=known["name_zh"],
        name_en=known["name_en"],
        address_zh=known["address_zh"],
        address_en=known["address_en"],
        phone=known["phone"],
        tax_credit_grade=known["tax_credit_grade"],
        **conditions,
    )


def _words(reader: Reader, typed: Mapping[str, str], name: str) -> str | None:
    most = LENGTHS[name]
    return reader.read(lambda text, field: read_words(text, field, most), typed.get(name, ""), name)


def _read_grade(text: str, field: str) -> str:
    if text not in TAX_CREDIT_GRADES:
        raise Refused("choice_unknown" if text else "field_missing", field, known=TAX_CREDIT_GRADES)
    return text


def read_effective(typed: Mapping[str, str]) -> datetime | None:
    """Read from when an act counts: None for at once, else a moment of Shanghai.

    Raises:
        Refused: `field_missing`, `date_unreadable`, `date_impossible`.
    """
    if typed.get("when", "now") != "later":
        return None
    text = typed.get("effective_at", "").strip(ASCII_BLANKS)
    return parse_moment(f"{text}{SHANGHAI_OFFSET}" if text else "", "effective_at")


def read_seen(store_number: int, typed: Mapping[str, str]) -> Seen:
    """Read which state of the store the page had shown.

    Raises:
        Refused: `bad_request` for what no page of ours sends.
    """
    text = typed.get("version", "")
    if not (text.isascii() and text.isdigit()) or len(text) > VERSION_LENGTH_MAX:
        raise Refused("bad_request")
    return Seen(store_number, int(text))


def read_optional_day(text: str, field: str) -> date | None:
    """Read a day that may be left open.

    Raises:
        Refused: as `read_day`.
    """
    return read_day(text, field) if text.strip(ASCII_BLANKS) else None


def when_said(text: str) -> str:
    """A moment as the history keeps it, in the reader's words."""
    return moment(datetime.fromisoformat(text)) if text else ""
