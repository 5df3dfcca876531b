"""What the network's own book has, asked where its statement says something else than ours."""

from __future__ import annotations

from refund.core.case import Case, CaseKind
from refund.core.operation import Kind
from refund.services.sides import Present, present_of
from tests.make import NET_FEN
from tests.services.case_steps import opened
from tests.services.steps import claimed
from tests.world import World


def a_break(world: World, amount_fen: int = NET_FEN, reference: str = "") -> Case:
    """A case of an advance that a statement does not have, as our books have the advance."""
    form = claimed(world)
    told = reference or f"{form.form_id}-advance-1"
    ours = {"reference": told, "kind": "advance", "state": "succeeded", "amount_fen": amount_fen}
    facts = {"ours": ours, "theirs": {}, "ours_fen": -amount_fen, "theirs_fen": 0}
    return opened(world, CaseKind.MISSING_THERE, told, facts=facts)


def test_where_the_networks_book_agrees_with_ours_its_statement_is_wrong(world: World) -> None:
    present = present_of(world.ports, a_break(world))
    assert present == Present(Kind.ADVANCE.value, "succeeded", NET_FEN, 1, agrees=True)


def test_where_the_networks_book_has_another_sum_it_does_not_agree(world: World) -> None:
    present = present_of(world.ports, a_break(world, amount_fen=NET_FEN + 1))
    assert present is not None
    assert (present.amount_fen, present.agrees) == (NET_FEN, False)


def test_what_the_networks_book_does_not_know_is_said_to_be_unknown(world: World) -> None:
    present = present_of(world.ports, a_break(world, reference="00000000000000f1-advance-7"))
    assert present == Present("", "unknown_there", 0, 0, agrees=False)


def test_nothing_is_said_while_the_network_is_silent_or_the_case_is_about_no_line(
    world: World,
) -> None:
    case = a_break(world)
    world.network.unplugged = True
    assert present_of(world.ports, case) is None
    other = opened(world, CaseKind.STATEMENT_MISSING, "2025-07-07")
    assert present_of(world.ports, other) is None
