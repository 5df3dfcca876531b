"""One phone opens its forms on another, once; it sees that, and takes it back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund.core.errors import Refused
from refund.core.sharing import LIFE
from refund.services import claim, sharing
from tests import make
from tests.services.steps import PHONE, issued, unlocked
from tests.world import World

OTHER = "phone-2"
THIRD = "phone-3"


def refusal(world: World, code: str, phone: str = OTHER) -> str:
    with pytest.raises(Refused) as refused:
        sharing.take_share(world.ports, code, phone)
    return refused.value.code


def shared(world: World) -> str:
    unlocked(world)
    return sharing.code_of(world.ports, sharing.make_share(world.ports, PHONE))


def test_the_second_phone_has_what_the_first_one_has(world: World) -> None:
    form = unlocked(world)
    locked = issued(world, make.draft("25422000000000000002"), "key-2")
    claim.scan(world.ports, locked.code, PHONE)
    code = sharing.code_of(world.ports, sharing.make_share(world.ports, PHONE))
    assert sharing.waiting_share(world.ports, code).owner == PHONE
    assert sharing.take_share(world.ports, code, OTHER) == 2
    assert claim.view(world.ports, OTHER, form.form_id).unlocked
    assert not claim.view(world.ports, OTHER, locked.form_id).unlocked


def test_a_link_is_used_once_and_a_second_tap_changes_nothing(world: World) -> None:
    code = shared(world)
    sharing.take_share(world.ports, code, OTHER)
    assert sharing.take_share(world.ports, code, OTHER) == 1
    assert refusal(world, code, THIRD) == "share_over"
    assert claim.my_forms(world.ports, THIRD) == []


def test_a_link_waits_for_ten_minutes_and_no_longer(world: World) -> None:
    code = shared(world)
    world.clock.at += LIFE
    assert refusal(world, code) == "share_over"
    assert sharing.shares(world.ports, PHONE) == []


@pytest.mark.parametrize("code", ["", "A" * 32, "a code that nobody made"])
def test_what_was_never_made_is_answered_like_what_is_over(world: World, code: str) -> None:
    shared(world)
    assert refusal(world, code) == "share_over"


def test_the_first_phone_sees_the_use_and_takes_it_back(world: World) -> None:
    form = unlocked(world)
    code = sharing.code_of(world.ports, sharing.make_share(world.ports, PHONE))
    sharing.take_share(world.ports, code, OTHER)
    [share] = sharing.shares(world.ports, PHONE)
    assert share.is_open
    sharing.end_share(world.ports, PHONE, share.share_id)
    assert claim.my_forms(world.ports, OTHER) == []
    with pytest.raises(Refused, match="form_unknown"):
        claim.view(world.ports, OTHER, form.form_id)
    assert sharing.shares(world.ports, PHONE) == []
    assert refusal(world, code) == "share_over"


def test_what_the_second_phone_had_by_itself_is_left_to_it(world: World) -> None:
    form = unlocked(world)
    own = issued(world, make.draft("25422000000000000002"), "key-2")
    unlocked(world, own, PHONE)
    unlocked(world, own, OTHER)
    claim.scan(world.ports, form.code, OTHER)
    share = sharing.make_share(world.ports, PHONE)
    sharing.take_share(world.ports, sharing.code_of(world.ports, share), OTHER)
    assert claim.view(world.ports, OTHER, form.form_id).unlocked
    sharing.end_share(world.ports, PHONE, share.share_id)
    assert claim.view(world.ports, OTHER, own.form_id).unlocked
    assert not claim.view(world.ports, OTHER, form.form_id).unlocked


def test_nobody_else_ends_a_link(world: World) -> None:
    unlocked(world)
    share = sharing.make_share(world.ports, PHONE)
    with pytest.raises(Refused, match="share_over"):
        sharing.end_share(world.ports, OTHER, share.share_id)
    assert sharing.shares(world.ports, PHONE) == [share]


def test_a_new_link_ends_the_one_that_waits(world: World) -> None:
    first = shared(world)
    world.clock.at += timedelta(seconds=1)
    second = sharing.code_of(world.ports, sharing.make_share(world.ports, PHONE))
    assert refusal(world, first) == "share_over"
    assert sharing.take_share(world.ports, second, OTHER) == 1


def test_a_phone_makes_few_links_and_one_without_forms_none(world: World) -> None:
    with pytest.raises(Refused, match="form_unknown"):
        sharing.make_share(world.ports, THIRD)
    unlocked(world)
    for _ in range(sharing.LINKS_MAX):
        sharing.make_share(world.ports, PHONE)
    with pytest.raises(Refused, match="too_many_tries"):
        sharing.make_share(world.ports, PHONE)
    world.clock.at += sharing.WINDOW
    sharing.make_share(world.ports, PHONE)


def test_the_first_phone_does_not_use_its_own_link_up(world: World) -> None:
    code = shared(world)
    assert sharing.take_share(world.ports, code, PHONE) == 1
    assert sharing.take_share(world.ports, code, OTHER) == 1


def test_nothing_that_is_kept_opens_anything(world: World) -> None:
    code = shared(world)
    [share] = sharing.shares(world.ports, PHONE)
    for kept in (share.share_id, share.code_hash, share.owner):
        assert refusal(world, kept) == "share_over"
    assert code not in repr(share)


def test_a_phone_that_forgets_has_nothing_and_its_link_is_over(world: World) -> None:
    form = unlocked(world)
    unlocked(world, form, OTHER)
    code = sharing.code_of(world.ports, sharing.make_share(world.ports, PHONE))
    assert sharing.forget_phone(world.ports, PHONE) == 1
    assert claim.my_forms(world.ports, PHONE) == []
    assert refusal(world, code, THIRD) == "share_over"
    assert claim.view(world.ports, OTHER, form.form_id).unlocked
