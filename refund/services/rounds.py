"""Rounds of the worker: one thing that fails does not keep the others from their turn."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def each(things: Iterable[T], do: Callable[[T], int]) -> int:
    """Do something for each of some things, and tell the sum of what came of it.

    Raises:
        ExceptionGroup: it failed for some of them, after all others had their turn.
    """
    done, failures = 0, []
    for thing in things:
        try:
            done += do(thing)
        except Exception as error:  # noqa: BLE001 - raised again when all others had their turn
            failures.append(error)
    if failures:
        raise ExceptionGroup("a round that failed in part", failures)
    return done
