"""Stores, goods, staff, sessions: the registers and the door."""

from dataclasses import replace
from datetime import datetime

from refund.core.goods import Goods
from refund.core.people import Role, Staff
from refund.core.store import Store
from refund.core.trail import StaffSession, Throttle
from refund.storage.protocol import Row, Value
from refund.storage.records import (
    goods_of,
    goods_values,
    moment,
    staff_of,
    store_of,
    store_values,
    text,
    whole,
    written,
)
from refund.storage.rows import Rows, insert_text


def _upsert_text(table: str, key: str, columns: dict[str, Value]) -> str:
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name != key)
    return f"{insert_text(table, columns)} ON CONFLICT ({key}) DO UPDATE SET {changes}"


def _in_master(row: Row) -> Goods:
    """Goods out of the master, which alone knows their whole pinyin."""
    return replace(goods_of(row), syllables=text(row["syllables"]))


class StoreQueries(Rows):
    """Stores and goods."""

    __slots__ = ()

    def store(self, store_number: int) -> Store | None:
        """A store of the register."""
        row = self._session.row(
            "SELECT * FROM store WHERE store_number = :store_number", store_number=store_number
        )
        return None if row is None else store_of(row)

    def stores(self) -> list[Store]:
        """The whole register, by number."""
        return [
            store_of(row) for row in self._session.rows("SELECT * FROM store ORDER BY store_number")
        ]

    def put_store(self, store: Store) -> None:
        """Add a store, or change it."""
        values = store_values(store)
        self._session.run(_upsert_text("store", "store_number", values), **values)

    def goods(self, goods_code: str) -> Goods | None:
        """One kind of goods of the master."""
        row = self._session.row(
            "SELECT * FROM goods WHERE goods_code = :goods_code", goods_code=goods_code
        )
        return None if row is None else _in_master(row)

    def goods_master(self) -> list[Goods]:
        """The whole master, by code."""
        rows = self._session.rows("SELECT * FROM goods ORDER BY goods_code")
        return [_in_master(row) for row in rows]

    def put_goods(self, goods: Goods) -> None:
        """Add a kind of goods, or change it."""
        values = {**goods_values(goods), "syllables": goods.syllables}
        self._session.run(_upsert_text("goods", "goods_code", values), **values)


class PeopleQueries(Rows):
    """Staff, their sessions, and the throttle at the door."""

    __slots__ = ()

    def staff(self, staff_id: str) -> Staff | None:
        """A person of the staff."""
        row = self._session.row("SELECT * FROM staff WHERE staff_id = :staff_id", staff_id=staff_id)
        return None if row is None else staff_of(row)

    def staff_by_login(self, role: Role, login: str) -> Staff | None:
        """A person by role and login."""
        row = self._session.row(
            "SELECT * FROM staff WHERE role = :role AND login = :login",
            role=role.value,
            login=login,
        )
        return None if row is None else staff_of(row)

    def staff_register(self) -> list[Staff]:
        """Everyone."""
        return [
            staff_of(row) for row in self._session.rows("SELECT * FROM staff ORDER BY role, login")
        ]

    def put_staff(self, staff: Staff) -> None:
        """Add a person, or change one."""
        actor = staff.actor
        values: dict[str, Value] = {
            "staff_id": actor.staff_id,
            "role": actor.role.value,
            "store_number": actor.store_number,
            "port": actor.port,
            "login": staff.login,
            "name": actor.name,
            "password_hash": staff.password_hash,
            "disabled_at": None if staff.disabled_at is None else written(staff.disabled_at),
        }
        self._session.run(_upsert_text("staff", "staff_id", values), **values)

    def open_session(self, session_hash: str, staff_id: str, at: datetime) -> None:
        """Begin a session."""
        self._insert(
            "staff_session",
            {
                "session_hash": session_hash,
                "staff_id": staff_id,
                "created_at": written(at),
                "last_seen_at": written(at),
            },
        )

    def session(self, session_hash: str) -> StaffSession | None:
        """A session that has not ended, with its person."""
        row = self._session.row(
            "SELECT staff.*, staff_session.created_at, staff_session.last_seen_at"
            " FROM staff_session JOIN staff ON staff.staff_id = staff_session.staff_id"
            " WHERE session_hash = :session_hash AND ended_at IS NULL",
            session_hash=session_hash,
        )
        if row is None:
            return None
        return StaffSession(staff_of(row), moment(row["created_at"]), moment(row["last_seen_at"]))

    def touch_session(self, session_hash: str, at: datetime) -> None:
        """Note that the session was used."""
        self._session.run(
            "UPDATE staff_session SET last_seen_at = :at WHERE session_hash = :session_hash"
            " AND ended_at IS NULL",
            at=written(at),
            session_hash=session_hash,
        )

    def end_session(self, session_hash: str, at: datetime) -> None:
        """End a session for ever."""
        self._session.run(
            "UPDATE staff_session SET ended_at = :at WHERE session_hash = :session_hash"
            " AND ended_at IS NULL",
            at=written(at),
            session_hash=session_hash,
        )

    def end_sessions_of(self, staff_id: str, at: datetime) -> None:
        """End every session of a person for ever."""
        self._session.run(
            "UPDATE staff_session SET ended_at = :at WHERE staff_id = :staff_id"
            " AND ended_at IS NULL",
            at=written(at),
            staff_id=staff_id,
        )

    def throttle(self, key: str) -> Throttle | None:
        """The failures under a key."""
        row = self._session.row(
            "SELECT failures, since FROM throttle WHERE throttle_key = :key", key=key
        )
        return None if row is None else Throttle(whole(row["failures"]), moment(row["since"]))

    def put_throttle(self, key: str, throttle: Throttle) -> None:
        """Note failures under a key."""
        values: dict[str, Value] = {
            "throttle_key": text(key),
            "failures": throttle.failures,
            "since": written(throttle.since),
        }
        self._session.run(_upsert_text("throttle", "throttle_key", values), **values)

    def clear_throttle(self, key: str) -> None:
        """Forget failures under a key."""
        self._session.run("DELETE FROM throttle WHERE throttle_key = :key", key=key)
