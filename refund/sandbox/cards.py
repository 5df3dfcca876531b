"""The trial cards of the simulated network: their numbers, and what each one does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum


class Behaviour(Enum):
    """What the network does when a card is used."""

    APPROVED = "approved"
    DECLINED = "declined"
    INSUFFICIENT = "insufficient_funds"
    EXPIRED = "expired_card"
    DO_NOT_HONOUR = "do_not_honour"
    RESTRICTED = "restricted_card"
    SLOW = "slow"
    LOST_HOLD = "lost_hold"
    LOST_ADVANCE = "lost_advance"
    PAYOUT_REFUSED = "payout_refused"
    PARTIAL = "partial"
    HOLD_ENDED = "hold_ended"
    CAPTURE_DECLINED = "capture_declined"
    PAYOUT_PENDING_PAID = "payout_pending_paid"
    PAYOUT_PENDING_FAILED = "payout_pending_failed"
    PAYOUT_RETURNED = "payout_returned"


@dataclass(frozen=True, slots=True)
class Brand:
    """What a card scheme lets its holds do.

    `hold_days` is how long one lasts; an extension makes it end `extension_days` after the
    extension's moment, 0 where there is none, and not later than `extended_days_max` after the
    hold was booked, 0 where nothing limits it.  `increments` says whether it can be raised.
    """

    name: str
    hold_days: int
    extension_days: int = 0
    extended_days_max: int = 0
    increments: bool = False

    @property
    def extends(self) -> bool:
        """Whether a hold can be made to last longer."""
        return self.extension_days > 0

    def first_end(self, booked_at: datetime) -> datetime:
        """Return when a hold ends that nobody extends."""
        return booked_at + timedelta(days=self.hold_days)

    def later_end(self, booked_at: datetime, expires_at: datetime, now: datetime) -> datetime:
        """Return when a hold ends that is extended now; never earlier than before."""
        end = now + timedelta(days=self.extension_days)
        if self.extended_days_max:
            end = min(end, booked_at + timedelta(days=self.extended_days_max))
        return max(end, expires_at)


BRANDS: Mapping[str, Brand] = {
    brand.name: brand
    for brand in (
        Brand("Visa", 30, increments=True),
        Brand("Mastercard", 30, extension_days=30, increments=True),
        Brand("UnionPay", 30),
        Brand("JCB", 7, extension_days=7, extended_days_max=60),
        Brand("Discover", 5),
    )
}


@dataclass(frozen=True, slots=True)
class TrialCard:
    """One card of the simulation; `label` is the English message id of what the page says of it."""

    number: str
    brand: str
    behaviour: Behaviour
    label: str

    @property
    def last4(self) -> str:
        """The four digits that may be kept and shown."""
        return self.number[-4:]

    @property
    def grouped(self) -> str:
        """The number as it stands on a card."""
        return " ".join(self.number[start : start + 4] for start in range(0, 16, 4))


# Numbers of the ranges that card schemes publish for trials: no bank has issued them.
TRIAL_CARDS: tuple[TrialCard, ...] = (
    TrialCard("4111111111111111", "Visa", Behaviour.APPROVED, "Approved"),
    TrialCard("5555555555554444", "Mastercard", Behaviour.APPROVED, "Approved"),
    TrialCard("6200000000000005", "UnionPay", Behaviour.APPROVED, "Approved"),
    TrialCard("3566002020360505", "JCB", Behaviour.APPROVED, "Approved"),
    TrialCard("4000000000000002", "Visa", Behaviour.DECLINED, "Declined by the bank"),
    TrialCard("4000000000009995", "Visa", Behaviour.INSUFFICIENT, "Not enough money"),
    TrialCard("4000000000000069", "Visa", Behaviour.EXPIRED, "Refused as expired"),
    TrialCard("4000000000000077", "Visa", Behaviour.SLOW, "Approved, but slow (2 seconds)"),
    TrialCard("4000000000000101", "Visa", Behaviour.LOST_HOLD, "Hold booked, answer lost"),
    TrialCard("4000000000000119", "Visa", Behaviour.LOST_ADVANCE, "Money paid, answer lost"),
    TrialCard(
        "4000000000000127", "Visa", Behaviour.PAYOUT_REFUSED, "Hold approved, payout refused"
    ),
    TrialCard("6011111111111117", "Discover", Behaviour.APPROVED, "Approved"),
    TrialCard("4000000000000135", "Visa", Behaviour.PARTIAL, "Hold approved for half"),
    TrialCard(
        "4000000000000143", "Visa", Behaviour.HOLD_ENDED, "Hold ended by the bank after 2 days"
    ),
    TrialCard("4000000000000150", "Visa", Behaviour.CAPTURE_DECLINED, "Charge declined"),
    TrialCard(
        "4000000000000168", "Visa", Behaviour.PAYOUT_PENDING_PAID, "Payout pending, then paid"
    ),
    TrialCard(
        "4000000000000176", "Visa", Behaviour.PAYOUT_PENDING_FAILED, "Payout pending, then failed"
    ),
    TrialCard(
        "4000000000000184", "Visa", Behaviour.PAYOUT_RETURNED, "Payout returned after two days"
    ),
    TrialCard("4000000000000192", "Visa", Behaviour.DO_NOT_HONOUR, "Declined without a reason"),
    TrialCard("4000000000000200", "Visa", Behaviour.RESTRICTED, "Declined as a restricted card"),
)
_BY_NUMBER = {card.number: card for card in TRIAL_CARDS}

# What a chosen trial card fills in where nothing was typed.
TRIAL_EXPIRY = "12/34"
TRIAL_CODE = "123"
TRIAL_NAME = "TRIAL CARD"


def trial_card(number: str) -> TrialCard | None:
    """Return the trial card of this number (digits only), None for any other number."""
    return _BY_NUMBER.get(number)


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the check digit of the others.

    Source: ISO/IEC 7812-1 annex B.
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def card_month(expiry: str) -> date | None:
    """Return the first day of the month of an expiry `MM/YY`, None when it is not one."""
    found = re.fullmatch(r"(0[1-9]|1[0-2])/([0-9]{2})", expiry)
    return date(2000 + int(found[2]), int(found[1]), 1) if found else None


def has_expired(expiry: str, today: date) -> bool:
    """Whether the last day of the card's month lies before `today`."""
    month = card_month(expiry)
    return month is None or (month.year, month.month) < (today.year, today.month)
