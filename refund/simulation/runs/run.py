"""A whole run: a scenario lived through with a seed, its books audited, its results written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from refund import __version__
from refund.core.calendar import day_of
from refund.services.audit import Finding, audit
from refund.services.steps import Step, no_step
from refund.simulation.engine.agenda import Agenda
from refund.simulation.engine.digest import ledger_digest
from refund.simulation.engine.place import Place, PlaceSettings, open_place
from refund.simulation.runs.acts import gives_card_in
from refund.simulation.runs.course import Course
from refund.simulation.runs.ledger_story import read_ledger
from refund.simulation.runs.reckoning import (
    Figure,
    Reckoning,
    Row,
    day_span,
    desk_hour_rows,
    desk_rows,
    figures_of,
)
from refund.simulation.runs.results import write_results
from refund.simulation.runs.scene import Crew, Scene
from refund.simulation.world.baskets import goods_master
from refund.simulation.world.chance import Streams
from refund.simulation.world.desk import Desk
from refund.simulation.world.population import Population
from refund.simulation.world.scenario import Scenario
from refund.simulation.world.staffing import faults_of, staffing_of, stores_of

RUN_ON_MAX = 250
"""Days after the last purchase by which everything must have come to rest."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Args:
        days: on how many days people bought.
        ended_on: the last day of the run.
        is_whole: whether every form came to rest.
        digest: of forms and ledger.
        findings: the audit's broken promises, none where everything holds.
        figures: by name; what was not measured is not there.
        told: the figures with their units and meanings.
    """

    scenario: str
    seed: int
    days: int
    began_on: date
    ended_on: date
    is_whole: bool
    engine: str
    digest: str
    findings: tuple[Finding, ...]
    figures: Mapping[str, float]
    told: tuple[Figure, ...]


def simulate(
    scenario: Scenario,
    *,
    seed: int,
    days: int | None = None,
    out: Path | None = None,
    url: str = "",
    progress: Step = no_step,
) -> Outcome:
    """Run a scenario once; the same scenario, days and seed give the same digest everywhere.

    Args:
        scenario: the world and its rules.
        seed: of all chance.
        days: on how many days people buy; the scenario's own number where it is not said.
        out: where the results are written; an older file there is replaced at the end.
        url: of a fresh database; without one it is a file that is gone at the end.
        progress: is told each day that is done.

    Raises:
        Refused: a rule that cannot be, `database_not_fresh`.
        Stopped: `progress` asked for it; nothing is left of the run.
    """
    whole = scenario if days is None else scenario.with_changes({"world.days": days})
    with open_place(_settings(whole, seed, url)) as place:
        run = _Run(whole, seed, place)
        run.live(progress)
        return run.reckon(out)


def _settings(scenario: Scenario, seed: int, url: str) -> PlaceSettings:
    return PlaceSettings(
        seed=seed,
        at=scenario.starts_at,
        stores=stores_of(scenario, Streams(seed)),
        goods=list(goods_master().values()),
        people=Crew(staffing_of(scenario)).register,
        rules=scenario.rules,
        url=url,
    )


class _Run:
    """One run while it goes on."""

    def __init__(self, scenario: Scenario, seed: int, place: Place) -> None:
        self.scenario, self.seed, self.place = scenario, seed, place
        self.streams = Streams(seed)
        staffing = staffing_of(scenario)
        agenda = Agenda(place.clock)
        chance = self.streams.of_names("desk")
        self.scene = Scene(
            place=place,
            agenda=agenda,
            give=gives_card_in(place.book),
            staffing=staffing,
            desks={one.name: Desk(one, agenda, chance.under(one.name)) for one in staffing.desks},
            crew=Crew(staffing),
            goods=goods_master(),
        )
        self.course = Course(self.scene, faults_of(scenario), seed)
        self.last = scenario.begins
        self.is_whole = False

    def live(self, progress: Step) -> None:
        """Let people buy on every day, and the world run on until all has come to rest."""
        people = Population(self.scenario, self.streams)
        for done, day in enumerate(self.scenario.shopping_days(), 1):
            self.course.run_day(day, people.travellers_of(day))
            self.last = day
            progress(done, None)
        until = self.last + timedelta(days=RUN_ON_MAX)
        self._run_on(until, progress)
        self.course.close_books()
        self.last = day_of(self.place.clock.now())
        # What was on its way until then, such as a payout that the bank sends back.
        self._run_on(until, progress)
        self.is_whole = self.course.is_at_rest()

    def _run_on(self, until: date, progress: Step) -> None:
        """Go on until all has come to rest, and over days on which nothing can happen."""
        while not self.course.is_at_rest() and self.last < until:
            self.last = self.course.next_day(self.last)
            self.course.run_day(self.last, ())
            progress((self.last - self.scenario.begins).days + 1, None)

    def reckon(self, out: Path | None) -> Outcome:
        """Audit the books and add everything up."""
        scenario, ports = self.scenario, self.place.past_seams
        findings = tuple(one for one in audit(ports) if one.holds is False)
        digest = ledger_digest(ports)
        began_at, ended_at = day_span(scenario.begins, self.last)
        reckoning = Reckoning(
            ports=ports,
            first=scenario.begins,
            last=self.last,
            story=read_ledger(ports, began_at, ended_at),
            tally=self.scene.tally,
            desks=list(self.scene.desks.values()),
            open_cases=self.course.open_cases,
            shopping_days=scenario.days,
        )
        forms, cases = list(reckoning.forms()), list(reckoning.cases())
        settled = list(reckoning.settlements())
        told = tuple(figures_of(reckoning, settled, len(cases)))
        outcome = Outcome(
            scenario=scenario.name,
            seed=self.seed,
            days=scenario.days,
            began_on=scenario.begins,
            ended_on=self.last,
            is_whole=self.is_whole,
            engine=str(ports.storage.facts()["engine"]),
            digest=digest,
            findings=findings,
            figures={one.name: float(one.value) for one in told if one.value is not None},
            told=told,
        )
        if out is not None:
            rows: dict[str, Iterable[Row]] = {
                "run": [_run_row(outcome, scenario)],
                "figure": [asdict(one) for one in told],
                "day": reckoning.days(),
                "store": reckoning.stores(),
                "form": forms,
                "desk": desk_rows(reckoning.desks, scenario.days),
                "desk_hour": desk_hour_rows(reckoning.desks),
                "refusal": reckoning.refusals(),
                "case_opened": cases,
                "settlement": settled,
            }
            write_results(out, rows)
        return outcome


def _run_row(outcome: Outcome, scenario: Scenario) -> Row:
    broken = ", ".join(one.invariant for one in outcome.findings)
    return {
        "scenario": outcome.scenario,
        "seed": outcome.seed,
        "days": outcome.days,
        "began_on": outcome.began_on.isoformat(),
        "ended_on": outcome.ended_on.isoformat(),
        "is_whole": int(outcome.is_whole),
        "engine": outcome.engine,
        "program_version": __version__,
        "digest": outcome.digest,
        "audit": broken,
        "parameters": json.dumps(scenario.as_written(), ensure_ascii=False, sort_keys=True),
    }
