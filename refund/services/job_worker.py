"""The thread that does long jobs, one after the other, beside whatever is urgent."""

import logging
from datetime import datetime, timedelta

from refund.core.errors import Refused
from refund.ports import Ports
from refund.pulse import Pulse
from refund.services.jobs import clear_files, run_next

LOOK_SECONDS = 0.5
CLEARED_EVERY = timedelta(hours=1)
log = logging.getLogger(__name__)


class JobWorker(Pulse):
    """Does every job that waits, until it is told to stop; a job under way waits again then.

    Args:
        ports: of the service.
        look_seconds: how often it looks for a job.
    """

    def __init__(self, ports: Ports, look_seconds: float = LOOK_SECONDS) -> None:
        super().__init__("jobs", look_seconds)
        self._ports = ports
        self._cleared_at: datetime | None = None
        self._strange: frozenset[str] = frozenset()

    def once(self) -> None:
        """Do every job that waits; the one under way stops at its next step when this ends."""
        try:
            self._clear()
            while not self.ends and run_next(self._ports, lambda: self.ends):
                pass
        except Refused as refused:
            log.warning("jobs put off: %s", refused.code)

    def _clear(self) -> None:
        now = self._ports.at_the_door()
        since = None if self._cleared_at is None else now - self._cleared_at
        if since is None or not timedelta(0) <= since < CLEARED_EVERY:
            self._strange = clear_files(self._ports, self._strange)
            self._cleared_at = now
