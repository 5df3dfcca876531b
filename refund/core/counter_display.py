"""The second screen at a counter: what the traveller sees while the clerk types; no identity."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from refund.core.money import Amounts

STAYS = timedelta(minutes=5)
"""So long a sum or a form stays on the screen. Source: project decision."""

WATCHED = timedelta(minutes=2)
"""A screen that has not asked for so long is gone, and nothing is kept for it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a purchase comes to, as the clerk's page last had it.

    `port` is "" for any participating port.
    """

    amounts: Amounts
    depart_by: date
    port: str
    is_ready: bool


@dataclass(frozen=True, slots=True)
class Display:
    """A counter's second screen.

    Args:
        language: the traveller's locale, "" while it is not known.
        shown: the live sum, None while there is none.
        form_id: the form that was issued last, "" while there is none.
    """

    watched_at: datetime
    shown_at: datetime
    language: str = ""
    shown: Shown | None = None
    form_id: str = ""
