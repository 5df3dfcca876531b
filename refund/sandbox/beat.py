"""The network's heart: each second it lets time pass and sends the webhooks that are due."""

from __future__ import annotations

import logging
import threading
import traceback

from refund.sandbox.network import Book
from refund.sandbox.webhooks import WebhookSender

PERIOD_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Beat:
    """A thread that does what is due, again and again, until it is told to stop.

    Args:
        book: whose time passes.
        sender: sends its webhooks, None where nobody wants any.
        period_seconds: between two rounds.
    """

    def __init__(
        self, book: Book, sender: WebhookSender | None, period_seconds: float = PERIOD_SECONDS
    ) -> None:
        self._book = book
        self._sender = sender
        self._period_seconds = period_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beat", daemon=True)

    def start(self) -> None:
        """Begin beside the caller."""
        self._thread.start()

    def stop(self) -> None:
        """Let the round under way end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def once(self) -> None:
        """Do what is due now."""
        self._book.pass_time()
        if self._sender is not None:
            self._sender.send_due(self._book.clock())

    def _run(self) -> None:
        """Beat until stopped; whatever fails is logged without its words, and tried again."""
        while not self._stop.is_set():
            try:
                self.once()
            except Exception as error:  # noqa: BLE001 - an edge: a dead heart lets no time pass
                where = "".join(traceback.format_tb(error.__traceback__))
                _log.error("beat: %s\n%s", type(error).__name__, where)
            self._stop.wait(self._period_seconds)
