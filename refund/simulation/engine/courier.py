"""The network's webhooks on their way: sent by its own sender, read and taken by the service."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from refund.gateways.notices import SignedNotices, webhook_secret
from refund.ports import NetworkSilent, NoticeRefused, Ports
from refund.sandbox.network import Book
from refund.sandbox.webhooks import WebhookSender
from refund.services.notices import take_notice
from refund.simulation.engine.seams import Killed

NAME = "webhook"
"""The secret by which the network signs its notices."""
TAKEN, REFUSED, LATER = 204, 401, 503


class Courier:
    """Takes events to the service; while it is `lost` none arrives.

    Args:
        book: the network's, whose sender it is.
        ports: gives the service's ports, which are others after it was started anew.
        told: is told of each event in words, and what it counts as.
    """

    def __init__(
        self, book: Book, ports: Callable[[], Ports], told: Callable[[str, str], None]
    ) -> None:
        secret = ports().keys.secret(NAME)
        self._book = book
        self._ports = ports
        self._told = told
        self._notices = SignedNotices(secret)
        self._sender = WebhookSender(book, self._post, webhook_secret(secret))
        self._has_killed = False
        self.lost = False

    def deliver(self) -> int:
        """Send all that is due; how many events were tried.

        Raises:
            Killed: the service was killed while it took one; the sender knows nothing of that.
        """
        return self._sent(self._sender.send_due)

    def overtake(self) -> int:
        """Send what is to arrive before the answer of the call that made it."""
        return self._sent(self._sender.send_first)

    def _sent(self, send: Callable[..., int]) -> int:
        if self.lost:
            return 0
        sent = send(self._book.clock())
        if self._has_killed:
            self._has_killed = False
            raise Killed
        return sent

    def _post(self, body: bytes, headers: Mapping[str, str]) -> int:
        """What the service answers; 0 where it is gone."""
        if self._has_killed:
            return 0
        ports = self._ports()
        try:
            notice = self._notices.read(headers["Network-Signature"], body, ports.clock.now())
            outcome = take_notice(ports, notice)
        except NoticeRefused as refused:
            self._told(f"webhook refused: {refused}", f"webhook {refused}")
            return REFUSED
        except NetworkSilent:
            return LATER
        except Killed:
            self._has_killed = True
            return 0
        self._told(f"webhook {notice.reference} {notice.version}: {outcome}", f"webhook {outcome}")
        return TAKEN
