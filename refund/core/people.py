"""Who acts: the clerk, the officer, the operator, and what each of them belongs to."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Role(Enum):
    """The roles that sign in; travellers do not. Trainers and learners exist in rehearsals."""

    CLERK = "clerk"
    OFFICER = "officer"
    OPERATOR = "operator"
    TRAINER = "trainer"
    LEARNER = "learner"


IN_REHEARSALS = (Role.TRAINER, Role.LEARNER)
"""Who signs in where it is rehearsed; they take the other roles, and have none at a desk."""


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
