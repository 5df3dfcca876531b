"""Learners of a rehearsal: let in by a trainer, with a password that is told once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refund.core.errors import Refused
from refund.core.people import Actor, Role
from refund.gateways.passwords import ArgonPasswords
from refund.services.learners import PASSWORD_LENGTH, add_learner
from refund.services.sign_in import Credentials, sign_in
from tests.world import World

PASSWORDS = ArgonPasswords()
TRAINER = Actor("trainer-1", Role.TRAINER, "Trainer")


def test_a_learner_signs_in_with_the_password_that_was_told(world: World) -> None:
    ports = replace(world.ports, is_rehearsal=True)
    added, password = add_learner(ports, PASSWORDS, TRAINER, " li.na ", "李 娜")
    assert (added.login, added.actor.name, len(password)) == ("li.na", "李 娜", PASSWORD_LENGTH)
    _, known = sign_in(ports, PASSWORDS, Credentials(Role.LEARNER, "li.na", password, "address"))
    assert known == added.actor


def test_a_name_that_is_taken_is_nobody_else_s(world: World) -> None:
    ports = replace(world.ports, is_rehearsal=True)
    with pytest.raises(Refused) as caught:
        add_learner(ports, PASSWORDS, TRAINER, world.clerk.staff_id, "Another")
    assert (caught.value.code, caught.value.field) == ("login_taken", "login")


@pytest.mark.parametrize(
    ("login", "name", "field"),
    [("", "N", "login"), ("Li Na", "N", "login"), ("li.na", " ", "name")],
)
def test_what_is_typed_must_be_readable(world: World, login: str, name: str, field: str) -> None:
    ports = replace(world.ports, is_rehearsal=True)
    with pytest.raises(Refused) as caught:
        add_learner(ports, PASSWORDS, TRAINER, login, name)
    assert caught.value.field == field


def test_nobody_learns_where_it_is_not_rehearsed(world: World) -> None:
    with pytest.raises(Refused) as caught:
        add_learner(world.ports, PASSWORDS, TRAINER, "li.na", "Li Na")
    assert caught.value.code == "not_a_rehearsal"
