"""The storage that the services see: transactions with every query, on either engine."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from refund.core.errors import Refused
from refund.ports import Sealer
from refund.storage.audits import AuditQueries
from refund.storage.cases import CaseQueries
from refund.storage.claims import ClaimQueries
from refund.storage.counter import CounterQueries
from refund.storage.counter_day import DisplayQueries, TillFileQueries
from refund.storage.customs import CustomsQueries
from refund.storage.engine import open_engine
from refund.storage.exits import ExitQueries
from refund.storage.fill_ins import FillInQueries
from refund.storage.forms import FormQueries
from refund.storage.guarantees import GuaranteeQueries
from refund.storage.jobs import JobQueries
from refund.storage.joint import JointQueries
from refund.storage.ledger import LedgerQueries
from refund.storage.match import MatchQueries
from refund.storage.migrate import require_applied
from refund.storage.office import OfficeQueries
from refund.storage.offline import OfflineQueries
from refund.storage.operations import OperationQueries
from refund.storage.protocol import Conflict, Engine, EngineBusy, SchemaMismatch
from refund.storage.register import RegisterQueries
from refund.storage.reissues import ReissueQueries
from refund.storage.returns import ReturnQueries
from refund.storage.rules import RuleQueries
from refund.storage.schema import STEPS
from refund.storage.settlement import SettlementQueries
from refund.storage.sharing import SharingQueries
from refund.storage.statements import StatementQueries
from refund.storage.stores import PeopleQueries, StoreQueries
from refund.storage.whole import WholeQueries
from refund.transaction import Transaction

T = TypeVar("T")

_CONFLICTS = {
    "invoice": "invoice_already_used",
    "form": "submission_differs",
    "till": "till_already_open",
    "offline_decision": "submission_differs",
    "offline_resolution": "review_resolved",
    "receipt": "already_refunded",
    "store_event": "register_changed",
    "settlement": "month_closed",
    "settlement_line": "month_closed",
    "treasury_payment": "payment_recorded",
    "till_file": "till_file_known",
}
"""What a person is told when two writes raced for one key, by table."""


class Queries(
    StoreQueries,
    PeopleQueries,
    FormQueries,
    ClaimQueries,
    OperationQueries,
    GuaranteeQueries,
    LedgerQueries,
    ExitQueries,
    RuleQueries,
    CustomsQueries,
    ReturnQueries,
    CounterQueries,
    SettlementQueries,
    RegisterQueries,
    JointQueries,
    CaseQueries,
    AuditQueries,
    StatementQueries,
    ReissueQueries,
    MatchQueries,
    OfflineQueries,
    SharingQueries,
    OfficeQueries,
    FillInQueries,
    DisplayQueries,
    TillFileQueries,
    JobQueries,
    WholeQueries,
):
    """Everything within one transaction."""

    __slots__ = ()


class Database:
    """Storage on one engine."""

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine = engine
        self._sealer = sealer

    def write(self, fn: Callable[[Transaction], T]) -> T:
        """Run a function in one durable transaction.

        A function whose row somebody else has just written is run again: it then reads that row,
        and can say what it means. PostgreSQL may report the doubled key before the collision.

        Raises:
            Refused: `busy` when too much waits; nothing has happened then.
        """
        for last in (False, False, True):
            try:
                return self._engine.write(lambda session: fn(Queries(session, self._sealer)))
            except EngineBusy:
                raise Refused("busy") from None
            except Conflict as conflict:
                code = _CONFLICTS.get(conflict.table)
                if last and code is None:
                    raise
                if last and code is not None:
                    raise Refused(code) from conflict
        raise AssertionError("the last attempt returns or raises")

    def read(self, fn: Callable[[Transaction], T]) -> T:
        """Run a function on one consistent snapshot."""
        return self._engine.read(lambda session: fn(Queries(session, self._sealer)))

    def migrate(self, now: datetime) -> int:
        """Bring the tables up to date; how many steps were new."""
        return self._engine.migrate(STEPS, int(now.timestamp() * 1_000_000))

    def require_current(self) -> None:
        """Let tables pass that are those of this program.

        Raises:
            SchemaMismatch: they are others, or there are none.
        """
        if self._engine.facts()["migrations"] != len(STEPS):
            raise SchemaMismatch("the tables there are not those of this program")
        self._engine.read(lambda session: require_applied(session, STEPS))

    def facts(self) -> dict[str, object]:
        """What runs: engine, versions, modes, migrations."""
        return {**self._engine.facts(), "migrations_known": len(STEPS)}

    def close(self) -> None:
        """Finish what waits, and let go."""
        self._engine.close()


def open_storage(url: str, sealer: Sealer, *, fleeting: bool = False) -> Database:
    """Open the storage at an address: `sqlite:///absolute/path` or `postgresql://…`.

    A file that is `fleeting` is one thread's alone, and thrown away: nothing waits for the disk.

    Raises:
        ValueError: the address names no engine that we know.
    """
    return Database(open_engine(url, fleeting=fleeting), sealer)
