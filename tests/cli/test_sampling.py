"""`refund sampling` draws a day again from its seed, and its exit code says whether all agrees."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from refund.app import wire
from refund.config import read_settings
from refund.core.goods import Goods
from refund.services.enrol import goods_master, staff_register
from refund.services.issue import issue_form
from refund.services.verify import view
from tests import make
from tests.cli.terminal import Terminal
from tests.cli.within import tamper

DAY, NEXT = "2026-07-08", "2026-07-09"


def at(terminal: Terminal, day: str) -> Terminal:
    """The same terminal at noon of another day."""
    return replace(terminal, settings={"REFUND_CLOCK": f"{day}T12:00:00+08:00"})


@pytest.fixture
def drawn(demo: Terminal) -> Terminal:
    """Return the terminal of the day after customs at Wuhan looked at six forms."""
    wired = wire(read_settings(at(demo, DAY).environment))
    try:
        ports = wired.ports
        today = make.DAY.replace(year=2026)
        kind: Goods = next(one for one in goods_master(ports) if one.in_scope)
        staff = [person.actor for person in staff_register(ports)]
        clerk = next(one for one in staff if one.store_number == 1)
        officer = next(one for one in staff if one.port == "WUH")
        for number in range(1, 7):
            invoice = f"25422{number:015d}"
            line = replace(make.line(2000_00 * number), goods=kind)
            draft = make.draft(
                invoice,
                traveller=make.traveller(f"H{number:08d}", last_entry=today.replace(day=1)),
                invoices=(make.invoice(invoice, day=today, lines=(line,)),),
            )
            form = issue_form(ports, clerk, draft, f"a-key-of-form-{number}").form
            assert form is not None
            view(ports, officer, form.form_id)
    finally:
        wired.database.close()
    return at(demo, NEXT)


@pytest.mark.rule("customs_draw_recorded")
def test_every_draw_of_the_day_before_agrees_with_its_seed(drawn: Terminal) -> None:
    found = drawn.read("sampling", "--json")
    assert (found["port"], found["day"], found["agree"]) == ("WUH", DAY, True)
    assert found["seed"]
    assert len(found["draws"]) == 6
    assert {one["why"] for one in found["draws"] if one["sales_fen"] >= 10_000_00} == {
        "from_amount"
    }
    said = drawn.done("sampling", "--port", "WUH", "--day", DAY)
    assert "all 6 draws agree" in said
    assert found["seed"] in said


@pytest.mark.rule("customs_draw_recorded")
def test_a_draw_that_was_changed_behind_our_back_is_found(drawn: Terminal) -> None:
    tamper(
        drawn,
        "DROP TRIGGER inspection_draw_no_update",
        "UPDATE inspection_draw SET drawn_bp = (drawn_bp + 1) % 10000"
        " WHERE form_id = (SELECT MIN(form_id) FROM inspection_draw)",
    )
    result = drawn.run("sampling", "--json")
    assert result.exit_code == 1
    assert [one["agrees"] for one in json.loads(result.stdout)["draws"]].count(False) == 1
    told = drawn.run("sampling")
    assert told.exit_code == 1
    assert "1 of 6 draws DO NOT AGREE" in told.stdout


def test_a_day_that_is_not_over_keeps_its_seed(drawn: Terminal) -> None:
    result = drawn.run("sampling", "--day", NEXT)
    assert result.exit_code == 2
    assert "not over" in result.stderr


def test_a_day_and_a_port_without_draws_say_so(drawn: Terminal) -> None:
    assert "nothing was drawn" in drawn.done("sampling", "--port", "ENH")
    found = drawn.read("sampling", "--port", "ENH", "--json")
    assert (found["seed"], found["draws"], found["agree"]) == ("", [], True)
    assert drawn.run("sampling", "--day", "8.7.2026").exit_code == 2
