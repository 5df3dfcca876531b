"""`refund quote` gives the figures of a form, and its refusals, as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from refund.core.ids import make_form_number
from refund.services import issue
from tests import make
from tests.cli.terminal import Terminal
from tests.cli.within import filled

CASES = json.loads(
    (Path(__file__).parents[1] / "vectors" / "refund.json").read_text(encoding="utf-8")
)["cases"]
VAT = {11: "13", 8: "9"}


def test_the_published_example_gives_134_46_yuan_without_an_instance(terminal: Terminal) -> None:
    found = terminal.read("quote", "--on", "2025-07-08", "--line", "1494.00@13")
    assert found == {
        "sales_fen": 149400,
        "gross_fen": 16434,
        "fee_fen": 2988,
        "net_fen": 13446,
        "promise_last_day": "2025-07-25",
        "export_last_day": "2025-10-06",
        "refusals": [],
    }
    assert not terminal.instance.exists()


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_every_vector_of_the_refund_is_what_the_command_says(
    terminal: Terminal, case: dict[str, Any]
) -> None:
    lines = [f"{line['amount']}@{VAT[line['refund_rate_percent']]}" for line in case["lines"]]
    words = [word for line in lines for word in ("--line", line)]
    found = terminal.read("quote", "--on", "2025-07-08", *words)
    assert {name: found[name] for name in case["expect"]} == case["expect"]


def test_exempt_goods_and_a_small_sum_are_both_named() -> None:
    found = Terminal(Path()).read(
        "quote", "--on", "2025-07-08", "--line", "500@exempt", "--line", "199.99@9"
    )
    assert [one["code"] for one in found["refusals"]] == ["goods_out_of_scope", "below_threshold"]
    assert found["refusals"][0]["field"] == "line-0"
    assert found["refusals"][1]["facts"] == {"least_fen": 20000, "total_fen": 19999}
    assert "84/2025" in found["refusals"][1]["source"]


def test_the_threshold_is_that_of_the_day(terminal: Terminal) -> None:
    before = terminal.read("quote", "--on", "2025-04-26", "--line", "300@13")
    after = terminal.read("quote", "--on", "2025-04-27", "--line", "300@13")
    assert [one["code"] for one in before["refusals"]] == ["below_threshold"]
    assert after["refusals"] == []


@pytest.mark.parametrize(
    ("words", "code", "field"),
    [
        (("--line", "1e9@13"), "amount_unreadable", "line-0"),
        (("--line", "NaN@13"), "amount_unreadable", "line-0"),
        (("--line", "１００@13"), "amount_unreadable", "line-0"),
        (("--line", "1,00@13"), "amount_unreadable", "line-0"),
        (("--line", "-0@13"), "amount_unreadable", "line-0"),
        (("--line", f"{'9' * 40}@13"), "amount_out_of_range", "line-0"),
        (("--line", "0.00@13"), "amount_out_of_range", "line-0"),
        (("--line", "@13"), "field_missing", "line-0"),
        (("--line", "1@13", "--line", "100@17"), "vat_unknown", "line-1"),
        (("--line", "100"), "vat_unknown", "line-0"),
        ((), "no_lines", ""),
    ],
)
def test_what_cannot_be_read_is_refused_as_json_with_exit_code_2(
    terminal: Terminal, words: tuple[str, ...], code: str, field: str
) -> None:
    result = terminal.run("quote", "--on", "2025-07-08", *words)
    assert result.exit_code == 2
    assert result.stdout == ""
    told = json.loads(result.stderr)
    assert (told["code"], told["field"]) == (code, field)
    assert told["message"]


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2025-02-30", "date_impossible"),
        ("8.7.2025", "date_unreadable"),
        ("2019-03-31", "date_before_rules"),
    ],
)
def test_a_day_without_rules_or_sense_is_refused(terminal: Terminal, day: str, code: str) -> None:
    result = terminal.run("quote", "--on", day, "--line", "1494.00@13")
    assert result.exit_code == 2
    assert json.loads(result.stderr)["code"] == code


def test_other_values_are_set_for_a_quote(terminal: Terminal) -> None:
    line = ("quote", "--on", "2025-07-08", "--line", "1494.00@13")
    found = terminal.read(*line, "--set", "promise_days=28", "--set", "min_purchase_fen=150000")
    assert found["promise_last_day"] == "2025-08-05"
    assert [one["code"] for one in found["refusals"]] == ["below_threshold"]
    assert found["net_fen"] == 13446
    rounded = terminal.read(*line, "--line", "0.05@13", "--set", "gross_rounding=1")
    assert rounded["gross_fen"] == 16434
    early = terminal.read("quote", "--on", "2025-06-30", "--line", "500@9")
    assert (early["promise_last_day"], early["export_last_day"]) == (None, "2025-09-28")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("nothing=1", "parameter_unknown"),
        ("promise_days", "value_unreadable"),
        ("promise_days=x", "value_unreadable"),
        ("promise_days=0", "value_out_of_range"),
        ("fee_bp=-1", "value_out_of_range"),
    ],
)
def test_a_value_that_cannot_be_set_is_refused(terminal: Terminal, change: str, code: str) -> None:
    words = ("quote", "--on", "2025-07-08", "--line", "500@13", "--set", "fee_bp=1")
    result = terminal.run(*words, "--set", change)
    assert result.exit_code == 2
    told = json.loads(result.stderr)
    assert (told["code"], told["field"]) == (code, "set-1")
    assert told["message"]


def test_a_form_is_laid_beside_what_it_would_have_been(terminal: Terminal) -> None:
    with filled(terminal) as (ports, here):
        form = issue.issue_form(ports, make.clerk(), make.draft(), "key-1").form
    assert form is not None
    number = form.form_number
    found = here.read("quote", "--form", number, "--on", "2026-07-01", "--set", "fee_bp=100")
    assert found["form"] == number
    assert (found["own"]["rules_of"], found["other"]["rules_of"]) == ("2025-07-08", "2026-07-01")
    assert (found["own"]["net_fen"], found["other"]["net_fen"]) == (13446, 14940)
    assert found["own"]["depart_by"] == "2025-07-25"
    assert found["other"]["depart_by"] == "2025-08-05"
    assert {"net_fen", "fee_fen", "depart_by", "port_any"} <= set(found["differs"])
    assert "export_by" not in found["differs"]
    assert found["rules_differ"]["fee_bp"] == {"own": 200, "other": 100}
    same = here.read("quote", "--form", number)
    assert (same["differs"], same["rules_differ"]) == ([], {})
    text = here.done("quote", "--form", number, "--set", "stay_days=1")
    assert "stay_too_long" in text
    for secret in ("CHAN", "陳大文", "H12345678", "2025-07-01"):
        assert secret not in text
    unknown = here.run("quote", "--form", make_form_number(make.DAY, 1, 9))
    assert unknown.exit_code == 2
    assert json.loads(unknown.stderr)["code"] == "form_unknown"


@pytest.mark.parametrize(
    "words",
    [
        ("quote", "--line", "500@13"),
        ("quote", "--form", "250708000100015", "--line", "500@13"),
        ("quote", "--form", "250708000100015"),
    ],
)
def test_a_quote_needs_a_day_or_a_form_of_an_instance(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    result = terminal.run(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert not terminal.instance.exists()
