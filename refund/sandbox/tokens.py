"""Cards and accounts by their tokens: what the network keeps of them, and how they behave."""

from __future__ import annotations

from dataclasses import dataclass

from refund.sandbox.cards import BRANDS, Behaviour, Brand
from refund.sandbox.errors import Rejected
from refund.sandbox.store import BookFile


@dataclass(frozen=True, slots=True)
class GivenCard:
    """A card that a traveller gave."""

    brand: str
    last4: str
    expiry: str
    behaviour: Behaviour

    @property
    def scheme(self) -> Brand:
        """What its scheme lets holds do."""
        return BRANDS[self.brand]


@dataclass(frozen=True, slots=True)
class Target:
    """Where money goes: the four digits of the card that it behaves as, and how it behaves."""

    last4: str
    behaviour: Behaviour


class Tokens:
    """Finds what a token stands for."""

    def __init__(self, file: BookFile) -> None:
        self._file = file

    def card(self, token: str) -> GivenCard:
        """Return a card.

        Raises: Rejected `unknown_card`.
        """
        row = self._file.row(
            "SELECT brand, last4, expiry, behaviour FROM card WHERE token = :token",
            {"token": token},
        )
        if row is None:
            raise Rejected(404, "unknown_card", "There is no such card token.")
        return GivenCard(row[0], row[1], row[2], Behaviour(row[3]))

    def target(self, token: str, method: str) -> Target:
        """Return where a payout by this method goes: to a card, or to an account.

        Raises: Rejected `unknown_card`, `unknown_payout`.
        """
        if method == "card":
            card = self.card(token)
            return Target(card.last4, card.behaviour)
        row = self._file.row(
            "SELECT last4, behaviour FROM payout WHERE token = :token AND method = :method",
            {"token": token, "method": method},
        )
        if row is None:
            raise Rejected(404, "unknown_payout", "There is no such payout token of this method.")
        return Target(row[0], Behaviour(row[1]))

    def last4(self, token: str) -> str:
        """Return the four digits that belong to a token of either sort, none if it is unknown."""
        row = self._file.row(
            "SELECT last4 FROM card WHERE token = :token"
            " UNION ALL SELECT last4 FROM payout WHERE token = :token",
            {"token": token},
        )
        return "" if row is None else str(row[0])
