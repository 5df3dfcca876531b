"""A thread that does its round again and again beside the service, until it is told to stop."""

import logging
import threading
import traceback
from abc import ABC, abstractmethod

log = logging.getLogger(__name__)


class Pulse(ABC):
    """Something that lives beside the service: each round comes, whatever became of the last.

    What fails is logged by its kind and its place, and not by its words: those can carry what
    nobody may read in a log.

    Args:
        name: of the thread, and of what is logged.
        period_seconds: between two rounds.
    """

    def __init__(self, name: str, period_seconds: float) -> None:
        self._name = name
        self._period_seconds = period_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    @abstractmethod
    def once(self) -> None:
        """Do one round."""

    @property
    def ends(self) -> bool:
        """Whether it was told to stop, which a long round asks in between."""
        return self._stop.is_set()

    def start(self) -> None:
        """Begin beside the caller."""
        self._thread.start()

    def stop(self) -> None:
        """Let the round under way be the last, and wait for its end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def run(self) -> None:
        """Do round after round until told to stop."""
        while not self.ends:
            try:
                self.once()
            except Exception as error:  # noqa: BLE001 - an edge: who died does nothing any more
                where = "".join(traceback.format_tb(error.__traceback__))
                log.error("%s: %s\n%s", self._name, type(error).__name__, where)  # noqa: TRY400
            self._stop.wait(self._period_seconds)
