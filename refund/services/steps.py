"""How a long piece of work says how far it is, and learns that it is to stop."""

from collections.abc import Callable

Step = Callable[[int, int | None], None]
"""Told how much is done, and how much there is where that is known; it may raise Stopped."""


class Stopped(Exception):
    """The work is not to go on; whoever does it leaves nothing of it behind.

    `why` is `cancelled` by a person, `put_off` while the process ends, or `lost` to another one.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def no_step(_done: int, _total: int | None) -> None:
    """Nobody looks on."""
