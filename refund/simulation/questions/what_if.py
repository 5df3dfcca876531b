"""The what-if: variants times seeds on all cores, each finished run kept, so that it can go on."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from refund.core.errors import Refused
from refund.services.steps import Step, no_step
from refund.simulation.questions.findings import SEEDS_MIN, Answer, answer_of
from refund.simulation.questions.seats import do_all
from refund.simulation.questions.study import Question, Run, begin_study, question_of, read_study
from refund.simulation.questions.vary import grid, read_varied
from refund.simulation.world.scenario import read_changes, read_scenario

RUNS_MAX = 20_000
"""So many runs can be asked for at once. Source: project decision."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run that is to be done: it can be given to another process."""

    scenario: str
    changes: tuple[tuple[str, str], ...]
    variant: int
    seed: int
    days: int | None


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a run."""

    digest: str
    figures: Mapping[str, float]


Simulate = Callable[[Task], Came]
"""A function of a module: it is called in processes that were started anew."""


class AuditFailed(Exception):
    """The books of a run do not hold, which is a defect."""


def run_task(task: Task) -> Came:
    """Live one run through, and have its books audited.

    Raises:
        AuditFailed: an invariant does not hold.
    """
    from refund.simulation.runs.run import simulate  # noqa: PLC0415 - the world is loaded where it runs

    scenario = read_scenario(task.scenario).with_changes(dict(task.changes))
    outcome = simulate(scenario, seed=task.seed, days=task.days)
    if outcome.findings:
        raise AuditFailed(", ".join(one.invariant for one in outcome.findings))
    return Came(outcome.digest, outcome.figures)


def read_question(
    scenario: str, vary: Sequence[str], days: int | None, given: Sequence[str] = ()
) -> Question:
    """The question that somebody asks, checked as a whole before anything runs.

    Args:
        scenario: by name or as a file.
        vary: parameters with the values that are compared, `min_purchase=200,500`.
        days: on how many days people buy; None where the scenario says.
        given: parameters that are set in every variant, `KEY=VALUE`.

    Raises:
        Refused: of `read_scenario`, `read_changes` and `read_varied`; of a combination of values
            that is no world; `set_unreadable` for a parameter that varies too.
    """
    fixed, varied = read_changes(given), read_varied(vary)
    for one in varied:
        if one.key in fixed:
            raise Refused("set_unreadable", "set", typed=one.key)
    world = read_scenario(scenario).with_changes(fixed)
    for variant in grid(varied):
        world.with_changes(variant.changes)
    return question_of(scenario, world, varied, days, fixed)


def what_if(
    question: Question,
    seeds: Sequence[int],
    out: Path,
    simulate: Simulate = run_task,
    step: Step = no_step,
    seats: int = 0,
) -> Answer:
    """Run what the study file does not have yet, and say what all of it shows.

    Args:
        question: what is asked.
        seeds: the same for every variant.
        out: the study file; one of the same question goes on.
        simulate: does one run.
        step: told of every run that is finished, those of before too.
        seats: how many processes; 0 for one a core.

    Raises:
        Refused: `what_if_too_large`, `what_if_seeds`, `study_differs`, `study_unreadable`.
        PieceFailed: a run failed, which is a defect; what was finished before is kept.
    """
    variants = question.variants
    total = len(variants) * len(seeds)
    if len(seeds) < SEEDS_MIN:
        raise Refused("what_if_seeds", "seeds", least=SEEDS_MIN)
    if total > RUNS_MAX:
        raise Refused("what_if_too_large", "seeds", runs=total, most=RUNS_MAX)
    with begin_study(out, question) as study:
        finished = study.finished()
        # Seed by seed, so that whoever stops it early has whole pairs.
        tasks = [
            Task(
                question.scenario,
                (*question.given.items(), *one.changes.items()),
                one.number,
                seed,
                question.days,
            )
            for seed in seeds
            for one in variants
            if (one.number, seed) not in finished
        ]
        before = total - len(tasks)
        step(before, total)
        results = do_all(tasks, simulate, seats or cores(), lambda n: step(before + n, total))
        for task, came in results:
            study.keep(Run(task.variant, task.seed, came.digest, came.figures))
        step(total, total)
        return answer_of(study)


def answer_in(path: Path) -> Answer:
    """What a study file says by now.

    Raises:
        Refused: `study_unreadable`.
    """
    with read_study(path) as study:
        return answer_of(study)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))
