"""Scores of drills: attempts are kept, best and last; classes have whom the trainer ticked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from refund.core.errors import Refused
from refund.core.people import Actor, Role
from refund.simulation.drills.checks import Judged
from refund.simulation.drills.drill import Drill, read_drills
from refund.simulation.drills.scores import Attempt, Prepared, Scores, Seat
from refund.simulation.lab_book import LabBook

NOON = datetime(2025, 7, 8, 4, tzinfo=UTC)
WATCH = datetime(2026, 11, 23, 9, tzinfo=UTC)
LEARNER = Actor("learner-1", Role.LEARNER, "Learner")
OTHER = Actor("learner-2", Role.LEARNER, "Other")
DESK = Actor("clerk-1", Role.CLERK, "Clerk", store_number=1)
DRILL: Drill = read_drills().drills["clerk-first-form"]


@pytest.fixture
def book() -> Iterator[LabBook]:
    """Return a lab's book in memory."""
    with LabBook(":memory:") as opened:
        yield opened


@pytest.fixture
def scores(book: LabBook) -> Scores:
    """Return its part about learning."""
    return Scores(book)


def begun(scores: Scores, person: Actor = LEARNER) -> Attempt:
    """An attempt that was prepared."""
    number = scores.begin(Seat(person, DESK), DRILL, NOON, WATCH)
    things = Prepared({"form": {"form_id": "f1"}}, [{"kind": "form"}])
    return scores.prepared(number, NOON, WATCH, things)


def handed_in(scores: Scores, points: int, minutes: int = 3, person: Actor = LEARNER) -> Attempt:
    """An attempt that earned so many of ten points."""
    judged = [Judged("issued", points, 10, "" if points == 10 else "nothing_issued", {"n": 1})]
    watch = WATCH + timedelta(minutes=minutes)
    return scores.hand_in(begun(scores, person), judged, NOON + timedelta(hours=1), watch)


def test_an_attempt_keeps_its_points_and_both_times(scores: Scores) -> None:
    done = handed_in(scores, 7)
    assert (done.points, done.most, done.watch) == (7, 10, timedelta(minutes=3))
    assert done.ended_at == NOON + timedelta(hours=1)
    assert not done.is_passed
    (judged,) = scores.judged(done.number)
    assert (judged.why, dict(judged.facts)) == ("nothing_issued", {"n": 1})


def test_it_is_handed_in_once(scores: Scores) -> None:
    done = handed_in(scores, 7)
    again = scores.hand_in(done, [Judged("issued", 10, 10, "", {})], NOON, WATCH)
    assert again == done


def test_best_and_last_are_kept_apart(scores: Scores) -> None:
    first, second, third = (handed_in(scores, points) for points in (6, 9, 8))
    standing = scores.standings(LEARNER.staff_id)[DRILL.drill_id]
    assert standing.tries == 3
    assert (standing.best, standing.last) == (second, third)
    assert standing.is_passed
    assert first.number < second.number
    assert OTHER.staff_id not in {one.person for one in scores.attempts_of(LEARNER.staff_id)}


def test_of_two_equal_ones_the_first_is_the_best(scores: Scores) -> None:
    first = handed_in(scores, 9)
    handed_in(scores, 9)
    assert scores.standings(LEARNER.staff_id)[DRILL.drill_id].best == first


def test_a_new_attempt_ends_the_open_one(scores: Scores) -> None:
    first = begun(scores)
    second = begun(scores)
    assert scores.attempt(first.number).state == "given_up"
    assert scores.standings(LEARNER.staff_id)[DRILL.drill_id].open == second
    assert scores.others_at_work(OTHER.staff_id) == 1
    assert scores.others_at_work(LEARNER.staff_id) == 0


def test_what_was_being_prepared_when_the_service_ended_has_failed(scores: Scores) -> None:
    number = scores.begin(Seat(LEARNER, DESK), DRILL, NOON, WATCH)
    open_one = begun(scores, OTHER)
    scores.fail_unprepared("network_unreachable")
    found = scores.attempt(number)
    assert (found.state, found.why) == ("failed", "network_unreachable")
    assert scores.attempt(open_one.number).is_open


def test_a_class_has_exactly_whom_the_trainer_ticked(scores: Scores) -> None:
    name = scores.make_class("  Monday   class ", LEARNER, NOON)
    assert name == "Monday class"
    scores.enrol(name, ["learner-2", "learner-1", "learner-2"])
    assert scores.classes() == {name: ("learner-1", "learner-2")}
    scores.enrol(name, ["learner-2"])
    scores.make_class(name, LEARNER, NOON)
    assert scores.classes() == {name: ("learner-2",)}


@pytest.mark.parametrize("name", ["", "a/b", "x" * 61, "a\x07b"])
def test_a_class_needs_a_name_that_can_be_written(scores: Scores, name: str) -> None:
    with pytest.raises(Refused) as caught:
        scores.make_class(name, LEARNER, NOON)
    assert caught.value.field == "name"


def test_nobody_is_enrolled_in_a_class_that_is_not_there(scores: Scores) -> None:
    with pytest.raises(Refused):
        scores.enrol("nowhere", ["learner-1"])


def test_the_book_says_what_each_column_means(scores: Scores, book: LabBook) -> None:
    handed_in(scores, 10)
    told = {row["table"] for row in book.rows("SELECT [table] FROM about WHERE meaning != ''")}
    assert {"attempt", "checked", "school_class", "enrolled"} <= told
