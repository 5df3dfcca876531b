"""`refund serve`, `sandbox`, `worker` and `migrate`: the processes of a deployment."""

import logging
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import FrameType
from urllib.parse import urlsplit

import click
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from refund.cli.children import STOP_SECONDS, run_together
from refund.cli.lan import Lan, lan_option, open_to_network, require_free_there
from refund.cli.lan import told as told_of_lan
from refund.cli.opened import opened, opened_keys, settings
from refund.cli.output import json_option, print_json
from refund.cli.refusals import Told
from refund.config import Settings
from refund.core.goods import load_goods
from refund.gateways.clock import SharedClock, read_clock
from refund.gateways.network import merchant_secret
from refund.gateways.notices import webhook_secret
from refund.places import data_folder
from refund.sandbox.serve import serve_sandbox
from refund.sandbox.settings import SandboxSettings, ShiftedClock, control_password_of
from refund.services.auditing import Auditor
from refund.services.enrol import put_goods_master
from refund.services.job_worker import JobWorker
from refund.services.later import Worker

HOST = "127.0.0.1"
EVENTS_PATH = "/network/events"
"""Where the network tells of changes."""

BACKLOG = 1024
HEADER_TIMEOUT_MS = 10_000
BUFFER_BYTES_MAX = 64 * 1024


@click.command()
@click.option(
    "--processes", type=click.IntRange(1, 64), metavar="N", default=1, help="On PostgreSQL only."
)
@lan_option
def serve(processes: int, lan: str | None) -> None:
    """Serve the pages on this machine till Ctrl-C; with --lan to phones in the same network."""
    found, door = asked_settings(lan)
    if processes > 1 and found.is_embedded:
        raise Told(
            "SQLite has one writing process, so --processes must be 1; "
            "for more, keep the data in PostgreSQL (REFUND_DATABASE_URL=postgresql://…)"
        )
    require_free(found.port, "REFUND_PORT")
    if door is not None:
        require_free_there(door, found.port, "REFUND_PORT")
    with opened(found, make=True) as wired:
        facts = wired.ports.storage.facts()  # Whatever is wrong is told before a worker starts.
    click.echo(f"Serving on http://{HOST}:{found.port}, data in {facts['engine']}")
    if door is None:
        run_service(found, processes)
        return
    door.tell_children(found)
    inside = ("the service", partial(run_service, found, processes), f"{HOST}:{found.port}")
    run_together((inside, door.service(found)), partial(told_of_lan, found, door))


def asked_settings(lan: str | None) -> tuple[Settings, Lan | None]:
    """The settings of the processes that are started here, and the way in that was asked for."""
    found = fixed_clock(settings())
    return (found, None) if lan is None else open_to_network(found, lan)


def run_service(found: Settings, processes: int, target: str = "refund.app:serve_app") -> None:
    """Answer requests until SIGTERM or SIGINT; those under way are answered first."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    multiprocessing.set_start_method("fork", force=True)
    Granian(
        target=target,
        factory=True,
        address=HOST,
        port=found.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_TIMEOUT_MS, max_buffer_size=BUFFER_BYTES_MAX
        ),
        websockets=False,
        workers=processes,
        blocking_threads=found.threads,
        backlog=BACKLOG,
        log_level=LogLevels.error,
        log_access=False,
        workers_kill_timeout=STOP_SECONDS,
    ).serve()


@click.command()
@lan_option
def sandbox(lan: str | None) -> None:
    """Play the payment network, with a book of its own; with --lan its card page for phones."""
    found, door = settings(), None
    if lan is not None:
        found, door = open_to_network(found, lan)
    require_free(found.sandbox_port, "REFUND_SANDBOX_PORT")
    if door is not None:
        require_free_there(door, found.sandbox_port, "REFUND_SANDBOX_PORT")
    with opened_keys(found, make=True) as keys:
        secret = merchant_secret(keys.secret("network"))
        signs_with = webhook_secret(keys.secret("webhook"))
    click.echo(f"The sandbox network answers on http://{HOST}:{found.sandbox_port}")
    click.echo(
        f"What goes wrong in it is chosen on http://{HOST}:{found.sandbox_port}/control"
        f" with the password {control_password_of(secret)}"
    )
    if door is None:
        run_sandbox(found, secret, signs_with)
        return
    door.tell_children(found)
    place = f"{HOST}:{found.sandbox_port}"
    inside = ("the sandbox", partial(run_sandbox, found, secret, signs_with), place)
    words = f"OPEN TO THE LOCAL NETWORK: its card page is at {found.sandbox_public_url}/card/…"
    run_together((inside, door.card_page(found)), lambda: words)


def run_sandbox(found: Settings, secret: str, signs_with: str) -> None:
    """Play the network until SIGTERM or SIGINT, and tell the service here of every change."""
    multiprocessing.set_start_method("fork", force=True)
    serve_sandbox(
        SandboxSettings(
            database=found.sandbox_database,
            secret=secret,
            public_url=found.sandbox_public_url or found.sandbox_url,
            return_hosts=(urlsplit(found.public_url).hostname or HOST,),
            clock=_network_clock(found),
            control_password=control_password_of(secret),
            webhook_url=f"http://{HOST}:{found.port}{EVENTS_PATH}",
            webhook_secret=signs_with,
            is_rehearsal=found.is_rehearsal,
        ),
        HOST,
        found.sandbox_port,
    )


def _network_clock(found: Settings) -> Callable[[], datetime]:
    """The clock of the service, as the network's process reads it."""
    clock = read_clock(found.clock)
    if isinstance(clock, SharedClock):
        return clock.timepiece
    return ShiftedClock(clock.shift_seconds)


@click.command()
def worker() -> None:
    """Finish what is left open, beside `serve` on PostgreSQL."""
    found = settings()
    if found.is_embedded:
        raise Told("on SQLite the worker runs inside `refund serve`, so there is none to start")
    with opened(found, make=True) as wired:
        working, auditor = Worker(wired.ports), Auditor(wired.ports)
        long_jobs = JobWorker(wired.ports)

        def stop(_signal: int, _frame: FrameType | None) -> None:
            working.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        click.echo("The worker works")
        auditor.start()
        long_jobs.start()
        working.run()
        long_jobs.stop()
        auditor.stop()


@click.command()
@json_option
def migrate(*, as_json: bool) -> None:
    """Make the instance, or bring it up to date.

    That is: its keys, its tables and the master of goods.
    """
    found = settings()
    with opened(found, make=True) as wired:
        changed = put_goods_master(wired.ports, load_goods(goods_text()))
        facts = wired.ports.storage.facts()
    if as_json:
        print_json({"instance": str(found.instance), "goods_changed": changed, "storage": facts})
    else:
        click.echo(
            f"{found.instance}: {facts['engine']}, migrations {facts['migrations']}; "
            f"{changed} kinds of goods new or changed"
        )


def goods_text() -> str:
    """The master of goods that the package brings, as it stands in its file."""
    return (data_folder() / "goods.csv").read_text(encoding="utf-8")


def fixed_clock(found: Settings) -> Settings:
    """The same settings with the clock as a shift in seconds, for the processes started here.

    A moment would mean another shift to each of them; a clock that they share stays itself.
    """
    clock = read_clock(found.clock)
    seconds = round(clock.shift_seconds)
    if found.clock and not isinstance(clock, SharedClock):
        os.environ["REFUND_CLOCK"] = f"{seconds:+d}s"
        return replace(found, clock=os.environ["REFUND_CLOCK"])
    return found


def require_free(port: int, setting: str) -> None:
    """Let a loopback port pass that nobody listens on.

    Raises:
        Told: somebody does; says how to choose another.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Told(
                f"port {port} cannot be used ({error.strerror}); "
                f"choose another: {setting}={port + 10} refund …"
            ) from None
