"""Answers, look-ups and notices in every order: what counts is the order of states, by any way."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from refund.core.case import CaseKind
from refund.core.form import Form, Status
from refund.core.operation import (
    ORDER,
    Answer,
    Heard,
    NetworkEvent,
    News,
    Operation,
    OperationState,
)
from refund.ports import Ports
from refund.services import claim, later, pay
from refund.services.notices import take_notice
from refund.simulation.engine.network import BookNetwork, Fault
from tests import make
from tests.services.hold_steps import asked
from tests.services.steps import PHONE, agreed, card, issued, status
from tests.world import World, open_world

WAYS = ("answer", "look_up", "notice")
AFTER = {
    Heard.DONE: OperationState.SUCCEEDED,
    Heard.REFUSED: OperationState.REFUSED,
    Heard.RETURNED: OperationState.RETURNED,
}
STATUS = {
    OperationState.PENDING: Status.ADVANCING,
    OperationState.SUCCEEDED: Status.ADVANCED,
    OperationState.RETURNED: Status.ADVANCED,
    OperationState.REFUSED: Status.HELD,
}
BROUGHT_ABOUT_BY = {
    OperationState.PENDING: (),
    OperationState.SUCCEEDED: (Heard.DONE,),
    OperationState.REFUSED: (Heard.REFUSED,),
    OperationState.RETURNED: (Heard.DONE, Heard.RETURNED),
}

Step = tuple[str, Heard]


class Scripted(BookNetwork):
    """A network whose book on one reference says what the test says."""

    said: Answer | None = None

    def look_up(self, reference: str) -> Answer | None:
        """Tell what was written for it."""
        is_it = self.said is not None and self.said.reference == reference
        return self.said if is_it else super().look_up(reference)


@dataclass
class Stage:
    """One world, in which each example has a form of its own; its books are not audited."""

    world: World
    network: Scripted
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def ports(self) -> Ports:
        """The ports to the scripted network."""
        return replace(self.world.ports, network=self.network)

    def advancing(self) -> tuple[Form, Operation]:
        """A form whose advance was asked for and never arrived."""
        number = next(self.numbers)
        draft = make.draft(
            f"2542200000{number:010d}", traveller=make.traveller(f"H{10_000_000 + number}")
        )
        form = agreed(self.world, issued(self.world, draft, f"key-{number}"))
        entry = card(self.world, form)
        self.world.network.faults.extend([Fault.NONE, Fault.UNSENT])
        claim.claim_advance(self.world.ports, PHONE, form.form_id, entry)
        return form, asked(self.world, form)[-1]

    def hears(self, operation: Operation, way: str, heard: Heard) -> None:
        """Let the network say something by one of its ways."""
        answer = said(operation, heard)
        self.network.said = answer
        match way:
            case "answer":
                pay.record_answer(self.ports, operation, answer)
            case "look_up":
                later.finish(self.ports, operation)
            case _:
                number = next(self.numbers)
                notice = NetworkEvent(
                    f"evt_{number:08d}",
                    "operation.changed",
                    operation.sent_reference,
                    1,
                    self.world.clock.at,
                )
                take_notice(self.ports, notice)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Open one world for all examples."""
    folder: Path = tmp_path_factory.mktemp("order")
    with open_world(folder, f"sqlite:///{folder}/refund.db") as opened:
        yield Stage(opened, Scripted(opened.book))


def said(operation: Operation, heard: Heard) -> Answer:
    """What the network would say of it."""
    return Answer(
        reference=operation.sent_reference,
        kind=operation.kind,
        amount_fen=operation.sent_fen,
        currency="CNY",
        network_id="" if heard is Heard.REFUSED else "advance_1",
        refusal="payout_failed" if heard is Heard.REFUSED else "",
        heard=heard,
    )


def expected(steps: Sequence[Step]) -> tuple[OperationState, bool]:
    """Where an operation stands after all of them, and whether they contradict one another."""
    state, is_contradicted = OperationState.PENDING, False
    for _, heard in steps:
        match ORDER[state, heard]:
            case News.TAKE:
                state = AFTER[heard]
            case News.CONTRADICTION:
                is_contradicted = True
            case News.KEEP:
                pass
    return state, is_contradicted


def assert_as_ordered(stage: Stage, form: Form, steps: Sequence[Step]) -> None:
    """State, form, money and cases are those of the order, whatever way each word came by."""
    world = stage.world
    state, is_contradicted = expected(steps)
    operation = asked(world, form)[-1]
    assert operation.state is state, steps
    assert status(world, form) is STATUS[state], steps
    was_paid = state in (OperationState.SUCCEEDED, OperationState.RETURNED)
    owed_fen = make.NET_FEN if state is OperationState.SUCCEEDED else 0

    def read() -> tuple[int, bool, set[CaseKind]]:
        return world.ports.storage.read(
            lambda tx: (
                tx.outstanding_fen(form.form_id),
                tx.advance_of(form.form_id) is not None,
                {case.kind for case in tx.cases_of(form.form_id) if case.is_open},
            )
        )

    outstanding_fen, has_advance, kinds = read()
    assert (outstanding_fen, has_advance) == (owed_fen, was_paid), steps
    assert (CaseKind.ANSWERS_CONTRADICT in kinds) == is_contradicted, steps
    assert (CaseKind.ADVANCE_RETURNED in kinds) == (state is OperationState.RETURNED), steps


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("heard", list(Heard))
@pytest.mark.parametrize("known", list(OperationState))
def test_every_pair_of_what_is_known_and_what_is_heard_follows_the_order(
    stage: Stage, known: OperationState, heard: Heard, way: str
) -> None:
    form, operation = stage.advancing()
    steps: list[Step] = [("answer", one) for one in BROUGHT_ABOUT_BY[known]]
    for each_way, one in steps:
        stage.hears(operation, each_way, one)
    assert asked(stage.world, form)[-1].state is known
    stage.hears(operation, way, heard)
    assert_as_ordered(stage, form, [*steps, (way, heard)])


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.tuples(st.sampled_from(WAYS), st.sampled_from(list(Heard))), min_size=1, max_size=6)
)
@example([("notice", Heard.RETURNED), ("look_up", Heard.DONE), ("answer", Heard.PENDING)])
@example([("notice", Heard.DONE), ("answer", Heard.PENDING), ("notice", Heard.RETURNED)])
@example([("look_up", Heard.PENDING), ("notice", Heard.REFUSED), ("answer", Heard.DONE)])
def test_any_order_of_words_by_any_way_ends_as_the_order_says(
    stage: Stage, steps: list[Step]
) -> None:
    form, operation = stage.advancing()
    for number in range(len(steps)):
        stage.hears(operation, *steps[number])
        assert_as_ordered(stage, form, steps[: number + 1])


@pytest.mark.parametrize("order", list(itertools.permutations((Heard.DONE, Heard.RETURNED))))
@pytest.mark.parametrize("ways", list(itertools.product(WAYS, repeat=2)))
def test_paid_and_come_back_end_alike_in_either_order(
    stage: Stage, order: tuple[Heard, Heard], ways: tuple[str, str]
) -> None:
    form, operation = stage.advancing()
    for way, heard in zip(ways, order, strict=True):
        stage.hears(operation, way, heard)
    steps = list(zip(ways, order, strict=True))
    assert_as_ordered(stage, form, steps)
    assert asked(stage.world, form)[-1].state is OperationState.RETURNED
