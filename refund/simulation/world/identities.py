"""Who somebody is: nationality, names, birth and a document that could be real and is not."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from refund.core.traveller import (
    PERMIT_OF_REGION,
    DocumentKind,
    IdentityDocument,
    Traveller,
)
from refund.places import data_folder
from refund.simulation.world.chance import Chance
from refund.simulation.world.scenario import Scenario

DAYS_A_YEAR = 365
_AGES = (18, 78)
_EXPIRES_WITHIN_YEARS = 9

_NUMBERS = 99_999_989
"""A prime of eight digits, so that multiplying by the next gives every number once."""

_SCATTER = 48_271_003
_LETTERS = "EKNSX"
_UNSPACED = ("zh_Hans", "zh_Hant", "ja", "ko")


@dataclass(frozen=True, slots=True)
class _People:
    language: str
    surnames: Sequence[tuple[str, str]]
    given: dict[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody before they travel; `sex` is F or M."""

    number: int
    nationality: str
    sex: str
    language: str
    latin_name: str
    local_name: str
    document: IdentityDocument
    birth: date
    expiry: date

    def entered(self, last_entry: date) -> Traveller:
        """The same as a traveller in the mainland."""
        return Traveller(
            latin_name=self.latin_name,
            local_name=self.local_name,
            nationality=self.nationality,
            document=self.document,
            birth=self.birth,
            document_expiry=self.expiry,
            last_entry=last_entry,
        )


class Identities:
    """Makes up the people of one world."""

    def __init__(self, scenario: Scenario) -> None:
        self._nationalities = scenario.weights("nationality")
        self._expired = scenario.number("document.expired_share")

    def person(self, number: int, chance: Chance, day: date) -> Person:
        """A grown-up whose document is valid on a day, but for the few whose is not.

        The number makes the document's number, so that nobody has another's.
        """
        nationality = chance.pick("nationality", self._nationalities)
        people = _people()[nationality]
        sex = "F" if chance.is_so("sex", 0.5) else "M"
        surname, given = (
            _drawn(chance, "surname", people.surnames),
            _drawn(chance, "given", people.given[sex]),
        )
        gap = "" if people.language in _UNSPACED else " "
        age_days = chance.whole("age", _AGES[0] * DAYS_A_YEAR + 5, _AGES[1] * DAYS_A_YEAR)
        left_days = chance.whole("expiry", 30, _EXPIRES_WITHIN_YEARS * DAYS_A_YEAR)
        if chance.is_so("expired", self._expired):
            left_days = -chance.whole("expired-days", 1, 200)
        kind = PERMIT_OF_REGION.get(nationality, DocumentKind.PASSPORT)
        local = gap.join(part for part in (surname[1], given[1]) if part)
        return Person(
            number=number,
            nationality=nationality,
            sex=sex,
            language=people.language,
            latin_name=f"{surname[0]} {given[0]}",
            local_name=local,
            document=IdentityDocument(kind, document_number(kind, nationality, number)),
            birth=day - timedelta(days=age_days),
            expiry=day + timedelta(days=left_days),
        )


def document_number(kind: DocumentKind, nationality: str, number: int) -> str:
    """The number of a document, another for each number of a person."""
    letter = _LETTERS[number // _NUMBERS % len(_LETTERS)]
    digits = f"{number * _SCATTER % _NUMBERS:08d}"
    match kind:
        case DocumentKind.HK_MACAO_PERMIT:
            return ("H" if nationality == "HKG" else "M") + digits
        case DocumentKind.TAIWAN_PERMIT:
            return digits
        case DocumentKind.PASSPORT:
            return letter + digits


def _drawn(chance: Chance, name: str, names: Sequence[tuple[str, str]]) -> tuple[str, str]:
    return names[chance.whole(name, 0, len(names) - 1)]


@cache
def _people() -> dict[str, _People]:
    text = (data_folder() / "names.csv").read_text(encoding="utf-8")
    return {
        row["nationality"]: _People(
            language=row["language"],
            surnames=_names(row["surnames"]),
            given={"F": _names(row["given_f"]), "M": _names(row["given_m"])},
        )
        for row in csv.DictReader(text.splitlines())
    }


def _names(text: str) -> list[tuple[str, str]]:
    """Names as `CHAN=陳 LEE=李`: Latin, and the own script where there is one."""
    pairs = (part.partition("=") for part in text.split())
    return [(latin.replace("_", " "), local.replace("_", " ")) for latin, _, local in pairs]
