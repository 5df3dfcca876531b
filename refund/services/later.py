"""What happens later: operations without an answer are finished, abandoned holds are given up."""

import logging
import threading

from refund.core.errors import Refused
from refund.ports import Ports
from refund.services.pay import finish_open_operations, withdraw_abandoned_holds

PERIOD_SECONDS = 1.0
log = logging.getLogger(__name__)


def work_once(ports: Ports) -> int:
    """Do what is due; how much was taken in hand."""
    return finish_open_operations(ports) + withdraw_abandoned_holds(ports)


class Worker:
    """A thread that does what is due, again and again, until it is told to stop."""

    def __init__(self, ports: Ports, period_seconds: float = PERIOD_SECONDS) -> None:
        self._ports = ports
        self._period_seconds = period_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin beside the caller."""
        self._thread.start()

    def stop(self) -> None:
        """Let the round under way end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def run(self) -> None:
        """Work until stopped; a busy storage is tried again in the next round."""
        while not self._stop.is_set():
            try:
                work_once(self._ports)
            except Refused as refused:
                log.warning("put off: %s", refused.code)
            self._stop.wait(self._period_seconds)
