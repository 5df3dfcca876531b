"""A service wired for a benchmark: real storage and keys, and a network that costs nothing."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from refund.app import wire
from refund.config import Settings, read_settings
from refund.core.form import Channel, Form, Status
from refund.core.goods import Goods, load_goods
from refund.core.ids import claim_code
from refund.core.invoice import Invoice, InvoiceKind, InvoiceLine
from refund.core.operation import (
    Answer,
    CardEntry,
    CardPage,
    HeldState,
    HoldState,
    Kind,
    NetworkBook,
    Operation,
)
from refund.core.people import Actor, Role, Staff
from refund.core.store import read_stores
from refund.core.traveller import DocumentKind, IdentityDocument
from refund.gateways.passwords import ArgonPasswords
from refund.places import data_folder
from refund.ports import Line, NetworkRejected, Ports
from refund.services import claim, enrol
from refund.services.issue import Draft, issue_form
from refund.services.sign_in import session_hash
from refund.storage.database import Database
from refund.storage.engine import Engine, open_engine
from tests import make

NOW = "2025-07-08T14:00:00+08:00"
STORES = 13
SEEDING_THREADS = 16
HOLD_LIFETIME = timedelta(days=30)
PASSWORD = secrets.token_urlsafe(12)


class TwinNetwork:
    """The port `Network` as a dictionary: every card is good, every reference is booked once.

    It costs next to nothing, for what the network does is not ours to measure; what it paid is
    compared with our books at the end all the same.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._booked: dict[str, Answer] = {}

    def open_card_page(
        self,
        reference: str,
        amount_fen: int,  # noqa: ARG002 - what the port is called with
        method: str,  # noqa: ARG002 - the same
        return_url: str,
        language: str,  # noqa: ARG002 - the same
    ) -> CardPage:
        """Open the network's page; its id tells a process that never saw it what it is for."""
        session_id = f"session.{reference}"
        return CardPage(session_id, f"{return_url}?session={session_id}")

    open_refund_page = open_card_page

    def card_entry(self, session_id: str) -> CardEntry | None:
        """Tell that a card was given."""
        reference = session_id.removeprefix("session.")
        return CardEntry(session_id, reference, "entered", f"card_{reference}", "Visa", "1111")

    def send(self, operation: Operation) -> Answer:
        """Book an operation once, and answer it."""
        answer = Answer(
            reference=operation.reference,
            kind=operation.kind,
            amount_fen=operation.amount_fen,
            currency="CNY",
            network_id=f"id_{operation.reference}",
            authorisation_code="ABC123",
            brand="Visa",
            last4="1111",
            expires_at=self._now() + HOLD_LIFETIME,
            approved_fen=operation.amount_fen if operation.kind is Kind.HOLD else 0,
            charged_fen=operation.amount_fen if operation.kind is Kind.CAPTURE else 0,
        )
        return self._booked.setdefault(operation.reference, answer)

    def look_up(self, reference: str) -> Answer | None:
        """Repeat an answer."""
        return self._booked.get(reference)

    def look_up_many(self, references: Sequence[str]) -> dict[str, Answer | None]:
        """Repeat many answers."""
        return {reference: self.look_up(reference) for reference in references}

    def holds(self, references: Sequence[str]) -> dict[str, HeldState | None]:
        """Tell where holds stand: as they were granted, for none is ever ended here."""
        return {reference: self._held(reference) for reference in references}

    def _held(self, reference: str) -> HeldState | None:
        booked = self._booked.get(reference)
        if booked is None or booked.expires_at is None:
            return None
        return HeldState(reference, booked.amount_fen, HoldState.HELD, booked.expires_at, 0, 0)

    def statement_days(self) -> list[date]:
        """No day of this network is ever over."""
        return []

    def statement(self, day: date) -> AbstractContextManager[Iterator[bytes]]:
        """There is none."""
        raise NetworkRejected(f"statement_not_ready_{day:%Y%m%d}")

    def line(self) -> Line:
        """It is always up."""
        return Line()

    def book(self) -> NetworkBook:
        """Tell the totals."""
        answers = list(self._booked.values())
        paid = sum(a.amount_fen for a in answers if a.kind is Kind.ADVANCE)
        held = sum(a.amount_fen for a in answers if a.kind is Kind.HOLD)
        return NetworkBook(paid, 0, -paid, held, len(answers))


@dataclass(frozen=True, slots=True)
class Ready:
    """A form whose traveller has done everything but confirm."""

    form_id: str
    token: str
    session_id: str
    net_fen: int


@dataclass(frozen=True, slots=True)
class World:
    """The ports of one process, on the folder that the processes of a benchmark share."""

    settings: Settings
    ports: Ports
    engine: Engine


def read_world_settings(folder: Path, port: int = 8000, sandbox_port: int = 8001) -> Settings:
    """The settings of the service in a folder."""
    return read_settings(
        {
            "REFUND_INSTANCE": str(folder / "instance"),
            "REFUND_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "REFUND_PORT": str(port),
            "REFUND_SANDBOX_PORT": str(sandbox_port),
            "REFUND_CLOCK": NOW,
        }
    )


@contextmanager
def open_world(folder: Path, port: int = 8000) -> Iterator[World]:
    """Open the service's storage in this process, with the twin for a network."""
    settings = read_world_settings(folder, port)
    wired = wire(settings)
    engine = open_engine(settings.database_url)
    clock, sealer = wired.ports.clock, wired.ports.sealer
    ports = replace(wired.ports, network=TwinNetwork(clock.now), storage=Database(engine, sealer))
    wired.database.close()
    try:
        yield World(settings, ports, engine)
    finally:
        engine.close()


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder for one run, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="refund-benchmark-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def fill_registers(ports: Ports) -> Sequence[Goods]:
    """Enrol the stores, the goods and a clerk for each store; returns the goods."""
    folder = data_folder()
    enrol.import_stores(ports, read_stores((folder / "stores.csv").read_bytes()), "benchmark")
    goods = load_goods((folder / "goods.csv").read_text(encoding="utf-8"))
    enrol.put_goods_master(ports, goods)
    password_hash = ArgonPasswords().hash(PASSWORD)
    people = [Staff(clerk_of(n), f"clerk-{n}", password_hash) for n in range(1, STORES + 1)]
    enrol.enrol_staff(ports, people, "benchmark")
    return goods


def clerk_of(store_number: int) -> Actor:
    """The clerk of a store."""
    return Actor(f"clerk-{store_number}", Role.CLERK, "Clerk", store_number=store_number)


def draft(goods: Goods, number: int) -> Draft:
    """What a clerk types for the published example, for one of many travellers."""
    document = IdentityDocument(DocumentKind.HK_MACAO_PERMIT, f"H{number:08d}")
    lines = tuple(InvoiceLine(goods, 1, price) for price in (1494_00, 620_00))
    invoice = Invoice(f"25422{number:015d}", make.DAY, InvoiceKind.E_INVOICE, lines)
    traveller = make.traveller(document.number)
    return Draft(traveller, (invoice,), Channel.INSTANT, "WUH")


def issue(ports: Ports, goods: Goods, number: int) -> Form:
    """Issue one form at the counter of one of the stores."""
    clerk = clerk_of(number % STORES + 1)
    issued = issue_form(ports, clerk, draft(goods, number), secrets.token_hex(8))
    assert issued.form is not None, issued.refusals
    return issued.form


def ready(world: World, goods: Goods, number: int) -> Ready:
    """Lead one traveller from the counter to the last button."""
    ports = world.ports
    form = issue(ports, goods, number)
    token = ports.ids.token()
    phone, form_id = session_hash(token), form.form_id
    claim.scan(ports, f"{ports.public_url.upper()}/F/{form.code}", phone)
    code = claim_code(ports.keys.secret("claim"), form_id)
    claim.enter_claim_code(ports, phone, form_id, code)
    claim.give_details(ports, phone, form_id, make.details(), f"{number:08d}"[-4:])
    claim.sign_agreement(ports, phone, form_id, make.signature(), "en")
    url = claim.open_card_page(ports, phone, form_id, f"{ports.public_url}/back", "en")
    session_id = url.partition("?session=")[2]
    return Ready(form_id, token, session_id, form.amounts.net_fen)


def claim_once(ports: Ports, each: Ready) -> None:
    """Press the last button without a browser: hold and advance, and both recorded."""
    phone = session_hash(each.token)
    entry = claim.card_given(ports, phone, each.form_id, each.session_id)
    form = claim.claim_advance(ports, phone, each.form_id, entry)
    assert form.status is Status.ADVANCED, form.status


def many_ready(world: World, count: int) -> list[Ready]:
    """Lead many travellers there, some at a time."""
    goods = fill_registers(world.ports)[0]
    with ThreadPoolExecutor(SEEDING_THREADS) as threads:
        return list(threads.map(lambda number: ready(world, goods, number), range(count)))
