"""`refund demo`: the whole service with demo data on this machine, till Ctrl-C."""

from collections.abc import Callable, Sequence
from functools import partial

import click

from refund.cli.children import Part, run_together
from refund.cli.demo_people import ACTOR, FILE, DemoPerson, enrol_demo_people, first_of
from refund.cli.lan import Lan, lan_option, require_free_there
from refund.cli.lan import told as told_of_lan
from refund.cli.opened import opened, opened_keys
from refund.cli.serving import (
    HOST,
    asked_settings,
    goods_text,
    require_free,
    run_sandbox,
    run_service,
)
from refund.config import Settings
from refund.core.calendar import SHANGHAI
from refund.core.goods import load_goods
from refund.core.people import Role
from refund.core.store import read_stores
from refund.gateways.clock import read_clock
from refund.gateways.network import merchant_secret
from refund.gateways.notices import webhook_secret
from refund.places import data_folder
from refund.sandbox.settings import control_password_of
from refund.services.enrol import import_stores, put_goods_master, store_register


@click.command()
@click.option("--prepare", is_flag=True, help="Make the data, start nothing.")
@lan_option
def demo(*, prepare: bool, lan: str | None) -> None:
    """Run everything with demo data till Ctrl-C.

    What the instance lacks of stores, goods and people is made; nothing it has is changed.
    """
    found, door = asked_settings(lan)
    if not prepare:
        require_all_free(found, door)
    people = prepare_demo(found)
    if prepare:
        click.echo(f"{found.instance} is ready; the passwords are in {found.instance / FILE}")
        return
    run_together(*parts_and_words(found, people, door))


def parts_and_words(
    found: Settings, people: Sequence[DemoPerson], door: Lan | None
) -> tuple[list[Part], Callable[[], str]]:
    """What is run together, and what is said once all of it answers."""
    with opened_keys(found) as keys:
        secret = merchant_secret(keys.secret("network"))
        signs_with = webhook_secret(keys.secret("webhook"))

    if door is not None:
        door.tell_children(found)

    def words() -> str:
        said = welcome(found, people, control_password_of(secret))
        return said if door is None else f"{told_of_lan(found, door)}\n\n{said}"

    return parts_of(found, secret, signs_with, door), words


def require_all_free(found: Settings, door: Lan | None) -> None:
    """Let ports pass that nobody listens on.

    Raises:
        Told: somebody does.
    """
    for port, setting in _ports_of(found):
        require_free(port, setting)
        if door is not None:
            require_free_there(door, port, setting)


def _ports_of(found: Settings) -> tuple[tuple[int, str], ...]:
    return ((found.port, "REFUND_PORT"), (found.sandbox_port, "REFUND_SANDBOX_PORT"))


def prepare_demo(found: Settings) -> list[DemoPerson]:
    """Make whatever the instance lacks, and change nothing that it has; who its people are."""
    with opened(found, make=True) as wired:
        ports = wired.ports
        put_goods_master(ports, load_goods(goods_text()))
        if not store_register(ports):
            import_stores(ports, read_stores((data_folder() / "stores.csv").read_bytes()), ACTOR)
        return enrol_demo_people(ports, found.instance, store_register(ports))


def parts_of(found: Settings, secret: str, signs_with: str, lan: Lan | None) -> list[Part]:
    """The sandbox and the service, and the ways in from the network where they are asked for."""
    network = partial(run_sandbox, found, secret, signs_with)
    parts: list[Part] = [
        ("the sandbox", network, f"{HOST}:{found.sandbox_port}"),
        ("the service", partial(run_service, found, 1), f"{HOST}:{found.port}"),
    ]
    return parts if lan is None else [*parts, lan.card_page(found), lan.service(found)]


def welcome(found: Settings, people: Sequence[DemoPerson], control_password: str) -> str:
    """Where everyone begins and with which password; the first of each role stands for all."""
    here = f"http://{HOST}:{found.port}"
    doors: tuple[tuple[str, str, DemoPerson | None], ...] = (
        ("Store clerk", f"{here}/store/", first_of(people, Role.CLERK)),
        ("Customs officer", f"{here}/customs/", first_of(people, Role.OFFICER)),
        ("Operator", f"{here}/operator/", first_of(people, Role.OPERATOR)),
    )
    lines = ["The instant refund runs. SIMULATION · 模拟", ""]
    if found.is_rehearsal:
        lines = [f"The rehearsal {found.instance.name} runs. REHEARSAL · 演练", ""]
        doors = (
            ("Trainer", f"{here}/lab/", first_of(people, Role.TRAINER)),
            ("Learner", f"{here}/lab/", first_of(people, Role.LEARNER)),
            *doors,
        )
    lines.append(f"  {'Start':16} {here}/")
    for name, address, who in doors:
        signs_in = "" if who is None else f"   {who.login}   {who.password}"
        lines.append(f"  {name:16} {address:34}{signs_in}")
    lines.append(f"  {'Traveller':16} {here}/traveller/   (scans the code of a form)")
    control = f"http://{HOST}:{found.sandbox_port}/control"
    lines.append(f"  {'Card network':16} {control:34}   password {control_password}   (a sandbox)")
    lines.append("")
    lines.append(f"  All {len(people)} people with their passwords: {found.instance / FILE}")
    here_it_is = read_clock(found.clock).now().astimezone(SHANGHAI)
    if found.is_rehearsal:
        lines.append(f"  It is {here_it_is:%Y-%m-%d %H:%M}; the clock is moved in the lab.")
    elif found.clock:
        lines.append(f"  The clock is shifted by {found.clock}: it is {here_it_is:%Y-%m-%d %H:%M}.")
    if not found.is_rehearsal:
        lines.append("  On a clock of its own, beside bots: make rehearse, or refund rehearse")
    lines.append("  Ctrl-C ends it.")
    return "\n".join(lines)
