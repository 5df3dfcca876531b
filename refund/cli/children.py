"""The parts of a service as processes of their own, which end with the one that started them."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from multiprocessing import connection
from types import FrameType
from typing import NoReturn, Self

import click
import urllib3
from urllib3.exceptions import HTTPError

from refund.cli.refusals import FAILED
from refund.lifeline import end_with_parent

START_SECONDS = 60
LOOK_SECONDS = 1
STOP_SECONDS = 15
"""How long requests under way may take once a part is told to stop."""

Part = tuple[str, Callable[[], None], str]
"""What a part is called, what it does, and the loopback place that answers when it is well."""


class Child:
    """A part of the service as a process of its own that ends with us.

    It is forked from this process, which has loaded and prepared everything, so it answers at
    once; no thread runs here and no database is open at that moment.
    """

    def __init__(self, name: str, run_part: Callable[[], None]) -> None:
        self.name = name
        forked = multiprocessing.get_context("fork")
        self.process = forked.Process(target=_begin, args=(run_part,), name=name)
        self.process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it in order, or by force when it takes longer than its own limit."""
        self.process.terminate()
        self.process.join(STOP_SECONDS + 5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _begin(run_part: Callable[[], None]) -> None:
    end_with_parent(signal.SIGTERM)
    run_part()


def run_together(parts: Sequence[Part], welcome: Callable[[], str]) -> NoReturn:
    """Run every part until one of them ends or we are told to end.

    Args:
        parts: in the order in which they start.
        welcome: what is said once all of them answer.

    Raises:
        SystemExit: always, with what happened as its code.
    """
    run_while(parts, welcome, lambda: True)
    raise SystemExit(FAILED)


def run_while(
    parts: Sequence[Part], welcome: Callable[[], str], goes_on: Callable[[], bool]
) -> None:
    """The same, and end all of them in order as soon as it is not to go on.

    Raises:
        SystemExit: one of them ended before, or we are told to end.
    """
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    with ExitStack() as stack:
        children = [stack.enter_context(Child(name, run_part)) for name, run_part, _ in parts]
        _await_answers(children, [place for _, _, place in parts if place])
        click.echo(welcome())
        ended: list[object] = []
        while not ended:
            if not goes_on():
                return
            sentinels = [child.process.sentinel for child in children]
            ended = list(connection.wait(sentinels, LOOK_SECONDS))
        names = [child.name for child in children if child.process.sentinel in ended]
        click.echo(f"refund: {' and '.join(names)} ended by itself", err=True)
        raise SystemExit(FAILED)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """End from wherever we are; what was started is ended on the way out."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(0)


def _await_answers(children: Sequence[Child], places: Sequence[str]) -> None:
    """Wait until every place answers that it is well.

    Raises:
        SystemExit: a child ended before, or it takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    with urllib3.PoolManager(retries=False, timeout=2) as http:
        for place in places:
            while not _is_well(http, place):
                ended = [child.name for child in children if not child.process.is_alive()]
                if ended or time.monotonic() > deadline:
                    what = f"{ended[0]} ended" if ended else f"{place} did not answer in time"
                    click.echo(f"refund: it did not start: {what}", err=True)
                    raise SystemExit(FAILED)
                time.sleep(0.02)


def _is_well(http: urllib3.PoolManager, place: str) -> bool:
    try:
        return http.request("GET", f"http://{place}/healthz").status == 200
    except HTTPError:
        return False
