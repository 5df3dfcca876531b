"""What a dealt card changes in what a traveller means to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from refund.core.calendar import SHANGHAI, day_of
from refund.core.entitlement import LineKey
from refund.core.form import Channel, Form
from refund.simulation.drills.stage import kept_traveller
from refund.simulation.rehearsal.errand import EVERYTHING, Errand
from refund.simulation.rehearsal.fault_cards import SCENARIO, Dealt

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


def brought_along(errand: Errand, form: Form, now: datetime) -> list[Dealt]:
    """The cards that a traveller of the population brings along without anybody's dealing."""
    facts: dict[str, dict[str, Any]] = {}
    if errand.cards[0] == DECLINED and not errand.gives_up:
        facts["card_declined"] = {}
    if errand.notices_at is not None:
        own = kept_traveller(errand.traveller)
        facts["companions_passport"] = {"at": errand.notices_at.isoformat(), "traveller": own}
    if errand.back_at is not None and EVERYTHING not in errand.back and len(errand.back) == 1:
        facts["goods_back"] = {"at": errand.back_at.isoformat(), **_line_of(errand.back)}
    if errand.customs_at is not None:
        at = {"at": errand.customs_at.isoformat()}
        if errand.other_person:
            facts["wrong_passport"] = at
        elif len(errand.hidden) == 1:
            facts["item_missing"] = {**at, **_line_of(errand.hidden)}
    if form.channel is Channel.INSTANT and errand.leaves_at is not None:
        if day_of(errand.leaves_at) > form.depart_by:
            facts["late_arrival"] = {}
        elif errand.port != form.port and not form.port_any:
            facts["wrong_port"] = {"at": errand.leaves_at.isoformat(), "port": errand.port}
    return [
        Dealt(0, key, form.form_id, 0, "", SCENARIO, now, facts=told) for key, told in facts.items()
    ]


def _line_of(quantities: Mapping[LineKey, int]) -> dict[str, int]:
    """The one line that is meant, as a card keeps it."""
    ((invoice, line), quantity), *_ = quantities.items()
    return {"invoice": invoice, "line": line, "quantity": quantity}


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
