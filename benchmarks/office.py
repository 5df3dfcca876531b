"""The operator's pages with a million forms in the database: how long each takes to answer.

The rows are made by SQL; a few forms have a real identity, so that their pages can be opened. One
browser asks for page after page, in one process with the service, on SQLite: what is timed is the
service and its database, until the first row where a file is sent piece by piece.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from flask.testing import FlaskClient

from benchmarks._forms import BASE, FIRST, NET_FEN, fill
from refund.app import create_app
from refund.config import read_settings
from refund.core.calendar import end_of_day
from refund.core.ids import FORM_NUMBER_LENGTH
from refund.core.people import Actor, Role, Staff
from refund.core.traveller import document_key
from refund.gateways.passwords import ArgonPasswords
from refund.services.auditing import run_audit
from refund.services.enrol import enrol_staff
from refund.storage.protocol import Engine, Session
from refund.storage.records import identity_bytes
from refund.storage.schema_office import backfill
from tests import make
from tests.web.page import check_page
from tests.world import World, open_world

DOOR_WORDS = "words that open the benchmark"
AIM_MS = 150
OPENED = 40
"""Forms whose page is opened, one after the other."""

OPEN_EVERY = 20
"""One form in so many is still out, with its hold."""

_ID = f"CAST({BASE} + i AS TEXT)"
_SERIES = "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
_MORE = (
    f"""INSERT INTO guarantee (reference, form_id, amount_fen, brand, last4, authorisation_code,
    held_at, expires_at, state, card_token, payout_token, payout_label, captured_fen, released_fen,
    ended_at, hold_reference, extendable) {_SERIES}
    SELECT {_ID} || '-hold-1', {_ID}, {NET_FEN}, 'Visa', substr(CAST(10000 + i % 10000 AS TEXT), 2),
    'A', :day || 'T04:00:00.000000Z', :ends || 'T04:00:00.000000Z',
    CASE WHEN i % {OPEN_EVERY} = 0 THEN 'held' ELSE 'released' END, '', '', '', 0,
    CASE WHEN i % {OPEN_EVERY} = 0 THEN 0 ELSE {NET_FEN} END,
    CASE WHEN i % {OPEN_EVERY} = 0 THEN NULL ELSE :day || 'T08:00:00.000000Z' END, '', 0 FROM n""",
    f"""INSERT INTO advance (form_id, reference, amount_fen, method, label, advanced_at) {_SERIES}
    SELECT {_ID}, {_ID} || '-advance-1', {NET_FEN}, 'card', '', :day || 'T04:00:30.000000Z'
    FROM n""",
    f"""INSERT INTO visit (session_hash, form_id, opened_at) {_SERIES}
    SELECT 's' || {_ID}, {_ID}, :day || 'T04:00:' || (10 + i % 20) || '.000000Z' FROM n""",
    f"""INSERT INTO invoice (form_id, position, number, day, kind, live) {_SERIES}
    SELECT {_ID}, 0, CAST(2542200000000000000 + i AS TEXT), :day, 'e_invoice', 1 FROM n""",
    f"""INSERT INTO audit_event (event_id, at, actor, kind, form_id, version, from_status,
    to_status, detail) {_SERIES}
    SELECT 'e' || {_ID}, :day || 'T03:00:00.000000Z', 'clerk:clerk-1', 'issue', {_ID}, 1, '',
    'issued', '' FROM n""",
    f"""UPDATE form SET status = 'advanced', depart_by = :promised
    WHERE CAST(form_id AS INTEGER) - {BASE} BETWEEN :first AND :last
    AND (CAST(form_id AS INTEGER) - {BASE}) % {OPEN_EVERY} = 0""",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind of request, and how each of them is made."""

    name: str
    ask: Callable[[int], object]


def main() -> None:
    """Fill a database, ask for every page, and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forms", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="office-") as name:
        folder = Path(name)
        with open_world(folder, f"sqlite://{folder / 'office.db'}", enrolled=False) as world:
            began = time.perf_counter()
            numbers = _fill(world, given.forms)
            print(f"{given.forms:,} forms made in {time.perf_counter() - began:.0f} s", flush=True)
            _measure(world, folder, numbers, given.requests)


def _fill(world: World, forms: int) -> list[str]:
    engine: Engine = world.database._engine  # noqa: SLF001 - rows in bulk are no service's work
    fill(engine, forms)
    for number in range(30):
        day = FIRST + timedelta(days=number)
        span = {
            "first": forms * number // 30 + 1,
            "last": forms * (number + 1) // 30,
            "day": day.isoformat(),
            "ends": (day + timedelta(days=30)).isoformat(),
            "promised": (day + timedelta(days=17)).isoformat(),
        }
        for text in _MORE:
            engine.write(partial(_run, text=text, span=span))
    for text in backfill("sqlite"):
        engine.write(partial(_run, text=text, span={}))
    engine.write(partial(_name_the_open, world=world, forms=forms))
    return engine.write(partial(_open_some, world=world, forms=forms))


def _name_the_open(session: Session, world: World, forms: int) -> None:
    """Give the forms that are still out an identity, for the exit's desk reads it."""
    content = identity_bytes(make.traveller())
    for number in range(OPEN_EVERY, forms + 1, OPEN_EVERY):
        form_id = str(BASE + number)
        session.run(
            "UPDATE form SET identity_sealed = :sealed WHERE form_id = :form_id",
            sealed=world.ports.sealer.seal("form", "identity_sealed", form_id, content),
            form_id=form_id,
        )


def _run(session: Session, text: str, span: dict[str, object]) -> None:
    wanted = {name: value for name, value in span.items() if f":{name}" in text}
    session.run(text, **wanted)  # type: ignore[arg-type]  # numbers and days


def _open_some(session: Session, world: World, forms: int) -> list[str]:
    """Give some forms a real identity; their ids."""
    found = []
    for place in range(OPENED):
        form_id = str(BASE + 1 + place * (forms // OPENED))
        traveller = make.traveller(f"H{place:08d}")
        sealer = world.ports.sealer
        session.run(
            "UPDATE form SET identity_sealed = :sealed, document_index = :found"
            " WHERE form_id = :form_id",
            sealed=sealer.seal("form", "identity_sealed", form_id, identity_bytes(traveller)),
            found=sealer.index("document", document_key(traveller.document)),
            form_id=form_id,
        )
        found.append(form_id)
    return found


def _measure(world: World, folder: Path, form_ids: list[str], requests: int) -> None:
    world.clock.at = end_of_day(FIRST + timedelta(days=31))
    operator = Actor("operator-1", Role.OPERATOR, "Operator")
    hashed = ArgonPasswords().hash(DOOR_WORDS)
    enrol_staff(world.ports, [Staff(operator, operator.staff_id, hashed)], "benchmark")
    settings = read_settings(
        {"REFUND_INSTANCE": str(folder / "i"), "REFUND_PUBLIC_URL": "http://localhost"}
    )
    desk = create_app(settings, world.ports).test_client()
    token = check_page(desk.get("/operator/sign-in")).token
    typed = {"form_token": token, "login": operator.staff_id, "password": DOOR_WORDS}
    assert desk.post("/operator/sign-in", data=typed).status_code == 303
    print(f"{'page':28}{'p50 ms':>9}{'p99 ms':>9}   aim {AIM_MS} ms")
    for asked in _pages(desk, token, form_ids):
        # The first answer compiles templates, which happens once in a service's life.
        asked.ask(0)
        taken = sorted(_taken(asked, place) for place in range(requests))
        half, most = taken[len(taken) // 2], taken[min(len(taken) - 1, len(taken) * 99 // 100)]
        print(f"{asked.name:28}{half:9.1f}{most:9.1f}", flush=True)
    began = time.perf_counter()
    run_audit(world.ports)
    print(f"(the audit beside it takes {time.perf_counter() - began:.1f} s)", file=sys.stderr)


def _taken(asked: Asked, place: int) -> float:
    began = time.perf_counter()
    asked.ask(place)
    return (time.perf_counter() - began) * 1000


def _pages(desk: FlaskClient, token: str, form_ids: list[str]) -> Iterator[Asked]:
    def get(path: str) -> None:
        answer = desk.get(path)
        assert answer.status_code == 200, (path, answer.status_code)

    def search(text: str) -> None:
        answer = desk.post("/operator/forms", data={"form_token": token, "code": text})
        assert answer.status_code in (200, 303), (text, answer.status_code)

    def first_row(path: str) -> None:
        answer = desk.get(path, buffered=False)
        pieces = iter(answer.response)
        # The mark and the heads come before anything is read.
        assert [next(pieces) for _ in range(3)]
        answer.close()

    first, last = FIRST.isoformat(), (FIRST + timedelta(days=29)).isoformat()
    number = "250708000000001".zfill(FORM_NUMBER_LENGTH)
    yield Asked("home", lambda _: get("/operator/"))
    yield Asked("search: number", lambda _: search(number))
    yield Asked("search: document", lambda n: search(f"H{n % OPENED:08d}"))
    yield Asked("search: card", lambda n: search(f"{n % 10000:04d}"))
    yield Asked("search: amount", lambda _: search("134.46"))
    yield Asked("search: invoice", lambda n: search(str(2542200000000000001 + n)))
    yield Asked("a form's life", lambda n: get(f"/operator/forms/{form_ids[n % len(form_ids)]}"))
    yield Asked("figures, 30 days", lambda _: get(f"/operator/figures?first={first}&last={last}"))
    yield Asked("figures, today", lambda _: get("/operator/figures?days=1"))
    yield Asked("exit board", lambda _: get("/operator/exit"))
    yield Asked("cases", lambda _: get("/operator/cases"))
    yield Asked(
        "forms.csv, first row",
        lambda _: first_row(f"/operator/exports/forms/rows.csv?first={first}&last={last}"),
    )
    yield Asked(
        "ledger.csv, first row",
        lambda _: first_row(f"/operator/exports/ledger/rows.csv?first={first}&last={last}"),
    )


if __name__ == "__main__":
    main()
