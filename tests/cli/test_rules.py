"""`refund rules` lists the table that is applied, with an instance and without one."""

from datetime import date

from refund.core.parameters import PARAMETER_BY_NAME
from refund.core.policy import RULES, Rule
from refund.services.rules import add_rule
from tests import make
from tests.cli.terminal import Terminal
from tests.cli.within import filled


def test_without_an_instance_the_table_is_the_program_s_own(terminal: Terminal) -> None:
    found = terminal.read("rules", "--json")
    assert len(found) == len(RULES)
    assert {row["parameter"] for row in found} == set(PARAMETER_BY_NAME)
    promise = [row for row in found if row["parameter"] == "promise_days"]
    assert [(row["value"], row["valid_from"], row["valid_until"]) for row in promise] == [
        (17, "2025-07-01", "2026-06-30"),
        (28, "2026-07-01", None),
    ]
    assert all(row["added_by"] is None and row["source"] and row["grade"] for row in found)
    assert not terminal.instance.exists()


def test_only_what_is_in_force_on_a_day_is_listed_when_a_day_is_given(terminal: Terminal) -> None:
    before = terminal.read("rules", "--on", "2025-04-26", "--json")
    (least,) = [row for row in before if row["parameter"] == "min_purchase_fen"]
    assert (least["value"], least["valid_until"], least["in_force"]) == (50000, "2025-04-26", True)
    assert "promise_days" not in {row["parameter"] for row in before}
    lines = terminal.done("rules", "--on", "2026-07-01").splitlines()
    assert lines[0].startswith("parameter\tvalue")
    assert any(line.startswith("min_purchase_fen\t200.00\tyuan\t2025-04-27") for line in lines)
    assert any(line.startswith("promise_any_port\tyes\t") for line in lines)


def test_a_day_that_is_none_is_refused(terminal: Terminal) -> None:
    assert terminal.run("rules", "--on", "2025-02-30").exit_code == 2


def test_rows_that_operators_added_are_listed_with_who_added_them(terminal: Terminal) -> None:
    rule = Rule("promise_days", 21, date(2025, 8, 1), "a text of the agency", "D")
    with filled(terminal) as (ports, here):
        add_rule(ports, make.operator(), rule)
    (promise,) = [
        row
        for row in here.read("rules", "--on", "2025-08-01", "--json")
        if row["parameter"] == "promise_days"
    ]
    assert (promise["value"], promise["added_by"]) == (21, "operator-1")
    assert promise["source"] == "a text of the agency"
