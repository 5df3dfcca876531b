"""The three-way match: every kind of break planted on purpose, found with its rows, and closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from refund.core.calendar import end_of_day
from refund.core.case import CaseKind
from refund.core.form import Status
from refund.core.ledger import Account
from refund.core.match_summary import Amount
from refund.sandbox.faults import Fault as BookFault
from refund.services import match as matching
from refund.services.later import work_once
from refund.services.pay import record_answer
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.engine_steps import LATER, operations, together
from tests.services.statement_steps import (
    LAST,
    all_days,
    another,
    case_of,
    fetched,
    given,
    line_of,
    matched,
    moment,
    only,
    open_cases,
    over,
    reference,
    sheet_of,
    standing,
    today,
)
from tests.services.steps import agreed, claimed, departs, issued, on, settled, status, verified
from tests.services.tamper import past_guards
from tests.statements import Booked, Sheet
from tests.world import World, open_world

NEXT = make.DAY + timedelta(days=1)
RETURNED_LATER = "4000000000000184"
SHARES_FEN = 2 * make.NET_FEN


@pytest.fixture
def world(tmp_path: Path, engine_url: str) -> Iterator[World]:
    """Open a world on each engine; where a statement is changed, the books are not those of it."""
    with open_world(tmp_path, engine_url) as opened:
        yield opened


def test_what_agrees_leaves_no_trace(world: World) -> None:
    claimed(world)
    another(world)
    period = matched(world, sheet_of(world))
    assert standing(world) == []
    assert open_cases(world) == []
    assert (period.matched_days, period.matched, period.broken) == (
        1,
        Amount(4, 4 * make.NET_FEN),
        Amount(),
    )


def test_releases_charges_and_what_came_back_agree(world: World) -> None:
    kept_form, broken = claimed(world), another(world, 2)
    back = another(world, 3, RETURNED_LATER)
    verified(world, kept_form)
    departs(world, on(9))
    settled(world, kept_form)
    all_days(world)
    assert standing(world) == []
    world.clock.at = on(12)
    all_days(world)
    # The network booked on its own that a payout came back; we are told of it later.
    found = only(world, CaseKind.MISSING_HERE)
    assert found.form_id == back.form_id
    assert found.side("theirs")["state"] == "returned"
    assert (found.facts["ours_fen"], found.facts["theirs_fen"]) == (0, make.NET_FEN)
    operation = operations(world, back)[-1]
    answer = world.ports.network.look_up(operation.reference)
    assert answer is not None
    record_answer(world.ports, operation, answer)
    world.clock.at = on(28)
    assert settled(world, broken, "never seen").form.status is Status.CAPTURED
    all_days(world)
    assert standing(world) == []
    period = matching.summary(world.ports, make.DAY, LAST)
    # Three holds and payouts, a release, a return, a charge.
    assert (period.matched.count, period.matched_days) == (9, 21)


def test_a_joint_claim_agrees_by_its_sums_and_differs_by_its_sums(world: World) -> None:
    first = issued(world)
    draft = make.draft("25422000000000000009")
    second = issued(world, draft, "key-9", world.clerk)
    joint_id = together(world, [first, second])
    sheet = sheet_of(world)
    assert [line.amount_fen for line in sheet.lines] == [SHARES_FEN, SHARES_FEN]
    paid = line_of(sheet, "advance")
    assert paid.reference == f"{joint_id}-advance-1"
    sheet.lines[1] = replace(paid, amount_fen=SHARES_FEN + 1)
    matched(world, sheet)
    found = only(world, CaseKind.AMOUNT_DIFFERS)
    assert (found.subject, found.amount_fen) == (paid.reference, 1)
    assert found.side("ours")["amount_fen"] == SHARES_FEN
    assert found.side("ours")["forms"] == 2
    assert (found.facts["ours_fen"], found.facts["theirs_fen"]) == (-SHARES_FEN, -SHARES_FEN - 1)


def test_a_joint_claim_that_is_on_no_statement_is_missing_once(world: World) -> None:
    forms = [issued(world), issued(world, make.draft("25422000000000000009"), "key-9")]
    joint_id = together(world, forms)
    sheet = sheet_of(world)
    sheet.lines = sheet.lines[:1]
    matched(world, sheet)
    found = only(world, CaseKind.MISSING_THERE)
    assert (found.subject, found.amount_fen) == (f"{joint_id}-advance-1", SHARES_FEN)
    assert found.side("ours")["forms"] == 2
    assert found.facts["ours_fen"] == -SHARES_FEN


def test_what_the_statement_has_and_we_do_not_know_is_missing_here(world: World) -> None:
    form = claimed(world)
    sheet = sheet_of(world)
    sheet.lines.append(Booked("stranger-1", "advance", "paid", 55_00))
    sheet.lines.append(Booked(f"{form.form_id}-advance-9", "advance", "paid", 66_00))
    sheet.lines.append(
        Booked("x-release-1", "release", "released", 10, hold_reference=reference(form, "hold"))
    )
    period = matched(world, sheet)
    stranger, of_form, released = standing(world)
    assert {one.kind for one in standing(world)} == {CaseKind.MISSING_HERE}
    assert [one.subject for one in standing(world)] == [f"2025-07-08/{n}" for n in (3, 4, 5)]
    assert (stranger.form_id, of_form.form_id, released.form_id) == ("", form.form_id, form.form_id)
    assert stranger.side("ours") == {}
    assert stranger.side("theirs")["reference"] == "stranger-1"
    assert (stranger.facts["ours_fen"], stranger.facts["theirs_fen"]) == (0, -55_00)
    assert released.facts["theirs_fen"] == 0
    assert released.side("ours")["hold_state"] == "held"
    assert (period.of("missing_here"), period.broken.count, period.matched.count) == (
        Amount(3, 55_00 + 66_00 + 10),
        3,
        2,
    )


def test_a_payment_that_we_never_heard_of_is_missing_here_until_we_do(world: World) -> None:
    form = agreed(world)
    world.network.faults.extend([Fault.NONE, Fault.LOST])
    assert claimed(world, form).status is Status.ADVANCING
    over(world, make.DAY)
    assert fetched(world) == 1
    found = only(world, CaseKind.MISSING_HERE)
    assert found.side("ours")["state"] == "pending"
    assert found.form_id == form.form_id
    assert moment(str(found.side("theirs")["booked_at"])) == make.NOON
    world.clock.at += LATER
    while work_once(world.ports):
        world.clock.at += LATER
    assert status(world, form) is Status.ADVANCED
    matching.look_again(world.ports)
    assert standing(world) == []
    case = case_of(world, found)
    assert (case.is_open, case.closed_by) == (False, "worker")


def test_what_we_have_and_no_statement_has_is_missing_there(world: World) -> None:
    form = claimed(world)
    sheet = sheet_of(world)
    sheet.lines = [line for line in sheet.lines if line.kind != "advance"]
    period = matched(world, sheet)
    found = only(world, CaseKind.MISSING_THERE)
    assert (found.subject, found.form_id) == (reference(form, "advance"), form.form_id)
    assert found.side("theirs") == {}
    assert (found.facts["ours_fen"], found.facts["theirs_fen"]) == (-make.NET_FEN, 0)
    assert found.found_at == make.NOON
    assert (period.of("missing_there"), period.matched.count) == (Amount(1, make.NET_FEN), 1)
    # It turns up a day later after all.
    late = sheet.next_day(
        Booked(reference(form, "advance"), at=make.NOON + timedelta(days=1, hours=2))
    )
    matched(world, late)
    assert only(world, CaseKind.LATE_THERE).subject == reference(form, "advance")
    assert not case_of(world, found).is_open


def test_what_is_booked_just_after_midnight_is_not_missing(world: World) -> None:
    form = agreed(world)
    world.clock.at = end_of_day(make.DAY) - timedelta(seconds=20)
    claimed(world, form)
    sheet = sheet_of(world)
    paid = line_of(sheet, "advance")
    sheet.lines.remove(paid)
    matched(world, sheet)
    assert standing(world) == []
    matched(world, sheet.next_day(replace(paid, at=end_of_day(make.DAY))))
    assert standing(world) == []


def test_what_is_not_booked_after_midnight_either_is_missing_then(world: World) -> None:
    form = agreed(world)
    world.clock.at = end_of_day(make.DAY) - timedelta(seconds=20)
    claimed(world, form)
    sheet = sheet_of(world)
    sheet.lines = sheet.lines[:1]
    matched(world, sheet)
    matched(world, sheet.next_day())
    assert only(world, CaseKind.MISSING_THERE).day == NEXT


def test_what_was_asked_before_the_first_statement_is_not_missing(world: World) -> None:
    claimed(world)
    over(world, make.DAY)
    matched(world, Sheet(NEXT))
    assert standing(world) == []


def test_another_amount_is_told_with_both_sides(world: World) -> None:
    form = claimed(world)
    sheet = sheet_of(world)
    sheet.lines[1] = replace(sheet.lines[1], amount_fen=make.NET_FEN + 100)
    period = matched(world, sheet)
    found = only(world, CaseKind.AMOUNT_DIFFERS)
    assert (found.subject, found.amount_fen) == (reference(form, "advance"), 100)
    assert found.side("ours")["amount_fen"] == make.NET_FEN
    assert found.side("theirs")["amount_fen"] == make.NET_FEN + 100
    assert (found.facts["ours_fen"], found.facts["theirs_fen"]) == (
        -make.NET_FEN,
        -make.NET_FEN - 100,
    )
    assert period.of("different") == Amount(1, 100)


def test_another_currency_and_another_kind_are_told_apart(world: World) -> None:
    form = claimed(world)
    sheet = sheet_of(world)
    sheet.lines[0] = replace(sheet.lines[0], currency="USD")
    sheet.lines[1] = replace(sheet.lines[1], kind="refund")
    matched(world, sheet)
    currency, kind = standing(world)
    assert (currency.kind, currency.subject) == (
        CaseKind.CURRENCY_DIFFERS,
        reference(form, "hold"),
    )
    assert (kind.kind, kind.subject) == (CaseKind.KIND_DIFFERS, reference(form, "advance"))
    assert kind.facts["ours_fen"] == kind.facts["theirs_fen"] == -make.NET_FEN


def test_what_is_booked_twice_is_told_on_one_day_or_on_two(world: World) -> None:
    claimed(world)
    sheet = sheet_of(world)
    paid = line_of(sheet, "advance")
    sheet.lines.append(replace(paid, network_id="advance_again"))
    matched(world, sheet)
    found = only(world, CaseKind.TWICE_THERE)
    assert (found.subject, found.side("theirs")["network_id"]) == ("2025-07-08/3", "advance_again")
    assert (found.facts["ours_fen"], found.facts["theirs_fen"]) == (0, -make.NET_FEN)
    matched(world, sheet.next_day(replace(paid, at=None, network_id="advance_once_more")))
    kinds = [(one.kind, one.subject) for one in standing(world)]
    assert kinds == [
        (CaseKind.TWICE_THERE, "2025-07-08/3"),
        (CaseKind.TWICE_THERE, "2025-07-09/1"),
    ]


def test_what_is_booked_more_than_a_day_late_is_told(world: World) -> None:
    form = claimed(world)
    first = sheet_of(world)
    paid = first.lines.pop()
    given(world, first)
    second = first.next_day(replace(paid, at=make.NOON + timedelta(days=1, seconds=1)))
    matched(world, second)
    found = only(world, CaseKind.LATE_THERE)
    assert (found.subject, found.facts["ours_fen"]) == (reference(form, "advance"), -make.NET_FEN)
    assert found.facts["theirs_fen"] == -make.NET_FEN


def test_within_a_day_it_is_not_late(world: World) -> None:
    claimed(world)
    first = sheet_of(world)
    paid = first.lines.pop()
    given(world, first)
    matched(world, first.next_day(replace(paid, at=make.NOON + timedelta(days=1))))
    assert standing(world) == []


def test_a_charge_after_the_release_is_told(world: World) -> None:
    form = verified(world)
    departs(world, on(9))
    world.book.faults.switch_on(BookFault("release_and_capture"))
    assert settled(world, form).form.status is Status.RELEASED
    over(world, today(world))
    assert fetched(world) == 2
    found = only(world, CaseKind.CAPTURED_AFTER_RELEASE)
    assert found.form_id == form.form_id
    assert str(found.side("theirs")["reference"]).startswith("issuer-")
    assert found.side("ours") == {
        "hold_reference": reference(form, "hold"),
        "hold_state": "released",
        "held_fen": make.NET_FEN,
    }
    assert (found.facts["ours_fen"], found.facts["theirs_fen"]) == (0, make.NET_FEN)


def test_what_is_done_and_not_in_the_ledger_is_missing_here(world: World) -> None:
    form = claimed(world)
    past_guards(
        world,
        f"DELETE FROM posting WHERE entry_key = '{reference(form, 'advance')}'",
    )
    matched(world, sheet_of(world))
    found = only(world, CaseKind.MISSING_HERE)
    assert found.side("ours")["ledger"] == "missing"
    assert (found.facts["ours_fen"], found.facts["theirs_fen"]) == (0, -make.NET_FEN)


def test_a_return_that_we_have_not_heard_of_and_one_that_nobody_booked(world: World) -> None:
    form, other = claimed(world), another(world)
    sheet = sheet_of(world)
    came = Booked(reference(form, "advance"), "advance", "returned", make.NET_FEN)
    sheet.lines.append(came)
    matched(world, sheet)
    found = only(world, CaseKind.MISSING_HERE)
    assert (found.side("theirs")["state"], found.facts["theirs_fen"]) == ("returned", make.NET_FEN)
    assert found.side("ours")["state"] == "succeeded"
    past_guards(
        world,
        "INSERT INTO entry (entry_key, kind, form_id, store_number, posted_at, actor, reason)"
        f" VALUES ('{reference(other, 'advance')}-returned', 'payout_returned',"
        f" '{other.form_id}', 1, '2025-07-09T04:00:00.000000Z', 'test', '')",
    )
    matched(world, sheet.next_day())
    absent = [one for one in standing(world) if one.kind is CaseKind.MISSING_THERE]
    assert [one.subject for one in absent] == [f"{reference(other, 'advance')}/returned"]
    assert absent[0].facts["ours_fen"] == make.NET_FEN
    matching.look_again(world.ports)
    assert len(standing(world)) == 2


def test_fees_that_were_not_agreed_are_told_and_only_the_agreed_are_posted(world: World) -> None:
    claimed(world)
    sheet = sheet_of(world)
    sheet.lines[1] = replace(sheet.lines[1], fee_fen=75)
    matched(world, sheet)
    found = only(world, CaseKind.FEES_DIFFER)
    assert (found.subject, found.amount_fen) == ("2025-07-08", 15)
    assert (found.facts["ours_fen"], found.facts["theirs_fen"]) == (-60, -75)
    lines = found.side("theirs")["lines"]
    assert isinstance(lines, list)
    assert [(one["line"], one["fee_fen"], one["agreed_fen"]) for one in lines] == [(2, 75, 60)]
    balances = world.ports.storage.read(lambda tx: tx.balances())
    assert balances[Account.NETWORK_FEE.value] == 60
    matching.look_again(world.ports)
    assert only(world, CaseKind.FEES_DIFFER).is_open
