"""What stands in an instance's database, looked at from behind."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pysqlite3

from refund.app import wire
from refund.config import read_settings
from refund.core.people import Staff
from refund.ports import Ports
from refund.services.enrol import staff_register
from tests.cli.terminal import Terminal
from tests.world import enrol


def staff_of(terminal: Terminal) -> dict[str, Staff]:
    """Everyone of the staff by login."""
    wired = wire(read_settings(terminal.environment))
    with closing(wired.database):
        return {person.login: person for person in staff_register(wired.ports)}


def tamper(terminal: Terminal, *statements: str) -> None:
    """Change the books behind the service's back, without foreign keys."""
    with closing(pysqlite3.connect(str(terminal.instance / "refund.db"))) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


@contextmanager
def filled(terminal: Terminal) -> Iterator[tuple[Ports, Terminal]]:
    """Make an instance with the tests' own stores and people, on the first day in Wuhan.

    What comes with its ports is a terminal on it, for when the ports are closed again.
    """
    here = replace(terminal, settings={"REFUND_CLOCK": "2025-07-08T14:00:00+08:00"})
    here.done("migrate")
    wired = wire(read_settings(here.environment))
    with closing(wired.database):
        enrol(wired.ports)
        yield wired.ports, here
