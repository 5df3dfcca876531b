"""Travellers at the port: the customs desk, the agency's counter behind it, and the border."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from refund.core.customs import LinesShown, RefusalReason
from refund.core.entitlement import ConfirmedLine
from refund.core.errors import Refused
from refund.core.exit_file import ExitLine
from refund.core.form import Status
from refund.core.offline import Act, OfflineDecision
from refund.core.people import Actor
from refund.core.signing import code_url
from refund.core.till import Way
from refund.services import counter_desk, verify
from refund.services.offline import Sent
from refund.simulation.runs import acts
from refund.simulation.runs.acts import Payee
from refund.simulation.runs.scene import Scene
from refund.simulation.runs.shopping import Quantities, Trip, Ware
from refund.simulation.world.plans import Departure, DeskKind, Fraud

GATE_CLOSES = timedelta(minutes=20)
"""So long before the flight nobody stands at a desk any more. Source: assumption."""

NOT_SHOWN = "nothing_shown"
CASH_LIMIT = frozenset({"cash_above_limit", "till_too_low", "till_not_open"})
"""Refusals of cash after which the network pays instead."""


class Leaving:
    """What happens at a port, from the queue at customs to the border."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def begin(self, trip: Trip) -> None:
        """Put the departure on the agenda, where there is one."""
        leaves, customs = trip.plan.leaves, trip.plan.customs
        if leaves is None:
            self._scene.agenda.at(trip.plan.told.at, self._scene.end)
            return
        if not customs.forgets:
            at = leaves.at - customs.before
            self._scene.agenda.at(at, partial(self._to_customs, trip, leaves))
        self._scene.agenda.at(leaves.at, partial(self._leave, trip, leaves))

    def _leave(self, trip: Trip, leaves: Departure) -> None:
        """Cross the border; its record reaches the agency with the day's file."""
        scene = self._scene
        if trip.wares:
            scene.left.append(ExitLine(trip.plan.traveller.document, leaves.port, leaves.at))
        for ware in trip.wares:
            scene.tally.left(ware.form.form_id, leaves.at)
        scene.end()

    def _patience(self, trip: Trip, leaves: Departure) -> timedelta:
        """How long a traveller waits in a queue before the flight is called."""
        left = leaves.at - GATE_CLOSES - self._scene.now
        return max(timedelta(), min(trip.plan.customs.patience, left))

    # At customs.

    def _to_customs(self, trip: Trip, leaves: Departure) -> None:
        desk = self._scene.desk_at(DeskKind.CUSTOMS, leaves.port)
        if desk is not None and trip.wares:
            do = partial(self._declare, trip, leaves)
            desk.join(trip.plan.number, do, self._patience(trip, leaves))

    def _declare(self, trip: Trip, leaves: Departure) -> None:
        """Show the goods of every form, and go on to the agency's counter where that pays."""
        officer = self._scene.crew.officers[leaves.port]
        for ware in trip.wares:
            if not any(ware.left.values()):
                continue  # All of it went back to the store.
            if leaves.port in self._scene.offline:
                self._decide_offline(trip, ware, officer)
            else:
                self._scene.tally.attempt(partial(self._decide, trip, ware, officer))
        self._to_agency(trip, leaves)

    def _decide(self, trip: Trip, ware: Ware, officer: Actor) -> None:
        """Look at one form and decide.

        Raises:
            Refused: customs cannot decide on it.
        """
        scene = self._scene
        view = verify.look_up(
            scene.ports, officer, code_url(scene.ports.public_url, ware.form.code)
        )
        if view.refusal is not None:
            raise view.refusal
        form_id = ware.form.form_id
        is_seen = view.draw is not None and view.draw.is_inspected
        reason = self._why_refused(trip, ware, is_seen=is_seen)
        if reason is not None:
            acts.refuse_goods(scene.ports, officer, form_id, reason)
        elif trip.plan.customs.bags_first:
            # The bags are gone: there is nothing to look at, and nothing is decided.
            raise Refused(NOT_SHOWN)
        else:
            shown = self._shown(trip, ware, is_seen=is_seen)
            said = LinesShown(shown, trip.plan.customs.where)
            verify.verify_lines(scene.ports, officer, form_id, said)
        scene.tally.verified(form_id, scene.now)

    def _why_refused(self, trip: Trip, ware: Ware, *, is_seen: bool) -> RefusalReason | None:
        """Why an officer refuses the form whole, if at all."""
        if trip.plan.customs.other_person or ware.shown != trip.plan.traveller:
            return RefusalReason.PERSON_DIFFERS
        deceives = trip.plan.fraud is not Fraud.NONE
        if deceives and is_seen and not any(there(ware).values()):
            return RefusalReason.GOODS_DIFFER
        return None

    def _shown(self, trip: Trip, ware: Ware, *, is_seen: bool) -> tuple[ConfirmedLine, ...] | None:
        """What is laid on the desk; None for all as listed, which a fraud claims if it can."""
        goods, deceives = there(ware), trip.plan.fraud is not Fraud.NONE
        if goods == ware.left or (deceives and not is_seen):
            return None
        return tuple(ConfirmedLine(line, quantity) for line, quantity in sorted(goods.items()))

    def _decide_offline(self, trip: Trip, ware: Ware, officer: Actor) -> None:
        """Decide without the network: the device keeps it until the line is back."""
        scene, form = self._scene, ware.form
        kept = scene.offline[officer.port]
        reason = self._why_refused(trip, ware, is_seen=True)
        goods = there(ware)
        if reason is None and (trip.plan.customs.bags_first or not any(goods.values())):
            return
        lines = None
        if reason is None and goods != ware.left:
            lines = tuple(ConfirmedLine(line, count) for line, count in sorted(goods.items()))
        act = Act.CONFIRM if lines is None else Act.LINES
        act = act if reason is None else Act.REFUSE
        decision = OfflineDecision(
            decision_id=f"offline-{officer.port}-{form.form_id}-{len(kept)}",
            sequence=len(kept) + 1,
            form_id=form.form_id,
            act=act,
            decided_at=scene.now,
            scanned_at=scene.now,
            lines=lines,
            place=trip.plan.customs.where,
            reason=RefusalReason.NONE if reason is None else reason,
        )
        kept.append(Sent(decision, form.code))
        scene.tally.verified(form.form_id, scene.now)

    # At the agency's counter.

    def _to_agency(self, trip: Trip, leaves: Departure) -> None:
        desk = self._scene.desk_at(DeskKind.AGENCY, leaves.port)
        if desk is not None and any(self._is_payable(ware) for ware in trip.wares):
            do = partial(self._be_paid, trip, leaves)
            desk.join(trip.plan.number, do, self._patience(trip, leaves))

    def _is_payable(self, ware: Ware) -> bool:
        form = self._scene.form(ware.form.form_id)
        return form.status is Status.ORDINARY_VERIFIED

    def _be_paid(self, trip: Trip, leaves: Departure) -> None:
        """Be paid every ordinary refund, as is wished; the network pays what cash cannot."""
        scene, customs = self._scene, trip.plan.customs
        counter = counter_desk.counter_at(scene.crew.operator, leaves.port)
        traveller = trip.plan.traveller
        payee = Payee(traveller.document, traveller.latin_name)
        cards = [replace(payee, way=Way.CARD, card=card) for card in customs.payout_cards]
        ways = [payee, *cards] if customs.cash else cards or [payee]
        for ware in trip.wares:
            if self._is_payable(ware):
                self._pay(trip, ware, counter, ways)

    def _pay(
        self, trip: Trip, ware: Ware, counter: counter_desk.Counter, ways: list[Payee]
    ) -> None:
        """Try the ways one after the other, until one pays or is on its way."""
        scene, form_id = self._scene, ware.form.form_id
        for payee in [*ways, replace(ways[0], way=Way.CARD)]:
            try:
                form = acts.take_refund(
                    scene.ports, counter, form_id, payee, trip.key(), scene.give
                )
            except Refused as refusal:
                scene.tally.refused([refusal])
                if refusal.code in CASH_LIMIT:
                    continue
                return
            scene.follow(form)
            if form.status is not Status.ORDINARY_VERIFIED:
                return


def there(ware: Ware) -> Quantities:
    """What of the goods the traveller carries."""
    return {line: quantity - ware.missing.get(line, 0) for line, quantity in ware.left.items()}
