"""The month's settlement: confirmed refunds only, to the fen, once, in order; corrections later."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest

from refund.core.errors import Refused
from refund.core.form import Status
from refund.core.ledger import Account, Entry, Posting, Side
from refund.core.settlement import (
    NO_TOTALS,
    Month,
    Totals,
)
from refund.core.till import Way
from refund.services import counter_desk, settle
from refund.services.settle import MonthState, Received
from refund.storage.engine import ConstraintFailed
from refund.transaction import Transaction
from tests import make
from tests.services import till_steps
from tests.services.months import (
    AUGUST,
    BY,
    JULY,
    SEPTEMBER,
    at,
    close,
    confirm_partly,
    due,
    kept,
    lines,
    treasury_fen,
)
from tests.services.steps import (
    claimed,
    departs,
    issued,
    on,
    settled,
    status,
    verified,
)
from tests.services.test_races import StartProcess, at_once, start_process
from tests.world import World

__all__ = ["start_process"]


def refused(world: World, month: Month = JULY) -> Refused:
    """Why a month cannot be closed."""
    with pytest.raises(Refused) as caught:
        close(world, month)
    return caught.value


@pytest.mark.rule("settle_confirmed_only", "settle_adds_up")
def test_a_kept_promise_claims_its_gross_and_the_treasury_account_is_the_same(
    world: World,
) -> None:
    form = kept(world)
    (line,) = lines(world)
    assert (line.form_number, line.store_number, line.way) == (form.form_number, 1, "advance")
    assert (line.issue_day, line.verified_on) == (make.DAY, make.DAY)
    assert line.totals == Totals(1, 1494_00, 164_34, 29_88, 134_46)
    at(world, 2025, 8, 1)
    closed = close(world)
    assert closed.number == "JS-2025-07-01"
    assert closed.totals == line.totals
    assert closed.totals.gross_fen == treasury_fen(world)
    assert lines(world) == [line]


@pytest.mark.rule("settle_confirmed_only")
def test_a_form_that_is_open_or_charged_claims_nothing(world: World) -> None:
    issued(world)
    form = claimed(world, issued(world, make.draft("25422000000000000009"), "key-9"))
    world.clock.pass_by(days=18)
    assert settled(world, form, "never seen").form.status is Status.CAPTURED
    assert lines(world) == []
    at(world, 2025, 8, 20)
    assert settle.months(world.ports).months[-1].state is MonthState.RUNNING
    assert refused(world).code == "month_out_of_order"


@pytest.mark.rule("settle_closes_once")
def test_a_month_is_closed_in_order_once_and_only_when_it_is_over(world: World) -> None:
    kept(world)
    early = refused(world)
    assert (early.code, early.facts) == ("month_not_over", {"closes_from": date(2025, 8, 1)})
    world.clock.at = JULY.end - timedelta(microseconds=1)
    assert refused(world).code == "month_not_over"
    world.clock.at = JULY.end
    assert refused(world, AUGUST).code == "month_not_over"
    close(world)
    assert refused(world).code == "month_closed"
    at(world, 2025, 10, 1)
    later = refused(world, SEPTEMBER)
    assert (later.code, later.facts) == ("month_out_of_order", {"next": "2025-08"})
    assert refused(world, Month(2025, 6)).code == "month_closed"
    empty = close(world, AUGUST)
    assert empty.totals == NO_TOTALS
    assert close(world, SEPTEMBER).digest != empty.digest


@pytest.mark.rule("settle_closes_once")
def test_of_eight_operators_at_once_one_closes_and_the_others_are_told(world: World) -> None:
    for number in range(1, 4):
        kept(world, number)
    at(world, 2025, 8, 1)
    said = at_once(8, lambda _: close(world).number)
    assert sorted(said) == ["JS-2025-07-01", *["month_closed"] * 7]
    assert len(lines(world)) == 3


@pytest.mark.rule("settle_corrections_next")
def test_a_claim_that_is_withdrawn_later_is_a_line_below_zero_in_the_next_month(
    world: World,
) -> None:
    form = kept(world)
    kept(world, 2)
    at(world, 2025, 8, 1)
    before = close(world)
    line = next(one for one in lines(world) if one.form_id == form.form_id)
    withdrawn = settle.withdraw_claim(world.ports, world.operator, line.entry_key, "wrong goods")
    assert withdrawn.totals == line.totals
    (back,) = lines(world, AUGUST)
    assert back.is_correction
    assert back.totals == Totals(1, -1494_00, -164_34, -29_88, -134_46)
    assert (back.form_number, back.way) == (line.form_number, "advance")
    at(world, 2025, 9, 1)
    assert close(world, AUGUST).totals == back.totals
    assert world.ports.storage.read(lambda tx: tx.settlement(JULY)) == before
    assert treasury_fen(world) == before.totals.gross_fen + back.gross_fen == 164_34
    balances = world.ports.storage.read(lambda tx: tx.balances())
    assert balances[Account.ADVANCE.value] == 0
    assert balances[Account.FEE.value] == 134_46 - 29_88
    with pytest.raises(Refused, match="entry_not_claimed"):
        settle.withdraw_claim(world.ports, world.operator, line.entry_key, "twice")


@pytest.mark.rule("settle_corrections_next")
def test_a_claim_that_is_withdrawn_in_its_own_month_adds_up_to_nothing(world: World) -> None:
    kept(world)
    (line,) = lines(world)
    settle.withdraw_claim(world.ports, world.operator, line.entry_key, "wrong goods")
    assert [one.gross_fen for one in lines(world)] == [164_34, -164_34]
    at(world, 2025, 8, 1)
    assert close(world).totals == Totals(2, 0, 0, 0, 0)


def test_only_what_claims_something_can_be_withdrawn_and_only_with_a_reason(world: World) -> None:
    form = kept(world)
    entries = world.ports.storage.read(lambda tx: tx.entries_of(form.form_id))
    hold = next(entry for entry, _, _ in entries if entry.kind == "hold")
    for key in (hold.event_key, "no-such-entry"):
        with pytest.raises(Refused, match="entry_not_claimed"):
            settle.withdraw_claim(world.ports, world.operator, key, "why not")
    with pytest.raises(Refused, match="reason_missing"):
        settle.withdraw_claim(world.ports, world.operator, lines(world)[0].entry_key, " ")


@pytest.mark.rule("settle_confirmed_only", "pays_confirmed_quantity")
def test_a_form_with_fewer_goods_claims_its_confirmed_part(world: World) -> None:
    draft = make.draft(invoices=(make.invoice(lines=(make.line(5000_00, quantity=3),)),))
    form = claimed(world, issued(world, draft))
    confirm_partly(world, form, 2)
    departs(world, on(9))
    assert settled(world, form).form.status is Status.ADJUSTED
    (line,) = lines(world)
    assert line.way == "adjusted"
    assert line.totals == Totals(1, 10_000_00, 1_100_00, 200_00, 900_00)
    assert line.totals == due(world, form)


@pytest.mark.rule("settle_adds_up")
def test_a_settlement_that_differs_from_the_ledger_is_not_closed(broken_world: World) -> None:
    world = broken_world
    kept(world)
    odd = Entry(
        "odd",
        "odd",
        "",
        (Posting(Account.TREASURY, Side.DEBIT, 1), Posting(Account.BANK, Side.CREDIT, 1)),
    )
    world.ports.storage.write(lambda tx: tx.post(odd, 0, BY, world.clock.now()))
    at(world, 2025, 8, 1)
    why = refused(world)
    assert why.code == "settlement_differs"
    assert why.facts == {"settled_fen": 164_34, "ledger_fen": 164_35}
    assert world.ports.storage.read(lambda tx: tx.settlement(JULY)) is None
    page = settle.month_page(world.ports, JULY)
    assert (page.settled_fen, page.ledger_fen) == (164_34, 164_35)


@pytest.mark.rule("settle_closes_once")
def test_what_is_closed_is_kept_as_it_was_written(world: World) -> None:
    kept(world)
    at(world, 2025, 8, 1)
    close(world)
    for table in ("settlement", "settlement_line"):
        with pytest.raises(ConstraintFailed):
            world.ports.storage.write(partial(_update, table))


def _update(table: str, tx: Transaction) -> None:
    tx._session.run(f"UPDATE {table} SET gross_fen = gross_fen + 1, net_fen = net_fen + 1")  # type: ignore[attr-defined]


def test_the_treasury_pays_a_month_once_and_exactly(world: World) -> None:
    kept(world)
    at(world, 2025, 8, 1)

    def paid(amount_fen: int, day: date = date(2025, 8, 1)) -> str:
        try:
            settle.record_payment(world.ports, BY, JULY, Received(amount_fen, day, "note"))
        except Refused as why:
            return why.code
        return "paid"

    assert paid(164_34) == "month_not_closed"
    close(world)
    assert paid(164_33) == "payment_differs"
    assert paid(164_34, date(2025, 8, 2)) == "date_in_future"
    assert paid(164_34, date(2025, 7, 31)) == "paid_before_closing"
    assert sorted(at_once(4, lambda _: paid(164_34))) == ["paid", *["payment_recorded"] * 3]
    assert treasury_fen(world) == 0
    book = settle.months(world.ports)
    assert [one.state for one in book.months] == [MonthState.RUNNING, MonthState.PAID]
    at(world, 2025, 9, 1)
    assert close(world, AUGUST).totals == NO_TOTALS
    with pytest.raises(Refused, match="payment_differs"):
        settle.record_payment(world.ports, BY, AUGUST, Received(0, date(2025, 9, 1)))


@pytest.mark.rule("settle_by_day")
def test_a_month_that_is_not_closed_by_the_fifteenth_is_overdue(world: World) -> None:
    kept(world)
    at(world, 2025, 8, 15, 23)
    assert not settle.months(world.ports).overdue
    at(world, 2025, 8, 16, 0)
    (late,) = settle.months(world.ports).overdue
    assert (late.month, late.due_on, late.state) == (JULY, date(2025, 8, 15), MonthState.OPEN)
    close(world)
    assert not settle.months(world.ports).overdue
    assert settle.month_page(world.ports, JULY).view.is_overdue


def test_a_month_waits_for_the_one_before_it(world: World) -> None:
    kept(world)
    at(world, 2025, 9, 10)
    states = {one.month: one.state for one in settle.months(world.ports).months}
    assert states == {
        JULY: MonthState.OPEN,
        AUGUST: MonthState.WAITING,
        SEPTEMBER: MonthState.RUNNING,
    }


@pytest.mark.rule("settle_corrections_next")
def test_what_was_posted_into_a_closed_month_is_claimed_by_the_next(world: World) -> None:
    kept(world)
    at(world, 2025, 8, 1)
    close(world)
    # Another process whose clock was read just before midnight, and that committed after it.
    world.clock.at = JULY.end - timedelta(minutes=10)
    late = kept(world, 2)
    (line,) = lines(world, AUGUST)
    assert line.form_id == late.form_id
    assert line.posted_at < JULY.end
    assert len(lines(world)) == 1
    at(world, 2025, 9, 1)
    assert close(world, AUGUST).totals.line_count == 1


def test_a_store_that_is_renamed_keeps_its_name_in_a_closed_month(world: World) -> None:
    kept(world)
    at(world, 2025, 8, 1)
    close(world)
    before = lines(world)
    world.ports.storage.write(lambda tx: tx.put_store(make.store(1, name_zh="新名")))
    assert lines(world) == before


def test_sums_by_store_and_by_way_add_up_to_the_whole(world: World) -> None:
    for number in range(1, 4):
        kept(world, number)
    page = settle.month_page(world.ports, JULY, after=1, limit=1)
    assert [one.position for one in page.lines] == [2]
    assert sum((one.totals for one in page.by_store), NO_TOTALS) == page.total
    assert sum(page.by_way.values(), NO_TOTALS) == page.total
    assert page.total.line_count == 3
    assert status(world, kept(world, 4)) is Status.RELEASED


@pytest.mark.rule("settle_closes_once")
def test_of_four_processes_one_closes_the_month(world: World, start_process: StartProcess) -> None:
    for number in range(1, 4):
        kept(world, number)
    processes = [start_process("close", str(JULY)) for _ in range(4)]
    for process in processes:
        process.await_ready()
    for process in processes:
        process.go()
    said = sorted(process.said() for process in processes)
    assert said == [(0, "JS-2025-07-01"), *[(0, "month_closed")] * 3]
    at(world, 2025, 8, 2)
    assert [one.position for one in lines(world)] == [1, 2, 3]


@pytest.mark.rule("settle_confirmed_only")
def test_ordinary_refunds_are_claimed_by_the_way_in_which_they_were_paid(world: World) -> None:
    cash = till_steps.shown(world, till_steps.ordinary(world))
    till_steps.till(world)
    till_steps.paid_in_cash(world, cash)
    ways = [Way.CARD, Way.BANK_ACCOUNT, Way.ALIPAY, Way.WECHAT_PAY]
    for number, way in enumerate(ways, 2):
        form = till_steps.ordinary(world, f"key-{number}", f"2542200000{number:010d}")
        till_steps.shown(world, form)
        paid = till_steps.paid_by_network(world, form, way, page=f"page-{number}")
        assert paid.status is Status.REFUNDED
    found = lines(world)
    assert sorted(line.way for line in found) == sorted(["cash", *(way.value for way in ways)])
    assert {line.totals for line in found} == {Totals(1, 1494_00, 164_34, 29_88, 134_46)}
    receipt = next(line for line in found if line.way == "cash")
    settle.withdraw_claim(world.ports, world.operator, receipt.entry_key, "another person")
    assert [line.way for line in lines(world) if line.is_correction] == ["cash"]
    at(world, 2025, 8, 1)
    assert close(world).totals.gross_fen == treasury_fen(world) == 4 * 164_34


@pytest.mark.rule("settle_confirmed_only")
@pytest.mark.rule("ordinary_after_capture")
def test_a_charged_form_claims_nothing_until_its_ordinary_refund_is_paid(world: World) -> None:
    form = verified(world)
    departs(world, on(30))
    assert settled(world, form).form.status is Status.CAPTURED
    assert lines(world) == []
    till_steps.till(world)
    at(world, 2025, 8, 20)
    till_steps.shown(world, form)
    counter_desk.accept_verification(world.ports, till_steps.counter(world), form.form_id)
    assert lines(world, AUGUST) == []
    till_steps.paid_in_cash(world, form)
    (line,) = lines(world, AUGUST)
    assert (line.way, line.gross_fen) == ("cash", 164_34)
