"""The lab's speed: whole forms a second and core, a year of 14 stores, a month of 1,000, memory.

A form is bought, its advance claimed on the phone, its goods shown at customs; the traveller
leaves, and the agency releases the hold. All of it by the real services on real storage, with the
network's own book and its webhooks beside, in one process on one core. In the same run SimPy lets
the same events happen with handlers that do nothing, and so does our own agenda: that is what the
order of events costs by itself.

The year and the month are whole scenarios as `refund simulate` runs them, each in a process of its
own: crowds, queues, slips, cases and settlements included, and the audit at the end.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import simpy

from refund.core.calendar import day_of
from refund.core.exit_file import ExitLine
from refund.core.form import Channel, Form, Status
from refund.core.goods import Goods
from refund.core.invoice import Invoice, InvoiceKind, InvoiceLine
from refund.core.people import Actor, Role, Staff
from refund.core.traveller import DocumentKind, IdentityDocument, Traveller
from refund.services.audit import audit
from refund.services.issue import Draft
from refund.simulation.engine.agenda import Agenda
from refund.simulation.engine.clock import VirtualClock
from refund.simulation.engine.digest import ledger_digest
from refund.simulation.engine.place import Place, PlaceSettings, open_place
from refund.simulation.runs import acts, desk_work
from refund.simulation.runs.run import simulate
from refund.simulation.world.scenario import read_scenario
from tests import make

AIM_PER_SECOND = 300
AIM_YEAR_S = 60
WHOLE = {"year": ("ordinary-week", 365), "month": ("province", 30)}
FORMS = 2000
WARM_FORMS = 50
STORES = 14
BEGIN = datetime(2025, 7, 8, 2, tzinfo=UTC)
BETWEEN = timedelta(minutes=3)
BEAT = timedelta(minutes=10)
SETTLE = timedelta(days=1)
TAIL = timedelta(days=6)
STEPS = (
    ("issue", timedelta()),
    ("scan", timedelta(minutes=4)),
    ("sign", timedelta(minutes=6)),
    ("claim", timedelta(minutes=7)),
    ("customs", timedelta(days=3)),
    ("leave", timedelta(days=3, minutes=40)),
)
"""What happens to a form, and how long after its beginning."""

CLERKS = [Actor(f"clerk-{n}", Role.CLERK, "Clerk", store_number=n) for n in range(1, STORES + 1)]
OFFICER = Actor("officer-WUH", Role.OFFICER, "Officer", port="WUH")
OPERATOR = Actor("operator-1", Role.OPERATOR, "Operator")


class Flow:
    """The lives of some forms in a place, and how much processor time each part of them took."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.agenda = Agenda(place.clock)
        self.spent: dict[str, float] = defaultdict(float)
        self.forms: dict[int, Form] = {}
        self._give = acts.gives_card_in(place.book)

    def begin(self, numbers: range, at: datetime) -> None:
        """Put the lives of forms of these numbers on the agenda."""
        for place, number in enumerate(numbers):
            for name, after in STEPS:
                step = partial(getattr(self, name), number)
                self.agenda.at(at + place * BETWEEN + after, partial(self.timed, name, step))

    def timed(self, name: str, do: Callable[[], object]) -> None:
        """Do something, and add its time to its part's."""
        begun = time.process_time()
        do()
        self.spent[name] += time.process_time() - begun

    def issue(self, number: int) -> None:
        """At the counter."""
        today = day_of(self.place.clock.now())
        who = Traveller(
            latin_name="CHAN TAI MAN",
            local_name="",
            nationality="GBR",
            document=_document(number),
            birth=date(1980, 1, 31),
            document_expiry=date(2032, 1, 1),
            last_entry=today - timedelta(days=3),
        )
        lines = (InvoiceLine(_goods(), 1 + number % 3, 1494_00),)
        invoice = Invoice(f"{number:020d}", today, InvoiceKind.E_INVOICE, lines)
        draft = Draft(who, (invoice,), Channel.INSTANT, "WUH")
        clerk = CLERKS[number % STORES]
        self.forms[number] = acts.issue_form(self.place.ports, clerk, draft, f"key-{number}")

    def scan(self, number: int) -> None:
        """On the phone: the form's code, then the claim code."""
        form, clerk = self.forms[number], CLERKS[number % STORES]
        code = acts.claim_code(self.place.ports, clerk, form.form_id)
        acts.scan(self.place.ports, f"phone-{number}", form, code)

    def sign(self, number: int) -> None:
        """The details and the agreement."""
        form_id = self.forms[number].form_id
        acts.sign(self.place.ports, f"phone-{number}", form_id, _wish(number))

    def claim(self, number: int) -> None:
        """The card on the network's page, the hold, the advance."""
        form_id = self.forms[number].form_id
        acts.claim_advance(self.place.ports, f"phone-{number}", form_id, _wish(number), self._give)

    def customs(self, number: int) -> None:
        """The goods are shown."""
        acts.show_goods(self.place.ports, OFFICER, self.forms[number])

    def leave(self, number: int) -> None:
        """The border's record reaches the agency."""
        line = ExitLine(_document(number), "WUH", self.place.clock.now())
        acts.leave(self.place.ports, OPERATOR, line)

    def settle(self) -> None:
        """The exit's desk releases the holds of who left."""
        desk_work.settle_departed(self.place.ports, OPERATOR)

    def ms_by_part(self, count: int) -> dict[str, float]:
        """The processor time of each part for one form, the greatest first."""
        parts = sorted(self.spent.items(), key=lambda part: -part[1])
        return {name: round(spent / count * 1000, 2) for name, spent in parts}

    def released(self) -> int:
        """How many forms have come to their end."""
        status = self.place.ports.storage.read(
            lambda tx: [tx.form(form.form_id) for form in self.forms.values()]
        )
        return sum(one is not None and one.status is Status.RELEASED for one in status)


def _document(number: int) -> IdentityDocument:
    return IdentityDocument(DocumentKind.PASSPORT, f"E{number:08d}")


def _wish(number: int) -> acts.Wish:
    return acts.Wish("CHAN TAI MAN", _document(number).number[-4:])


def _goods() -> Goods:
    return make.goods()


def _settings() -> PlaceSettings:
    return PlaceSettings(
        seed=1,
        at=BEGIN,
        stores=[make.store(number) for number in range(1, STORES + 1)],
        goods=[_goods()],
        people=[Staff(one, one.staff_id, "") for one in (*CLERKS, OFFICER, OPERATOR)],
    )


def measure_forms(count: int, profile: cProfile.Profile | None = None) -> dict[str, Any]:
    """Live so many whole lives, after some that load what is loaded once."""
    with open_place(_settings()) as place:
        flow = Flow(place)
        flow.agenda.every(BEAT, partial(flow.timed, "worker", place.beat))
        flow.agenda.every(SETTLE, partial(flow.timed, "settle", flow.settle))
        warm_until = BEGIN + WARM_FORMS * BETWEEN + TAIL
        flow.begin(range(WARM_FORMS), BEGIN)
        flow.agenda.run(warm_until)
        flow.spent.clear()
        flow.begin(range(WARM_FORMS, WARM_FORMS + count), warm_until)
        wall, core = time.perf_counter(), time.process_time()
        if profile is not None:
            profile.enable()
        events = flow.agenda.run(warm_until + count * BETWEEN + TAIL)
        if profile is not None:
            profile.disable()
        wall, core = time.perf_counter() - wall, time.process_time() - core
        assert flow.released() == WARM_FORMS + count
        assert not [found for found in audit(place.past_seams) if found.holds is False]
        return {
            "forms": count,
            "forms_per_second_and_core": round(count / core, 1),
            "forms_per_second": round(count / wall, 1),
            "events": events,
            "ms_by_part": flow.ms_by_part(count),
            "peak_mib": peak_mib(),
            "digest": ledger_digest(place.ports)[:16],
        }


def measure_simpy(count: int) -> dict[str, Any]:
    """Let the same events happen in SimPy, with handlers that do nothing."""
    environment = simpy.Environment()
    done: Counter[str] = Counter()

    def life(begins_s: float) -> Generator[simpy.Event, None, None]:
        waited_s = 0.0
        for name, after in STEPS:
            at_s = begins_s + after.total_seconds()
            yield environment.timeout(at_s - waited_s)
            waited_s = at_s
            done[name] += 1

    def again(name: str, every: timedelta) -> Generator[simpy.Event, None, None]:
        while True:
            yield environment.timeout(every.total_seconds())
            done[name] += 1

    begun = time.process_time()
    for number in range(count):
        environment.process(life(number * BETWEEN.total_seconds()))
    environment.process(again("worker", BEAT))
    environment.process(again("settle", SETTLE))
    environment.run(until=(count * BETWEEN + TAIL).total_seconds())
    spent = time.process_time() - begun
    return _empty(count, done, spent)


def measure_agenda(count: int) -> dict[str, Any]:
    """Let the same events happen on our own agenda, with handlers that do nothing."""
    done: Counter[str] = Counter()

    def note(name: str) -> None:
        done[name] += 1

    begun = time.process_time()
    agenda = Agenda(VirtualClock(BEGIN))
    for number in range(count):
        for name, after in STEPS:
            agenda.at(BEGIN + number * BETWEEN + after, partial(note, name))
    agenda.every(BEAT, partial(note, "worker"))
    agenda.every(SETTLE, partial(note, "settle"))
    agenda.run(BEGIN + count * BETWEEN + TAIL)
    return _empty(count, done, time.process_time() - begun)


def _empty(count: int, done: Counter[str], spent: float) -> dict[str, Any]:
    assert all(done[name] == count for name, _ in STEPS)
    events = sum(done.values())
    return {
        "forms_per_second_and_core": round(count / spent),
        "events": events,
        "us_per_event": round(spent / events * 1e6, 2),
    }


def measure_whole(name: str, days: int) -> dict[str, Any]:
    """Run a scenario as it is shipped for so many days."""
    scenario = read_scenario(name)
    wall, core = time.perf_counter(), time.process_time()
    outcome = simulate(scenario, seed=1, days=days)
    wall, core = time.perf_counter() - wall, time.process_time() - core
    assert not outcome.findings
    forms = outcome.figures["forms"]
    return {
        "scenario": name,
        "days": days,
        "forms": forms,
        "seconds": round(wall, 1),
        "core_seconds": round(core, 1),
        "forms_per_second_and_core": round(forms / core, 1),
        "peak_mib": peak_mib(),
        "digest": outcome.digest[:16],
    }


def peak_mib() -> float:
    """The greatest memory of this process so far: a world that nobody keeps is all in it."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _apart(part: str, forms: int) -> dict[str, Any]:
    """Measure in a process of its own."""
    words = ("--part", part, "--forms", str(forms))
    command = [sys.executable, "-m", "benchmarks.simulation", *words]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def _measured(part: str, forms: int) -> dict[str, Any]:
    match part:
        case "forms":
            return measure_forms(forms)
        case "simpy":
            return measure_simpy(forms)
        case "agenda":
            return measure_agenda(forms)
        case _:
            return measure_whole(*WHOLE[part])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forms", type=int, default=FORMS)
    parser.add_argument("--quick", action="store_true", help="leave out the year and the month")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--profile", metavar="ORDER", help="where the time goes, by this order")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(_measured(arguments.part, arguments.forms)))
        return
    if arguments.profile:
        profile = cProfile.Profile(time.process_time)
        print(json.dumps(measure_forms(arguments.forms, profile)))
        pstats.Stats(profile).sort_stats(arguments.profile).print_stats(100)
        return
    parts = ("forms", "simpy", "agenda", *(() if arguments.quick else WHOLE))
    figures = {part: _apart(part, arguments.forms) for part in parts}
    if arguments.json:
        at = datetime.now(UTC).isoformat(timespec="minutes")
        print(json.dumps({"at": at, "figures": figures}, indent=2))
        return
    print(f"aims: {AIM_PER_SECOND} forms a second and core; the year in {AIM_YEAR_S} s")
    for name, figure in figures.items():
        print(f"{name:8} {json.dumps(figure)}")


if __name__ == "__main__":
    main()
