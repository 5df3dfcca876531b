"""Bugs that are planted on purpose, each of which the simulation must find: calls and holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from refund.core import guarantee
from refund.core.case import needs_two
from refund.core.form import Form, Status
from refund.core.guarantee import Cover, Covered
from refund.core.operation import SEND_FOR, Answer, Heard, Kind, Operation, OperationState
from refund.ports import NetworkRejected, NetworkSilent, Ports
from refund.services import answers, claim, holds, intent, later, notices, pay, secure
from refund.storage.operations import OperationQueries
from refund.transaction import Transaction
from tests.simulation.planting import instead, method

ALWAYS = timedelta(days=10_000)


@contextmanager
def new_reference_at_a_retry() -> Iterator[None]:
    """A retry is sent under another key and reference than the first time."""
    right = pay.send

    class Renaming:
        def __init__(self, network: Any) -> None:
            self._network = network

        def __getattr__(self, name: str) -> Any:
            return getattr(self._network, name)

        def send(self, operation: Operation) -> Answer:
            if not operation.tries:
                answer: Answer = self._network.send(operation)
                return answer
            name = f"{operation.sent_reference}.{operation.tries}"
            renamed = replace(operation, key=f"{operation.key}{operation.tries}", reference=name)
            if operation.joint_reference:
                renamed = replace(operation, joint_reference=name)
            found: Answer = self._network.send(renamed)
            return replace(found, reference=operation.sent_reference)

    def wrong(ports: Ports, operation: Operation) -> Any:
        return right(replace(ports, network=Renaming(ports.network)), operation)

    with instead(pay.send, wrong):
        yield


@contextmanager
def sent_again_without_a_look_up() -> Iterator[None]:
    """What has no answer is sent again, however old, and never looked up."""

    def wrong(ports: Ports, operation: Operation) -> None:
        pay.carry_out(ports, operation)

    with instead(later.finish, wrong), instead(SEND_FOR, ALWAYS):
        yield


@contextmanager
def answers_recorded_again() -> Iterator[None]:
    """An answer counts whatever is known already."""

    def wrong(tx: Transaction, ports: Ports, operation: Operation, answer: Answer) -> Any:
        shares = tx.operations_sent_as(operation.sent_reference)
        if answer.heard is Heard.PENDING:
            return None
        return answers._answer(tx, ports, shares, answer)

    with instead(answers.record, wrong):
        yield


@contextmanager
def a_notice_counts_as_a_yes() -> Iterator[None]:
    """What the network tells by itself is believed, and nobody asks."""

    def wrong(ports: Ports, reference: str) -> str:
        shares = ports.storage.read(lambda tx: tx.operations_sent_as(reference))
        if not shares or shares[0].kind in (Kind.HOLD, Kind.EXTEND, Kind.INCREASE):
            return notices.UNKNOWN
        yes = replace(
            pay.refusal_of(shares[0], ""),
            heard=Heard.DONE,
            charged_fen=shares[0].sent_fen,
            network_id="told",
        )
        upcoming = pay.record_answer(ports, shares[0], yes)
        if isinstance(upcoming, Operation):
            pay.carry_out(ports, upcoming)
        return notices.RECORDED

    with instead(notices._asked, wrong):
        yield


@contextmanager
def pending_forgotten_after_a_quarter_of_an_hour() -> Iterator[None]:
    """A payout that the bank works on counts as refused after fifteen minutes."""
    right = answers.record

    def wrong(tx: Transaction, ports: Ports, operation: Operation, answer: Answer) -> Any:
        old = ports.clock.now() > operation.created_at + timedelta(minutes=5)
        if answer.heard is Heard.PENDING and old:
            answer = replace(answer, heard=Heard.REFUSED, refusal="took_too_long")
        return right(tx, ports, operation, answer)

    with instead(answers.record, wrong):
        yield


@contextmanager
def silence_counts_as_a_no() -> Iterator[None]:
    """A call without an answer is taken for a refusal."""

    class Deaf:
        def __init__(self, network: Any) -> None:
            self._network = network

        def __getattr__(self, name: str) -> Any:
            return getattr(self._network, name)

        def send(self, operation: Operation) -> Answer:
            try:
                answer: Answer = self._network.send(operation)
            except NetworkSilent:
                return pay.refusal_of(operation, "silent")
            return answer

    right = pay.send

    def wrong(ports: Ports, operation: Operation) -> Any:
        return right(replace(ports, network=Deaf(ports.network)), operation)

    with instead(pay.send, wrong):
        yield


@contextmanager
def the_fence_is_ignored() -> Iterator[None]:
    """Whoever once had a request in hand sends it, whoever else has it now, and however late."""

    def wrong(_: Any, operation: Operation, now: datetime) -> bool:
        return operation.created_at <= now or True

    def send(ports: Ports, operation: Operation) -> Any:
        ports.storage.write(lambda tx: tx.may_send(operation, ports.clock.now()))
        try:
            answer = ports.network.send(operation)
        except NetworkSilent:
            pay.rest(ports, operation)
            return None
        except NetworkRejected as rejected:
            return pay._not_taken(ports, operation, rejected.code)
        return pay.record_answer(ports, operation, answer)

    with method(OperationQueries, "may_send", wrong), instead(pay.send, send):
        yield


@contextmanager
def a_refused_hold_counts_as_granted() -> Iterator[None]:
    """The advance is paid although no hold stands."""
    right = answers._answered

    def wrong(ports: Ports, operation: Operation, answer: Answer) -> Operation:
        if operation.kind is not Kind.HOLD or not answer.refusal:
            return right(ports, operation, answer)
        return replace(right(ports, operation, answer), refusal="")

    def after(tx: Any, ports: Any, form: Any, operation: Any, answer: Answer, shares: Any) -> Form:
        if not answer.refusal:
            return granted(tx, ports, form, operation, answer, shares)
        lasts = ports.clock.now() + timedelta(days=60)
        told = replace(answer, refusal="", expires_at=lasts, approved_fen=answer.amount_fen)
        return granted(tx, ports, form, operation, replace(told, heard=Heard.DONE), shares)

    granted = holds.after_hold
    with instead(right, wrong), instead(granted, after):
        yield


@contextmanager
def any_hold_is_long_enough() -> Iterator[None]:
    """A hold that ends too soon secures an advance all the same."""
    right = guarantee.cover_of

    def wrong(*about: Any, extendable: bool) -> Covered:
        return Covered(Cover.WHOLE, right(*about, extendable=extendable).needed_until)

    with instead(right, wrong):
        yield


@contextmanager
def any_hold_is_large_enough() -> Iterator[None]:
    """A hold that was approved for less secures the whole advance."""
    follow, begin = answers._follow, intent.begin_advance

    def begin_wrong(tx: Any, ports: Any, form: Form, held: Any, *more: Any) -> Operation:
        return begin(tx, ports, form, replace(held, amount_fen=form.amounts.net_fen), *more)

    def wrong(tx: Any, ports: Any, forms: Any, operation: Operation, answer: Any) -> Any:
        held = tx.live_guarantee(forms[0].form_id)
        if held is None or len(forms) > 1:
            return follow(tx, ports, forms, operation, answer)
        return begin_wrong(tx, ports, forms[0], held, operation.actor)

    with instead(follow, wrong), instead(begin, begin_wrong):
        yield


@contextmanager
def a_lapse_is_not_recorded() -> Iterator[None]:
    """Holds that the bank has ended go on standing in our books."""

    def wrong(*_: Any) -> bool:
        return False

    with instead(holds.lapse, wrong):
        yield


@contextmanager
def an_extension_is_recorded_for_every_share() -> Iterator[None]:
    """A hold's new end is written to shares of it that are over, too."""
    right = holds.after_extension

    def wrong(tx: Transaction, ports: Ports, form: Form, operation: Operation, answer: Any) -> Form:
        for share in tx.guarantees_under(operation.hold_reference):
            if answer.expires_at is not None:
                longer = replace(share, expires_at=answer.expires_at + timedelta(days=1))
                tx.change_guarantee(longer, operation.reference, ports.clock.now())
        return form

    with instead(right, wrong):
        yield


@contextmanager
def an_increase_is_not_posted() -> Iterator[None]:
    """A hold grows at the network alone."""

    def wrong(tx: Transaction, ports: Ports, form: Form, operation: Operation, _: Any) -> Form:
        held = tx.live_guarantee(form.form_id)
        if held is not None and not operation.refusal:
            grown = replace(held, amount_fen=held.amount_fen + operation.amount_fen)
            tx.change_guarantee(grown, operation.reference, ports.clock.now())
        return form

    with instead(holds.after_increase, wrong):
        yield


@contextmanager
def holds_are_never_given_up() -> Iterator[None]:
    """A hold without an advance stands until it ends by itself."""

    def wrong(_: Ports) -> int:
        return 0

    with instead(later.withdraw_abandoned_holds, wrong):
        yield


@contextmanager
def nobody_watches_what_is_pending() -> Iterator[None]:
    """What waits for the network for too long is no case."""

    def wrong(_: Ports) -> int:
        return 0

    with instead(secure.watch_pending, wrong):
        yield


@contextmanager
def nobody_watches_what_is_unsecured() -> Iterator[None]:
    """An advance without a hold is no case."""

    def wrong(*_: Any) -> None:
        return None

    with instead(holds.unsecured, wrong):
        yield


@contextmanager
def one_person_decides_alone() -> Iterator[None]:
    """No second person is asked, whatever the sum."""

    def wrong(*_: Any, **__: Any) -> bool:
        return False

    with instead(needs_two, wrong):
        yield


@contextmanager
def a_refused_card_is_charged_in_the_books() -> Iterator[None]:
    """A charge that the bank declined is recorded as made."""
    right = answers._answered

    def wrong(ports: Ports, operation: Operation, answer: Answer) -> Operation:
        if operation.kind is not Kind.CAPTURE or answer.refusal != "capture_declined":
            return right(ports, operation, answer)
        found = right(ports, operation, replace(answer, refusal=""))
        return replace(
            found, state=OperationState.SUCCEEDED, charged_fen=operation.amount_fen, refusal=""
        )

    with instead(right, wrong):
        yield


@contextmanager
def a_claim_begins_again() -> Iterator[None]:
    """A claim that is repeated while the advance is paid is begun anew."""
    right = claim.claim_advance

    def wrong(ports: Ports, session_hash: str, form_id: str, card: Any) -> Form:
        def begin(tx: Transaction) -> Any:
            form = tx.form(form_id)
            held = tx.live_guarantee(form_id)
            if form is None or held is None or form.status is not Status.ADVANCED:
                return None
            operation = intent._intent(
                tx, ports, form, Kind.ADVANCE, form.amounts.net_fen, **_again(held)
            )
            tx.add_operation(operation)
            return operation

        again = ports.storage.write(begin)
        if isinstance(again, Operation):
            ports.network.send(again)
        return right(ports, session_hash, form_id, card)

    with instead(right, wrong):
        yield


def _again(held: Any) -> dict[str, Any]:
    return {"actor": "traveller", "card_token": held.card_token, "method": "card"}
