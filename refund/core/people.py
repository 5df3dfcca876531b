"""Who acts: the clerk, the officer, the operator, and what each of them belongs to."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Role(Enum):
    """The three roles that sign in; travellers do not."""

    CLERK = "clerk"
    OFFICER = "officer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of the staff, signed in; a clerk has a store, an officer has a port."""

    staff_id: str
    role: Role
    name: str
    store_number: int | None = None
    port: str = ""

    @property
    def label(self) -> str:
        """How the audit trail names the actor."""
        return f"{self.role.value}:{self.staff_id}"


@dataclass(frozen=True, slots=True)
class Staff:
    """A person of the staff as the register has it."""

    actor: Actor
    login: str
    password_hash: str
    disabled_at: datetime | None = None


TRAVELLER = "traveller"
"""How the audit trail names the traveller: a form has one."""

WORKER = "worker"
"""How the audit trail names what the service finishes by itself."""
