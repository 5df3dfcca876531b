"""What customs decide of a form: goods confirmed line by line, refusals, and who is inspected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from refund.core.entitlement import ConfirmedLine, GoodsReturn, quantities_of, remaining_of
from refund.core.errors import Refused
from refund.core.invoice import Invoice


class Decision(Enum):
    """What customs said."""

    CONFIRMED = "confirmed"
    PARTLY = "partly"
    REFUSED = "refused"


class Place(Enum):
    """Where the goods were shown: before check-in for baggage, after it for carry-on."""

    UNSAID = ""
    BEFORE_CHECK_IN = "before_check_in"
    AFTER_CHECK_IN = "after_check_in"


class Inspection(Enum):
    """How it was found: goods seen, or papers alone because the form was not drawn."""

    UNSAID = ""
    GOODS = "goods"
    PAPERS = "papers"


class RefusalReason(Enum):
    """Why customs refuse a form whole. Source: GAC 25/2015."""

    NONE = ""
    GOODS_DIFFER = "goods_differ"
    PERSON_DIFFERS = "person_differs"
    OTHER_BREACH = "other_breach"


@dataclass(frozen=True, slots=True)
class Verification:
    """What customs decided of a form; `lines` are what they confirmed, every line of the form.

    A form that was charged back can be decided a second time, at a later departure: `sequence`.
    """

    form_id: str
    officer_id: str
    port: str
    verified_at: datetime
    decision: Decision
    sequence: int = 1
    place: Place = Place.UNSAID
    inspection: Inspection = Inspection.UNSAID
    reason: RefusalReason = RefusalReason.NONE
    note: str = ""
    lines: tuple[ConfirmedLine, ...] = ()

    @property
    def confirmed(self) -> tuple[ConfirmedLine, ...] | None:
        """What counts for the refund; None when all goods as listed do."""
        return self.lines if self.decision is Decision.PARTLY else None


SEAL_LENGTH_MAX = 40
NOTE_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class LinesShown:
    """What was shown at a desk, where, and how it was found.

    `lines` is None for all that the traveller still has; else it names every line of the form.
    An inspection that is not said is what the draw asks for.
    """

    lines: tuple[ConfirmedLine, ...] | None = None
    place: Place = Place.UNSAID
    inspection: Inspection = Inspection.UNSAID


def confirmation(
    invoices: Sequence[Invoice],
    returns: Sequence[GoodsReturn],
    lines: Sequence[ConfirmedLine] | None,
) -> tuple[Decision, tuple[ConfirmedLine, ...]]:
    """What customs decide by what was shown, with every line of the form.

    Goods that went back to the store are not there to be shown: the rest is a part.

    Raises:
        Refused: `line_undecided` when nothing was said of a line; `quantity_above_listed` for
            more than the traveller has; `seal_without_goods`; `nothing_shown`, for what is
            not there at all is refused, not confirmed.

    Source: GAC 25/2015 item 2 (fewer goods: the quantity really shown).
    """
    remaining = remaining_of(invoices, returns)
    if lines is None:
        lines = [ConfirmedLine(key, quantity) for key, quantity in remaining.items()]
    said = {line.line: line for line in lines}
    for key in sorted(remaining.keys() - said.keys()):
        raise Refused("line_undecided", field_of(*key, "quantity"))
    for key, line in said.items():
        most = remaining.get(key, 0)
        if not 0 <= line.quantity <= most:
            raise Refused("quantity_above_listed", field_of(*key, "quantity"), most=most)
        if line.seal and not line.quantity:
            raise Refused("seal_without_goods", field_of(*key, "seal"))
    if not any(line.quantity for line in said.values()):
        raise Refused("nothing_shown")
    whole = {key: line.quantity for key, line in said.items()} == quantities_of(invoices)
    decision = Decision.CONFIRMED if whole else Decision.PARTLY
    return decision, tuple(said[key] for key in sorted(said))


def field_of(invoice_position: int, position: int, name: str) -> str:
    """The form field that a line's value is typed into: `lines-0-1-quantity`."""
    return f"lines-{invoice_position}-{position}-{name}"


def read_seal(text: str, field: str = "seal") -> str:
    """Read the code of a sealed bag that stays shut; empty for goods that were looked at.

    Raises:
        Refused: `field_too_long`, `field_unreadable`.

    Source: GAC 25/2015 (sealed and coded bags); the length is a project decision.
    """
    return _read_words(text, field, SEAL_LENGTH_MAX)


def read_refusal(reason: RefusalReason, text: str) -> str:
    """Read what an officer notes beside the reason of a refusal; another breach needs it.

    Raises:
        Refused: `field_missing` without a reason; `reason_missing` for another breach without a
            note; `field_too_long`, `field_unreadable`.

    Source: GAC 25/2015.
    """
    if reason is RefusalReason.NONE:
        raise Refused("field_missing", "reason")
    note = _read_words(text, "note", NOTE_LENGTH_MAX)
    if reason is RefusalReason.OTHER_BREACH and not note:
        raise Refused("reason_missing", "note")
    return note


def _read_words(text: str, field: str, most: int) -> str:
    words = " ".join(text.split())
    if len(words) > most:
        raise Refused("field_too_long", field, most=most)
    if not words.isprintable():
        raise Refused("field_unreadable", field)
    return words
