"""Work of many like pieces on all cores: one process a core, which ends with whoever began it."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import connection
from multiprocessing.context import SpawnContext
from types import FrameType
from typing import Any, Generic, NoReturn, TypeVar

from refund.lifeline import end_with_parent

T = TypeVar("T")
R = TypeVar("R")

TICK_SECONDS = 0.25
END_SECONDS = 10
"""How long a process may take to put away what it was at."""


class PieceFailed(Exception):
    """A piece of the work failed, which is a defect of it."""

    def __init__(self, task: object, why: str) -> None:
        super().__init__(f"{task}: {why}")
        self.task = task
        self.why = why


class _Seat(Generic[T, R]):
    """One process, and the piece that it is at."""

    def __init__(self, context: SpawnContext, work: Callable[[T], R]) -> None:
        self.line, theirs = context.Pipe()
        self._process = context.Process(target=_sit, args=(theirs, work), name="seat")
        self._process.start()
        theirs.close()
        self.task: T | None = None

    def give(self, task: T) -> None:
        """Let it do a piece."""
        self.task = task
        self.line.send(task)

    def take(self) -> R:
        """What came of its piece.

        Raises:
            PieceFailed: it failed, or the process is gone.
        """
        try:
            is_done, result = self.line.recv()
        except (EOFError, ConnectionError):
            raise PieceFailed(self.task, "its process ended in the middle") from None
        if not is_done:
            raise PieceFailed(self.task, result)
        return result  # type: ignore[no-any-return]  # what `work` returned, through the pipe

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._process.terminate()
        self._process.join(END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.line.close()


def do_all(
    tasks: Sequence[T], work: Callable[[T], R], seats: int, tick: Callable[[int], None]
) -> Iterator[tuple[T, R]]:
    """Do every piece; each result comes as soon as it is there, in whatever order.

    Args:
        tasks: the pieces, which can be pickled.
        work: a function of a module, called in processes that were started anew.
        seats: how many processes at once.
        tick: told often how many are done; what it raises ends all of it.

    Raises:
        PieceFailed: a piece failed; no other is begun then.
    """
    context = multiprocessing.get_context("spawn")
    waiting = deque(tasks)
    sitting: list[_Seat[T, R]] = []
    try:
        for _ in range(min(seats, len(waiting))):
            sitting.append(_Seat(context, work))
            sitting[-1].give(waiting.popleft())
        busy, done = {seat.line: seat for seat in sitting}, 0
        while busy:
            tick(done)
            for line in connection.wait(list(busy), TICK_SECONDS):
                seat = busy.pop(line)  # type: ignore[call-overload]  # a line of ours
                task, result = seat.task, seat.take()
                done += 1
                if waiting:
                    seat.give(waiting.popleft())
                    busy[seat.line] = seat
                yield task, result
    finally:
        for seat in sitting:
            seat.end()


def _sit(line: Any, work: Callable[[Any], Any]) -> None:
    """Do pieces until there are no more; a signal to end lets what is open be put away."""
    end_with_parent(signal.SIGTERM)
    signal.signal(signal.SIGTERM, _leave)
    while True:
        try:
            task = line.recv()
        except EOFError:
            return
        try:
            answer = True, work(task)
        except Exception as error:  # noqa: BLE001 - an edge: whoever gave the piece hears why
            answer = False, f"{type(error).__name__}: {error}"
        line.send(answer)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)
