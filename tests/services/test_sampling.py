"""Sampling: drawn once, at the first look, kept for ever, and drawn again from the seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from refund.core.customs import Inspection, LinesShown
from refund.core.entitlement import ConfirmedLine
from refund.core.errors import Refused
from refund.core.form import Form, Status
from refund.core.people import Actor
from refund.core.sampling import Draw, DrawReason
from refund.services import sampling, verify
from tests import make
from tests.services.steps import issued
from tests.services.test_races import at_once
from tests.world import World, assert_audit_holds, open_world

DAY = date(2026, 7, 8)
NOON = datetime(2026, 7, 8, 4, 0, tzinfo=UTC)
PAPERS = LinesShown(inspection=Inspection.PAPERS)
GOODS = LinesShown(inspection=Inspection.GOODS)


@pytest.fixture
def summer(tmp_path: Path, engine_url: str) -> Iterator[World]:
    """Return a world of July 2026, on each engine."""
    with open_world(tmp_path, engine_url, NOON) as world:
        yield world
        assert_audit_holds(world.ports)


def bought(world: World, number: int, fen: int = 3000_00) -> Form:
    """A form of that day over so much, of a traveller of its own."""
    invoice = f"25422{number:015d}"
    return issued(
        world,
        make.draft(
            invoice,
            traveller=make.traveller(f"H{10000000 + number}", last_entry=date(2026, 7, 1)),
            invoices=(make.invoice(invoice, day=DAY, lines=(make.line(fen),)),),
        ),
        f"key-{number}",
    )


def drawn(world: World, form: Form, officer: Actor | None = None) -> Draw:
    """The draw that an officer sees."""
    found = verify.view(world.ports, officer or world.officer, form.form_id).draw
    assert found is not None
    return found


def some(world: World, why: DrawReason) -> Form:
    """A form for which the lot fell so."""
    for number in range(1, 200):
        form = bought(world, number)
        if drawn(world, form).why is why:
            return form
    raise AssertionError(why)


@pytest.mark.rule("customs_draw_recorded")
def test_a_form_is_drawn_once_and_never_again_at_whatever_port_and_day(summer: World) -> None:
    form = bought(summer, 1)
    first = drawn(summer, form)
    assert (first.port, first.day, first.drawn_at) == ("WUH", DAY, NOON)
    summer.clock.pass_by(days=3)
    assert drawn(summer, form, make.officer("YIH")) == first
    assert drawn(summer, form) == first
    with pytest.raises(Refused, match="day_not_over"):
        sampling.check_draws(summer.ports, "WUH", DAY + timedelta(days=3))
    assert sampling.check_draws(summer.ports, "YIH", DAY).checks == ()


@pytest.mark.rule("customs_draw_recorded")
def test_officers_who_look_at_once_see_the_same_draw(summer: World) -> None:
    forms = [bought(summer, number) for number in range(1, 4)]
    officers = [summer.officer, make.officer("YIH")]
    seen = at_once(
        12, lambda number: drawn(summer, forms[number % 3], officers[number % 2]).drawn_bp
    )
    assert len(set(seen)) == 3
    kept = summer.ports.storage.read(lambda tx: [tx.draw_of(one.form_id) for one in forms])
    assert {one.drawn_bp for one in kept if one is not None} == set(seen)


@pytest.mark.rule("customs_draw_recorded")
@pytest.mark.rule("customs_sampling")
def test_every_draw_of_a_day_is_drawn_again_from_its_seed(summer: World) -> None:
    forms = [bought(summer, number, 3000_00 + number * 500_00) for number in range(1, 21)]
    seen = {form.form_id: drawn(summer, form) for form in forms}
    assert {one.why for one in seen.values()} >= {DrawReason.FROM_AMOUNT, DrawReason.NOT_DRAWN}
    summer.clock.pass_by(days=1)
    found = sampling.check_draws(summer.ports, "WUH", DAY)
    assert found.seed
    assert {check.recorded.form_id: check.again for check in found.checks} == seen
    assert all(check.agrees for check in found.checks)


@pytest.mark.rule("customs_draw_recorded")
def test_the_seed_of_a_day_stays_closed_until_the_day_is_over(summer: World) -> None:
    drawn(summer, bought(summer, 1))
    summer.clock.at = datetime(2026, 7, 8, 15, 59, 59, tzinfo=UTC)
    with pytest.raises(Refused, match="day_not_over"):
        sampling.check_draws(summer.ports, "WUH", DAY)
    summer.clock.pass_by(seconds=1)
    assert sampling.check_draws(summer.ports, "WUH", DAY).seed
    with pytest.raises(Refused, match="port_unknown"):
        sampling.check_draws(summer.ports, "XXX", DAY)


def test_each_port_and_each_day_has_a_seed_of_its_own(summer: World) -> None:
    drawn(summer, bought(summer, 1))
    drawn(summer, bought(summer, 2), make.officer("YIH"))
    summer.clock.pass_by(days=1)
    drawn(summer, bought(summer, 3))
    summer.clock.pass_by(days=1)
    places = (("WUH", DAY), ("YIH", DAY), ("WUH", DAY + timedelta(days=1)))
    seeds = {sampling.check_draws(summer.ports, port, day).seed for port, day in places}
    assert len(seeds - {""}) == 3
    assert sampling.check_draws(summer.ports, "ENH", DAY).seed == ""


@pytest.mark.rule("customs_sampling")
def test_a_form_that_is_not_drawn_goes_by_its_papers_or_by_its_goods(summer: World) -> None:
    form = some(summer, DrawReason.NOT_DRAWN)
    fewer = LinesShown((ConfirmedLine((0, 0), 0),), inspection=Inspection.PAPERS)
    with pytest.raises(Refused, match="nothing_shown"):
        verify.verify_lines(summer.ports, summer.officer, form.form_id, fewer)
    verify.verify_lines(summer.ports, summer.officer, form.form_id, PAPERS)
    assert found_by(summer, form) is Inspection.PAPERS
    other = bought(summer, 300)
    verify.verify_lines(summer.ports, summer.officer, other.form_id, GOODS)
    assert found_by(summer, other) is Inspection.GOODS


def found_by(world: World, form: Form) -> Inspection:
    """How customs found what they decided."""
    seen = verify.view(world.ports, world.officer, form.form_id)
    assert seen.verification is not None
    return seen.verification.inspection


@pytest.mark.rule("customs_sampling")
@pytest.mark.rule("inspect_from_fen")
def test_a_form_that_must_be_inspected_is_not_confirmed_on_its_papers(summer: World) -> None:
    for form in (bought(summer, 400, 10_000_00), some(summer, DrawReason.DRAWN)):
        with pytest.raises(Refused, match="inspection_required"):
            verify.verify_lines(summer.ports, summer.officer, form.form_id, PAPERS)
        done = verify.verify_form(summer.ports, summer.officer, form.form_id)
        assert done.status is Status.ORDINARY_VERIFIED
        assert found_by(summer, form) is Inspection.GOODS


@pytest.mark.rule("customs_sampling")
def test_fewer_goods_are_never_confirmed_on_papers(summer: World) -> None:
    number = "25422000000000000900"
    draft = make.draft(
        number,
        traveller=make.traveller(last_entry=date(2026, 7, 1)),
        invoices=(make.invoice(number, day=DAY, lines=(make.line(1000_00, quantity=3),)),),
    )
    form = issued(summer, draft, "key-900")
    fewer = LinesShown((ConfirmedLine((0, 0), 2),), inspection=Inspection.PAPERS)
    with pytest.raises(Refused, match="inspection_required"):
        verify.verify_lines(summer.ports, summer.officer, form.form_id, fewer)


@pytest.mark.rule("inspect_all")
@pytest.mark.rule("rules_of_issue_day")
def test_a_form_of_june_keeps_the_rule_that_every_form_is_inspected(summer: World) -> None:
    summer.clock.at = datetime(2026, 6, 30, 4, 0, tzinfo=UTC)
    number, day = "25422000000000000901", date(2026, 6, 30)
    draft = make.draft(
        number,
        traveller=make.traveller(last_entry=date(2026, 6, 1)),
        invoices=(make.invoice(number, day=day),),
    )
    form = issued(summer, draft, "key-901")
    summer.clock.at = NOON
    assert drawn(summer, form).why is DrawReason.ALL_FORMS
    with pytest.raises(Refused, match="inspection_required"):
        verify.verify_lines(summer.ports, summer.officer, form.form_id, PAPERS)


def test_several_forms_just_below_are_shown_together(summer: World) -> None:
    traveller = make.traveller(last_entry=date(2026, 7, 1))
    forms = []
    for number in (910, 911):
        invoice = f"25422{number:015d}"
        invoices = (make.invoice(invoice, day=DAY, lines=(make.line(6000_00),)),)
        draft = make.draft(invoice, traveller=traveller, invoices=invoices)
        forms.append(issued(summer, draft, f"key-{number}"))
    alone = bought(summer, 912, 9000_00)
    for form in forms:
        seen = verify.view(summer.ports, summer.officer, form.form_id)
        assert {one.form_id for one in seen.just_below} == {one.form_id for one in forms}
        assert {one.form_id for one in seen.open_forms} == {one.form_id for one in forms}
    assert verify.view(summer.ports, summer.officer, alone.form_id).just_below == ()


def test_a_draw_and_its_seed_cannot_be_changed(summer: World) -> None:
    form = bought(summer, 1)
    drawn(summer, form)
    other = Draw(form.form_id, "WUH", DAY, 9999, 2000, DrawReason.NOT_DRAWN, False, NOON)
    summer.ports.storage.write(lambda tx: tx.add_draw(other))
    assert drawn(summer, form) != other
    summer.ports.storage.write(lambda tx: tx.sampling_seed("WUH", DAY, "another seed"))
    assert summer.ports.storage.read(lambda tx: tx.seed_of("WUH", DAY)) != "another seed"
