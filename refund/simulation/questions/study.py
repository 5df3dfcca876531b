"""The study file of a what-if: each finished run with its figures, so that it can go on later."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pysqlite3
from sqlite_utils import Database

from refund import __version__
from refund.core.errors import Refused
from refund.simulation.described import ABOUT, Column, Table, about
from refund.simulation.questions.vary import Variant, Varied, grid
from refund.simulation.world.parameters import find
from refund.simulation.world.scenario import Scenario

STUDY = Table(
    "study",
    "One row: the question that was asked",
    {
        "fingerprint": Column(
            str, "SHA-256 of everything that makes the question; seeds do not", "hex"
        ),
        "scenario": Column(str, "the scenario, by name or as a file"),
        "title_en": Column(str, "the scenario's title in English"),
        "title_zh": Column(str, "the scenario's title in Chinese"),
        "days": Column(int, "how long each run is; empty where the scenario says", "days"),
        "varied": Column(
            str, "parameters with their values, the first of each is the base", "JSON"
        ),
        "given": Column(
            str, "parameters that were set in every variant, with their values", "JSON"
        ),
        "parameters": Column(str, "every parameter before it is varied", "JSON"),
        "program_version": Column(str, "the version of this program"),
    },
    "fingerprint",
)
TABLES = (
    ABOUT,
    STUDY,
    Table(
        "variant",
        "One combination of the values that are varied",
        {
            "number": Column(int, "counts from the base, which is 0"),
            "changes": Column(str, "parameter and value", "JSON"),
        },
        "number",
    ),
    Table(
        "run",
        "One finished run: a variant with a seed",
        {
            "variant": Column(int, "which variant"),
            "seed": Column(int, "from which all its chance was drawn"),
            "digest": Column(
                str, "the ledger's digest: the same for the same seed and variant", "hex"
            ),
        },
        ("variant", "seed"),
        [("variant", "variant", "number")],
    ),
    Table(
        "figure",
        "What a run came to, one row for each figure",
        {
            "variant": Column(int, "which variant"),
            "seed": Column(int, "which seed"),
            "name": Column(str, "which figure, as a results file names it"),
            "value": Column(float, "how much it came to", "by the ending: _fen, _s, _hours"),
        },
        ("variant", "seed", "name"),
        [("variant", "variant", "number")],
    ),
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a scenario, what varies in it, and how long each run is.

    Args:
        scenario: by name or as a file, as `read_scenario` takes it.
        titles: the scenario's title by language, `en` and `zh`.
        varied: what varies.
        days: None where the scenario says how many.
        given: what was set in every variant, by key, as it was typed.
        parameters: every parameter before it is varied, by key, as people write it.
    """

    scenario: str
    titles: Mapping[str, str]
    varied: tuple[Varied, ...]
    days: int | None
    given: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Every combination that is run."""
        return grid(self.varied)

    @property
    def fingerprint(self) -> str:
        """The same for the same question to the same version of the program."""
        asked = [self.days, _plain(self.varied), dict(self.parameters), __version__]
        return hashlib.sha256(_json(asked).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run."""

    variant: int
    seed: int
    digest: str
    figures: Mapping[str, float]


def question_of(
    name: str,
    scenario: Scenario,
    varied: Sequence[Varied],
    days: int | None,
    given: Mapping[str, str],
) -> Question:
    """The question that a scenario, what was set in it and what varies make."""
    titles = {"en": scenario.title_en or name, "zh": scenario.title_zh or name}
    return Question(name, titles, tuple(varied), days, dict(given), scenario.as_written())


class Study:
    """An open study file."""

    def __init__(self, file: Database, question: Question) -> None:
        self._file = file
        self.question = question

    def finished(self) -> set[tuple[int, int]]:
        """Which variants are done with which seeds."""
        rows = self._file.execute("SELECT variant, seed FROM run")
        return {(int(variant), int(seed)) for variant, seed in rows}

    def keep(self, run: Run) -> None:
        """Keep a finished run, whole."""
        figures = [
            {"variant": run.variant, "seed": run.seed, "name": name, "value": float(value)}
            for name, value in run.figures.items()
        ]
        row = {"variant": run.variant, "seed": run.seed, "digest": run.digest}
        with self._file.conn:
            self._file.conn.execute("INSERT INTO run VALUES (:variant, :seed, :digest)", row)
            self._file.conn.executemany(
                "INSERT INTO figure VALUES (:variant, :seed, :name, :value)", figures
            )

    def runs(self) -> list[Run]:
        """Every finished run, in order."""
        figures: dict[tuple[int, int], dict[str, float]] = {}
        for variant, seed, name, value in self._file.execute(
            "SELECT variant, seed, name, value FROM figure ORDER BY variant, seed, rowid"
        ):
            figures.setdefault((variant, seed), {})[name] = value
        rows = self._file.execute("SELECT variant, seed, digest FROM run ORDER BY variant, seed")
        return [Run(v, seed, digest, figures.get((v, seed), {})) for v, seed, digest in rows]


@contextmanager
def begin_study(path: Path, question: Question) -> Iterator[Study]:
    """The study file of a question: a new one, or the one that was begun.

    Raises:
        Refused: `study_unreadable`; `study_differs` where another question was asked.
    """
    is_new = not path.exists() or path.stat().st_size == 0
    with _opened(path) as file:
        if is_new:
            _create(file, question)
        found = _question(file)
        if found.fingerprint != question.fingerprint or _kept_fingerprint(file) != (
            question.fingerprint
        ):
            raise Refused("study_differs", "out", file=path.name)
        yield Study(file, found)


@contextmanager
def read_study(path: Path) -> Iterator[Study]:
    """A study file as it stands.

    Raises:
        Refused: `study_unreadable`.
    """
    if not path.is_file():
        raise Refused("study_unreadable", "study", file=path.name)
    with _opened(path) as file:
        yield Study(file, _question(file))


@contextmanager
def _opened(path: Path) -> Iterator[Database]:
    file = Database(path)
    try:
        yield file
    except pysqlite3.DatabaseError:
        raise Refused("study_unreadable", "study", file=path.name) from None
    finally:
        file.close()


def _create(file: Database, question: Question) -> None:
    for table in TABLES:
        table.make(file, if_not_exists=True)
    file.table("study").insert(
        {
            "fingerprint": question.fingerprint,
            "scenario": question.scenario,
            "title_en": question.titles["en"],
            "title_zh": question.titles["zh"],
            "days": question.days,
            "varied": _json(_plain(question.varied)),
            "given": _json(dict(question.given)),
            "parameters": _json(dict(question.parameters)),
            "program_version": __version__,
        },
        replace=True,
    )
    file.table("variant").insert_all(
        ({"number": one.number, "changes": _json(dict(one.changes))} for one in question.variants),
        replace=True,
    )
    file.table(ABOUT.name).insert_all(about(TABLES), replace=True)


def _question(file: Database) -> Question:
    rows = list(file.query("SELECT * FROM study"))
    if len(rows) != 1 or not rows[0].keys() >= STUDY.columns.keys():
        raise pysqlite3.DatabaseError("no study")
    row = rows[0]
    varied = tuple(Varied(find(key), tuple(values)) for key, values in json.loads(row["varied"]))
    return Question(
        scenario=row["scenario"],
        titles={"en": row["title_en"], "zh": row["title_zh"]},
        varied=varied,
        days=row["days"],
        given=json.loads(row["given"]),
        parameters=json.loads(row["parameters"]),
    )


def _kept_fingerprint(file: Database) -> str:
    (fingerprint,) = next(iter(file.execute("SELECT fingerprint FROM study")))
    return str(fingerprint)


def _plain(varied: Sequence[Varied]) -> list[list[object]]:
    return [[one.key, list(one.values)] for one in varied]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
