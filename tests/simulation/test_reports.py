"""Reports: whole, in both languages, true to the file, and nothing from anywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import html5lib
import pytest

from refund.core.errors import Refused
from refund.simulation.questions.what_if import read_question, what_if
from refund.simulation.reports.charts import (
    Bars,
    Series,
    Whisker,
    across,
    by_day,
    nice_ticks,
    whiskers,
)
from refund.simulation.reports.report import report_of, study_report_of, write_report
from refund.simulation.reports.results_read import read_results
from refund.simulation.reports.wording import refusal_words
from refund.simulation.runs.figure_words import FIGURES, MINUS, Speech
from refund.simulation.runs.results import write_results
from refund.simulation.runs.results_tables import TABLES
from refund.translations import load_catalogues
from tests.simulation.pieces import simple_world

FROM_ELSEWHERE = re.compile(r"""(?:src|href)\s*=\s*["'](?!#)|url\(|https?://|<script|@import""")


def row(table: str, **values: object) -> dict[str, Any]:
    """Make a row of a results file; what is not said is 0 or empty."""
    nothing = {int: 0, float: 0.0, str: ""}
    known = {name: nothing[one.kept_as] for name, one in TABLES[table].columns.items()}
    assert set(values) <= set(known)
    return known | values


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Return a results file of two days, three forms and two desks."""
    path = tmp_path / "results.db"
    rows: Mapping[str, Iterable[Mapping[str, Any]]] = {
        "run": [
            row(
                "run",
                scenario="<b>two days</b>",
                seed=5,
                days=2,
                began_on="2026-09-07",
                ended_on="2026-09-30",
                is_whole=1,
                engine="sqlite",
                digest="ab" * 32,
                parameters='{"world.days": "2", "rules.min_purchase": "200.00"}',
            )
        ],
        "figure": [
            row("figure", name="paid_fen", value=123_456.0, unit="fen"),
            row("figure", name="scan_to_money_p50_s", value=40.0, unit="s"),
            row("figure", name="customs_wait_p95_s", value=None, unit="s"),
        ],
        "day": [
            row("day", day="2026-09-07", paid_fen=100_000, issued_net_fen=150_000),
            row("day", day="2026-09-08", paid_fen=23_456, outstanding_fen=7_700),
            row("day", day="2026-09-09"),
        ],
        "store": [row("store", number=1, name="恒隆 & Söhne", forms=3, net_fen=150_000)],
        "form": [
            row(
                "form",
                form_number=f"{n}",
                store_number=1,
                day="2026-09-07",
                channel="instant",
                scanned_at="2026-09-07T06:00:00+00:00",
                paid_at=f"2026-09-07T06:00:{seconds:02}+00:00",
            )
            for n, seconds in enumerate((10, 20, 40))
        ],
        "desk": [
            row("desk", name="customs-WUH", staff=2, served=9, wait_p50_s=60.0, wait_p95_s=240.0)
            | {"serving_s": 3600.0, "open_s": 7200.0},
            row("desk", name="point-1", staff=1, wait_p50_s=None, wait_p95_s=None),
        ],
        "refusal": [row("refusal", code="below_threshold", times=4)],
        "settlement": [row("settlement", month="2026-09", lines=3, gross_fen=200_000)],
    }
    write_results(path, rows)
    return path


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_a_report_is_whole_and_stands_alone(results: Path, locale: str) -> None:
    page = report_of(read_results(results), locale)
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert FROM_ELSEWHERE.search(page) is None
    assert "<b>two days" not in page
    for told in ("1,234.56", "ab" * 32, "恒隆 &amp; Söhne", "customs-WUH", "2,000.00"):
        assert told in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    for mark in ("%(", "{{", "{%"):
        assert mark not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    assert {"en": "half within 40 s", "zh_Hans": "一半在40 秒以内"}[locale] in page
    assert refusal_words("below_threshold", locale) in page


def test_the_tables_behind_the_charts_hold_the_files_figures(results: Path) -> None:
    page = html5lib.parse(report_of(read_results(results), "en"), namespaceHTMLElements=False)
    paid = next(one for one in page.iter("section") if one.get("id") == "paid")
    cells = [" ".join("".join(one.itertext()).split()) for one in paid.iter("td")]
    assert cells == [
        "CNY 1,000.00",
        "CNY 1,500.00",
        "CNY 0.00",
        "CNY 234.56",
        "CNY 0.00",
        "CNY 0.00",
    ]
    scan = next(one for one in page.iter("section") if one.get("id") == "scan")
    rows = [["".join(cell.itertext()) for cell in line] for line in scan.iter("tr")][1:]
    assert rows == [
        ["below 15 s", "1", "33.3 %"],
        ["below 30 s", "1", "33.3 %"],
        ["below 60 s", "1", "33.3 %"],
    ]


def test_what_is_no_results_file_is_refused(tmp_path: Path) -> None:
    for name, content in (("none.db", None), ("text.db", "no database" * 200), ("empty.db", "")):
        path = tmp_path / name
        if content is not None:
            path.write_text(content)
        with pytest.raises(Refused) as refused:
            write_report(path, tmp_path / "report.html")
        assert refused.value.code == "results_unreadable"
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_the_report_of_a_what_if_says_what_changes_and_how_far_to_trust_it(
    tmp_path: Path, locale: str
) -> None:
    question = read_question("ordinary-week", ["min_purchase=500,200", "promise_days=17,28"], 7)
    answer = what_if(question, range(1, 13), tmp_path / "s.db", simple_world, seats=1)
    page = study_report_of(answer, locale)
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert FROM_ELSEWHERE.search(page) is None
    sentences = {
        "en": (
            "Forms issued: up by",
            "No more than noise, with what the true one lies between: Wait at customs, 95 of 100",
            "The same in every seed, before and after: Cases opened",
            "These never varied",
            "Forms issued under every variant",
        ),
        "zh_Hans": ("开具的申请单：增加", "不超过偶然波动的", "在每个种子中前后都相同", "从未变化"),
    }
    for sentence in sentences[locale]:
        assert sentence in page, sentence


def test_every_figure_has_a_name_in_both_languages() -> None:
    chinese = load_catalogues("zh_Hans")
    assert [one for one in FIGURES.values() if chinese.gettext(one) == one] == []


def test_figures_are_written_in_their_unit() -> None:
    speech = Speech("en")
    assert speech.value("paid_fen", 123_456.0) == "CNY 1,234.56"
    assert speech.value("paid_fen", 123_456.7) == "CNY 1,235"
    assert speech.value("exposure_fen", -50.5) == f"{MINUS}CNY 0.51"
    assert speech.about("paid_fen", 12_345_600.0) == "CNY 123,456"
    assert speech.about("paid_fen", None) == "–"
    assert speech.apart("paid_fen", 100.0) == "+CNY 1.00"
    assert speech.apart("forms", -2.5) == f"{MINUS}2.50"
    assert speech.apart("forms", 0.0) == "0"
    assert speech.value("scan_to_money_p50_s", 55.0) == "55 s"
    assert speech.value("scan_to_money_p50_s", 600.0) == "10 min"
    assert speech.value("x_s", None) == "–"
    assert speech.value("staff_hours", 1072.0) == "1,072 h"
    assert speech.value("unsecured_days", 1.5) == "1.50 days"


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0, 0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-3, 11, [-5, 0, 5, 10, 15]),
        (0.012, 0.029, [0.01, 0.015, 0.02, 0.025, 0.03]),
    ],
)
def test_ticks_are_round_and_hold_all_values(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high) == pytest.approx(ticks)


def test_charts_draw_every_value_to_scale_and_nothing_outside() -> None:
    days = ["2026-09-07", "2026-09-08"]
    picture = by_day(days, [Series("<paid>", [50, 100], "bars")], str, "paid & more")
    assert "&lt;paid&gt;" in picture
    assert 'aria-label="paid &amp; more"' in picture
    heights = [float(one) for one in re.findall(r'<rect[^>]* height="([\d.]+)"', picture)]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.02)
    widths = re.findall(
        r'<rect[^>]* width="([\d.]+)"', across([Bars("a", [1, None]), Bars("b", [4, 2])], str, "x")
    )
    assert [float(one) for one in widths] == pytest.approx([92.5, 370, 185], abs=0.2)
    marks = [Whisker("a", 0.1, -9, 9, "noise"), Whisker("b", 1.0, 0.5, 1.5, "changes")]
    drawn = whiskers(marks, str, "x", zero=True, limit=2.0)
    centres = [float(one) for one in re.findall(r'cx="([\d.]+)"', drawn)]
    assert centres[0] < centres[1] < 720
    assert drawn.count("ch-ring") == 1
    assert drawn.count("ch-stroke") == 2 + 2, "an interval beyond the scale has no stops"


def test_no_values_make_an_empty_picture_and_no_defect() -> None:
    assert "svg" in by_day([], [], str, "x")
    assert "svg" in across([], str, "x")
    assert "svg" in whiskers([], str, "x", zero=True)
