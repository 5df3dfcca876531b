"""The door: slow for whoever guesses, closed for whoever may not enter, and for whoever is away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from refund.core.errors import Refused
from refund.core.people import Role
from refund.core.trail import Throttle
from refund.gateways.passwords import ArgonPasswords
from refund.ports import Ports
from refund.services import sign_in
from refund.services.enrol import enrol_staff
from refund.services.sign_in import Credentials
from tests import make
from tests.world import World, open_world

PASSWORDS = ArgonPasswords()
PASSWORD = "a clerk's own words"
CLERK = make.staff(make.clerk(), "mei", PASSWORDS.hash(PASSWORD))
OFFICER = make.staff(make.officer(), "mei", PASSWORDS.hash("an officer's own words"))


@pytest.fixture
def door(world: World) -> World:
    """Enrol a clerk and an officer of the same login."""
    enrol_staff(world.ports, [CLERK, OFFICER], "operator:operator-1")
    return world


@pytest.fixture
def small_door(small_world: World) -> World:
    """Do the same on one engine."""
    enrol_staff(small_world.ports, [CLERK, OFFICER], "operator:operator-1")
    return small_world


def knock(ports: Ports, password: str = PASSWORD, role: Role = Role.CLERK, **changes: str) -> str:
    """Try to come in; the token, or the code of the refusal."""
    given = {"login": "mei", "address": "192.0.2.1", **changes}
    try:
        token, _ = sign_in.sign_in(
            ports, PASSWORDS, Credentials(role, given["login"], password, given["address"])
        )
    except Refused as refused:
        return refused.code
    return token


def test_the_right_pair_begins_a_session_that_ends_at_sign_out(door: World) -> None:
    token = knock(door.ports)
    actor = sign_in.recognise(door.ports, Role.CLERK, token)
    assert actor == make.clerk()
    sign_in.sign_out(door.ports, token)
    assert sign_in.recognise(door.ports, Role.CLERK, token) is None


def test_a_session_s_secret_is_not_kept(small_door: World) -> None:
    token = knock(small_door.ports)
    hashed = sign_in.session_hash(token)
    assert small_door.ports.storage.read(lambda tx: tx.session(token)) is None
    assert small_door.ports.storage.read(lambda tx: tx.session(hashed)) is not None


def test_every_wrong_pair_is_refused_alike(small_door: World) -> None:
    ports = small_door.ports
    assert {
        knock(ports, "wrong"),
        knock(ports, login="nobody"),
        knock(ports, login="a\0b"),
        knock(ports, role=Role.OFFICER),
        knock(ports, ""),
        knock(ports, PASSWORD + "x" * 200),
    } == {"sign_in_failed"}


def test_a_session_is_of_one_role_only(small_door: World) -> None:
    token = knock(small_door.ports)
    for role in (Role.OFFICER, Role.OPERATOR):
        assert sign_in.recognise(small_door.ports, role, token) is None
    assert sign_in.recognise(small_door.ports, Role.CLERK, token + "x") is None


def test_five_failures_close_the_door_for_a_quarter_of_an_hour(door: World) -> None:
    for _ in range(5):
        assert knock(door.ports, "wrong") == "sign_in_failed"
    assert knock(door.ports) == "sign_in_throttled"
    assert knock(door.ports, "an officer's own words", Role.OFFICER).startswith("token")
    door.clock.pass_by(minutes=14, seconds=59)
    with pytest.raises(Refused, match="sign_in_throttled") as caught:
        sign_in.sign_in(
            door.ports, PASSWORDS, Credentials(Role.CLERK, "mei", PASSWORD, "192.0.2.1")
        )
    assert caught.value.facts == {"minutes": 1}
    door.clock.pass_by(seconds=1)
    assert knock(door.ports).startswith("token")


def test_failures_are_counted_across_services(door: World) -> None:
    with open_world(door.folder, door.url, series=1, enrolled=False) as second:
        for number in range(5):
            ports = (door.ports, second.ports)[number % 2]
            assert knock(ports, "wrong") == "sign_in_failed"
        assert knock(door.ports) == knock(second.ports) == "sign_in_throttled"


def test_guesses_sent_together_learn_no_more_than_five(door: World) -> None:
    start = Barrier(12)

    def guess(number: int) -> str:
        start.wait(20)
        return knock(door.ports, f"wrong {number}", address=f"192.0.2.{number}")

    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(guess, range(12)))
    assert said.count("sign_in_failed") == 5
    assert said.count("sign_in_throttled") == 7


def test_a_success_forgives_the_login_and_not_the_address(small_door: World) -> None:
    ports = small_door.ports
    for _ in range(4):
        knock(ports, "wrong")
    assert knock(ports).startswith("token")
    for _ in range(4):
        assert knock(ports, "wrong") == "sign_in_failed"
    address = ports.storage.read(lambda tx: tx.throttle("address:192.0.2.1"))
    assert address is not None
    assert address.failures == 8


def test_fifty_failures_close_an_address_for_every_login(small_door: World) -> None:
    ports, now = small_door.ports, small_door.clock.at
    throttle = Throttle(50, now)
    ports.storage.write(lambda tx: tx.put_throttle("address:192.0.2.1", throttle))
    assert knock(ports) == "sign_in_throttled"
    assert knock(ports, address="192.0.2.2").startswith("token")


def test_a_session_that_rests_half_an_hour_is_over(door: World) -> None:
    token = knock(door.ports)
    for _ in range(3):
        door.clock.pass_by(minutes=30)
        assert sign_in.recognise(door.ports, Role.CLERK, token) is not None
    door.clock.pass_by(minutes=30, seconds=1)
    assert sign_in.recognise(door.ports, Role.CLERK, token) is None


def test_what_a_page_asks_by_itself_does_not_keep_a_session(small_door: World) -> None:
    ports, token = small_door.ports, knock(small_door.ports)
    for _ in range(3):
        small_door.clock.pass_by(minutes=10)
        assert sign_in.recognise(ports, Role.CLERK, token, by_itself=True) is not None
    small_door.clock.pass_by(seconds=1)
    assert sign_in.recognise(ports, Role.CLERK, token, by_itself=True) is None


def test_a_session_ends_after_twelve_hours_however_busy(small_door: World) -> None:
    token = knock(small_door.ports)
    for _ in range(24):
        small_door.clock.pass_by(minutes=30)
        assert sign_in.recognise(small_door.ports, Role.CLERK, token) is not None
    small_door.clock.pass_by(seconds=1)
    assert sign_in.recognise(small_door.ports, Role.CLERK, token) is None


def test_whoever_is_disabled_is_out_at_once(door: World) -> None:
    token = knock(door.ports)
    disabled = replace(CLERK, disabled_at=door.clock.at)
    enrol_staff(door.ports, [disabled], "operator:operator-1")
    assert sign_in.recognise(door.ports, Role.CLERK, token) is None
    assert knock(door.ports) == "sign_in_failed"


def test_a_change_of_store_ends_the_session_at_the_next_request(small_door: World) -> None:
    token = knock(small_door.ports)
    moved = replace(CLERK, actor=replace(CLERK.actor, store_number=2))
    enrol_staff(small_door.ports, [moved], "operator:operator-1")
    assert sign_in.recognise(small_door.ports, Role.CLERK, token) is None


def test_a_changed_password_ends_every_session_of_the_person(small_door: World) -> None:
    given = Credentials(Role.CLERK, "mei", PASSWORD, "127.0.0.1")
    token, _ = sign_in.sign_in(small_door.ports, PASSWORDS, given)
    enrol_staff(small_door.ports, [CLERK], "operator:operator-1")
    assert sign_in.recognise(small_door.ports, Role.CLERK, token) == CLERK.actor
    changed = replace(CLERK, password_hash=PASSWORDS.hash("other words"))
    enrol_staff(small_door.ports, [changed], "operator:operator-1")
    assert sign_in.recognise(small_door.ports, Role.CLERK, token) is None
