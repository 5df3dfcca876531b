"""Runs and what-ifs as long jobs of a rehearsal's service, each in processes of its own."""

from dataclasses import dataclass
from pathlib import Path

from refund.core.job import Job, read_facts
from refund.ports import Ports
from refund.services.jobs import RESULT, Made, register, spool_of
from refund.services.steps import Step
from refund.simulation.questions.findings import Verdict
from refund.simulation.questions.seats import do_all
from refund.simulation.questions.what_if import cores, read_question, what_if
from refund.simulation.world.scenario import read_changes, read_scenario

SIMULATE, WHAT_IF = "simulate", "what_if"
KINDS = (SIMULATE, WHAT_IF)
SEEDS_DEFAULT = 20

ENDING = ".db"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One run whose results are wanted as a file."""

    scenario: str
    seed: int
    days: int | None
    given: tuple[str, ...]
    out: str


def live_through(wanted: Wanted) -> str:
    """Live through a scenario, in a process of its own; its digest."""
    from refund.simulation.runs.run import simulate  # noqa: PLC0415 - the world is loaded where it runs

    scenario = read_scenario(wanted.scenario).with_changes(read_changes(wanted.given))
    out = Path(wanted.out)
    return simulate(scenario, seed=wanted.seed, days=wanted.days, out=out).digest


def do_run(ports: Ports, job: Job, step: Step) -> Made:
    """Run a scenario once, and keep its results file."""
    asked = read_facts(job.asked)
    out = spool_of(ports).place(job.job_id + RESULT)
    wanted = Wanted(
        asked["scenario"], asked["seed"], asked["days"], tuple(asked["given"]), str(out)
    )
    step(0, None)
    ((_, digest),) = do_all([wanted], live_through, 1, lambda done: step(done, None))
    return Made({"digest": digest}, f"{asked['scenario']}-{asked['seed']}{ENDING}")


def do_what_if(ports: Ports, job: Job, step: Step) -> Made:
    """Answer a what-if; after a power cut it goes on where it was.

    One core is left to the service.
    """
    asked = read_facts(job.asked)
    question = read_question(asked["scenario"], asked["vary"], asked["days"], asked["given"])
    out = spool_of(ports).place(job.job_id + RESULT)
    out.touch(mode=0o600)
    seeds = range(1, asked["seeds"] + 1)
    answer = what_if(question, seeds, out, step=step, seats=max(1, cores() - 1))
    changes = sum(1 for one in answer.findings if one.verdict is Verdict.CHANGES)
    return Made({"changes": changes}, f"what-if-{asked['scenario']}{ENDING}")


def register_lab_kinds() -> None:
    """Let runs and what-ifs be asked for, and done."""
    register(SIMULATE, do_run)
    register(WHAT_IF, do_what_if)
