"""Forms that were settled otherwise than customs and the border have recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from refund.core.case import CaseKind
from refund.core.form import Form, Status
from refund.services import match as matching
from refund.services.exits import import_exits
from tests import make
from tests.services.statement_steps import (
    all_days,
    only,
    standing,
)
from tests.services.steps import departs, on, settled, verified
from tests.services.tamper import past_guards
from tests.world import World, open_world

NEXT = make.DAY + timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path, engine_url: str) -> Iterator[World]:
    """Open a world on each engine; where a statement is changed, the books are not those of it."""
    with open_world(tmp_path, engine_url) as opened:
        yield opened


def kept(world: World) -> Form:
    """A form whose promise was kept."""
    form = verified(world)
    departs(world, on(9))
    assert settled(world, form).form.status is Status.RELEASED
    return form


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (CaseKind.LEFT_LATE, "UPDATE form SET depart_by = '2025-07-08'"),
        (CaseKind.LEFT_ELSEWHERE, "UPDATE form SET port = 'YIH', port_any = 0"),
        (CaseKind.RELEASED_UNVERIFIED, "UPDATE verification SET decision = 'refused'"),
        (
            CaseKind.LEFT_UNVERIFIED,
            "UPDATE exit_record SET exited_at = '2025-07-08T03:00:00.000000Z'",
        ),
    ],
)
def test_a_form_that_was_settled_as_kept_against_the_records_is_told(
    world: World, kind: CaseKind, change: str
) -> None:
    form = kept(world)
    past_guards(world, change)
    all_days(world)
    found = only(world, kind)
    assert (found.subject, found.form_id) == (form.form_id, form.form_id)
    assert found.side("ours")["status"] == "released"
    assert found.side("border")["says"] == "not_kept"
    assert found.amount_fen == make.NET_FEN
    matching.look_again(world.ports)
    assert len(standing(world)) == 1


def test_a_promise_kept_as_the_records_say_is_no_break(world: World) -> None:
    kept(world)
    all_days(world)
    assert standing(world) == []


def test_a_charge_against_what_the_border_tells_later_is_told(world: World) -> None:
    form = verified(world)
    world.clock.at = on(28)
    assert settled(world, form, "never seen").form.status is Status.CAPTURED
    all_days(world)
    assert standing(world) == []
    departs(world, on(20))
    all_days(world)
    found = only(world, CaseKind.LEFT_UNVERIFIED)
    assert (found.subject, found.side("border")["says"]) == (form.form_id, "kept")
    assert found.side("border")["left_on"] == "2025-07-20"


def test_a_charge_against_a_departure_from_a_file_is_told(world: World) -> None:
    form = verified(world)
    world.clock.at = on(28)
    assert settled(world, form, "never seen").form.status is Status.CAPTURED
    all_days(world)
    text = (
        "document_kind,document_number,port,exited_at\n"
        "hk_macao_permit,H12345678,WUH,2025-07-20T12:00:00+08:00\n"
    )
    import_exits(world.ports, world.operator.label, BytesIO(text.encode()), "exits.csv")
    all_days(world)
    assert only(world, CaseKind.LEFT_UNVERIFIED).side("border")["left_on"] == "2025-07-20"


def test_a_release_is_proved_by_a_departure_from_a_file(world: World) -> None:
    form = verified(world)
    text = (
        "document_kind,document_number,port,exited_at\n"
        "hk_macao_permit,H12345678,WUH,2025-07-09T12:00:00+08:00\n"
    )
    world.clock.at = on(10)
    import_exits(world.ports, world.operator.label, BytesIO(text.encode()), "exits.csv")
    assert settled(world, form).form.status is Status.RELEASED
    all_days(world)
    assert standing(world) == []
