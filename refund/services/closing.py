"""The closing of a large month: its lines are read and digested in steps before it."""

from collections.abc import Callable

from refund.core.settlement import Digest, Month, Prepared, SettledLine, settlement_number
from refund.ports import Ports
from refund.services.settle import months_to_close
from refund.services.steps import Step
from refund.transaction import Transaction

READ = 20_000
"""Lines of one reading: each numbers the whole month, so there are to be few."""

STEP = 1_000
"""Lines between two steps."""


def prepare_month(ports: Ports, month: Month, step: Step) -> Prepared | None:
    """What the lines of a month come to as they stand now; nothing is written.

    Returns:
        None for a month whose turn it is not: to close it is refused at once.

    Raises:
        Stopped: a step asked for it.
    """
    now = ports.clock.now()
    if month not in ports.storage.read(lambda tx: months_to_close(tx, now))[:1]:
        return None
    decided, total = ports.storage.read(
        lambda tx: (
            tx.open_verifications(month),
            sum(one.line_count for one in tx.open_sums(month).values()),
        )
    )
    digest, done = Digest(settlement_number(month)), 0
    step(done, total)
    while batch := ports.storage.read(_part(month, done)):
        for at in range(0, len(batch), STEP):
            digest.add(batch[at : at + STEP])
            step(min(done + at + STEP, done + len(batch)), total)
        done = batch[-1].position
    return digest.prepared(decided)


def _part(month: Month, after: int) -> Callable[[Transaction], list[SettledLine]]:
    return lambda tx: tx.open_lines(month, after, READ)
