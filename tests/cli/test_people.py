"""`refund people`: who may sign in, with passwords given or made, and who may no more."""

import pytest

from refund.gateways.passwords import ArgonPasswords
from tests.cli.terminal import Terminal
from tests.cli.within import staff_of


def _agrees(terminal: Terminal, login: str, password: str) -> bool:
    return ArgonPasswords().agrees(staff_of(terminal)[login].password_hash, password)


def test_a_person_is_added_with_a_password_from_standard_input(demo: Terminal) -> None:
    words = ("people", "add", "li.na", "--role", "clerk", "--name", "李娜 Li Na", "--store", "3")
    assert "li.na may sign in" in demo.done(*words, given="eleven letters\n")
    found = {person["login"]: person for person in demo.read("people", "list", "--json")}
    assert found["li.na"] == {
        "login": "li.na",
        "role": "clerk",
        "name": "李娜 Li Na",
        "store_number": 3,
        "port": "",
        "disabled_at": None,
    }
    assert _agrees(demo, "li.na", "eleven letters")


def test_a_generated_password_is_printed_once_and_works(demo: Terminal) -> None:
    words = ("people", "add", "ma.jun", "--role", "officer", "--name", "马俊", "--port", "YIH")
    password = demo.done(*words, "--generate").strip().rpartition(" ")[2]
    assert len(password) >= 16
    assert _agrees(demo, "ma.jun", password)
    other = demo.done("people", "password", "ma.jun", "--generate").strip().rpartition(" ")[2]
    assert other != password
    assert _agrees(demo, "ma.jun", other)
    assert not _agrees(demo, "ma.jun", password)


def test_a_disabled_person_is_let_in_again_with_another_password(demo: Terminal) -> None:
    demo.done("people", "disable", "clerk02")
    assert staff_of(demo)["clerk02"].disabled_at is not None
    demo.done("people", "password", "clerk02", given="another password\n")
    assert staff_of(demo)["clerk02"].disabled_at is None
    assert _agrees(demo, "clerk02", "another password")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("clerk01", "--role", "clerk", "--store", "1"), "clerk01 is there already"),
        (("new", "--role", "clerk"), "a clerk, and only a clerk, has a store"),
        (("new", "--role", "operator", "--store", "1"), "only a clerk, has a store"),
        (("new", "--role", "officer"), "an officer, and only an officer, has a port"),
        (("new", "--role", "clerk", "--store", "99"), "store"),
        (("new", "--role", "officer", "--port", "XXX"), "port"),
        (("New Person", "--role", "operator"), "a login is"),
        (("new", "--role", "king"), "king"),
    ],
)
def test_who_does_not_fit_is_refused_and_not_added(
    demo: Terminal, words: tuple[str, ...], said: str
) -> None:
    before = demo.read("people", "list", "--json")
    result = demo.run("people", "add", *words, "--name", "N", "--generate")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert demo.read("people", "list", "--json") == before


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_a_password_has_10_to_200_characters(demo: Terminal, password: str) -> None:
    result = demo.run("people", "password", "clerk01", given=f"{password}\n")
    assert result.exit_code == 2
    assert "10 to 200 characters" in result.stderr


def test_nobody_is_named_as_nobody(demo: Terminal) -> None:
    for command in ("password", "disable"):
        result = demo.run("people", command, "ghost", given="some password\n")
        assert result.exit_code == 2
        assert "nobody with the login ghost" in result.stderr
