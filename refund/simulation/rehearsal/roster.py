"""Who plays which desk: a desk at which a person sits is left alone, with all of its staff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from refund.core.people import Actor, Role, Staff
from refund.services.rehearsing import TRAVELLER_DESK


class Roster:
    """The staff of a rehearsal, and the desks that persons took, each with that person's login.

    A store's counter with one clerk taken is a person's as a whole, and so is a port's customs
    desk; of the agency the same, where an operator of one port counts for that port's counter.
    """

    def __init__(self, staff: Sequence[Staff], taken: Mapping[str, str]) -> None:
        self._staff = staff
        self._taken = taken

    @property
    def plays_travellers(self) -> bool:
        """Whether the phones are the bots'."""
        return TRAVELLER_DESK not in self._taken

    def clerk(self, store_number: int) -> Actor | None:
        """Who of the bots stands at a store's counter."""
        return self._free(one for one in self._of(Role.CLERK) if _store(one) == store_number)

    def officer(self, port: str) -> Actor | None:
        """Who of the bots stands at a port's customs desk."""
        return self._free(one for one in self._of(Role.OFFICER) if one.actor.port == port)

    def operator(self) -> Actor | None:
        """Who of the bots works in the agency's office."""
        return self._free(one for one in self._of(Role.OPERATOR) if not one.actor.port)

    def second_operator(self) -> Actor | None:
        """Who approves what the first operator asks for; the first where there is no other."""
        office = [one for one in self._of(Role.OPERATOR) if not one.actor.port]
        return self._free(iter(office[1:])) or self.operator()

    def at_counter(self, port: str) -> Actor | None:
        """Who of the bots stands at the agency's counter of a port."""
        of_port = [one for one in self._of(Role.OPERATOR) if one.actor.port == port]
        return self._free(iter(of_port)) if of_port else self.operator()

    def player(self, desk: str, *, store_number: int = 0, port: str = "") -> str:
        """The person who plays a kind of desk, or nothing: clerk, customs, operator, traveller."""
        if desk == TRAVELLER_DESK:
            return self._taken.get(TRAVELLER_DESK, "")
        role = {"clerk": Role.CLERK, "customs": Role.OFFICER}.get(desk, Role.OPERATOR)
        for one in self._of(role):
            fits_store = role is not Role.CLERK or _store(one) == store_number
            fits_port = role is not Role.OFFICER or one.actor.port == port
            if fits_store and fits_port and one.login in self._taken:
                return self._taken[one.login]
        return ""

    def _of(self, role: Role) -> Iterator[Staff]:
        return (one for one in self._staff if one.actor.role is role)

    def _free(self, of_desk: Iterator[Staff]) -> Actor | None:
        """The first of a desk's staff, where none of them is a person's."""
        found = list(of_desk)
        if not found or any(one.login in self._taken for one in found):
            return None
        return found[0].actor


def _store(one: Staff) -> int:
    return one.actor.store_number or 0
