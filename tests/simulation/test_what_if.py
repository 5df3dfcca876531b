"""The what-if: what is asked, run on the same seeds, kept, gone on with, and judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from refund.core.errors import Refused
from refund.services.steps import Stopped
from refund.simulation.questions.findings import Verdict, compare
from refund.simulation.questions.seats import PieceFailed
from refund.simulation.questions.study import Question, Run
from refund.simulation.questions.vary import grid, read_varied
from refund.simulation.questions.what_if import Came, Task, answer_in, read_question, what_if
from tests.simulation.pieces import simple_world, world_that_ends_at_four

THRESHOLD = "min_purchase=500,200"


@pytest.fixture
def question() -> Question:
    """Return whether a lower threshold, and a longer promise, change anything."""
    return read_question("ordinary-week", [THRESHOLD, "promise_days=17,28"], 7)


def test_the_grid_has_every_combination_and_the_first_values_are_the_base() -> None:
    varied = read_varied(["min_purchase = 500, 200", "rules.promise_days=17,28,35"])
    assert [one.key for one in varied] == ["rules.min_purchase", "rules.promise_days"]
    variants = grid(varied)
    assert len(variants) == 6
    assert variants[0].changes == {"rules.min_purchase": "500.00", "rules.promise_days": "17"}
    assert variants[1].changes == {"rules.min_purchase": "500.00", "rules.promise_days": "28"}
    assert variants[5].changes == {"rules.min_purchase": "200.00", "rules.promise_days": "35"}


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ([], "vary_unreadable"),
        (["min_purchase"], "vary_unreadable"),
        (["min_purchase=200"], "vary_unreadable"),
        (["min_purchase=200,"], "vary_unreadable"),
        (["min_purchase=200,200.00"], "vary_unreadable"),
        (["min_purchase=200,500", "rules.min_purchase=300,400"], "vary_unreadable"),
        (["=1,2"], "vary_unreadable"),
        (["min_purchace=200,500"], "scenario_key_unknown"),
        (["min_purchase=200,many"], "scenario_value"),
        (["promise_days=0,28"], "scenario_value"),
        (["promise_days=" + ",".join(str(n) for n in range(1, 66))], "vary_too_many"),
    ],
)
def test_what_cannot_be_varied_is_refused_before_anything_runs(texts: list[str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_varied(texts)
    assert refused.value.code == code


def test_a_what_if_says_what_changes_what_is_noise_and_what_stays(
    question: Question, tmp_path: Path
) -> None:
    told: list[tuple[int, int | None]] = []
    answer = what_if(
        question,
        range(1, 13),
        tmp_path / "study.db",
        simple_world,
        lambda done, total: told.append((done, total)),
        seats=2,
    )
    assert told[0] == (0, 48)
    assert told[-1] == (48, 48)
    assert answer.seeds == tuple(range(1, 13))
    # Variant 1 is the longer promise alone, variant 2 the lower threshold alone.
    promise = {one.figure: one for one in answer.of(1)}
    lower = {one.figure: one for one in answer.of(2)}
    assert lower["forms"].verdict is Verdict.CHANGES
    assert lower["paid_fen"].verdict is Verdict.CHANGES
    assert lower["customs_wait_p95_s"].verdict is Verdict.SAME
    assert promise["forms"].verdict is Verdict.SAME
    assert promise["customs_wait_p95_s"].verdict is Verdict.NOISE
    assert answer.fixed == {"cases_opened", "unsecured_days", "scan_to_money_p50_s"}
    assert answer.compared == 6
    difference = lower["forms"].difference
    assert difference is not None
    assert difference.low < difference.mean < difference.high
    assert difference.count == 12
    measured = lower["scan_to_money_p50_s"].difference
    assert measured is not None
    assert measured.count == 6


def test_what_is_set_counts_in_every_variant_and_makes_the_question(tmp_path: Path) -> None:
    question = read_question("ordinary-week", [THRESHOLD], 7, ["late_share=0.5"])
    with pytest.raises(Refused, match="set_unreadable"):
        read_question("ordinary-week", [THRESHOLD], 7, ["min_purchase=300"])
    with pytest.raises(Refused, match="set_unreadable"):
        read_question("ordinary-week", [THRESHOLD], 7, ["late_share"])
    answer = what_if(question, range(1, 3), tmp_path / "study.db", simple_world, seats=1)
    assert answer.question.given == {"change.late_share": "0.5"}
    assert answer.question.parameters["change.late_share"] == "0.5"
    other = read_question("ordinary-week", [THRESHOLD], 7, ["late_share=0.4"])
    with pytest.raises(Refused, match="study_differs"):
        what_if(other, range(1, 3), tmp_path / "study.db", simple_world, seats=1)


def test_a_study_that_was_stopped_goes_on_and_comes_to_the_same(
    question: Question, tmp_path: Path
) -> None:
    whole = what_if(question, range(1, 5), tmp_path / "whole.db", simple_world, seats=2)
    path = tmp_path / "stopped.db"

    def stop(done: int, _total: int | None) -> None:
        if done >= 5:
            raise Stopped("cancelled")

    with pytest.raises(Stopped):
        what_if(question, range(1, 5), path, simple_world, stop, seats=1)
    begun = len(rows(path, "run"))
    assert 5 <= begun < 16
    first: list[int] = []
    again = what_if(
        question, range(1, 5), path, simple_world, lambda n, _: first.append(n), seats=2
    )
    assert first[0] == begun
    assert again == whole
    assert answer_in(path) == whole
    more = what_if(question, range(1, 7), path, simple_world, seats=2)
    assert more.seeds == tuple(range(1, 7))


def test_what_was_finished_outlives_a_run_that_fails(question: Question, tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    with pytest.raises(PieceFailed, match="seed=4"):
        what_if(question, range(1, 6), path, world_that_ends_at_four, seats=1)
    assert {row["seed"] for row in rows(path, "run")} == {1, 2, 3}
    answer = answer_in(path)
    assert answer.seeds == (1, 2, 3)


def test_a_study_file_answers_one_question_alone(question: Question, tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    what_if(question, range(1, 3), path, simple_world, seats=1)
    other = replace(question, days=8)
    with pytest.raises(Refused) as refused:
        what_if(other, range(1, 3), path, simple_world, seats=1)
    assert refused.value.code == "study_differs"
    for wrong in (tmp_path / "none.db", tmp_path / "text.db"):
        if wrong.name == "text.db":
            wrong.write_text("no database at all " * 100)
        with pytest.raises(Refused) as refused:
            answer_in(wrong)
        assert refused.value.code == "study_unreadable"


def test_a_single_seed_and_too_many_runs_are_refused(question: Question, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        what_if(question, [1], tmp_path / "s.db", simple_world)
    assert refused.value.code == "what_if_seeds"
    with pytest.raises(Refused) as refused:
        what_if(question, range(9999), tmp_path / "s.db", simple_world)
    assert refused.value.code == "what_if_too_large"
    assert not (tmp_path / "s.db").exists()


def test_every_column_of_a_study_file_says_what_it_means(
    question: Question, tmp_path: Path
) -> None:
    path = tmp_path / "study.db"
    what_if(question, range(1, 3), path, simple_world, seats=1)
    file = Database(path)
    columns = {(table.name, one.name) for table in file.tables for one in table.columns}
    told = {(row["table"], row["column"]) for row in file["about"].rows if row["column"]}
    assert told == columns
    assert {key.other_table for key in file.table("figure").foreign_keys} == {"variant"}
    assert file.table("figure").pks == ["variant", "seed", "name"]
    file.close()


def test_noise_alone_is_called_a_change_no_more_often_than_promised() -> None:
    question = read_question("ordinary-week", ["promise_days=17,28"], 7)
    called = 0
    for study in range(200):
        runs = []
        for seed in range(8):
            for variant, days in enumerate(("17", "28")):
                changes = (("rules.promise_days", days),)
                task = Task("ordinary-week", changes, variant, 1000 * study + seed, 7)
                came: Came = simple_world(task)
                runs.append(Run(variant, seed, came.digest, came.figures))
        found = compare(question, runs).of(1, Verdict.CHANGES)
        called += bool(found)
    # Of 200 at 5 % each, 20 or more would come up once in 800 times.
    assert called < 20


def rows(path: Path, table: str) -> list[dict[str, object]]:
    """The rows of a study file's table."""
    file = Database(path)
    try:
        return list(file[table].rows)
    finally:
        file.close()
