"""The network's heart: each second it lets time pass and sends the webhooks that are due."""

from __future__ import annotations

from refund.pulse import Pulse
from refund.sandbox.network import Book
from refund.sandbox.webhooks import WebhookSender

PERIOD_SECONDS = 1.0


class Beat(Pulse):
    """Does what is due in the network, again and again.

    Args:
        book: whose time passes.
        sender: sends its webhooks, None where nobody wants any.
        period_seconds: between two rounds.
    """

    def __init__(
        self, book: Book, sender: WebhookSender | None, period_seconds: float = PERIOD_SECONDS
    ) -> None:
        super().__init__("beat", period_seconds)
        self._book = book
        self._sender = sender

    def once(self) -> None:
        """Do what is due now."""
        self._book.pass_time()
        if self._sender is not None:
            self._sender.send_due(self._book.clock())
