"""What a second process of the service does in the tests: one verb, then what it was told."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from refund.core.errors import Refused
from refund.core.operation import Answer, Kind, Operation
from refund.core.settlement import read_month
from refund.services import claim, exits, settle
from refund.services.job_kinds import register_own_kinds
from refund.services.jobs import run_next
from refund.simulation.engine.network import BookNetwork
from tests.services.steps import PHONE
from tests.world import World, open_world


class Fatal(BookNetwork):
    """A network whose answer to one kind of operation this process does not live to record."""

    def __init__(self, network: BookNetwork, kind: Kind) -> None:
        super().__init__(network.kept)
        self._kind = kind

    def send(self, operation: Operation) -> Answer:
        """Let the book act and answer, then end this process at once."""
        answer = super().send(operation)
        if operation.kind is self._kind:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def claim_it(world: World, form_id: str, session_id: str) -> str:
    """Claim the advance with a card that was given, and say what came of it."""
    entry = world.network.card_entry(session_id)
    assert entry is not None
    try:
        return claim.claim_advance(world.ports, PHONE, form_id, entry).status.value
    except Refused as refused:
        return refused.code


def die(world: World, kind: str, form_id: str, session_id: str) -> str:
    """Claim the advance and be killed between the network's answer and our record."""
    network = Fatal(world.network, Kind(kind))
    return claim_it(
        replace(world, ports=replace(world.ports, network=network), network=network),
        form_id,
        session_id,
    )


def close_it(world: World, month: str) -> str:
    """Close a month, and say its number or why not."""
    try:
        return settle.close_month(world.ports, "process", read_month(month)).number
    except Refused as refused:
        return refused.code


class Cut(BytesIO):
    """A file whose reader does not live to see one of its lines."""

    def __init__(self, content: bytes, line: int) -> None:
        super().__init__(content)
        self._left = line

    def readline(self, size: int | None = -1, /) -> bytes:
        """Give a line, or end this process at once."""
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().readline(size)


def take_in_until(world: World, path: str, line: str, at: str) -> str:
    """Take a file of departures in, and be killed at a line of it."""
    world.clock.at = datetime.fromisoformat(at)
    stream = Cut(Path(path).read_bytes(), int(line))
    return str(exits.import_exits(world.ports, "process", stream, "exits.csv").rows)


def do_job_until(world: World, step: str, at: str) -> str:
    """Do the job that waits, and be killed at one of its steps; a word when there was none."""
    world.clock.at = datetime.fromisoformat(at)
    register_own_kinds()
    steps = itertools.count(1)

    def looked() -> bool:
        if next(steps) == int(step):
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    return "done" if run_next(world.ports, looked, timedelta(0)) else "nothing"


def say(line: str) -> None:
    """Write a line that the test can read at once."""
    os.write(1, f"{line}\n".encode())


def main(series: str, folder: str, url: str, verb: str, *words: str) -> None:
    """Open the world of the test, say so, wait for the starting signal, and do one thing."""
    with open_world(Path(folder), url, series=int(series), enrolled=False) as world:
        say("ready")
        sys.stdin.readline()
        match verb:
            case "claim":
                say(claim_it(world, *words))
            case "die":
                say(die(world, *words))
            case "close":
                world.clock.at = read_month(*words).end
                say(close_it(world, *words))
            case "exits":
                say(take_in_until(world, *words))
            case "job":
                say(do_job_until(world, *words))
            case _:
                raise ValueError(verb)


if __name__ == "__main__":
    main(*sys.argv[1:])
