"""The only place that wires: settings to ports, ports to the application."""

import os
from dataclasses import dataclass
from multiprocessing.util import Finalize

from flask import Flask

from refund.config import Settings, read_settings
from refund.gateways import workdays
from refund.gateways.certificates import read_authority
from refund.gateways.clock import SystemClock, SystemIds, read_clock
from refund.gateways.keyfile import KeyFile
from refund.gateways.keyless import Keyless
from refund.gateways.network import HttpNetwork, merchant_secret
from refund.gateways.notices import SignedNotices
from refund.gateways.passwords import ArgonPasswords
from refund.gateways.printing import NetworkPrinter
from refund.gateways.sealing import Sealer
from refund.gateways.spool import Spool
from refund.gateways.typesetting import TypstTypesetter
from refund.lifeline import end_with_parent
from refund.places import fonts_folder, papers_folder, static_folder, templates_folder
from refund.ports import Ports
from refund.sandbox.settings import control_password_of
from refund.services.auditing import Auditor
from refund.services.job_kinds import register_own_kinds
from refund.services.job_worker import JobWorker
from refund.services.later import Worker
from refund.simulation.rehearsal.bots import BotThread, open_bots
from refund.simulation.rehearsal.host import Host, open_host
from refund.simulation.rehearsal.network_hand import HandOverHttp
from refund.storage import Database, open_storage
from refund.web import register
from refund.web.context import Authority, Context
from refund.web.lab import KEY as HOST
from refund.web.lab_cards import BOTS
from refund.web.lab_drills import HAND
from refund.web.relayed import WORD_SETTING, Relayed

SPOOL = "jobs"
"""Below the instance: where files of long jobs are."""


@dataclass(frozen=True, slots=True)
class Wired:
    """The ports, with the two parts that only the wiring knows by their own names."""

    ports: Ports
    database: Database
    keys: KeyFile


def wire(settings: Settings) -> Wired:
    """Open everything that the settings name, and bring keys and tables up to date."""
    settings.instance.mkdir(parents=True, exist_ok=True)
    register_own_kinds()
    clock = read_clock(settings.clock)
    keys = make_keys(settings)
    sealer = Sealer(keys.secret("identity"), keys.secret("index"))
    database = open_storage(settings.database_url, sealer)
    database.migrate(clock.now())
    ports = Ports(
        clock=clock,
        ids=SystemIds(),
        keys=keys,
        sealer=sealer,
        network=HttpNetwork(settings.sandbox_url, keys.secret("network")),
        workdays=workdays,
        storage=database,
        public_url=settings.public_url,
        typesetter=TypstTypesetter(
            papers_folder(), fonts_folder(), is_rehearsal=settings.is_rehearsal
        ),
        printer=NetworkPrinter(*settings.printer) if settings.printer else None,
        spool=Spool(settings.instance / SPOOL),
        is_rehearsal=settings.is_rehearsal,
        door_clock=SystemClock() if settings.is_rehearsal else None,
    )
    return Wired(ports, database, keys)


def open_copy(url: str) -> Database:
    """Open a copy of the books as it is, without keys; it is not brought up to date.

    Raises:
        SchemaMismatch: its tables are not those of this program.
    """
    database = open_storage(url, Keyless())
    try:
        database.require_current()
    except BaseException:
        database.close()
        raise
    return database


def make_keys(settings: Settings) -> KeyFile:
    """The keys of an instance; what is missing of a new one is made."""
    keys = KeyFile(settings.keys_folder, is_rehearsal=settings.is_rehearsal)
    keys.create_missing(read_clock(settings.clock).now())
    return keys


def create_app(settings: Settings, ports: Ports) -> Flask:
    """The application for one set of ports."""
    register_own_kinds()
    app = Flask(
        "refund",
        static_folder=str(static_folder()),
        template_folder=str(templates_folder()),
        instance_path=str(settings.instance),
    )
    context = Context(
        ports=ports,
        passwords=ArgonPasswords(),
        notices=SignedNotices(ports.keys.secret("webhook")),
        is_secure=settings.is_secure,
        card_origin=settings.sandbox_origin,
        is_shifted=bool(settings.clock),
        metrics_token=settings.metrics_token,
        authority=_authority(settings),
    )
    register(app, context)
    if ports.is_rehearsal:
        app.extensions[HOST] = open_host(settings.instance, ports)
        password = control_password_of(merchant_secret(ports.keys.secret("network")))
        app.extensions[HAND] = HandOverHttp(settings.sandbox_url, password)
        seat_bots(app, ports)
    return app


def seat_bots(app: Flask, ports: Ports) -> None:
    """Give a rehearsal its bots, who also work on the mornings of days that are passed over."""
    host: Host = app.extensions[HOST]
    bots = open_bots(ports, host.book, app.extensions[HAND])
    host.mornings.append(bots.work_through)
    app.extensions[BOTS] = bots


def _authority(settings: Settings) -> Authority | None:
    """What phones install to trust this service, where it is of our own making."""
    if settings.ca_file is None:
        return None
    found = read_authority(settings.ca_file)
    return Authority(found.der, found.fingerprint, found.ends_at)


def serve_app() -> Flask:
    """The application in a server's process, with auditor and, where it belongs, worker beside it.

    Both end in order when the process does: the round under way, then what waits to be written.
    """
    end_with_parent()
    settings = read_settings(os.environ)
    wired = wire(settings)
    app = create_app(settings, wired.ports)
    word = os.environ.get(WORD_SETTING, "")
    if word:
        app.wsgi_app = Relayed(app.wsgi_app, word)  # type: ignore[assignment,method-assign]  # Flask's way
    Finalize(None, wired.database.close, exitpriority=1)
    if settings.is_embedded:
        worker = Worker(wired.ports)
        worker.start()
        Finalize(None, worker.stop, exitpriority=2)
        jobs = JobWorker(wired.ports)
        jobs.start()
        Finalize(None, jobs.stop, exitpriority=2)
    if settings.is_rehearsal:
        host: Host = app.extensions[HOST]
        host.start()
        Finalize(None, host.stop, exitpriority=3)
        bots = BotThread(app.extensions[BOTS])
        bots.start()
        Finalize(None, bots.stop, exitpriority=4)
    # Each process has one, and they take turns; so the books are checked without a worker too.
    auditor = Auditor(wired.ports)
    auditor.start()
    Finalize(None, auditor.stop, exitpriority=2)
    return app
