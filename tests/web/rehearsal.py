"""A rehearsal for a web test: a clock that processes could share, a lab, and people who learn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import read_settings
from refund.core.goods import load_goods
from refund.core.people import Actor, Role, Staff
from refund.core.store import read_stores
from refund.gateways.clock import SharedClock
from refund.places import data_folder
from refund.ports import Ports
from refund.sandbox.network import Book
from refund.services.enrol import enrol_staff, import_stores, put_goods_master
from refund.services.sign_in import session_hash
from refund.simulation.engine.clock import VirtualClock
from refund.simulation.engine.ids import CountedIds
from refund.simulation.engine.network import BookNetwork
from refund.simulation.rehearsal.host import Host
from refund.simulation.rehearsal.network_hand import HandInBook
from refund.timepiece import Timepiece
from refund.web.auth import cookie_name
from refund.web.lab import KEY as HOST
from refund.web.lab_drills import HAND
from tests.web.page import Page
from tests.web.people import EVERYONE, START, browser
from tests.world import wire_ports

TRAINER = Actor("trainer-1", Role.TRAINER, "江岚 Jiang Lan")
LEARNER = Actor("learner-1", Role.LEARNER, "白露 Bai Lu")
OTHER_LEARNER = Actor("learner-2", Role.LEARNER, "方圆 Fang Yuan")
CLASSROOM = (TRAINER, LEARNER, OTHER_LEARNER)


@dataclass
class Rehearsal:
    """A rehearsal without a server."""

    app: Flask
    ports: Ports
    book: Book
    folder: Path

    @property
    def host(self) -> Host:
        """What moves it."""
        host: Host = self.app.extensions[HOST]
        return host

    def browser(self, person: Actor, language: str = "en") -> FlaskClient:
        """A browser in which somebody has signed in at the lab's door before."""
        client = browser(self.app, language)
        token, now = self.ports.ids.token(), self.ports.at_the_door()
        opened = session_hash(token)
        self.ports.storage.write(lambda tx: tx.open_session(opened, person.staff_id, now))
        client.set_cookie(cookie_name("lab"), token, path="/lab")
        return client


@contextmanager
def open_rehearsal(
    folder: Path, url: str, password_hash: str, at: str = START
) -> Iterator[Rehearsal]:
    """A rehearsal with the shipped stores and goods; its host does not keep time by itself."""
    instance = folder / "instance"
    instance.mkdir()
    timepiece = Timepiece(instance / "clock.json")
    timepiece.set(datetime.fromisoformat(at))
    clock = SharedClock(timepiece.path)
    book = Book(str(folder / "sandbox.db"), clock.now, CountedIds(3).network_id)
    still, network = VirtualClock(clock.now()), BookNetwork(book)
    wired, database, _ = wire_ports(instance, url, network, still, is_rehearsal=True)
    ports = replace(wired, clock=clock, is_rehearsal=True, public_url="http://localhost")
    data = data_folder()
    import_stores(ports, read_stores((data / "stores.csv").read_bytes()), "test")
    put_goods_master(ports, load_goods((data / "goods.csv").read_text(encoding="utf-8")))
    people = [Staff(one, one.staff_id, password_hash) for one in (*EVERYONE, *CLASSROOM)]
    enrol_staff(ports, people, "test")
    settings = {"REFUND_INSTANCE": str(instance), "REFUND_PUBLIC_URL": "http://localhost"}
    app = create_app(read_settings({**settings, "REFUND_REHEARSAL": "1"}), ports)
    app.extensions[HAND] = HandInBook(book)
    rehearsal = Rehearsal(app, ports, book, instance)
    try:
        yield rehearsal
    finally:
        rehearsal.host.stop()
        database.close()
        book.close()


def post(client: FlaskClient, page: Page, path: str, **typed: str | list[str]) -> str:
    """Send a form of a page; where it leads."""
    answer = client.post(path, data={"form_token": page.token, **typed})
    assert answer.status_code == 303, answer.get_data(as_text=True)[-3000:]
    return answer.headers["Location"]
