"""Dealing fault cards: to a form, to whoever comes next, to a port's desk, or to the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from refund.core.calendar import day_of
from refund.core.case import Case
from refund.core.entitlement import remaining_of
from refund.core.errors import Refused
from refund.core.form import UNSECURED_BEFORE_ADVANCE, Channel, Form, Status
from refund.core.operation import Guarantee, Kind, OperationState
from refund.core.places import PORTS, read_port
from refund.core.traveller import Traveller
from refund.ports import Ports
from refund.sandbox.faults import Fault
from refund.services.life import the_form
from refund.simulation.drills.stage import kept_traveller
from refund.simulation.lab_book import LabBook
from refund.simulation.rehearsal.card_judges import CASES, Stand, judge
from refund.simulation.rehearsal.fault_cards import (
    BOTS,
    SCENARIO,
    CardTable,
    Dealt,
    FaultCard,
    Target,
    fault_cards,
)
from refund.simulation.rehearsal.network_hand import NetworkHand
from refund.simulation.rehearsal.roster import Roster
from refund.simulation.world.plans import CUSTOMS_DOWN, NETWORK_DOWN, FaultPlanned
from refund.transaction import Transaction

OFFLINE = timedelta(minutes=30)
BACK_AFTER = timedelta(minutes=3)
"""How soon a traveller is back at the counter."""

AT_CUSTOMS_AFTER = {Target.FORM: timedelta(minutes=10), Target.COMING: timedelta(minutes=40)}
FLIGHT_AFTER = timedelta(hours=2)
DOWN_TIMES = 12
CASES_LOOKED_AT = 100

FITS: Mapping[str, frozenset[Status]] = {
    "companions_passport": frozenset({Status.ISSUED}),
    "duplicate_scan": frozenset({Status.ISSUED}),
    "goods_back": UNSECURED_BEFORE_ADVANCE | {Status.ADVANCED},
    "card_declined": frozenset({Status.ISSUED, Status.AGREED}),
    "item_missing": UNSECURED_BEFORE_ADVANCE | {Status.ADVANCED},
    "wrong_passport": UNSECURED_BEFORE_ADVANCE | {Status.ADVANCED},
    "late_arrival": frozenset({Status.ADVANCED}),
    "wrong_port": frozenset({Status.ADVANCED}),
    "hold_ends_early": frozenset({Status.ADVANCED, Status.VERIFIED}),
    "capture_declined": frozenset({Status.ADVANCED, Status.VERIFIED_PARTLY}),
}
"""The states of a form to which a card can be dealt."""

_INSTANT = frozenset({"duplicate_scan", "card_declined"})
_FAULTS: Mapping[str, Fault] = {
    "payout_returned": Fault("payout_returned", kind="advance", times=1),
    "answer_lost": Fault("answer_lost", kind="advance", times=1),
    "network_down": Fault("unavailable", times=DOWN_TIMES),
    "statement_late": Fault("statement_late", times=1),
    "statement_amount": Fault("statement_line_amount", times=1),
}
"""What a card of the network switches on there."""


_OUTAGES = {NETWORK_DOWN: "network_down", CUSTOMS_DOWN: "customs_offline"}
"""The card that an outage of a scenario is dealt as."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a trainer chose: a card, and to whom it is dealt."""

    key: str
    target: Target
    form_number: str = ""
    store_number: int = 0
    port: str = ""


class Dealer:
    """Deals cards, and sees what becomes of them.

    Args:
        hand: in the payment network.
    """

    def __init__(self, ports: Ports, book: LabBook, cards: CardTable, hand: NetworkHand) -> None:
        self._ports = ports
        self._book = book
        self._cards = cards
        self._hand = hand

    def deal(self, wanted: Wanted, by: str) -> Dealt:
        """Deal a card.

        Raises:
            Refused: `choice_unknown` for no such card or target; `form_unknown`; `port_unknown`;
                `store_unknown`; `card_does_not_fit` where the form's state, or what stands on it,
                leaves nothing to go wrong; `network_unreachable`.
        """
        card = fault_cards().get(wanted.key)
        if card is None or wanted.target not in card.targets:
            raise Refused("choice_unknown", "card", known=list(fault_cards()))
        now = self._ports.clock.now()
        bare = Dealt(0, card.key, "", 0, "", by, now)
        match wanted.target:
            case Target.FORM:
                form = self._ports.storage.read(lambda tx: _by_number(tx, wanted.form_number))
                facts = self._facts(card, form, Target.FORM)
                return self._cards.add(replace(bare, form_id=form.form_id, facts=facts))
            case Target.COMING:
                self._require_store(wanted.store_number)
                return self._cards.add(replace(bare, store_number=wanted.store_number))
            case Target.PORT:
                port = read_port(wanted.port).code
                until = {"until": (now + OFFLINE).isoformat()}
                return self._cards.add(replace(bare, port=port, facts=until))
            case Target.NETWORK:
                self._hand.switch_on(_FAULTS[card.key])
                return self._cards.add(bare)

    def bring_along(self, found: Sequence[Dealt]) -> None:
        """Keep the cards that a traveller of the population brings along, once for a form."""
        for dealt in found:
            if all(one.key != dealt.key for one in self._cards.of_form(dealt.form_id)):
                self._cards.add(dealt)

    def deal_outages(self, planned: Sequence[FaultPlanned]) -> None:
        """Deal the outages of the scenario that have begun, each once."""
        now = self._ports.clock.now()
        for one in planned:
            key = _OUTAGES.get(one.name)
            if key is None or not one.begins <= now < one.ends:
                continue
            facts = {"begins": one.begins.isoformat(), "until": one.ends.isoformat()}
            known = self._cards.of_scenario(key)
            if any(dealt.facts.get("begins") == facts["begins"] for dealt in known):
                continue
            bare = Dealt(0, key, "", 0, "", SCENARIO, now, facts=facts)
            if key == "network_down":
                self._hand.switch_on(_FAULTS[key])
                self._cards.add(bare)
            else:
                for port in PORTS:
                    self._cards.add(replace(bare, port=port))

    def _require_store(self, store_number: int) -> None:
        known = store_number == 0 or self._ports.storage.read(
            lambda tx: tx.store(store_number) is not None
        )
        if not known:
            raise Refused("store_unknown", "store")

    def _facts(self, card: FaultCard, form: Form, target: Target) -> dict[str, Any]:
        """What a card needs to know of a form, and what is done about it at once.

        Raises:
            Refused: `card_does_not_fit`, `network_unreachable`.
        """
        is_instant = form.channel is Channel.INSTANT
        if form.status not in FITS[card.key] or (card.key in _INSTANT and not is_instant):
            raise Refused("card_does_not_fit", "form_number", status=form.status.value)
        make = self._makers.get(card.key)
        return {} if make is None else make(form, target)

    @property
    def _makers(self) -> Mapping[str, Callable[[Form, Target], dict[str, Any]]]:
        """What each card needs to know, by key; the others need nothing."""
        return {
            "companions_passport": lambda form, _: {**self._back(), **self._other(form)},
            "goods_back": lambda form, _: {**self._back(), **self._one_piece(form)},
            "item_missing": lambda form, to: {**self._customs(to), **self._one_piece(form)},
            "wrong_passport": lambda form, to: {**self._customs(to), **self._other(form)},
            "wrong_port": lambda form, _: self._another_port(form),
            "hold_ends_early": lambda form, _: self._end_hold(form),
            "capture_declined": lambda form, _: self._decline_charge(form),
        }

    def _back(self) -> dict[str, str]:
        """When a traveller is back at the counter."""
        return {"at": (self._ports.clock.now() + BACK_AFTER).isoformat()}

    def _customs(self, target: Target) -> dict[str, str]:
        """When a traveller comes to customs, who flies the same day."""
        return {"at": (self._ports.clock.now() + AT_CUSTOMS_AFTER[target]).isoformat()}

    def _another_port(self, form: Form) -> dict[str, str]:
        """A departure today, elsewhere than promised."""
        if form.port_any:
            raise Refused("card_does_not_fit", "form_number", status=form.status.value)
        port = next(code for code in PORTS if code != form.port)
        return {"at": (self._ports.clock.now() + FLIGHT_AFTER).isoformat(), "port": port}

    def _end_hold(self, form: Form) -> dict[str, str]:
        """Let the bank end a form's hold."""
        hold = self._hold(form)
        self._hand.end_hold(hold.network_reference)
        return {"reference": hold.network_reference}

    def _decline_charge(self, form: Form) -> dict[str, str]:
        """Let the bank decline the next charge of a form's card."""
        hold = self._hold(form)
        fault = Fault("capture_declined", last4=hold.last4, kind="capture", times=1)
        self._hand.switch_on(fault)
        return {"reference": hold.network_reference}

    def _hold(self, form: Form) -> Guarantee:
        hold = self._ports.storage.read(lambda tx: tx.live_guarantee(form.form_id))
        if hold is None:
            raise Refused("card_does_not_fit", "form_number", status=form.status.value)
        return hold

    def _one_piece(self, form: Form) -> dict[str, int]:
        """One piece of the first line of which the traveller has any."""

        def look(tx: Transaction) -> dict[str, int]:
            left = remaining_of(tx.invoices_of(form.form_id), tx.returns_of(form.form_id))
            found = next((line for line in sorted(left) if left[line]), None)
            if found is None:
                raise Refused("card_does_not_fit", "form_number", status=form.status.value)
            return {"invoice": found[0], "line": found[1], "quantity": 1}

        return self._ports.storage.read(look)

    def _other(self, form: Form) -> dict[str, Any]:
        """A companion of the form's traveller: the same surname, a document of their own."""
        one = self._ports.storage.read(lambda tx: tx.traveller_of(form.form_id))
        return {"traveller": kept_traveller(_companion(one))}

    # What becomes of the cards.

    def look(self, roster: Roster) -> None:
        """See which cards take effect, and which are solved or missed."""
        for dealt in self._cards.open_cards():
            known = self._known(dealt)
            if known is None:
                continue
            stand = self._ports.storage.read(lambda tx, one=known: judge(tx, self._ports, one))  # type: ignore[misc]  # bound at once
            after = self._after(known, stand, roster)
            if after != dealt:
                self._cards.put(after)

    def _known(self, dealt: Dealt) -> Dealt | None:
        """A card with the form or the case that it came to be about; None while nobody has come."""
        if dealt.waits_for_form:
            return self._attached(dealt)
        if dealt.key in CASES and "case_id" not in dealt.facts:
            case = self._ports.storage.read(lambda tx: _case_of(tx, dealt))
            if case is not None:
                return replace(dealt, facts={**dealt.facts, "case_id": case.case_id})
        if dealt.key == "answer_lost" and not dealt.form_id:
            return replace(dealt, form_id=self._ports.storage.read(lambda tx: _unheard(tx, dealt)))
        if dealt.key == "network_down" and dealt.effective_at is None:
            unheard = self._ports.storage.read(lambda tx: _is_unheard(tx, dealt))
            if self._ports.network.line().failures or unheard:
                return replace(dealt, effective_at=self._ports.clock.now())
        return dealt

    def note_silence(self) -> None:
        """Somebody reached for the network, and there was no answer."""
        for dealt in self._cards.open_cards():
            if dealt.key == "network_down" and dealt.effective_at is None:
                self._cards.put(replace(dealt, effective_at=self._ports.clock.now()))

    def _attached(self, dealt: Dealt) -> Dealt | None:
        """A card with the form of whoever came next; None while nobody did."""
        taken = {one.form_id for one in self._cards.open_cards()}
        now = self._ports.clock.now()

        def look(tx: Transaction) -> list[Form]:
            numbers = [dealt.store_number] if dealt.store_number else _stores(tx)
            days = {day_of(dealt.dealt_at), day_of(now)}
            found = [f for n in numbers for day in days for f in tx.forms_of_store(n, day)]
            return sorted(found, key=lambda one: (one.issued_at, one.form_number))

        for form in self._ports.storage.read(look):
            if form.issued_at < dealt.dealt_at or form.form_id in taken or form.replaces:
                continue
            try:
                facts = self._facts(dealt.card, form, Target.COMING)
            except Refused:
                continue
            return replace(dealt, form_id=form.form_id, facts=facts)
        return None

    def _after(self, dealt: Dealt, stand: Stand, roster: Roster) -> Dealt:
        now = self._ports.clock.now()
        if stand is Stand.WAITS:
            return dealt
        effective = replace(dealt, effective_at=dealt.effective_at or now)
        if stand is Stand.IN_EFFECT:
            return effective
        store_number, port = dealt.store_number, dealt.port
        if dealt.form_id:
            form = self._ports.storage.read(lambda tx: the_form(tx, dealt.form_id))
            store_number, port = form.store_number, str(dealt.facts.get("port", form.port))
        played_by = roster.player(dealt.card.desk, store_number=store_number, port=port)
        return replace(
            effective,
            ended_at=now,
            is_solved=stand is Stand.SOLVED,
            ended_by=played_by or BOTS,
        )


def _by_number(tx: Transaction, form_number: str) -> Form:
    form = tx.form_by_number(form_number)
    if form is None:
        raise Refused("form_unknown", "form_number")
    return form


def _stores(tx: Transaction) -> list[int]:
    return [store.store_number for store in tx.stores()]


def _companion(one: Traveller) -> Traveller:
    """Somebody who travels with another person; the number fits the same kind of document."""
    number = one.document.number
    digits = "".join(str((int(sign) + 5) % 10) if sign.isdigit() else sign for sign in number[-4:])
    surname = one.latin_name.split(" ")[0]
    given = "MORGAN" if not one.latin_name.endswith("MORGAN") else "ROBIN"
    document = replace(one.document, number=number[:-4] + digits)
    return replace(one, latin_name=f"{surname} {given}", local_name="", document=document)


def _case_of(tx: Transaction, dealt: Dealt) -> Case | None:
    """The case that a card led to."""
    kind = CASES[dealt.key]
    found: Sequence[Case] = [*tx.open_cases((kind,)), *tx.closed_cases(CASES_LOOKED_AT)]
    since = (one for one in found if one.kind is kind and one.opened_at >= dealt.dealt_at)
    return next((one for one in since if dealt.form_id in ("", one.form_id)), None)


def _unheard(tx: Transaction, dealt: Dealt) -> str:
    """The form of an advance whose answer was lost since a card was dealt, or nothing."""
    day = day_of(dealt.dealt_at)
    for number in _stores(tx):
        for form in tx.forms_of_store(number, day):
            for one in tx.operations_of(form.form_id):
                is_since = one.kind is Kind.ADVANCE and one.created_at >= dealt.dealt_at
                if is_since and one.tries:
                    return form.form_id
    return ""


def _is_unheard(tx: Transaction, dealt: Dealt) -> bool:
    """Whether something that was asked since a card was dealt has no answer."""
    return any(
        one.tries and one.created_at >= dealt.dealt_at and one.state is OperationState.PENDING
        for one in tx.pending_operations()
    )
