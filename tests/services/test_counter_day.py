"""A counter's day: who is known again, the second screen, what was forgotten, and the sums."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.till_file import Sale
from refund.services import display, issue, till_sales
from refund.services.known import known_here
from refund.services.shift import shift_of
from tests import make
from tests.services.steps import claimed, codes, issued
from tests.world import World

SESSION = "session-of-the-counter"
HEAD = "invoice_number,day,amount,overseas\n"
TILL = (
    HEAD
    + "25422000000000000001,2025-07-08,1494.00,yes\n"
    + "25422000000000000900,2025-07-07,899.00,yes\n"
    + "25422000000000000901,2025-07-08,20.00,no\n"
).encode()


def issued_as(world: World, number: str, **changes: Any) -> Form:
    """Issue a form under an invoice number."""
    found = issue.issue_form(world.ports, world.clerk, make.draft(number, **changes), f"k-{number}")
    assert found.form is not None, found.refusals
    return found.form


def test_a_traveller_is_known_again_by_the_forms_of_today_of_this_store(world: World) -> None:
    form = issued(world)
    known = known_here(world.ports, world.clerk, make.traveller(), fills=True)
    assert (known.forms, known.last_entry, known.local_name) == (
        (form,),
        date(2025, 7, 1),
        "陳大文",
    )
    shown = world.database.read(lambda tx: tx.events_of(form.form_id))
    assert [event.kind for event in shown] == ["issue", "identity_shown"]


def test_nothing_is_opened_where_nothing_is_to_be_filled(world: World) -> None:
    form = issued(world)
    known = known_here(world.ports, world.clerk, make.traveller(), fills=False)
    assert (known.forms, known.last_entry) == ((form,), None)
    assert len(world.database.read(lambda tx: tx.events_of(form.form_id))) == 1


def test_another_store_does_not_know_the_traveller(world: World) -> None:
    issued(world)
    known = known_here(world.ports, world.other_clerk, make.traveller(), fills=True)
    assert (known.forms, known.last_entry) == ((), None)


def test_yesterday_is_forgotten(small_world: World) -> None:
    issued(small_world)
    small_world.clock.pass_by(days=1)
    assert (
        known_here(small_world.ports, small_world.clerk, make.traveller(), fills=True).forms == ()
    )


def test_a_void_form_fills_nothing_in(small_world: World) -> None:
    form = issued(small_world)
    void = issue.void_form(small_world.ports, small_world.clerk, form.form_id, "wrong passport")
    known = known_here(small_world.ports, small_world.clerk, make.traveller(), fills=True)
    assert (known.forms, known.last_entry) == ((void,), None)


def opened(world: World) -> None:
    """Sign the clerk in under a session."""
    world.database.write(
        lambda tx: tx.open_session(SESSION, world.clerk.staff_id, world.clock.now())
    )


def test_a_screen_shows_the_sum_then_the_form_then_nothing(world: World) -> None:
    opened(world)
    draft = make.draft()
    assessment = issue.dry_run(world.ports, world.clerk, draft).assessment
    display.show_sum(world.ports, SESSION, assessment, "ja")
    assert display.watch(world.ports, world.clerk, SESSION) == display.IDLE
    display.show_sum(world.ports, SESSION, assessment, "ja")
    screen = display.watch(world.ports, world.clerk, SESSION)
    assert screen.shown is not None
    assert (screen.shown.amounts, screen.language) == (assessment.amounts, "ja")
    assert screen.shown.is_ready
    form = issued(world)
    display.show_form(world.ports, SESSION, form, "")
    later = display.watch(world.ports, world.clerk, SESSION)
    assert (later.form, later.shown, later.language) == (form, None, "ja")
    assert len({display.IDLE.seen, screen.seen, later.seen}) == 3
    world.clock.pass_by(minutes=6)
    assert display.watch(world.ports, world.clerk, SESSION) == display.IDLE


def test_nothing_is_kept_for_a_screen_that_nobody_watches(world: World) -> None:
    opened(world)
    assessment = issue.dry_run(world.ports, world.clerk, make.draft()).assessment
    display.show_sum(world.ports, SESSION, assessment, "ja")
    assert world.database.read(lambda tx: tx.display(SESSION)) is None
    display.watch(world.ports, world.clerk, SESSION)
    world.clock.pass_by(minutes=3)
    display.show_sum(world.ports, SESSION, assessment, "ja")
    kept = world.database.read(lambda tx: tx.display(SESSION))
    assert kept is not None
    assert kept.shown is None
    world.clock.pass_by(minutes=6)
    assert display.drop_unwatched(world.ports) == 1
    assert display.drop_unwatched(world.ports) == 0


def test_a_new_form_clears_the_screen(small_world: World) -> None:
    opened(small_world)
    display.watch(small_world.ports, small_world.clerk, SESSION)
    display.show_form(small_world.ports, SESSION, issued(small_world), "en")
    display.show_nothing(small_world.ports, SESSION)
    assert display.watch(small_world.ports, small_world.clerk, SESSION) == display.IDLE


def test_sales_to_overseas_travellers_without_a_form_are_forgotten(world: World) -> None:
    issued(world)
    done = till_sales.compare_till(world.ports, world.clerk, "till.csv", TILL)
    assert (done.file.rows, done.file.overseas, done.new, done.is_repeated) == (3, 2, 2, False)
    found = till_sales.forgotten_sales(world.ports, world.clerk)
    assert found.sales == (Sale("25422000000000000900", date(2025, 7, 7), 899_00),)
    assert (found.count, found.last_file) == (1, done.file)
    issued_as(
        world,
        "25422000000000000900",
        invoices=(make.invoice("25422000000000000900", day=date(2025, 7, 7)),),
        late_reason="forgotten",
    )
    assert till_sales.forgotten_sales(world.ports, world.clerk).sales == ()


def test_a_voided_form_leaves_its_sale_without_one_again(world: World) -> None:
    form = issued(world)
    till_sales.compare_till(world.ports, world.clerk, "till.csv", TILL)
    issue.void_form(world.ports, world.clerk, form.form_id, "wrong passport")
    assert till_sales.forgotten_sales(world.ports, world.clerk).count == 2


def test_the_same_file_adds_nothing_and_other_stores_see_none_of_it(world: World) -> None:
    first = till_sales.compare_till(world.ports, world.clerk, "till.csv", TILL)
    again = till_sales.compare_till(world.ports, world.clerk, "other name.csv", TILL)
    assert (again.file, again.new, again.is_repeated) == (first.file, 0, True)
    assert till_sales.forgotten_sales(world.ports, world.other_clerk).count == 0
    with pytest.raises(Refused, match="sale_unknown"):
        till_sales.forgotten_sale(world.ports, world.other_clerk, "25422000000000000900")


def test_a_sale_that_is_not_wanted_leaves_the_list_with_its_reason(world: World) -> None:
    till_sales.compare_till(world.ports, world.clerk, "till.csv", TILL)
    number = "25422000000000000900"
    with pytest.raises(Refused, match="reason_missing"):
        till_sales.leave_sale(world.ports, world.clerk, number, " ")
    till_sales.leave_sale(world.ports, world.clerk, number, "the traveller did not want it")
    assert [
        s.invoice_number for s in till_sales.forgotten_sales(world.ports, world.clerk).sales
    ] == ["25422000000000000001"]
    with pytest.raises(Refused, match="sale_unknown"):
        till_sales.leave_sale(world.ports, world.clerk, number, "again")
    other = till_sales.compare_till(world.ports, world.clerk, "more.csv", TILL + b"\n")
    assert other.new == 0


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("x,2025-07-08,1.00,yes", (2, "invoice_number", "invoice_number_unreadable")),
        ("25422000000000000900,8.7.2025,1.00,yes", (2, "day", "date_unreadable")),
        ("25422000000000000900,2025-07-09,1.00,yes", (2, "day", "date_in_future")),
        ("25422000000000000900,2025-07-08,1e9,yes", (2, "amount", "amount_unreadable")),
        ("25422000000000000900,2025-07-08,1.00,perhaps", (2, "overseas", "choice_unknown")),
        ("25422000000000000900,2025-07-08,1.00", (2, "", "row_width")),
    ],
)
def test_a_bad_row_is_named_by_line_and_column_and_nothing_is_taken_in(
    small_world: World, row: str, place: tuple[int, str, str]
) -> None:
    content = (HEAD + row + "\n25422000000000000901,2025-07-08,20.00,yes\n").encode()
    with pytest.raises(Refused) as caught:
        till_sales.compare_till(small_world.ports, small_world.clerk, "till.csv", content)
    problems: Any = caught.value.facts["problems"]
    assert [(p["line"], p["column"], p["code"]) for p in problems] == [place]
    found = till_sales.forgotten_sales(small_world.ports, small_world.clerk)
    assert (found.count, found.last_file) == (0, None)


def test_an_invoice_that_is_there_twice_is_named(small_world: World) -> None:
    content = TILL + b"25422000000000000900,2025-07-07,899.00,no\n"
    with pytest.raises(Refused) as caught:
        till_sales.compare_till(small_world.ports, small_world.clerk, "till.csv", content)
    assert (caught.value.facts["line"], caught.value.facts["total"]) == (5, 1)


def test_why_a_form_is_late_stands_in_its_history(world: World) -> None:
    late = make.invoice("25422000000000000900", day=date(2025, 7, 7))
    form = issued_as(world, "25422000000000000900", invoices=(late,), late_reason="till was down")
    (event,) = world.database.read(lambda tx: tx.events_of(form.form_id))
    assert (event.kind, event.detail) == ("issue", "till was down")
    assert form.depart_by == date(2025, 7, 25)


@pytest.mark.rule("export_days")
def test_a_purchase_whose_goods_had_to_leave_before_gets_no_form(small_world: World) -> None:
    entry = make.DAY - timedelta(days=120)
    for days, wanted in ((90, set()), (91, {"too_late_to_issue"})):
        bought = make.invoice(day=make.DAY - timedelta(days=days))
        draft = make.draft(traveller=make.traveller(last_entry=entry), invoices=(bought,))
        found = issue.dry_run(small_world.ports, small_world.clerk, draft)
        assert codes(found.refusals) == wanted, days


def test_a_days_sums_add_up(world: World) -> None:
    advanced = claimed(world)
    void = issued_as(world, "25422000000000000002")
    issue.void_form(world.ports, world.clerk, void.form_id, "wrong passport")
    issued_as(world, "25422000000000000003")
    till_sales.compare_till(world.ports, world.clerk, "till.csv", TILL)
    shift = shift_of(world.ports, world.clerk, make.DAY)
    assert [line.clerk for line in shift.lines] == ["Clerk"] * 3
    assert (shift.issued.count, shift.issued.amounts.sales_fen) == (2, 2 * make.PRICE_FEN)
    assert (shift.voided.count, shift.open.count, shift.returned.count) == (1, 1, 0)
    assert (shift.advanced_count, shift.advanced_fen) == (1, advanced.amounts.net_fen)
    assert shift.forgotten == 1
    assert shift_of(world.ports, world.other_clerk, make.DAY).lines == ()
    assert shift_of(world.ports, world.clerk, make.DAY - timedelta(days=1)).lines == ()
