"""Scores of drills in the lab's book: classes, attempts, points for each check, best and last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from refund.core.errors import Refused
from refund.core.people import Actor
from refund.simulation.described import MOMENT, Column, Table
from refund.simulation.drills.checks import Judged
from refund.simulation.drills.drill import Drill
from refund.simulation.lab_book import LabBook

NAME_LENGTH_MAX = 60

SCHOOL_CLASS = Table(
    "school_class",
    "The classes of a rehearsal",
    {
        "name": Column(str, "the class"),
        "made_by": Column(str, "login of the trainer who made it"),
        "made_at": Column(str, "when, by the rehearsal's clock", MOMENT),
    },
    key="name",
)
ENROLLED = Table(
    "enrolled",
    "Who is in which class",
    {
        "class_name": Column(str, "the class"),
        "person": Column(str, "login of a learner in it"),
    },
    key=("class_name", "person"),
    foreign=[("class_name", "school_class", "name")],
    indexes=[("person",)],
)
ATTEMPT = Table(
    "attempt",
    "Every attempt at a drill",
    {
        "attempt": Column(int, "its number, from 1"),
        "person": Column(str, "login of whoever learns"),
        "drill": Column(str, "the id of the drill"),
        "desk": Column(str, "the staff's id that was played"),
        "sat_down": Column(int, "1 where the desk was taken for this attempt"),
        "state": Column(str, "preparing, failed, open, handed_in, or given_up"),
        "why": Column(str, "the refusal that hindered the preparing; empty for none"),
        "began_at": Column(str, "when it was prepared, by the rehearsal's clock", MOMENT),
        "began_by_watch": Column(str, "the same by the person's own watch", MOMENT),
        "ended_at": Column(str, "when it was handed in; empty before", MOMENT),
        "watch_seconds": Column(int, "how long it took by the person's own watch", "seconds"),
        "points": Column(int, "what was earned", "points"),
        "most": Column(int, "what could be earned", "points"),
        "pass_points": Column(int, "the least with which it is passed", "points"),
        "made": Column(str, "what was prepared, by name; nobody in it exists", "JSON"),
        "sheet": Column(str, "what lay before the learner", "JSON"),
    },
    key="attempt",
    indexes=[("person", "drill"), ("state",)],
)
CHECKED = Table(
    "checked",
    "What each check of an attempt said",
    {
        "attempt": Column(int, "the attempt"),
        "number": Column(int, "the check's place in the drill's file, from 1"),
        "check_name": Column(str, "which check"),
        "points": Column(int, "what was earned", "points"),
        "most": Column(int, "what could be earned", "points"),
        "why": Column(str, "the code of the explanation; empty where nothing was lost"),
        "facts": Column(str, "plain values of the explanation", "JSON"),
    },
    key=("attempt", "number"),
    foreign=[("attempt", "attempt", "attempt")],
)
SCORE_TABLES: tuple[Table, ...] = (SCHOOL_CLASS, ENROLLED, ATTEMPT, CHECKED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a person at a drill."""

    number: int
    person: str
    drill_id: str
    desk: str
    sat_down: bool
    state: str
    why: str
    began_at: datetime
    began_by_watch: datetime
    ended_at: datetime | None
    watch: timedelta
    points: int
    most: int
    pass_points: int
    made: Mapping[str, Mapping[str, Any]]
    sheet: Sequence[Mapping[str, Any]]

    @property
    def is_open(self) -> bool:
        """Whether it can still be handed in."""
        return self.state == "open"

    @property
    def is_passed(self) -> bool:
        """Whether it earned enough."""
        return self.state == "handed_in" and self.points >= self.pass_points


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands with a drill; `best` and `last` are of attempts that were handed in."""

    drill_id: str
    tries: int
    best: Attempt | None
    last: Attempt | None
    open: Attempt | None

    @property
    def is_passed(self) -> bool:
        """Whether any attempt earned enough."""
        return self.best is not None and self.best.is_passed


@dataclass(frozen=True, slots=True)
class Seat:
    """Who learns, and at which desk; `sat_down` where it was taken for this."""

    person: Actor
    desk: Actor
    sat_down: bool = False


class Scores:
    """The part of a lab's book that is about learning."""

    def __init__(self, book: LabBook) -> None:
        self._book = book
        for table in SCORE_TABLES:
            book.add_table(table)

    # Attempts.

    def begin(self, seat: Seat, drill: Drill, at: datetime, watch: datetime) -> int:
        """Begin an attempt; an open one at the same drill is given up."""
        person, desk = seat.person, seat.desk
        with self._book.write() as db:
            self._give_up(db, person.staff_id, drill.drill_id)
            row = {
                "person": person.staff_id,
                "drill": drill.drill_id,
                "desk": desk.staff_id,
                "sat_down": int(seat.sat_down),
                "state": "preparing",
                "why": "",
                "began_at": at.isoformat(),
                "began_by_watch": watch.isoformat(),
                "ended_at": "",
                "watch_seconds": 0,
                "points": 0,
                "most": drill.points,
                "pass_points": drill.pass_points,
                "made": "{}",
                "sheet": "[]",
            }
            return int(str(db.table(ATTEMPT.name).insert(row).last_pk))

    @staticmethod
    def _give_up(db: Any, person: str, drill_id: str) -> None:
        db.execute(
            "UPDATE attempt SET state = 'given_up' WHERE person = :person AND drill = :drill"
            " AND state IN ('open', 'preparing')",
            {"person": person, "drill": drill_id},
        )

    def give_up(self, attempt: Attempt) -> None:
        """End an attempt that is not handed in any more."""
        with self._book.write() as db:
            self._give_up(db, attempt.person, attempt.drill_id)

    def prepared(
        self, number: int, began_at: datetime, began_by_watch: datetime, things: Prepared
    ) -> Attempt:
        """Keep what was prepared: from now on the learner's time counts."""
        values = {
            "state": "open",
            "began_at": began_at.isoformat(),
            "began_by_watch": began_by_watch.isoformat(),
            "made": _json(things.made),
            "sheet": _json(things.sheet),
        }
        with self._book.write() as db:
            db.table(ATTEMPT.name).update(number, values)
        return self.attempt(number)

    def failed(self, number: int, why: str) -> None:
        """Note that a drill could not be prepared."""
        with self._book.write() as db:
            db.table(ATTEMPT.name).update(number, {"state": "failed", "why": why})

    def fail_unprepared(self, why: str) -> None:
        """Note of every drill that was being prepared when the service ended that it was not."""
        with self._book.write() as db:
            for row in list(db.table(ATTEMPT.name).rows_where("state = 'preparing'")):
                db.table(ATTEMPT.name).update(row["attempt"], {"state": "failed", "why": why})

    def hand_in(
        self, attempt: Attempt, judged: Sequence[Judged], at: datetime, watch: datetime
    ) -> Attempt:
        """Keep what an attempt came to; what was handed in before stays as it was."""
        with self._book.write() as db:
            if not self.attempt(attempt.number).is_open:
                return self.attempt(attempt.number)
            rows = (
                {
                    "attempt": attempt.number,
                    "number": number,
                    "check_name": one.check,
                    "points": one.points,
                    "most": one.most,
                    "why": one.why,
                    "facts": _json(one.facts),
                }
                for number, one in enumerate(judged, start=1)
            )
            db.table(CHECKED.name).insert_all(rows)
            seconds = max(0, round((watch - attempt.began_by_watch).total_seconds()))
            values = {
                "state": "handed_in",
                "ended_at": at.isoformat(),
                "watch_seconds": seconds,
                "points": sum(one.points for one in judged),
                "most": sum(one.most for one in judged),
            }
            db.table(ATTEMPT.name).update(attempt.number, values)
        return self.attempt(attempt.number)

    def attempt(self, number: int) -> Attempt:
        """One attempt.

        Raises:
            Refused: `not_found`.
        """
        rows = self._book.rows("SELECT * FROM attempt WHERE attempt = :number", number=number)
        if not rows:
            raise Refused("not_found")
        return _attempt(rows[0])

    def judged(self, number: int) -> list[Judged]:
        """What each check of an attempt came to."""
        rows = self._book.rows(
            "SELECT * FROM checked WHERE attempt = :number ORDER BY number", number=number
        )
        return [
            Judged(r["check_name"], r["points"], r["most"], r["why"], json.loads(r["facts"]))
            for r in rows
        ]

    def attempts_of(self, person: str, drill_id: str = "") -> list[Attempt]:
        """A person's attempts, the latest first; of one drill, or of all."""
        rows = self._book.rows(
            "SELECT * FROM attempt WHERE person = :person AND :drill IN ('', drill)"
            " ORDER BY attempt DESC",
            person=person,
            drill=drill_id,
        )
        return [_attempt(row) for row in rows]

    def others_at_work(self, person: str) -> int:
        """How many other people have a drill open."""
        rows = self._book.rows(
            "SELECT COUNT(DISTINCT person) AS people FROM attempt"
            " WHERE person != :person AND state IN ('open', 'preparing')",
            person=person,
        )
        return int(rows[0]["people"])

    def standings(self, person: str) -> dict[str, Standing]:
        """How a person stands with each drill that was tried."""
        by_drill: dict[str, list[Attempt]] = {}
        for one in self.attempts_of(person):
            by_drill.setdefault(one.drill_id, []).append(one)
        return {drill_id: _standing(drill_id, found) for drill_id, found in by_drill.items()}

    # Classes.

    def make_class(self, name: str, by: Actor, at: datetime) -> str:
        """Make a class; one that exists stays as it is.

        Raises:
            Refused: `field_missing`, `field_too_long`, `field_unreadable`.
        """
        words = " ".join(name.split())
        if not words:
            raise Refused("field_missing", "name")
        if len(words) > NAME_LENGTH_MAX:
            raise Refused("field_too_long", "name", most=NAME_LENGTH_MAX)
        if not words.isprintable() or "/" in words:
            raise Refused("field_unreadable", "name")
        row = {"name": words, "made_by": by.staff_id, "made_at": at.isoformat()}
        with self._book.write() as db:
            db.table(SCHOOL_CLASS.name).insert(row, pk=SCHOOL_CLASS.key, ignore=True)
        return words

    def classes(self) -> dict[str, tuple[str, ...]]:
        """Every class with the logins of its learners."""
        found: dict[str, list[str]] = {
            row["name"]: []
            for row in self._book.rows("SELECT name FROM school_class ORDER BY name")
        }
        for row in self._book.rows("SELECT * FROM enrolled ORDER BY class_name, person"):
            found[row["class_name"]].append(row["person"])
        return {name: tuple(people) for name, people in found.items()}

    def enrol(self, class_name: str, people: Iterable[str]) -> None:
        """Let exactly these learners be in a class.

        Raises:
            Refused: `not_found`.
        """
        if class_name not in self.classes():
            raise Refused("not_found")
        with self._book.write() as db:
            db.execute("DELETE FROM enrolled WHERE class_name = :name", {"name": class_name})
            rows = ({"class_name": class_name, "person": one} for one in sorted(set(people)))
            db.table(ENROLLED.name).insert_all(rows)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a setup made: by name, and as it lies before the learner."""

    made: Mapping[str, Mapping[str, Any]]
    sheet: Sequence[Mapping[str, Any]]


def _standing(drill_id: str, attempts: Sequence[Attempt]) -> Standing:
    handed = [one for one in attempts if one.state == "handed_in"]
    best = max(
        handed, key=lambda one: (one.points * 1000 // max(1, one.most), -one.number), default=None
    )
    return Standing(
        drill_id=drill_id,
        tries=len(handed),
        best=best,
        last=handed[0] if handed else None,
        open=next((one for one in attempts if one.is_open), None),
    )


def _attempt(row: Mapping[str, Any]) -> Attempt:
    return Attempt(
        number=row["attempt"],
        person=row["person"],
        drill_id=row["drill"],
        desk=row["desk"],
        sat_down=bool(row["sat_down"]),
        state=row["state"],
        why=row["why"],
        began_at=datetime.fromisoformat(row["began_at"]),
        began_by_watch=datetime.fromisoformat(row["began_by_watch"]),
        ended_at=datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else None,
        watch=timedelta(seconds=row["watch_seconds"]),
        points=row["points"],
        most=row["most"],
        pass_points=row["pass_points"],
        made=json.loads(row["made"]),
        sheet=json.loads(row["sheet"]),
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
