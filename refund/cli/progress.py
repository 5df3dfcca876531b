"""How far a command is: a bar on a terminal, nothing in a pipe or a file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from refund.services.steps import Step, no_step


@contextmanager
def shown(what: str, total: int | None = None) -> Iterator[Step]:
    """Steps that move a bar on standard error; it is gone when the work has ended.

    Args:
        what: is being done, in a word or two.
        total: how much there is, where that is known beforehand.
    """
    if not sys.stderr.isatty():
        yield no_step
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)

        def step(done: int, known: int | None) -> None:
            whole = known if known is not None else total
            bar.update(task, completed=done, total=None if whole is None else max(whole, done))

        yield step
