"""The staff in the browser: added, given a password, signed out, disabled; and the signing key."""

from __future__ import annotations

import pytest

from refund.core.errors import Refused
from refund.core.people import Actor, Role
from refund.gateways.passwords import ArgonPasswords
from refund.services import people
from refund.services.people import Newcomer
from refund.services.sign_in import Credentials, recognise, sign_in
from tests.services import steps
from tests.world import World

PASSWORDS = ArgonPasswords()


def enter(world: World, role: Role, login: str, password: str) -> str:
    """Sign in; the session's secret."""
    return sign_in(world.ports, PASSWORDS, Credentials(role, login, password, "address"))[0]


def newcomer(**changes: str) -> Newcomer:
    """A clerk of store 1."""
    typed = {"login": "li.na", "role": "clerk", "name": "李娜", "store_number": "1"}
    return Newcomer(**{**typed, **changes})


def noted(world: World, kind: str) -> list[str]:
    """What the trail keeps of a kind of event: who did it, and to whom."""

    def read(tx: object) -> list[str]:
        rows = tx._session.rows(  # type: ignore[attr-defined]
            "SELECT actor, detail FROM audit_event WHERE kind = :kind", kind=kind
        )
        return [f"{row['actor']} {row['detail']}" for row in rows]

    return world.ports.storage.read(read)


def test_a_newcomer_signs_in_with_the_password_that_was_told_once(world: World) -> None:
    person, password = people.add_person(world.ports, PASSWORDS, world.operator, newcomer())
    assert recognise(world.ports, Role.CLERK, enter(world, Role.CLERK, "li.na", password))
    assert person.actor.store_number == 1
    assert noted(world, "staff_added") == ["operator:operator-1 clerk li.na 1"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"login": ""}, "field_missing", "login"),
        ({"login": "Li Na"}, "login_unreadable", "login"),
        ({"login": "clerk-1"}, "login_taken", "login"),
        ({"name": " "}, "field_missing", "name"),
        ({"name": "x" * 81}, "field_too_long", "name"),
        ({"role": ""}, "field_missing", "role"),
        ({"role": "operator"}, "role_not_here", "role"),
        ({"store_number": "77"}, "store_unknown", "store_number"),
        ({"role": "officer", "port": "XXX"}, "port_unknown", "port"),
    ],
)
def test_a_newcomer_who_cannot_be_added_is_refused_at_the_field(
    small_world: World, changes: dict[str, str], code: str, field: str
) -> None:
    world = small_world
    with pytest.raises(Refused) as refused:
        people.add_person(world.ports, PASSWORDS, world.operator, newcomer(**changes))
    assert (refused.value.code, refused.value.field) == (code, field)


def test_disable_and_a_new_password_end_every_session_at_once(world: World) -> None:
    _, first = people.add_person(world.ports, PASSWORDS, world.operator, newcomer())
    token = enter(world, Role.CLERK, "li.na", first)
    _, second = people.new_password(world.ports, PASSWORDS, world.operator, "li.na")
    assert recognise(world.ports, Role.CLERK, token) is None
    with pytest.raises(Refused, match="sign_in_failed"):
        enter(world, Role.CLERK, "li.na", first)
    token = enter(world, Role.CLERK, "li.na", second)
    people.end_sessions(world.ports, world.operator, "li.na")
    assert recognise(world.ports, Role.CLERK, token) is None
    token = enter(world, Role.CLERK, "li.na", second)
    people.disable(world.ports, world.operator, "li.na")
    assert recognise(world.ports, Role.CLERK, token) is None
    with pytest.raises(Refused, match="sign_in_failed"):
        enter(world, Role.CLERK, "li.na", second)
    for kind in ("staff_password", "staff_signed_out", "staff_disabled"):
        assert noted(world, kind) == ["operator:operator-1 clerk li.na 1"]


def test_nobody_makes_the_own_second_person(small_world: World) -> None:
    world = small_world
    other = Actor("clerk-1", Role.CLERK, "Clerk", 1)
    for change in (people.disable, people.end_sessions):
        with pytest.raises(Refused, match="person_is_oneself"):
            change(world.ports, world.operator, world.operator.staff_id)
        with pytest.raises(Refused, match="person_unknown"):
            change(world.ports, world.operator, "nobody")
    with pytest.raises(Refused, match="role_not_here"):
        people.new_password(world.ports, PASSWORDS, other, world.operator.staff_id)


def test_another_key_signs_and_the_old_code_still_counts(small_world: World) -> None:
    world = small_world
    before = world.ports.keys.signing_key().kid
    form = steps.issued(world)
    after = people.rotate_keys(world.ports, world.operator, before)
    assert world.ports.keys.signing_key().kid == after != before
    assert steps.unlocked(world, form).form_id == form.form_id
    with pytest.raises(Refused, match="key_changed"):
        people.rotate_keys(world.ports, world.operator, before)
    assert noted(world, "key_rotated") == [f"operator:operator-1 {before} {after}"]
