"""Every drill that is shipped can be solved as it says, and a wrong answer earns less."""

from __future__ import annotations

import pytest

from refund.core.people import Role
from refund.simulation.drills.drill import Audience, Drill, read_drills
from tests.simulation.drill_answers import ANSWERS
from tests.simulation.drill_players import playing

SHELF = read_drills()
DRILLS = [pytest.param(one, id=one.drill_id) for one in SHELF.drills.values()]


@pytest.mark.parametrize("drill", DRILLS)
def test_the_right_answer_earns_every_point(drill: Drill) -> None:
    with playing(drill) as player:
        ANSWERS[drill.drill_id][0](player)
        judged = player.judged()
        assert [(one.check, one.why, dict(one.facts)) for one in judged if one.why] == []
        assert sum(one.points for one in judged) == drill.points


@pytest.mark.parametrize("drill", DRILLS)
def test_a_wrong_answer_is_not_passed_and_says_why(drill: Drill) -> None:
    with playing(drill) as player:
        ANSWERS[drill.drill_id][1](player)
        judged = player.judged()
        assert sum(one.points for one in judged) < drill.pass_points
        assert all(one.why for one in judged if one.points < one.most)


def test_there_are_drills_of_every_grade_for_every_desk() -> None:
    assert not SHELF.problems
    assert len(SHELF.drills) >= 20
    for audience in Audience:
        found = SHELF.of(audience)
        assert len(found) >= 6
        assert {one.grade for one in found} == {1, 2, 3}
    assert Audience.CUSTOMS.role is Role.OFFICER


def test_ten_points_can_be_earned_in_each_and_each_rests_on_rules() -> None:
    for drill in SHELF.drills.values():
        assert drill.points == 10, drill.drill_id
        assert drill.provisions, drill.drill_id


def test_every_drill_has_answers_to_be_tried() -> None:
    assert ANSWERS.keys() == SHELF.drills.keys()
