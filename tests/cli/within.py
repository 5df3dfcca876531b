"""What stands in an instance's database, looked at from behind."""

from contextlib import closing

import pysqlite3

from refund.app import wire
from refund.config import read_settings
from refund.core.people import Staff
from refund.services.enrol import staff_register
from tests.cli.terminal import Terminal


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
