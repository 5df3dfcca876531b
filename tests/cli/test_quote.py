"""`refund quote` gives the figures of a form, and its refusals, as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import Terminal

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
