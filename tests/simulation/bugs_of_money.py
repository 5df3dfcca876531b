"""Bugs that are planted on purpose, each of which the simulation must find: money and promises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from refund.core import ledger, matching
from refund.core.calendar import is_within
from refund.core.case import Case
from refund.core.entitlement import Entitlement, entitlement_of
from refund.core.errors import Refused
from refund.core.form import TRANSITIONS, Event, Form, Status
from refund.core.ids import operation_reference
from refund.core.ledger import Account, Entry, Posting, Side
from refund.core.matching import Action, Why
from refund.core.operation import ORDER, Answer, Heard, Kind, News, Operation, OperationState
from refund.core.statement import Statement
from refund.ports import Ports
from refund.services import answers, ends, fixes, holds, intent, reissue
from refund.services.asking import Fixed, Outcome
from refund.services.life import By, move, note, the_form
from refund.services.rules import rules_of
from refund.storage.counter import CounterQueries
from refund.storage.ledger import LedgerQueries
from refund.storage.rows import Rows
from refund.transaction import Transaction
from tests.simulation.planting import entry, instead, method


@contextmanager
def charged_as_advanced() -> Iterator[None]:
    """A charge takes the whole advance, whatever came back before."""

    def wrong(_: Transaction, form: Form, event: Event) -> int:
        free = (Event.REQUEST_RELEASE, Event.WITHDRAW, Event.REQUEST_WAIVE)
        return 0 if event in free else form.amounts.net_fen

    with instead(intent.captured_by, wrong):
        yield


@contextmanager
def a_partial_charge_counts_as_whole() -> Iterator[None]:
    """What was asked is posted, not what was charged."""
    right = answers._answered

    def wrong(ports: Ports, operation: Operation, answer: Answer) -> Operation:
        found = right(ports, operation, answer)
        return replace(found, charged_fen=operation.amount_fen) if found.charged_fen else found

    with instead(right, wrong):
        yield


@contextmanager
def the_rest_of_a_share_stays_held() -> Iterator[None]:
    """A charge on a shared hold ends no more of it than it charges."""
    right = intent._intent

    def wrong(*about: Any, **more: Any) -> Operation:
        found = right(*about, **more)
        if found.kind is not Kind.CAPTURE or not found.part_fen:
            return found
        less = replace(found, part_fen=found.amount_fen)
        return replace(less, fingerprint=less.print_of_request)

    with instead(right, wrong):
        yield


@contextmanager
def a_payout_that_came_back_is_not_posted() -> Iterator[None]:
    """The operation knows that its money came back, and the ledger does not."""

    def wrong(tx: Transaction, ports: Ports, operation: Operation) -> Form:
        tx.return_operation(operation.reference)
        by = By(operation.actor, ports.clock.now())
        note(tx, ports, "payout_returned", by, form_id=operation.form_id)
        return the_form(tx, operation.form_id)

    with instead(answers._came_back, wrong):
        yield


@contextmanager
def what_comes_back_is_old_news() -> Iterator[None]:
    """A payout that was done stays done, whatever the bank does later."""
    with entry(ORDER, (OperationState.SUCCEEDED, Heard.RETURNED), News.KEEP):
        yield


@contextmanager
def paid_again_and_again() -> Iterator[None]:
    """What came back is paid again as often as somebody asks, for its case never closes."""

    def owed(_: Transaction, form: Form) -> int:
        return form.amounts.net_fen

    def finish(tx: Transaction, _: Ports, case_id: str) -> Fixed:
        case = tx.case(case_id)
        if case is None:
            raise Refused("case_unknown")
        tx.begin_fix(replace(case, fix=None, fixed_by="", reason="", under_way=""))
        return Fixed(case, Outcome.REFUSED)

    with instead(intent.owed_again_fen, owed), instead(fixes.finish, finish):
        yield


@contextmanager
def what_came_back_is_still_owed() -> Iterator[None]:
    """The traveller is charged for an advance that the bank has sent back."""
    right = LedgerQueries.outstanding_fen

    def wrong(self: Any, form_id: str) -> int:
        back = [one for one, _, _ in self.entries_of(form_id) if one.kind == "payout_returned"]
        owed: int = right(self, form_id)
        back_fen: int = sum(one.postings[0].amount_fen for one in back)
        return owed + back_fen

    with method(LedgerQueries, "outstanding_fen", wrong):
        yield


@contextmanager
def a_day_late_is_in_time() -> Iterator[None]:
    """A promise counts as kept by whoever leaves a day after it."""

    def wrong(at: datetime, last_day: date) -> bool:
        return is_within(at, last_day + timedelta(days=1))

    with method(matching, "is_within", wrong):  # type: ignore[arg-type]
        yield


@contextmanager
def any_port_is_the_right_one() -> Iterator[None]:
    """A promise counts as kept through whichever port."""
    right = matching._broken

    def wrong(departure: Any, seen: Any) -> Why | None:
        found = right(departure, seen)
        return None if found is Why.WRONG_PORT else found

    with instead(right, wrong):
        yield


@contextmanager
def released_without_customs() -> Iterator[None]:
    """A hold is released for whoever has left, verified or not."""
    right = matching._outcome

    def wrong(departure: Any, today: date) -> tuple[Action, Why]:
        if departure.exit is not None and departure.form.status is Status.ADVANCED:
            return Action.RELEASE, Why.KEPT
        return right(departure, today)

    released = entry(TRANSITIONS, (Status.ADVANCED, Event.REQUEST_RELEASE), Status.RELEASING)
    with instead(right, wrong), released:
        yield


@contextmanager
def the_first_form_s_sum_for_all() -> Iterator[None]:
    """Forms that are claimed together are put on hold as if all were worth what the first is."""

    def wrong(
        tx: Transaction, ports: Ports, forms: Sequence[Form], joint_id: str, card: Any, actor: str
    ) -> Operation:
        attempt = 1 + max(tx.count_operations(form.form_id, Kind.HOLD) for form in forms)
        joint = intent.Joint(
            operation_reference(joint_id, Kind.HOLD.value, attempt),
            len(forms) * forms[0].amounts.net_fen,
        )
        shares = [intent.begin_hold(tx, ports, form, card, actor, joint) for form in forms]
        return shares[0]

    with instead(intent.begin_joint_hold, wrong):
        yield


@contextmanager
def what_does_not_divide_is_lost() -> Iterator[None]:
    """Of a shared hold that was approved for less, the odd fen stand with nobody."""

    def wrong(operation: Operation, answer: Answer, _: Sequence[Operation]) -> int:
        if answer.approved_fen >= answer.amount_fen:
            return operation.amount_fen
        return max(1, operation.amount_fen * answer.approved_fen // answer.amount_fen - 1)

    with instead(holds._approved_fen, wrong):
        yield


@contextmanager
def goods_brought_back_count_at_the_exit() -> Iterator[None]:
    """What went back to the store is refunded all the same."""

    def wrong(tx: Transaction, form: Form) -> Entitlement:
        verification = tx.verification_of(form.form_id)
        confirmed = None if verification is None else verification.confirmed
        if tx.returns_of(form.form_id):
            confirmed = None
        return entitlement_of(form, tx.invoices_of(form.form_id), (), confirmed, rules_of(tx, form))

    with instead(intent.entitlement, wrong):
        yield


@contextmanager
def fewer_goods_count_as_all() -> Iterator[None]:
    """What customs did not see is refunded all the same."""

    def wrong(tx: Transaction, form: Form) -> Entitlement:
        returns = tx.returns_of(form.form_id)
        return entitlement_of(form, tx.invoices_of(form.form_id), returns, None, rules_of(tx, form))

    with instead(intent.entitlement, wrong):
        yield


@contextmanager
def fees_posted_twice() -> Iterator[None]:
    """A statement's fees are posted double."""
    right = ledger.network_fees_entry

    def wrong(key: str, fees_fen: int) -> Entry:
        return right(key, 2 * fees_fen)

    with method(ledger, "network_fees_entry", wrong):  # type: ignore[arg-type]
        yield


@contextmanager
def a_superseded_day_keeps_its_fees() -> Iterator[None]:
    """A statement that counts no more is set aside, and what it cost stays posted."""

    def wrong(tx: Transaction, statement: Statement, case: Case, by: By, _: str) -> None:
        tx.supersede_statement(statement.number, by.at, by.actor, case.case_id)

    with instead(reissue._set_aside, wrong):
        yield


def _posting(change: Any) -> Any:
    """A way to post that does something else with some entries."""
    right = LedgerQueries.post

    def wrong(self: Any, found: Entry, store_number: int, actor: str, at: datetime) -> None:
        for one in change(found):
            right(self, one, store_number, actor, at)

    return method(LedgerQueries, "post", wrong)


@contextmanager
def charges_posted_twice() -> Iterator[None]:
    """What came back from a card is posted under two keys."""

    def change(found: Entry) -> list[Entry]:
        if found.kind != "capture":
            return [found]
        money = tuple(p for p in found.postings if p.account in (Account.NETWORK, Account.ADVANCE))
        return [found, replace(found, event_key=f"{found.event_key}-again", postings=money)]

    with _posting(change):
        yield


@contextmanager
def cash_of_the_store_is_not_posted() -> Iterator[None]:
    """What a traveller paid back in the store is in no book."""

    def change(found: Entry) -> list[Entry]:
        return [] if found.kind == "recovered" else [found]

    with _posting(change):
        yield


@contextmanager
def the_fee_is_forgotten() -> Iterator[None]:
    """The treasury owes less than what is due, by our fee."""

    def change(found: Entry) -> list[Entry]:
        fee = sum(p.amount_fen for p in found.postings if p.account is Account.FEE)
        if not fee or found.kind not in ("release", "adjust", "refund"):
            return [found]
        kept = [p for p in found.postings if p.account is not Account.FEE]
        less = [
            Posting(p.account, Side.DEBIT, p.amount_fen - fee)
            if p.account is Account.TREASURY
            else p
            for p in kept
        ]
        return [replace(found, postings=tuple(less))]

    with _posting(change):
        yield


@contextmanager
def balances_not_kept_by_day() -> Iterator[None]:
    """The balances of each day are forgotten."""
    right = Rows._insert_all

    def wrong(self: Any, table: str, rows: Any, *more: str) -> int:
        return 0 if table == "daily_balance" else right(self, table, rows, *more)

    with method(Rows, "_insert_all", wrong):
        yield


@contextmanager
def the_till_is_never_lighter() -> Iterator[None]:
    """Cash is paid and stays in the till, by its own count."""

    def wrong(_: Any, till_id: str, amount_fen: int) -> bool:
        return bool(till_id and amount_fen)

    with method(CounterQueries, "pay_from_till", wrong):
        yield


@contextmanager
def a_refund_that_was_paid_counts_as_refused() -> Iterator[None]:
    """So that it is paid once more at the counter."""
    right = answers._after_refund

    def wrong(tx: Transaction, ports: Ports, form: Form, operation: Operation) -> Form:
        return right(tx, ports, form, replace(operation, refusal="not_heard"))

    with instead(right, wrong):
        yield


@contextmanager
def given_up_for_nothing() -> Iterator[None]:
    """Whoever's charge was refused once owes nothing any more."""
    right = ends.after_end_of_hold

    def wrong(tx: Transaction, ports: Ports, form: Form, operation: Operation) -> Form:
        after = right(tx, ports, form, operation)
        if after.status is not Status.UNCOLLECTED or tx.live_guarantee(form.form_id) is not None:
            return after
        by = By(operation.actor, ports.clock.now())
        return move(tx, ports, after, Event.WRITE_OFF, by, detail="given up")

    with instead(right, wrong):
        yield
