"""Two services, one of them a rehearsal: neither takes anything of the other's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.ids import is_rehearsal_number
from refund.services import claim, passes, search, sharing, verify
from tests import make
from tests.services.steps import PHONE, claimed, unlocked
from tests.world import World, open_world

OTHER = "phone-2"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[World]:
    """Return a rehearsal beside the service."""
    folder = tmp_path / "lab"
    folder.mkdir()
    with open_world(folder, f"sqlite:///{folder}/lab.db", is_rehearsal=True) as opened:
        yield opened


@pytest.fixture(params=["rehearsal_form", "not_a_rehearsal"])
def sides(request: pytest.FixtureRequest, world: World, lab: World) -> tuple[World, World, str]:
    """Return who issues, who is asked, and what the answer must be: both ways."""
    if request.param == "rehearsal_form":
        return lab, world, request.param
    return world, lab, request.param


def no(code: str, ask: object, *given: object) -> None:
    assert callable(ask)
    with pytest.raises(Refused) as refused:
        ask(*given)
    assert refused.value.code == code


def form_of(world: World) -> Form:
    return unlocked(world)


def test_a_form_is_refused_on_the_other_side_however_it_is_shown(
    sides: tuple[World, World, str],
) -> None:
    own, other, answer = sides
    form = form_of(own)
    url = own.ports.public_url.upper()
    for text in (form.code, f"{url}/F/{form.code}"):
        assert claim.read_form_code(own.ports, text).form_id == form.form_id
        assert verify.look_up(own.ports, own.officer, text).form.form_id == form.form_id
        no(answer, claim.scan, other.ports, text, OTHER)
        no(answer, verify.look_up, other.ports, other.officer, text)
        no(answer, search.search, other.ports, other.operator, text)


def test_a_form_number_is_refused_on_the_other_side_when_it_is_typed(
    sides: tuple[World, World, str],
) -> None:
    own, other, answer = sides
    number = form_of(own).form_number
    assert is_rehearsal_number(number) == own.ports.is_rehearsal
    assert verify.find_form(own.ports, number).form_number == number
    assert search.search(own.ports, own.operator, number).only_form is not None
    no(answer, verify.find_form, other.ports, number)
    no(answer, search.search, other.ports, other.operator, number)


def test_an_exit_pass_is_refused_on_the_other_side(sides: tuple[World, World, str]) -> None:
    own, other, answer = sides
    form = claimed(own)
    code = passes.exit_pass(own.ports, PHONE).code
    assert [one.form_id for one in passes.forms_of_pass(own.ports, code)] == [form.form_id]
    no(answer, passes.forms_of_pass, other.ports, code)
    no(answer, passes.forms_of_pass, other.ports, f"{own.ports.public_url.upper()}/P/{code}")


def test_a_link_for_another_phone_is_refused_on_the_other_side(
    sides: tuple[World, World, str],
) -> None:
    own, other, answer = sides
    form_of(own)
    code = sharing.code_of(own.ports, sharing.make_share(own.ports, PHONE))
    no(answer, sharing.waiting_share, other.ports, code)
    no(answer, sharing.take_share, other.ports, code, OTHER)
    assert sharing.take_share(own.ports, code, OTHER) == 1


def test_the_keys_of_each_side_are_its_own(world: World, lab: World) -> None:
    assert lab.keys.signing_key().is_rehearsal
    assert not world.keys.signing_key().is_rehearsal
    assert not {key.kid for key in lab.keys.ring().keys} & {
        key.kid for key in world.keys.ring().keys
    }
    assert day_of(lab.clock.now()) == day_of(make.NOON)
