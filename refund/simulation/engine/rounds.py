"""The worker's rounds in a run: each task when it is due, and nothing that fails is passed over."""

from __future__ import annotations

from datetime import datetime

from refund.core.errors import Refused
from refund.ports import Ports
from refund.services.later import all_tasks

OF_STATEMENTS = ("statements", "what statements have")
"""The worker's tasks that rest on the network's statements."""


class Rounds:
    """What one process's worker remembers.

    Args:
        with_statements: whether the network's statements are fetched, which takes as long as all
            else together.
    """

    def __init__(self, *, with_statements: bool = True) -> None:
        left_out = () if with_statements else OF_STATEMENTS
        self._tasks = [task for task in all_tasks() if task.name not in left_out]
        self._done_at: dict[str, datetime] = {}

    def go(self, ports: Ports, now: datetime) -> int:
        """Do every task that is due; how much was taken in hand.

        Raises:
            ExceptionGroup: a task failed, and not by a refusal.
        """
        done = 0
        for task in self._tasks:
            last = self._done_at.get(task.name)
            if last is not None and last <= now < last + task.every:
                continue
            self._done_at[task.name] = now
            try:
                done += task.do(ports)
            except* Refused:
                # Put off, as the worker does.
                done += 1
        return done
