"""The five outcomes at the exit, for all that can be bought, shown, seen and brought back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.calendar import SHANGHAI, end_of_day, last_day
from refund.core.customs import Decision, Verification, confirmation
from refund.core.entitlement import (
    ConfirmedLine,
    GoodsReturn,
    Recovery,
    amounts_for,
    entitlement_of,
    quantities_of,
    remaining_of,
)
from refund.core.form import Status
from refund.core.invoice import Invoice
from refund.core.matching import Action, Departure, Proposal, Why, propose
from refund.core.money import Amounts, Vat
from refund.core.policy import RuleSet, rules_on
from refund.gateways.workdays import is_working_day
from tests import make

FIRST, LAST = date(2025, 7, 8), date(2026, 12, 31)
STATUS_BY_DECISION: dict[Decision | None, Status] = {
    None: Status.ADVANCED,
    Decision.CONFIRMED: Status.VERIFIED,
    Decision.PARTLY: Status.VERIFIED_PARTLY,
    Decision.REFUSED: Status.CUSTOMS_REFUSED,
}


@pytest.fixture(scope="module", autouse=True)
def _calendar_is_read() -> None:
    """Let no example of a property wait for the calendar of a year."""
    for year in (2025, 2026, 2027):
        assert not is_working_day(date(year, 1, 1))


@dataclass(frozen=True, slots=True)
class Case:
    """What is known at the exit, and on which day somebody looks."""

    departure: Departure
    today: date

    @property
    def proposed(self) -> Proposal:
        """What follows, by the State Council's calendar."""
        return propose(self.departure, self.today, is_working_day)

    @property
    def left_on(self) -> date | None:
        """The day of the departure, as a calendar in Shanghai shows it."""
        seen = self.departure.exit
        return None if seen is None else seen.exited_at.astimezone(SHANGHAI).date()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A purchase of any day with its advance paid, and any departure, or none."""
    bought = draw(st.dates(FIRST, LAST))
    rules = rules_on(bought)
    entry = bought - timedelta(days=draw(st.integers(0, 183)))
    lines = draw(
        st.lists(
            st.tuples(st.integers(200_00, 9_000_00), st.integers(1, 4)), min_size=1, max_size=3
        )
    )
    invoices = (
        make.invoice(day=bought, lines=tuple(make.line(price, Vat.V13, n) for price, n in lines)),
    )
    listed = quantities_of(invoices)
    amounts = amounts_for(invoices, listed, rules)
    form = make.form(
        issue_day=bought,
        issued_at=end_of_day(bought - timedelta(days=1)) + timedelta(hours=10),
        amounts=amounts,
        port_any=bool(rules.promise_any_port),
        depart_by=last_day(bought, rules.promise_days or 0),
        export_by=last_day(bought, rules.export_days),
    )
    returns = draw(_brought_back(invoices, amounts, rules))
    stay_until = last_day(entry, rules.stay_days)
    deadline = draw(st.sampled_from([form.depart_by, form.export_by, stay_until]))
    at = end_of_day(deadline) + draw(
        st.sampled_from([-1, 0, 1]).map(lambda n: timedelta(seconds=n))
        | st.integers(-90 * 24, 20 * 24).map(lambda n: timedelta(hours=n))
    )
    at = max(at, form.issued_at + timedelta(minutes=2))
    seen = (
        make.exit_record(at, draw(st.sampled_from(["WUH", "YIH"])))
        if draw(st.integers(0, 4))
        else None
    )
    verification, all_shown = draw(_decided(invoices, returns, at - timedelta(minutes=2)))
    decision = verification.decision if verification else None
    form = replace(form, status=STATUS_BY_DECISION[decision])
    if draw(st.integers(0, 9)) == 0:
        form = replace(form, status=Status.UNCOLLECTED)
    confirmed = verification.confirmed if verification else None
    guarantee = make.guarantee(amount_fen=amounts.net_fen)
    departure = Departure(
        form=form,
        verification=verification,
        exit=seen,
        guarantee=guarantee,
        worth=entitlement_of(form, invoices, returns, confirmed, rules),
        stay_until=stay_until,
        capture_working_days=rules.capture_working_days,
        book=make.held_state(amount_fen=amounts.net_fen),
        book_asked=True,
        outstanding_fen=amounts.net_fen - sum(one.recovered_fen for one in returns),
        all_shown=all_shown,
    )
    return Case(departure, max(bought, deadline + timedelta(days=draw(st.integers(-3, 30)))))


@st.composite
def _brought_back(
    draw: st.DrawFn, invoices: tuple[Invoice, ...], amounts: Amounts, rules: RuleSet
) -> list[GoodsReturn]:
    """What went back to the store: nothing or a part, paid back there or not yet."""
    listed = quantities_of(invoices)
    back = {key: draw(st.integers(0, n)) if draw(st.booleans()) else 0 for key, n in listed.items()}
    if back == listed or not any(back.values()):
        return []
    after = amounts_for(invoices, {key: listed[key] - n for key, n in back.items()}, rules)
    in_store = draw(st.booleans())
    return [
        GoodsReturn(
            return_id="return-1",
            form_id="00000000000000f1",
            store_number=1,
            returned_at=make.NOON,
            staff_id="clerk-1",
            lines=tuple((key, n) for key, n in back.items() if n),
            recovery=Recovery.STORE if in_store else Recovery.CAPTURE,
            recovered_fen=max(0, amounts.net_fen - after.net_fen) if in_store else 0,
            is_whole=False,
            reason="too small",
        )
    ]


@st.composite
def _decided(
    draw: st.DrawFn,
    invoices: tuple[Invoice, ...],
    returns: list[GoodsReturn],
    at: datetime,
) -> tuple[Verification | None, bool]:
    """What customs decided, if they saw the goods, and whether all that was left was shown."""
    kind = draw(st.sampled_from(["not seen", "all", "fewer", "refused"]))
    good = make.verification(at)
    if kind == "not seen":
        return None, True
    if kind == "refused":
        return replace(good, decision=Decision.REFUSED), True
    left = remaining_of(invoices, returns)
    shown = {key: draw(st.integers(0, n)) if kind == "fewer" else n for key, n in left.items()}
    if not any(shown.values()):
        shown = left
    lines = [ConfirmedLine(key, n) for key, n in shown.items()]
    decision, confirmed = confirmation(invoices, returns, lines)
    return replace(good, decision=decision, lines=confirmed), shown == left


def by_the_rules(case: Case) -> Action:
    """The outcome as the rules put it, by the days of a calendar."""
    departure, left_on = case.departure, case.left_on
    form, verification = departure.form, departure.verification
    if verification is not None and verification.decision is Decision.REFUSED:
        return Action.FORFEIT
    if left_on is None:
        over = case.today > form.depart_by or form.status is Status.UNCOLLECTED
        return Action.CAPTURE if over else Action.NONE
    assert departure.exit is not None
    assert departure.stay_until is not None
    if left_on > form.export_by or left_on > departure.stay_until:
        return Action.FORFEIT
    elsewhere = departure.exit.port != form.port and not form.port_any
    if left_on > form.depart_by or elsewhere or verification is None:
        return Action.CAPTURE
    return Action.RELEASE if departure.worth.is_whole else Action.ADJUST


@pytest.mark.rule("outcome_kept")
@pytest.mark.rule("outcome_policy_not_met")
@pytest.mark.rule("outcome_promise_broken")
@pytest.mark.rule("outcome_fewer_goods")
@pytest.mark.rule("no_show")
@pytest.mark.rule("wrong_port")
@pytest.mark.rule("late_second")
@given(cases())
def test_every_departure_has_the_outcome_that_the_rules_give_it(case: Case) -> None:
    assert case.proposed.action is by_the_rules(case)


@pytest.mark.rule("never_captured_above_hold")
@pytest.mark.rule("pays_confirmed_quantity")
@given(cases())
def test_what_is_charged_and_released_leaves_exactly_what_is_due(case: Case) -> None:
    found, worth = case.proposed, case.departure.worth
    held_fen = case.departure.form.amounts.net_fen
    outstanding_fen = case.departure.outstanding_fen
    assert 0 <= found.charged_fen <= outstanding_fen <= held_fen
    match found.action:
        case Action.NONE:
            assert (found.charged_fen, found.released_fen) == (0, 0)
            return
        case Action.RELEASE:
            assert found.charged_fen == 0
        case Action.ADJUST:
            assert found.charged_fen == outstanding_fen - worth.due.net_fen
        case Action.CAPTURE | Action.FORFEIT:
            assert found.charged_fen == outstanding_fen
    assert found.charged_fen + found.released_fen == held_fen


@pytest.mark.rule("outcome_fewer_goods")
@given(cases())
def test_the_difference_is_charged_for_what_customs_did_not_see_or_the_store_took_back(
    case: Case,
) -> None:
    found = case.proposed
    if found.action is Action.ADJUST:
        assert found.why is (Why.PART_RETURNED if case.departure.all_shown else Why.FEWER_GOODS)
    assert (found.why in {Why.FEWER_GOODS, Why.PART_RETURNED}) is (found.action is Action.ADJUST)


@pytest.mark.rule("outcome_policy_not_met")
@given(cases())
def test_a_refund_is_lost_only_for_a_condition_that_is_not_met_never_for_a_broken_promise(
    case: Case,
) -> None:
    lost = {Why.REFUSED, Why.STAYED_TOO_LONG, Why.EXPORTED_LATE}
    open_still = {Why.LATE, Why.WRONG_PORT, Why.NEVER_SEEN, Why.LEFT_UNVERIFIED, Why.LEFT_BEFORE}
    found = case.proposed
    assert (found.action is Action.FORFEIT) is (found.why in lost)
    if found.action is Action.CAPTURE:
        assert found.why in open_still


def working_days(first: date, last: date) -> int:
    """How many working days lie between two days, both included."""
    return sum(is_working_day(first + timedelta(days=n)) for n in range((last - first).days + 1))


@pytest.mark.rule("capture_working_days")
@pytest.mark.rule("working_days")
@given(cases())
def test_a_charge_has_three_working_days_after_the_promise_and_says_when_it_is_late(
    case: Case,
) -> None:
    found = case.proposed
    promised = case.departure.form.depart_by
    assert found.collect_by is not None
    assert is_working_day(found.collect_by)
    assert working_days(promised + timedelta(days=1), found.collect_by) == 3
    late = found.charged_fen > 0 and case.today > found.collect_by
    assert found.is_overdue is late
    if late:
        after = found.collect_by + timedelta(days=1)
        assert found.overdue_days == working_days(after, case.today)


PROMISES = {
    "before Spring Festival, with its make-up Saturday": (date(2026, 2, 13), date(2026, 2, 25)),
    "on that Saturday": (date(2026, 2, 14), date(2026, 2, 26)),
    "within Spring Festival": (date(2026, 2, 18), date(2026, 2, 26)),
    "after it, with the second make-up Saturday": (date(2026, 2, 26), date(2026, 3, 2)),
    "before the make-up Sunday of National Day": (date(2026, 9, 18), date(2026, 9, 22)),
    "before the Mid-Autumn Festival": (date(2026, 9, 24), date(2026, 9, 30)),
    "before National Day": (date(2026, 9, 30), date(2026, 10, 10)),
    "within National Day": (date(2026, 10, 3), date(2026, 10, 10)),
    "before the make-up Saturday after it": (date(2026, 10, 9), date(2026, 10, 13)),
    "before an ordinary weekend": (date(2026, 11, 6), date(2026, 11, 11)),
}


def never_seen(depart_by: date, **changes: object) -> Departure:
    """A promise that ends on a day, whose traveller was never seen."""
    form = make.form(depart_by=depart_by, export_by=depart_by + timedelta(days=60))
    good = Departure(
        form=form,
        verification=None,
        exit=None,
        guarantee=make.guarantee(expires_at=end_of_day(depart_by + timedelta(days=40))),
        worth=entitlement_of(form, (make.invoice(),), (), None, rules_on(make.DAY)),
        stay_until=None,
        capture_working_days=3,
        book=None,
        book_asked=False,
        outstanding_fen=form.amounts.net_fen,
    )
    return replace(good, **changes)  # type: ignore[arg-type]


@pytest.mark.rule("capture_working_days")
@pytest.mark.rule("working_days")
@pytest.mark.parametrize(("promised", "collect_by"), PROMISES.values(), ids=PROMISES)
def test_the_three_working_days_go_round_the_holidays_of_2026(
    promised: date, collect_by: date
) -> None:
    next_day = promised + timedelta(days=1)
    found = propose(never_seen(promised), next_day, is_working_day)
    assert (found.action, found.why) == (Action.CAPTURE, Why.NEVER_SEEN)
    assert found.collect_by == collect_by
    assert not found.is_overdue


@pytest.mark.rule("capture_working_days")
def test_holidays_do_not_make_a_late_charge_later() -> None:
    seen = never_seen(date(2026, 9, 24))
    late = {
        date(2026, 9, 30): None,
        date(2026, 10, 1): 0,
        date(2026, 10, 7): 0,
        date(2026, 10, 8): 1,
        date(2026, 10, 11): 3,
    }
    assert {day: propose(seen, day, is_working_day).overdue_days for day in late} == late


@pytest.mark.rule("hold_outlives")
def test_a_hold_that_ends_before_its_last_charge_is_seen_and_gives_an_earlier_day() -> None:
    ends = datetime(2026, 10, 2, 15, tzinfo=SHANGHAI)
    short = never_seen(date(2026, 9, 30), guarantee=make.guarantee(expires_at=ends))
    found = propose(short, date(2026, 9, 20), is_working_day)
    assert found.action is Action.NONE, "the traveller can still leave in time"
    assert (found.ends_early, found.charge_by) == (True, date(2026, 10, 2))
    long = propose(never_seen(date(2026, 9, 30)), date(2026, 9, 20), is_working_day)
    assert (long.ends_early, long.charge_by) == (False, date(2026, 10, 10))


@pytest.mark.rule("hold_outlives")
@given(st.dates(FIRST, LAST), st.integers(1, 60))
def test_a_hold_is_long_enough_exactly_when_it_stands_to_the_end_of_the_last_day(
    promised: date, days: int
) -> None:
    ends = end_of_day(promised) + timedelta(days=days)
    seen = never_seen(promised, guarantee=make.guarantee(expires_at=ends))
    found = propose(seen, promised, is_working_day)
    assert found.collect_by is not None
    assert found.ends_early is (promised + timedelta(days=days) < found.collect_by)
    assert found.charge_by == min(found.collect_by, promised + timedelta(days=days + 1))


@pytest.mark.rule("late_second")
@given(st.dates(FIRST, LAST), st.booleans())
def test_the_last_second_of_the_promised_day_is_in_time_and_midnight_is_not(
    promised: date,
    port_any: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    last = datetime(promised.year, promised.month, promised.day, 23, 59, 59, tzinfo=SHANGHAI)
    for at, outcome in (
        (last, (Action.RELEASE, Why.KEPT)),
        (last + timedelta(seconds=1), (Action.CAPTURE, Why.LATE)),
    ):
        known = never_seen(promised)
        seen = replace(
            known,
            form=replace(known.form, status=Status.VERIFIED, issued_at=at, port_any=port_any),
            verification=make.verification(at),
            exit=make.exit_record(at),
        )
        found = propose(seen, promised + timedelta(days=2), is_working_day)
        assert (found.action, found.why) == outcome
