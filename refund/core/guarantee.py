"""Whether a hold lasts: till the last day of a charge, by extension, or by a charge in time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from refund.core.calendar import add_working_days, end_of_day

CHARGE_BEFORE_END = timedelta(hours=24)
"""How long before a hold's end a broken promise is charged by itself. Source: project decision."""

EXTEND_BEFORE_END = timedelta(hours=72)
"""How long before its end a hold is extended, where its card can be. Source: project decision."""

ALERT_BEFORE_END = timedelta(hours=48)
"""How long before its end a hold that is still needed is a case. Source: project decision."""


class Cover(Enum):
    """How a hold secures the advance."""

    WHOLE = "whole"
    BY_EXTENSION = "by_extension"
    IN_TIME = "in_time"
    TOO_SHORT = "too_short"


@dataclass(frozen=True, slots=True)
class Covered:
    """The cover, and until when the hold must stand for it."""

    cover: Cover
    needed_until: datetime


def last_charge(
    depart_by: date, capture_working_days: int, is_working_day: Callable[[date], bool]
) -> datetime:
    """The end of the last day on which a broken promise can be charged.

    Source: SAT 9/2025 (3 working days after the promise's end).
    """
    return end_of_day(add_working_days(depart_by, capture_working_days, is_working_day))


def cover_of(
    expires_at: datetime, depart_by: date, last_charge_at: datetime, *, extendable: bool
) -> Covered:
    """Say whether a hold that ends by itself at a moment can secure the advance.

    It does when it outlives the last possible charge; when its card lets it be extended; or when
    it outlives the promise by a day, for then a broken promise is charged before the hold ends.

    Source: SAT 9/2025; the two ways to live with a shorter hold are a project decision.
    """
    in_time = end_of_day(depart_by) + CHARGE_BEFORE_END
    if expires_at >= last_charge_at:
        return Covered(Cover.WHOLE, last_charge_at)
    if extendable:
        return Covered(Cover.BY_EXTENSION, last_charge_at)
    if expires_at >= in_time:
        return Covered(Cover.IN_TIME, in_time)
    return Covered(Cover.TOO_SHORT, last_charge_at)
