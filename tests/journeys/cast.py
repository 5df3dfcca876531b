"""The cast of a journey: people at their doors, and travellers who have their money already."""

from __future__ import annotations

from collections.abc import Callable

from tests.actors import Clerk, Purchase, Slip, Traveller
from tests.journeys.devices import Device
from tests.journeys.instance import Instance
from tests.make import VISA
from tests.officials import Officer, Operator

OpenDevice = Callable[..., Device]


class Cast:
    """Brings people before an instance, each with a device of their own."""

    def __init__(self, house: Instance, screen: OpenDevice, phone: OpenDevice) -> None:
        self._house = house
        self._screen = screen
        self._phone = phone

    def clerk(self, login: str = "clerk-1", language: str = "en") -> Clerk:
        """A clerk who has signed in."""
        clerk = Clerk(self._screen(language), self._house.url)
        clerk.signs_in(login)
        return clerk

    def officer(self, login: str = "officer-1", language: str = "en") -> Officer:
        """An officer who has signed in."""
        officer = Officer(self._screen(language), self._house.url)
        officer.signs_in(login)
        return officer

    def operator(self, language: str = "en") -> Operator:
        """An operator who has signed in."""
        operator = Operator(self._screen(language), self._house.url)
        operator.signs_in("operator-1")
        return operator

    def traveller(self, language: str = "en") -> Traveller:
        """A traveller with a phone."""
        return Traveller(self._phone(language), self._house.url)

    def advanced(
        self, clerk: Clerk, purchase: Purchase, language: str = "en"
    ) -> tuple[Slip, Traveller]:
        """A form that was issued, and its traveller, who has claimed and has the money."""
        slip = clerk.issues(purchase)
        traveller = self.traveller(language)
        traveller.claims(slip, purchase, VISA)
        traveller.arrives_at("The money has arrived")
        return slip, traveller


CastAt = Callable[[Instance], Cast]
"""How a journey brings people before an instance: `cast(house).clerk()`."""
