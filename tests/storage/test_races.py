"""Threads and processes that want the same thing at once: one gets it, none is lied to."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from refund.storage.engine import Engine, open_engine
from tests.storage.conftest import StartWorker
from tests.storage.test_engines import claims, counter
from tests.storage.worker import STEPS, claim, increment, insert_claim

THREADS = 16
PROCESSES = 4


def at_once(work: Callable[[int], str]) -> Counter[str]:
    """Do the same work on sixteen threads from one starting signal, and count the answers."""
    gate = threading.Barrier(THREADS)

    def wait_then_work(place: int) -> str:
        gate.wait()
        return work(place)

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(wait_then_work, range(THREADS)))


def insert_as(engine: Engine, form_id: str, place: int) -> str:
    return insert_claim(engine, form_id, str(place))


def claim_as(engine: Engine, form_id: str, place: int) -> str:
    return claim(engine, form_id, str(place))


def test_sixteen_threads_lose_no_update(engine: Engine) -> None:
    def count(place: int) -> str:
        for _ in range(20):
            engine.write(increment)
        return "done"

    assert at_once(count) == {"done": THREADS}
    assert engine.read(counter) == THREADS * 20


def test_four_processes_lose_no_update(
    engine: Engine, engine_url: str, start_worker: StartWorker
) -> None:
    workers = [start_worker("increment", engine_url, "200") for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    assert [worker.answer() for worker in workers] == [["done"]] * PROCESSES
    assert engine.read(counter) == PROCESSES * 200


def test_sixteen_threads_claim_once_and_the_others_hear_of_the_conflict(engine: Engine) -> None:
    for number in range(10):
        answers = at_once(partial(insert_as, engine, f"form-{number}"))
        assert answers == {"won": 1, "conflict claim": THREADS - 1}
    assert engine.read(claims) == 10


def test_sixteen_threads_that_look_first_all_hear_the_same_winner(engine: Engine) -> None:
    for number in range(10):
        answers = at_once(partial(claim_as, engine, f"form-{number}"))
        assert list(answers.values()) == [THREADS]
    assert engine.read(claims) == 10


def test_four_processes_claim_once_and_the_others_hear_of_the_conflict(
    engine: Engine, engine_url: str, start_worker: StartWorker
) -> None:
    workers = [start_worker("claim", engine_url, "form", f"{place}") for place in range(PROCESSES)]
    for worker in workers:
        worker.start()
    answers = Counter(line for worker in workers for line in worker.answer())
    assert answers == {"won": 1, "conflict claim": PROCESSES - 1}
    assert engine.read(claims) == 1


def test_four_processes_migrate_at_once_and_one_applies_the_steps(
    engine_url: str, start_worker: StartWorker
) -> None:
    workers = [start_worker("migrate", engine_url) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    applied = sorted(line for worker in workers for line in worker.answer())
    assert applied == ["0", "0", "0", f"{len(STEPS)}"]
    engine = open_engine(engine_url)
    try:
        assert engine.facts()["migrations"] == len(STEPS)
        assert engine.write(increment) == 1
    finally:
        engine.close()


@pytest.mark.parametrize("after", [1, 40, 120])
def test_every_acknowledged_row_outlives_the_kill_of_its_writer(
    engine: Engine, engine_url: str, start_worker: StartWorker, after: int
) -> None:
    worker = start_worker("acknowledge", engine_url)
    worker.start()
    said = [worker.line() for _ in range(after)]
    worker.process.kill()
    while line := worker.line():
        said.append(line)
    assert worker.process.wait() == -9
    found = engine.read(lambda s: {row["form_id"] for row in s.rows("SELECT form_id FROM claim")})
    assert {f"form-{number}" for number in said} <= found
    assert len(found) - len(said) <= 1
    assert engine.write(increment) == 1


def test_readers_go_on_while_a_write_takes_its_time(engine: Engine) -> None:
    begun, finish = threading.Event(), threading.Event()

    def slow(session: object) -> None:
        begun.set()
        assert finish.wait(60)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(engine.write, slow)
        assert begun.wait(60)
        assert at_once(lambda _: str(engine.read(counter))) == {"0": THREADS}
        finish.set()
        writing.result()
