"""The thread that does long jobs, one after the other, beside whatever is urgent."""

import logging
import threading
import traceback
from datetime import datetime, timedelta

from refund.core.errors import Refused
from refund.ports import Ports
from refund.services.jobs import clear_files, run_next

LOOK_SECONDS = 0.5
CLEARED_EVERY = timedelta(hours=1)
log = logging.getLogger(__name__)


class JobWorker:
    """Does every job that waits, until it is told to stop; a job under way waits again then.

    Args:
        ports: of the service.
        look_seconds: how often it looks for a job.
    """

    def __init__(self, ports: Ports, look_seconds: float = LOOK_SECONDS) -> None:
        self._ports = ports
        self._look_seconds = look_seconds
        self._cleared_at: datetime | None = None
        self._strange: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin beside the caller."""
        self._thread.start()

    def stop(self) -> None:
        """Let the job under way stop at its next step."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def run(self) -> None:
        """Work until stopped; whatever fails is logged without its words, and tried again."""
        while not self._stop.wait(self._look_seconds):
            try:
                self._clear()
                while run_next(self._ports, self._stop.is_set) and not self._stop.is_set():
                    pass
            except Refused as refused:
                log.warning("jobs put off: %s", refused.code)
            except Exception as error:  # noqa: BLE001 - an edge: a dead worker does no job
                where = "".join(traceback.format_tb(error.__traceback__))
                log.error("jobs: %s\n%s", type(error).__name__, where)  # noqa: TRY400

    def _clear(self) -> None:
        now = self._ports.at_the_door()
        since = None if self._cleared_at is None else now - self._cleared_at
        if since is None or not timedelta(0) <= since < CLEARED_EVERY:
            self._strange = clear_files(self._ports, self._strange)
            self._cleared_at = now
