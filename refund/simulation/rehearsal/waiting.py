"""Who stands before a desk of a rehearsal, with what whoever plays the desk gets to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from refund.core.calendar import day_of
from refund.core.form import GONE, UNSECURED_BEFORE_ADVANCE, Channel, Form, Status
from refund.core.ids import claim_code
from refund.core.people import Actor, Role
from refund.core.traveller import Traveller
from refund.ports import Ports
from refund.services.life import the_form
from refund.simulation.drills.zones import zone_of
from refund.simulation.rehearsal.bots import Bots
from refund.simulation.rehearsal.crowd import Visit
from refund.simulation.rehearsal.fault_cards import Dealt
from refund.simulation.world.plans import InvoicePlan
from refund.transaction import Transaction

WAIT_MAX = 20
"""People who are shown at one desk at most."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Somebody before a desk.

    Args:
        what: `buys`, `is_back`, `shows_goods`, `is_paid` or `claims`.
        since: when that person came.
        traveller: whose document lies there.
        zone: the lines of that document's machine-readable zone.
        invoices: what was bought, where a form is to be issued.
        form: the form that is about it, where there is one.
        claim_code: what stands on the slip, for whoever plays the traveller.
        cards: what was dealt to this one and shows itself here.
    """

    what: str
    since: datetime
    traveller: Traveller
    zone: tuple[str, ...]
    channel: Channel | None = None
    port: str = ""
    invoices: tuple[InvoicePlan, ...] = ()
    form: Form | None = None
    claim_code: str = ""
    cards: tuple[Dealt, ...] = ()


def before_desk(ports: Ports, bots: Bots, desk: Actor | None) -> list[Waits]:
    """Who waits at a desk of the staff now, or on the phones where it is nobody's; first come."""
    now = ports.clock.now()
    if desk is None:
        found: Iterator[Waits] = _on_phones(ports, bots, now)
    elif desk.role is Role.CLERK:
        found = chain(_at_counter(bots, desk, now), _back_at_counter(ports, bots, desk, now))
    elif desk.role is Role.OFFICER:
        found = _at_port(ports, bots, desk.port, now)
    else:
        found = _at_agency(ports, bots, desk, now)
    return sorted(found, key=lambda one: one.since)[:WAIT_MAX]


def scenes(bots: Bots, desk: Actor | None) -> list[Dealt]:
    """The cards in effect that concern a whole desk, and no one form that stands before it."""
    kind = _kind_of(desk)
    port = "" if desk is None else desk.port
    return [
        one
        for one in bots.cards.open_cards()
        if one.card.desk == kind
        and one.effective_at is not None
        and (kind == "operator" or (one.port and one.port == port))
    ]


def _kind_of(desk: Actor | None) -> str:
    kinds = {Role.CLERK: "clerk", Role.OFFICER: "customs"}
    return "traveller" if desk is None else kinds.get(desk.role, "operator")


def _at_counter(bots: Bots, desk: Actor, now: datetime) -> Iterator[Waits]:
    """Who has bought something in the store and wants a form."""
    for visit in bots.crowd.visits(now):
        if visit.purchase.store_number == desk.store_number:
            yield _buyer(visit)


def _buyer(visit: Visit) -> Waits:
    shown = visit.shown
    return Waits(
        what="buys",
        since=visit.purchase.at,
        traveller=shown,
        zone=_zone(shown),
        channel=visit.purchase.channel,
        port=visit.plan.told.port,
        invoices=visit.purchase.invoices,
    )


def _back_at_counter(ports: Ports, bots: Bots, desk: Actor, now: datetime) -> Iterator[Waits]:
    """Who is back because of a card that was dealt."""
    for dealt in bots.cards.open_cards():
        if dealt.card.desk != "clerk" or dealt.effective_at is None or not dealt.form_id:
            continue
        form = ports.storage.read(lambda tx, one=dealt.form_id: the_form(tx, one))  # type: ignore[misc]  # bound at once
        if form.store_number == desk.store_number and dealt.effective_at <= now:
            yield _with_form(ports, form, "is_back", dealt.effective_at, (dealt,))


def _at_port(ports: Ports, bots: Bots, port: str, now: datetime) -> Iterator[Waits]:
    """Who stands before the customs desk of a port."""
    kept = bots.cards.kept_forms()
    for form in _open_forms(ports):
        if form.form_id in kept:
            continue
        came_at = bots.customs_at(form)
        if came_at is None or came_at > now or bots.errand(form).port != port:
            continue
        keys = ("item_missing", "wrong_passport")
        dealt = tuple(one for one in bots.cards.of_form(form.form_id) if one.key in keys)
        found = _with_form(ports, form, "shows_goods", came_at, dealt)
        own = bots.errand(form).traveller
        yield found if dealt else replace(found, traveller=own, zone=_zone(own))


def _at_agency(ports: Ports, bots: Bots, desk: Actor, now: datetime) -> Iterator[Waits]:
    """Who waits to be paid behind customs."""
    waiting = ports.storage.read(lambda tx: tx.forms_in((Status.ORDINARY_VERIFIED,), WAIT_MAX))
    for form in waiting:
        port = bots.errand(form).port
        if desk.port in ("", port):
            yield replace(_with_form(ports, form, "is_paid", now, ()), port=port)


def _on_phones(ports: Ports, bots: Bots, now: datetime) -> Iterator[Waits]:
    """The forms of the day that a person's phone can claim, and those that can go to the port."""
    today = day_of(now)

    def look(tx: Transaction) -> list[Form]:
        stores = [store.store_number for store in tx.stores()]
        return [form for number in stores for form in tx.forms_of_store(number, today)]

    fresh = [one for one in ports.storage.read(look) if one.status not in GONE]
    known = {one.form_id for one in fresh}
    later = [one for one in _open_forms(ports) if one.form_id not in known]
    kept = bots.cards.kept_forms()
    for form in (*fresh, *later):
        if form.form_id in kept:
            continue
        dealt = tuple(
            one for one in bots.cards.of_form(form.form_id) if one.card.desk == "traveller"
        )
        found = _with_form(ports, form, "claims", form.issued_at, dealt)
        code = claim_code(ports.keys.secret("claim"), form.form_id)
        yield replace(found, claim_code=code)


def _open_forms(ports: Ports) -> Sequence[Form]:
    """The forms that have not passed customs."""
    open_states = (*UNSECURED_BEFORE_ADVANCE, Status.ADVANCED, Status.CAPTURED)
    return ports.storage.read(lambda tx: tx.forms_in(open_states, 200))


def _with_form(
    ports: Ports, form: Form, what: str, since: datetime, dealt: tuple[Dealt, ...]
) -> Waits:
    """Somebody who brings a form; a card says whose document is shown instead of the form's."""
    named = ports.storage.read(lambda tx: tx.traveller_of(form.form_id))
    shown = next((one.traveller for one in dealt if one.traveller is not None), named)
    return Waits(what, since, shown, _zone(shown), form=form, cards=dealt)


def _zone(traveller: Traveller) -> tuple[str, ...]:
    return tuple(zone_of(traveller).split("\n"))
