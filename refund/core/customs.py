"""What customs decide of a form: goods confirmed line by line, refusals, and who is inspected."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from refund.core.entitlement import ConfirmedLine


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
