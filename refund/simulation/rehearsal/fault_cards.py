"""Fault cards: what goes wrong, to whom, what is right; and which of them were dealt."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from refund.core.entitlement import LineKey
from refund.core.rulebook import PROVISION_BY_KEY, Provision
from refund.core.traveller import Traveller
from refund.places import data_folder
from refund.simulation.described import MOMENT, Column, Table
from refund.simulation.drills.parameters import Words
from refund.simulation.drills.stage import traveller_from
from refund.simulation.lab_book import LabBook

FILE = "fault_cards.toml"
SCENARIO = "scenario"
"""Who deals what the population brings along by itself."""

BOTS = "bots"
"""Who solved a card at a desk that nobody had taken."""

SHOWN = 100
"""Dealt cards that are listed at most, the newest first."""


class Target(Enum):
    """To whom a card is dealt: a form, the next form of a store, a port's desk, the network."""

    FORM = "form"
    COMING = "coming"
    PORT = "port"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class FaultCard:
    """One kind of card.

    Args:
        desk: who is to solve it: clerk, customs, operator or traveller.
        does: what happens when it is dealt; for the trainer.
        scene: what stands before whoever plays the desk.
        notice: what shows on the pages.
        answer: what is right.
        provisions: the rules that the answer rests on.
    """

    key: str
    desk: str
    targets: tuple[Target, ...]
    title: Words
    does: Words
    scene: Words
    notice: Words
    answer: Words
    provisions: tuple[Provision, ...]


@cache
def fault_cards() -> Mapping[str, FaultCard]:
    """Every card that there is, by key, in the order of the file."""
    text = (data_folder() / FILE).read_text(encoding="utf-8")
    return {key: _read(key, told) for key, told in tomllib.loads(text).items()}


def _read(key: str, told: Mapping[str, Any]) -> FaultCard:
    def words(name: str) -> Words:
        return Words(told[name]["zh"], told[name]["en"])

    return FaultCard(
        key=key,
        desk=told["desk"],
        targets=tuple(Target(one) for one in told["targets"]),
        title=words("title"),
        does=words("does"),
        scene=words("scene"),
        notice=words("notice"),
        answer=words("answer"),
        provisions=tuple(PROVISION_BY_KEY[name] for name in told["rules"]),
    )


FAULT_CARD = Table(
    "fault_card",
    "The fault cards that were dealt, and what became of them",
    {
        "card_id": Column(int, "number of the card as it was dealt, from 1"),
        "card": Column(str, "which card, by its key in fault_cards.toml"),
        "form_id": Column(str, "the form it is about; empty while nobody has come for it"),
        "store_number": Column(int, "the store whose next form it waits for; 0 for any, or none"),
        "port": Column(str, "the port whose desk it is about, or nothing"),
        "dealt_by": Column(str, "login of the trainer, or `scenario`"),
        "dealt_at": Column(str, "when, by the rehearsal's clock", MOMENT),
        "effective_at": Column(str, "when something went wrong by it; empty before", MOMENT),
        "ended_at": Column(str, "when it was solved or missed; empty before", MOMENT),
        "is_solved": Column(int, "1 when it was solved, judged by what stands in the database"),
        "ended_by": Column(str, "who played the desk then: a login, or `bots`"),
        "facts": Column(str, "what the card needs to know, as JSON"),
    },
    key="card_id",
    indexes=[("form_id",), ("ended_at",)],
)
KEPT_FORM = Table(
    "kept_form",
    "The forms of drills",
    {"form_id": Column(str, "a form of somebody's drill, which no bot takes in hand")},
    key="form_id",
)
TO_THE_PORT = Table(
    "to_the_port",
    "The travellers whom a person sent to the port",
    {
        "form_id": Column(str, "a form whose traveller a person plays, and sends to the port"),
        "at": Column(str, "when that traveller comes to customs", MOMENT),
    },
    key="form_id",
)
TABLES = (FAULT_CARD, KEPT_FORM, TO_THE_PORT)


@dataclass(frozen=True, slots=True)
class Dealt:
    """A card that was dealt.

    Args:
        facts: plain values, fit for JSON.
    """

    card_id: int
    key: str
    form_id: str
    store_number: int
    port: str
    dealt_by: str
    dealt_at: datetime
    effective_at: datetime | None = None
    ended_at: datetime | None = None
    is_solved: bool = False
    ended_by: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def card(self) -> FaultCard:
        """What kind of card it is."""
        return fault_cards()[self.key]

    @property
    def is_open(self) -> bool:
        """Whether it is neither solved nor missed."""
        return self.ended_at is None

    @property
    def waits_for_form(self) -> bool:
        """Whether nobody has come yet to whom it happens."""
        is_for_one = Target.FORM in self.card.targets or Target.COMING in self.card.targets
        return is_for_one and not self.form_id

    @property
    def line(self) -> LineKey:
        """The line that it is about, where it is about one."""
        return int(self.facts.get("invoice", 0)), int(self.facts.get("line", 0))

    @property
    def traveller(self) -> Traveller | None:
        """Whose document is shown, where it is another than the form's."""
        told = self.facts.get("traveller")
        return traveller_from(told) if isinstance(told, dict) else None

    def moment(self, name: str) -> datetime | None:
        """A moment among the facts."""
        told = self.facts.get(name)
        return datetime.fromisoformat(told) if isinstance(told, str) else None


class CardTable:
    """The cards that were dealt, as the lab's book keeps them."""

    def __init__(self, book: LabBook) -> None:
        for table in TABLES:
            book.add_table(table)
        self._book = book

    def add(self, dealt: Dealt) -> Dealt:
        """Keep a card that is dealt now; with its number."""
        with self._book.write() as db:
            last = self._book.rows("SELECT coalesce(max(card_id), 0) AS n FROM fault_card")
            kept = replace(dealt, card_id=last[0]["n"] + 1)
            db.table(FAULT_CARD.name).insert(_row(kept), pk=FAULT_CARD.key)
        return kept

    def put(self, dealt: Dealt) -> None:
        """Keep what has become of a card."""
        with self._book.write() as db:
            db.table(FAULT_CARD.name).upsert(_row(dealt), pk=FAULT_CARD.key)

    def card(self, card_id: int) -> Dealt | None:
        """A card by its number."""
        return next(iter(self._found("WHERE card_id = :card_id", card_id=card_id)), None)

    def open_cards(self) -> list[Dealt]:
        """What was dealt and is neither solved nor missed, the first first."""
        return self._found("WHERE ended_at = '' ORDER BY card_id")

    def newest(self, limit: int = SHOWN) -> list[Dealt]:
        """What was dealt last, the newest first."""
        return self._found("ORDER BY card_id DESC LIMIT :n", n=limit)

    def of_form(self, form_id: str) -> list[Dealt]:
        """The cards about one form, the first first."""
        return self._found("WHERE form_id = :form_id ORDER BY card_id", form_id=form_id)

    def of_scenario(self, key: str) -> list[Dealt]:
        """The cards of a kind that the scenario dealt."""
        return self._found("WHERE dealt_by = :by AND card = :card", by=SCENARIO, card=key)

    def keep_from_bots(self, form_id: str) -> None:
        """Let no bot take a form in hand: it is somebody's drill."""
        with self._book.write() as db:
            db.table(KEPT_FORM.name).upsert({"form_id": form_id}, pk=KEPT_FORM.key)

    def kept_forms(self) -> frozenset[str]:
        """The forms that no bot takes in hand."""
        return frozenset(row["form_id"] for row in self._book.rows("SELECT form_id FROM kept_form"))

    def send_to_port(self, form_id: str, at: datetime) -> None:
        """Let the traveller of a form, whom a person plays, come to customs and fly."""
        with self._book.write() as db:
            row = {"form_id": form_id, "at": at.isoformat()}
            db.table(TO_THE_PORT.name).upsert(row, pk=TO_THE_PORT.key)

    def sent_to_port(self) -> dict[str, datetime]:
        """The forms whose travellers were sent to the port, and when."""
        found = self._book.rows("SELECT form_id, at FROM to_the_port")
        return {row["form_id"]: datetime.fromisoformat(row["at"]) for row in found}

    def _found(self, rest: str, **parameters: object) -> list[Dealt]:
        sql = f"SELECT * FROM fault_card {rest}"  # noqa: S608 - the rest is this class's own text
        return [_dealt(row) for row in self._book.rows(sql, **parameters)]


def _row(dealt: Dealt) -> dict[str, Any]:
    return {
        "card_id": dealt.card_id,
        "card": dealt.key,
        "form_id": dealt.form_id,
        "store_number": dealt.store_number,
        "port": dealt.port,
        "dealt_by": dealt.dealt_by,
        "dealt_at": dealt.dealt_at.isoformat(),
        "effective_at": _said(dealt.effective_at),
        "ended_at": _said(dealt.ended_at),
        "is_solved": int(dealt.is_solved),
        "ended_by": dealt.ended_by,
        "facts": json.dumps(dict(dealt.facts), ensure_ascii=False, sort_keys=True),
    }


def _dealt(row: Mapping[str, Any]) -> Dealt:
    return Dealt(
        card_id=row["card_id"],
        key=row["card"],
        form_id=row["form_id"],
        store_number=row["store_number"],
        port=row["port"],
        dealt_by=row["dealt_by"],
        dealt_at=datetime.fromisoformat(row["dealt_at"]),
        effective_at=_read_moment(row["effective_at"]),
        ended_at=_read_moment(row["ended_at"]),
        is_solved=bool(row["is_solved"]),
        ended_by=row["ended_by"],
        facts=json.loads(row["facts"]),
    )


def _said(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


def _read_moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
