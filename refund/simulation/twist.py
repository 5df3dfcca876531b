"""What a dealt card changes in what a traveller means to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from refund.core.calendar import SHANGHAI
from refund.core.form import Form
from refund.simulation.errand import Errand
from refund.simulation.fault_cards import SCENARIO, Dealt

DECLINED = "4000000000000002"
"""The trial card on which every bank declines a hold."""

LATE_DAYS = 2
BEFORE_FLIGHT = timedelta(hours=2)
LATE_FLIGHT = time(12)


def twisted(errand: Errand, form: Form, dealt: Sequence[Dealt]) -> Errand:
    """What a traveller does with a form, after all cards that were dealt to it.

    What the scenario brings along is in the errand already.
    """
    for one in dealt:
        change = _CHANGES.get(one.key)
        if change is not None and one.dealt_by != SCENARIO:
            errand = change(errand, form, one)
    return errand


def sent_to_port(errand: Errand, at: datetime) -> Errand:
    """The traveller comes to customs when the person who plays that part says so."""
    return replace(_leaving(errand, at + BEFORE_FLIGHT, errand.port), is_sent=True)


def _declined(errand: Errand, _: Form, __: Dealt) -> Errand:
    others = tuple(card for card in errand.cards if card != DECLINED)
    return replace(errand, cards=(DECLINED, *others), gives_up=False)


def _missing(errand: Errand, _: Form, dealt: Dealt) -> Errand:
    hidden = {dealt.line: int(dealt.facts["quantity"])}
    return replace(_at_customs(errand, dealt), hidden=hidden)


def _other_person(errand: Errand, _: Form, dealt: Dealt) -> Errand:
    return replace(_at_customs(errand, dealt), other_person=True)


def _companion(errand: Errand, _: Form, dealt: Dealt) -> Errand:
    traveller = dealt.traveller or errand.traveller
    return replace(errand, traveller=traveller, notices_at=dealt.moment("at"))


def _photographed(errand: Errand, _: Form, __: Dealt) -> Errand:
    return replace(errand, is_photographed=True)


def _brought_back(errand: Errand, _: Form, dealt: Dealt) -> Errand:
    back = {dealt.line: int(dealt.facts["quantity"])}
    return replace(errand, back_at=dealt.moment("at"), back=back)


def _late(errand: Errand, form: Form, _: Dealt) -> Errand:
    day = form.depart_by + timedelta(days=LATE_DAYS)
    flight = datetime.combine(day, LATE_FLIGHT, SHANGHAI)
    return replace(_leaving(errand, flight, errand.port), last_day_counts=False)


def _elsewhere(errand: Errand, _: Form, dealt: Dealt) -> Errand:
    flight, port = dealt.moment("at"), str(dealt.facts["port"])
    return errand if flight is None else _leaving(errand, flight, port)


def _at_customs(errand: Errand, dealt: Dealt) -> Errand:
    """The traveller comes to customs when the card says so, and flies the same day."""
    at = dealt.moment("at")
    return errand if at is None else _leaving(errand, at + BEFORE_FLIGHT, errand.port)


def _leaving(errand: Errand, flight: datetime, port: str) -> Errand:
    return replace(errand, leaves_at=flight, customs_at=flight - BEFORE_FLIGHT, port=port)


_CHANGES: Mapping[str, Callable[[Errand, Form, Dealt], Errand]] = {
    "card_declined": _declined,
    "item_missing": _missing,
    "wrong_passport": _other_person,
    "companions_passport": _companion,
    "duplicate_scan": _photographed,
    "goods_back": _brought_back,
    "late_arrival": _late,
    "wrong_port": _elsewhere,
}
