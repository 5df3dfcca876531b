"""`refund what-if` and `refund report`: what they print, what they write, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from refund.cli import main
from refund.simulation.questions.study import begin_study
from refund.simulation.questions.what_if import read_question, what_if
from tests.simulation.pieces import simple_world

ASKED = ("what-if", "ordinary-week", "--vary", "min_purchase=500,200", "--days", "1")


def run(*words: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, words, env={"LC_ALL": "en"})


def test_a_what_if_goes_on_in_its_file_and_prints_what_it_found(tmp_path: Path) -> None:
    study = tmp_path / "study.db"
    question = read_question("ordinary-week", ["min_purchase=500,200"], 1)
    what_if(question, [1, 2, 3], study, simple_world, seats=1)
    words = (*ASKED, "--seeds", "3", "--out", str(study))
    lines = run(*words).stdout.splitlines()
    assert lines[0].split("\t") == [
        "variant",
        "figure",
        "difference",
        "from",
        "to",
        "p",
        "verdict",
    ]
    assert [line.split("\t")[1] for line in lines[1:3]] == ["forms", "paid_fen"]
    report = tmp_path / "report.html"
    told = json.loads(run(*words, "--json", "--report", str(report)).stdout)
    assert told["seeds"] == 3
    assert told["variants"][1] == {"rules.min_purchase": "200.00"}
    assert {one["verdict"] for one in told["findings"]} <= {"changes", "unsure", "noise", "same"}
    assert "How far to trust this" in report.read_text()


def test_a_what_if_lives_through_the_world_itself(tmp_path: Path) -> None:
    study = tmp_path / "study.db"
    done = run(*ASKED, "--seeds", "2", "--cores", "2", "--out", str(study), "--json")
    assert done.exit_code == 0, done.output
    found = {one["figure"]: one for one in json.loads(done.stdout)["findings"]}
    assert found["forms"]["mean"] > 0, "a lower threshold lets more through"
    with begin_study(study, read_question("ordinary-week", ["min_purchase=500,200"], 1)) as kept:
        digests = [one.digest for one in kept.runs()]
    assert len(set(digests)) == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--vary", "min_purchace=1,2"), "Perhaps you meant"),
        (("--vary", "min_purchase=200"), "does not say what varies"),
        (("--vary", "min_purchase=200,-1"), "is no value of"),
        ((), "--vary"),
    ],
)
def test_a_question_that_cannot_be_asked_is_told_and_nothing_is_written(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    out = tmp_path / "study.db"
    refused = run("what-if", "ordinary-week", *words, "--out", str(out))
    assert refused.exit_code == 2
    assert told in refused.stderr
    assert not out.exists()


def test_a_report_is_written_of_a_study_too_and_of_nothing_else(tmp_path: Path) -> None:
    study, out = tmp_path / "study.db", tmp_path / "report.html"
    question = read_question("ordinary-week", ["min_purchase=500,200"], 1)
    what_if(question, [1, 2, 3], study, simple_world, seats=1)
    done = run("report", str(study), "--out", str(out), "--language", "zh_Hans")
    assert done.stdout.strip() == str(out)
    assert "可信到什么程度" in out.read_text()
    wrong = tmp_path / "wrong.db"
    wrong.write_text("nothing of ours")
    refused = run("report", str(wrong), "--out", str(out))
    assert refused.exit_code == 2
    assert "is no results file" in refused.stderr
