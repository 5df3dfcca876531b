"""A part of what was asked earns a part of the points, and each lost point says why."""

from __future__ import annotations

import pytest

from refund.core.customs import RefusalReason
from refund.core.entitlement import Recovery
from refund.core.form import Channel
from refund.simulation.drills.drill import read_drills
from refund.simulation.drills.scene import GOOD, Verdict, lost, part
from tests.simulation.drill_players import Deed, Player, playing

DRILLS = read_drills().drills


def why_of(drill_id: str, deed: Deed, minutes: float = 1.0) -> dict[str, tuple[int, str]]:
    """The points of each check after a deed, and why any were lost."""
    with playing(DRILLS[drill_id]) as player:
        deed(player)
        return {one.check: (one.points, one.why) for one in player.judged(minutes)}


@pytest.mark.parametrize(
    ("verdict", "most", "points"),
    [(GOOD, 7, 7), (lost("x"), 7, 0), (lost("x", 50), 7, 3), (part(2, 3, "x"), 7, 4)],
)
def test_a_part_is_rounded_down(verdict: Verdict, most: int, points: int) -> None:
    assert verdict.points(most) == points


def test_more_wrong_than_right_earns_nothing_and_never_less() -> None:
    assert part(-2, 3, "x").points(9) == 0


def test_one_invoice_of_two_earns_half() -> None:
    found = why_of("clerk-mixed-rates", lambda p: p.issues("buyer", "invoice", only=["BAG02"]))
    assert found["lines"] == (1, "goods_differ")
    assert found["papers"] == (2, ""), "the invoice is there, with one line less"
    assert found["sums"] == (0, "sums_differ")


def test_one_quantity_of_two_earns_half() -> None:
    found = why_of("customs-item-missing", lambda p: p.confirms("form", 3, 1))
    assert found["confirmed"] == (3, "quantities_differ")
    assert found["decision"] == (0, "decided_otherwise")


def test_a_refusal_for_another_reason_earns_the_decision_alone() -> None:
    found = why_of("customs-wrong-person", lambda p: p.refuses("form", RefusalReason.GOODS_DIFFER))
    assert found == {"decision": (5, ""), "reason": (0, "other_reason")}


def test_the_other_way_of_the_money_earns_half() -> None:
    found = why_of("clerk-all-back", lambda p: p.takes_back("form", 1, Recovery.STORE))
    assert found["brought_back"] == (2, "brought_back_otherwise")
    assert found["charged"] == (0, "charged_otherwise")


@pytest.mark.parametrize(("minutes", "points"), [(4, 1), (4.1, 0), (9, 0)])
def test_the_person_s_watch_counts(minutes: float, points: int) -> None:
    found = why_of("clerk-first-form", lambda p: p.issues("buyer", "invoice"), minutes)
    assert found["in_time"][0] == points


def test_a_form_of_another_traveller_counts_for_nobody() -> None:
    def deed(player: Player) -> None:
        player.issues("tanaka", "hat")

    found = why_of("clerk-threshold", deed)
    assert found["not_issued"] == (0, "issued_all_the_same")
    assert found["issued"] == (0, "nothing_issued")


def test_what_nobody_did_earns_nothing_but_what_rests_on_not_doing_it() -> None:
    found = why_of("clerk-first-form", lambda _: None)
    assert {check for check, (points, _) in found.items() if points} == {"in_time"}


def test_an_ordinary_form_is_not_the_instant_one_that_was_asked_for() -> None:
    found = why_of(
        "clerk-first-form", lambda p: p.issues("buyer", "invoice", channel=Channel.ORDINARY)
    )
    assert found["channel"] == (0, "other_channel")
