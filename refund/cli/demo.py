"""`refund demo`: the whole service with demo data on this machine, till Ctrl-C."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from multiprocessing import connection
from types import FrameType
from typing import NoReturn, Self

import click
import urllib3
from urllib3.exceptions import HTTPError

from refund.cli.demo_people import ACTOR, FILE, DemoPerson, enrol_demo_people, first_of
from refund.cli.opened import opened, opened_keys, settings
from refund.cli.refusals import FAILED
from refund.cli.serving import (
    HOST,
    STOP_SECONDS,
    fixed_clock,
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
from refund.lifeline import end_with_parent
from refund.places import data_folder
from refund.sandbox.settings import control_password_of
from refund.services.enrol import import_stores, put_goods_master, store_register

START_SECONDS = 60


@click.command()
@click.option("--prepare", is_flag=True, help="Make the data, start nothing.")
def demo(*, prepare: bool) -> None:
    """Run everything with demo data till Ctrl-C.

    What the instance lacks of stores, goods and people is made; nothing it has is changed.
    """
    found = fixed_clock(settings())
    if not prepare:
        require_free(found.port, "REFUND_PORT")
        require_free(found.sandbox_port, "REFUND_SANDBOX_PORT")
    people = prepare_demo(found)
    if prepare:
        click.echo(f"{found.instance} is ready; the passwords are in {found.instance / FILE}")
        return
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    with opened_keys(found) as keys:
        secret = merchant_secret(keys.secret("network"))
        signs_with = webhook_secret(keys.secret("webhook"))
    run(found, people, secret, signs_with)


def prepare_demo(found: Settings) -> list[DemoPerson]:
    """Make whatever the instance lacks, and change nothing that it has; who its people are."""
    with opened(found, make=True) as wired:
        ports = wired.ports
        put_goods_master(ports, load_goods(goods_text()))
        if not store_register(ports):
            import_stores(ports, read_stores((data_folder() / "stores.csv").read_bytes()), ACTOR)
        return enrol_demo_people(ports, found.instance, store_register(ports))


def run(found: Settings, people: Sequence[DemoPerson], secret: str, signs_with: str) -> NoReturn:
    """Run service and sandbox until one of them ends or we are told to end.

    Raises:
        SystemExit: always, with what happened as its code.
    """
    with ExitStack() as stack:
        network = partial(run_sandbox, found, secret, signs_with)
        children = [
            stack.enter_context(_Child("the sandbox", network)),
            stack.enter_context(_Child("the service", partial(run_service, found, 1))),
        ]
        await_answers(children, (f"{HOST}:{found.sandbox_port}", f"{HOST}:{found.port}"))
        click.echo(welcome(found, people, control_password_of(secret)))
        ended = connection.wait([child.process.sentinel for child in children])
        names = [child.name for child in children if child.process.sentinel in ended]
        click.echo(f"refund: {' and '.join(names)} ended by itself", err=True)
        raise SystemExit(FAILED)


def await_answers(children: Sequence["_Child"], places: Sequence[str]) -> None:
    """Wait until every place answers that it is well.

    Raises:
        SystemExit: a child ended before, or it takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    with urllib3.PoolManager(retries=False, timeout=2) as http:
        for place in places:
            while not _is_well(http, place):
                ended = [child.name for child in children if not child.process.is_alive()]
                if ended or time.monotonic() > deadline:
                    what = f"{ended[0]} ended" if ended else f"{place} did not answer in time"
                    click.echo(f"refund: the demo did not start: {what}", err=True)
                    raise SystemExit(FAILED)
                time.sleep(0.02)


def _is_well(http: urllib3.PoolManager, place: str) -> bool:
    try:
        return http.request("GET", f"http://{place}/healthz").status == 200
    except HTTPError:
        return False


class _Child:
    """A part of the service as a process of its own that ends with us.

    It is forked from this process, which has loaded and prepared everything, so it answers at
    once; no thread runs here and no database is open at that moment.
    """

    def __init__(self, name: str, run_part: Callable[[], None]) -> None:
        self.name = name
        forked = multiprocessing.get_context("fork")
        self.process = forked.Process(target=_begin, args=(run_part,), name=name)
        self.process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it in order, or by force when it takes longer than its own limit."""
        self.process.terminate()
        self.process.join(STOP_SECONDS + 5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _begin(run_part: Callable[[], None]) -> None:
    end_with_parent(signal.SIGTERM)
    run_part()


def welcome(found: Settings, people: Sequence[DemoPerson], control_password: str) -> str:
    """Where everyone begins and with which password; the first of each role stands for all."""
    here = f"http://{HOST}:{found.port}"
    doors = (
        ("Store clerk", f"{here}/store/", first_of(people, Role.CLERK)),
        ("Customs officer", f"{here}/customs/", first_of(people, Role.OFFICER)),
        ("Operator", f"{here}/operator/", first_of(people, Role.OPERATOR)),
    )
    lines = ["The instant refund runs. SIMULATION · 模拟", ""]
    lines.append(f"  {'Start':16} {here}/")
    for name, address, who in doors:
        signs_in = "" if who is None else f"   {who.login}   {who.password}"
        lines.append(f"  {name:16} {address:34}{signs_in}")
    lines.append(f"  {'Traveller':16} {here}/traveller/   (scans the code of a form)")
    control = f"http://{HOST}:{found.sandbox_port}/control"
    lines.append(f"  {'Card network':16} {control:34}   password {control_password}   (a sandbox)")
    lines.append("")
    lines.append(f"  All {len(people)} people with their passwords: {found.instance / FILE}")
    if found.clock:
        here_it_is = read_clock(found.clock).now().astimezone(SHANGHAI)
        lines.append(f"  The clock is shifted by {found.clock}: it is {here_it_is:%Y-%m-%d %H:%M}.")
    lines.append("  Ctrl-C ends it.")
    return "\n".join(lines)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """End the demo from wherever it is; what it started is ended on the way out."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(0)
