"""What bots do with a form that somebody has: on the phone, at the desks, and at the border."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from refund.core.calendar import day_of
from refund.core.customs import RefusalReason
from refund.core.entitlement import LineKey, remaining_of
from refund.core.errors import Refused
from refund.core.exit_file import ExitLine
from refund.core.form import TRIES, UNSECURED_BEFORE_ADVANCE, Channel, Form, Status
from refund.core.ids import claim_code
from refund.core.operation import Kind, OperationState
from refund.core.people import Actor
from refund.core.signing import code_url
from refund.core.till import Way
from refund.core.traveller import Traveller, document_key
from refund.ports import Ports
from refund.services import claim, counter_desk
from refund.services.issue import Draft
from refund.services.verify import VERIFIABLE
from refund.simulation.rehearsal.crowd import Visit
from refund.simulation.rehearsal.errand import EVERYTHING, Errand
from refund.simulation.rehearsal.network_hand import NetworkHand
from refund.simulation.rehearsal.roster import Roster
from refund.simulation.runs import acts
from refund.transaction import Transaction

NEVER = datetime.max.replace(tzinfo=UTC)
SOON = timedelta(seconds=15)
"""How soon somebody looks again who waits for another one."""

SERVICE = timedelta(seconds=75)
"""How long a bot serves one person. Source: assumption."""

GRACE = timedelta(hours=1)
"""So long after the flight a departure that was missed is not made up yet."""

MADE_UP_AFTER = timedelta(minutes=20)
"""How soon somebody leaves whose planned departure was passed over."""

PAID_ELSEWHERE = frozenset({"cash_above_limit", "till_too_low", "till_not_open"})
"""Refusals of cash after which the network pays."""

STRANGER = "a stranger's phone"
Moved = tuple[bool, datetime]
"""Whether something was done, and when to look again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A form with what its traveller's next step depends on.

    Args:
        index: of the document that the traveller really has.
        has_left: whether that traveller was seen leaving after the form was issued.
        holds_refused, advances_refused: how often the network said no.
        remaining: how many of each line did not go back to the store.
        has_returned: whether goods of it were brought back.
        verified_at: when customs decided last.
        is_persons: whether a person's phone claimed it, so that a person is its traveller.
    """

    form: Form
    shown: Traveller
    index: str
    has_left: bool
    holds_refused: int
    advances_refused: int
    remaining: Mapping[LineKey, int]
    has_returned: bool
    verified_at: datetime | None
    is_persons: bool = False

    @property
    def is_own(self) -> bool:
        """Whether the form names the document that the traveller has."""
        return self.form.document_index == self.index


class Travellers:
    """Takes the steps of travellers, and of those who serve them, as far as both are bots'.

    Args:
        border: who tells of departures.
    """

    def __init__(self, ports: Ports, hand: NetworkHand, border: Actor) -> None:
        self._ports = ports
        self._hand = hand
        self._border = border
        self._free_at: dict[str, datetime] = {}
        self._leaves_at: dict[str, datetime] = {}

    def served_at(self, desk: str, visit: Visit) -> datetime:
        """When somebody who came to a desk is through, if it is that one's turn now."""
        return max(visit.purchase.at, self._free_at.get(desk, visit.purchase.at)) + SERVICE

    def step(
        self, form: Form, errand: Errand, roster: Roster, now: datetime, cut_off: Collection[str]
    ) -> Moved:
        """Take the next step with a form where it is due.

        Raises:
            Refused: somebody said no.
            NetworkSilent: the network said nothing.
        """
        seen = self.seen(form, errand)
        steps: tuple[Callable[[Seen, Errand, Roster, datetime], Moved], ...] = (
            self._guess_codes,
            self._correct,
            self._bring_back,
            self._use_phone,
            partial(self._show_goods, cut_off=cut_off),
            self._be_paid,
            self._leave,
        )
        looks = []
        for take in steps:
            did, look_at = take(seen, errand, roster, now)
            if did:
                return True, now
            looks.append(look_at)
        return False, min(looks)

    def seen(self, form: Form, errand: Errand) -> Seen:
        """A form with what its traveller's next step depends on."""
        key = document_key(errand.traveller.document)
        index = self._ports.sealer.index("document", key)

        def read(tx: Transaction) -> Seen:
            asked = tx.operations_of(form.form_id)
            refused = [one.kind for one in asked if one.state is OperationState.REFUSED]
            returns = tx.returns_of(form.form_id)
            verification = tx.verification_of(form.form_id)
            return Seen(
                form=form,
                shown=tx.traveller_of(form.form_id),
                index=index,
                has_left=any(one.exited_at > form.issued_at for one in tx.exits_of(index)),
                holds_refused=refused.count(Kind.HOLD),
                advances_refused=refused.count(Kind.ADVANCE),
                remaining=remaining_of(tx.invoices_of(form.form_id), returns),
                has_returned=bool(returns),
                verified_at=None if verification is None else verification.verified_at,
                is_persons=_is_persons(tx, form),
            )

        return self._ports.storage.read(read)

    @staticmethod
    def comes_by_itself(seen: Seen, errand: Errand, roster: Roster) -> bool:
        """Whether the traveller of a form goes to the port without a person's word."""
        return errand.is_sent or (roster.plays_travellers and not seen.is_persons)

    def _turn_at(self, desk: str, arrived: datetime) -> datetime:
        """When somebody is through at a desk who is next there."""
        return max(arrived, self._free_at.get(desk, arrived)) + SERVICE

    # Back at the store's counter.

    def _guess_codes(self, seen: Seen, errand: Errand, _: Roster, now: datetime) -> Moved:
        """A stranger tries to claim with the picture of a code."""
        form = seen.form
        if (
            not errand.is_photographed
            or form.tries_left < TRIES
            or form.status is not Status.ISSUED
        ):
            return False, NEVER
        if now < errand.scan_at:
            return False, errand.scan_at
        right = claim_code(self._ports.keys.secret("claim"), form.form_id)
        address = code_url(self._ports.public_url, form.code)
        claim.scan(self._ports, address, STRANGER)
        for wrong in range(1, TRIES + 1):
            guess = f"{(int(right) + wrong) % 1_000_000:06d}"
            try:
                claim.enter_claim_code(self._ports, STRANGER, form.form_id, guess)
            except Refused:
                continue
        return True, now

    def _correct(self, seen: Seen, errand: Errand, roster: Roster, now: datetime) -> Moved:
        """Come back to the counter with a form that names another, or that is locked."""
        form, came_at = seen.form, self._comes_back_at(seen, errand)
        if came_at is None:
            return False, NEVER
        desk = f"store-{form.store_number}"
        served_at, clerk = self._turn_at(desk, came_at), roster.clerk(form.store_number)
        if clerk is None or now < served_at:
            return False, max(served_at, now + SOON)
        self._free_at[desk] = now
        key = f"bot-correct-{form.form_id}"
        acts.correct_form(self._ports, clerk, form.form_id, partial(_made_out_to, errand), key)
        return True, now

    def _comes_back_at(self, seen: Seen, errand: Errand) -> datetime | None:
        """When the traveller is back because of what stands on the form, if at all."""
        if seen.form.status not in UNSECURED_BEFORE_ADVANCE:
            return None
        if errand.notices_at is not None and not seen.is_own:
            return errand.notices_at
        is_locked = errand.is_photographed and seen.form.tries_left == 0
        return errand.claim_at if is_locked else None

    def _bring_back(self, seen: Seen, errand: Errand, roster: Roster, now: datetime) -> Moved:
        """Bring goods back to the store."""
        form = seen.form
        may = form.status in (*UNSECURED_BEFORE_ADVANCE, Status.ADVANCED)
        if errand.back_at is None or seen.has_returned or not may:
            return False, NEVER
        desk = f"store-{form.store_number}"
        served_at, clerk = self._turn_at(desk, errand.back_at), roster.clerk(form.store_number)
        if clerk is None or now < served_at:
            return False, max(served_at, now + SOON)
        self._free_at[desk] = now
        brought = dict(seen.remaining) if EVERYTHING in errand.back else dict(errand.back)
        acts.bring_back(self._ports, clerk, form.form_id, brought, f"bot-back-{form.form_id}")
        return True, now

    # On the phone.

    def _use_phone(self, seen: Seen, errand: Errand, roster: Roster, now: datetime) -> Moved:
        """Scan, sign, give a card; after the last card the refund at departure is chosen."""
        form = seen.form
        claims = form.channel is Channel.INSTANT and day_of(now) <= form.depart_by
        if not claims or form.status not in (Status.ISSUED, Status.AGREED, Status.HELD):
            return False, NEVER
        if not roster.plays_travellers or seen.is_persons or form.tries_left == 0:
            return False, now + SOON
        if self._comes_back_at(seen, errand) is not None:
            return False, NEVER
        due_at = errand.scan_at if form.status is Status.ISSUED else errand.claim_at
        due_at += seen.holds_refused * errand.retry_after
        if now < due_at:
            return False, due_at
        code = claim_code(self._ports.keys.secret("claim"), form.form_id)
        phone = phone_of(form)
        acts.scan(self._ports, phone, form, code)
        return self._claim(seen, errand, phone, now)

    def _claim(self, seen: Seen, errand: Errand, phone: str, now: datetime) -> Moved:
        form, tried = seen.form, seen.holds_refused
        if errand.gives_up or tried >= len(errand.cards) or seen.advances_refused > 1:
            acts.choose_ordinary(self._ports, phone, form.form_id)
            return True, now
        wish = errand.wish(form, seen.shown, tried)
        match form.status:
            case Status.HELD:
                acts.advance_again(self._ports, phone, form.form_id)
            case Status.AGREED:
                acts.claim_advance(self._ports, phone, form.form_id, wish, self._hand.give)
            case _ if now < errand.claim_at:
                return False, errand.claim_at
            case _:
                acts.sign(self._ports, phone, form.form_id, wish)
        return True, now

    # At the port.

    def flight(self, seen: Seen, errand: Errand, now: datetime) -> datetime | None:
        """When the traveller leaves; what was passed over is made up while it still can be."""
        if seen.has_left or errand.leaves_at is None:
            return None
        planned = self._leaves_at.get(seen.form.form_id, errand.leaves_at)
        if now <= planned + GRACE:
            return planned
        form = seen.form
        last = form.depart_by if errand.last_day_counts else form.export_by
        if day_of(now) > last:
            return None
        self._leaves_at[form.form_id] = now + MADE_UP_AFTER
        return now + MADE_UP_AFTER

    def customs_at(self, seen: Seen, errand: Errand, now: datetime) -> datetime | None:
        """When the traveller comes to customs, if at all and not before."""
        flight = self.flight(seen, errand, now)
        if flight is None or errand.customs_at is None or seen.form.status not in VERIFIABLE:
            return None
        if seen.form.status is Status.CAPTURED and seen.verified_at is not None:
            return None
        return errand.customs_at if flight == errand.leaves_at else flight - MADE_UP_AFTER

    def _show_goods(
        self,
        seen: Seen,
        errand: Errand,
        roster: Roster,
        now: datetime,
        *,
        cut_off: Collection[str],
    ) -> Moved:
        """Come to the customs desk, and be served where a bot stands there and has a line."""
        came_at = self.customs_at(seen, errand, now)
        if came_at is None:
            return False, NEVER
        if not self.comes_by_itself(seen, errand, roster):
            return False, now + SOON
        desk = f"customs-{errand.port}"
        served_at, officer = self._turn_at(desk, came_at), roster.officer(errand.port)
        if officer is None or errand.port in cut_off or now < served_at:
            return False, max(served_at, now + SOON)
        self._free_at[desk] = now
        self._decide(seen, errand, officer)
        return True, now

    def _decide(self, seen: Seen, errand: Errand, officer: Actor) -> None:
        form = seen.form
        there = {
            line: max(0, count - errand.hidden.get(line, 0))
            for line, count in seen.remaining.items()
        }
        if errand.other_person or not seen.is_own:
            reason = RefusalReason.PERSON_DIFFERS
            acts.refuse_goods(self._ports, officer, form.form_id, reason)
        elif not any(there.values()):
            reason = RefusalReason.GOODS_DIFFER
            acts.refuse_goods(self._ports, officer, form.form_id, reason)
        else:
            shown = None if there == dict(seen.remaining) else there
            acts.show_goods(self._ports, officer, form, shown, errand.place)

    def _be_paid(self, seen: Seen, errand: Errand, roster: Roster, now: datetime) -> Moved:
        """Be paid the ordinary refund at the agency's counter behind customs."""
        form, verified_at = seen.form, seen.verified_at
        if form.status is not Status.ORDINARY_VERIFIED or verified_at is None:
            return False, NEVER
        if not self.comes_by_itself(seen, errand, roster):
            return False, now + SOON
        desk = f"agency-{errand.port}"
        served_at, operator = self._turn_at(desk, verified_at), roster.at_counter(errand.port)
        if operator is None or now < served_at:
            return False, max(served_at, now + SOON)
        self._free_at[desk] = now
        counter = counter_desk.counter_at(operator, errand.port)
        payee = errand.payee()
        ways = [payee] if errand.pays_cash else []
        for one in (*ways, replace(payee, way=Way.CARD)):
            key = f"bot-{one.way.value}-{form.form_id}"
            try:
                acts.take_refund(self._ports, counter, form.form_id, one, key, self._hand.give)
            except Refused as refused:
                if refused.code not in PAID_ELSEWHERE:
                    raise
            else:
                break
        return True, now

    def _leave(self, seen: Seen, errand: Errand, roster: Roster, now: datetime) -> Moved:
        """Cross the border; whoever waits for an officer of flesh and blood misses the flight."""
        flight = self.flight(seen, errand, now)
        if flight is None or not self.comes_by_itself(seen, errand, roster):
            return False, NEVER if flight is None else now + SOON
        waits = self.customs_at(seen, errand, now) is not None
        if waits and (roster.officer(errand.port) is None or now < flight):
            flight += GRACE
        if now < flight:
            return False, flight
        if seen.verified_at is not None and seen.verified_at >= flight:
            flight = now
        line = ExitLine(errand.traveller.document, errand.port, flight)
        acts.leave(self._ports, self._border, line)
        self._leaves_at.pop(seen.form.form_id, None)
        return True, now


def phone_of(form: Form) -> str:
    """The phone with which a bot claims a form."""
    return f"phone-{form.form_id}"


def _is_persons(tx: Transaction, form: Form) -> bool:
    """Whether the agreement was signed on another phone than the bot's."""
    if tx.agreement_of(form.form_id) is None or tx.joint_of(form.form_id) is not None:
        return False
    return tx.visit(phone_of(form), form.form_id) is None


def _made_out_to(errand: Errand, draft: Draft) -> Draft:
    """The same purchase on the document that the traveller really has."""
    right = errand.traveller
    return replace(draft, traveller=right, last_entry=right.last_entry)
