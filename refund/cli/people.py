"""`refund people`: the staff who may sign in."""

import re
import secrets
import sys
from dataclasses import replace

import click

from refund.cli.opened import opened, settings
from refund.cli.output import json_option, print_json, print_table
from refund.cli.refusals import Told
from refund.core.errors import Refused
from refund.core.people import Actor, Role, Staff
from refund.core.places import PORTS, read_port
from refund.gateways.passwords import ArgonPasswords
from refund.ports import Ports
from refund.services.enrol import enrol_staff, staff_register, store_register
from refund.services.sign_in import LOGIN_LENGTH_MAX, PASSWORD_LENGTH_MAX

ACTOR = "command:people"
PASSWORD_LENGTH_LEAST = 10
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,59}", re.ASCII)

generate_option = click.option(
    "--generate", is_flag=True, help="Make a password and print it, instead of asking for one."
)


@click.group()
def people() -> None:
    """The staff who may sign in: clerks, officers, operators."""


@people.command("list")
@json_option
def list_people(*, as_json: bool) -> None:
    """List the staff."""
    with opened(settings()) as wired:
        register = staff_register(wired.ports)
    rows = [
        {
            "login": person.login,
            "role": person.actor.role.value,
            "name": person.actor.name,
            "store_number": person.actor.store_number,
            "port": person.actor.port,
            "disabled_at": person.disabled_at,
        }
        for person in register
    ]
    if as_json:
        print_json(rows)
        return
    columns = ["login", "role", "name", "store", "port", "disabled"]
    print_table(columns, [list(row.values()) for row in rows])


@people.command()
@click.argument("login")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--name", required=True, metavar="NAME", help="As colleagues know the person.")
@click.option("--store", "store_number", type=int, metavar="NUMBER", help="A clerk's store.")
@click.option("--port", metavar="CODE", help=f"An officer's port: {', '.join(PORTS)}.")
@generate_option
def add(login: str, generate: bool, **who: str | int | None) -> None:  # noqa: FBT001 - click's way
    """Add a person who may sign in.

    The password is asked for, read from standard input, or made with --generate.
    """
    if not _LOGIN.fullmatch(login):
        raise Told(f"a login is 2 to {LOGIN_LENGTH_MAX} of a-z 0-9 . _ - and begins with a-z 0-9")
    with opened(settings(), make=True) as wired:
        actor = _actor(wired.ports, login, who)
        if any(person.login == login for person in staff_register(wired.ports)):
            raise Told(f"{login} is there already; `refund people password {login}` changes it")
        password = _new_password(generate=generate)
        person = Staff(actor, login, ArgonPasswords().hash(password))
        enrol_staff(wired.ports, [person], ACTOR)
    _say_done(f"{login} may sign in", password, generate=generate)


@people.command()
@click.argument("login")
@generate_option
def password(login: str, generate: bool) -> None:  # noqa: FBT001 - click's way
    """Give a person another password, and let in again who was disabled."""
    with opened(settings()) as wired:
        person = _known(wired.ports, login)
        new = _new_password(generate=generate)
        hashed = ArgonPasswords().hash(new)
        enrol_staff(wired.ports, [replace(person, password_hash=hashed, disabled_at=None)], ACTOR)
    _say_done(f"{login} has another password", new, generate=generate)


@people.command()
@click.argument("login")
def disable(login: str) -> None:
    """Let a person in no more, and end every session of theirs at once."""
    with opened(settings()) as wired:
        person = _known(wired.ports, login)
        if person.disabled_at is None:
            now = wired.ports.clock.now()
            enrol_staff(wired.ports, [replace(person, disabled_at=now)], ACTOR)
    click.echo(f"{login} may not sign in")


def _actor(ports: Ports, login: str, who: dict[str, str | int | None]) -> Actor:
    """The person with store or port, as the role wants it.

    Raises:
        Told: it does not fit the role.
        Refused: `store_unknown`, `port_unknown`.
    """
    role, name = Role(who["role"]), str(who["name"]).strip()
    store, port = who["store_number"], str(who["port"] or "")
    if not name or not name.isprintable():
        raise Refused("field_unreadable" if name else "field_missing", "name")
    if (role is Role.CLERK) != (store is not None):
        raise Told("a clerk, and only a clerk, has a store (--store)")
    if (role is Role.OFFICER) != bool(port):
        raise Told("an officer, and only an officer, has a port (--port)")
    if store is not None and all(one.store_number != store for one in store_register(ports)):
        raise Refused("store_unknown", "store")
    if port:
        read_port(port)
    return Actor(login, role, name, None if store is None else int(store), port)


def _known(ports: Ports, login: str) -> Staff:
    for person in staff_register(ports):
        if person.login == login:
            return person
    raise Told(f"there is nobody with the login {login}; see `refund people list`")


def _new_password(*, generate: bool) -> str:
    """A password that was made, typed twice, or read from a pipe."""
    if generate:
        return secrets.token_urlsafe(12)
    if sys.stdin.isatty():
        given = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if not PASSWORD_LENGTH_LEAST <= len(given) <= PASSWORD_LENGTH_MAX:
        raise Told(f"a password has {PASSWORD_LENGTH_LEAST} to {PASSWORD_LENGTH_MAX} characters")
    return given


def _say_done(what: str, new_password: str, *, generate: bool) -> None:
    click.echo(f"{what}; the password is {new_password}" if generate else what)
