"""The plan of faults: the same seed draws the same, each keeps to its scope and its number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from refund.sandbox.answers import Answer
from refund.sandbox.call_faults import AFTER, BEFORE
from refund.sandbox.cards import TRIAL_CARDS
from refund.sandbox.errors import Rejected
from refund.sandbox.faults import GROUPS, KIND_WORDS, KINDS, NAMES, Fault
from refund.sandbox.network import Book
from refund.translations import load_catalogues
from tests.sandbox.world import CountedIds, HandClock


def drawn(book: Book, number: int, name: str = "html", last4: str = "", kind: str = "") -> str:
    """Draw some times and write what came: x where it happened."""
    draws = (book.faults.draw(name, last4=last4, kind=kind) for _ in range(number))
    return "".join("x" if hit else "." for hit in draws)


def test_what_is_not_switched_on_never_happens(book: Book) -> None:
    assert drawn(book, 3) == "..."
    book.faults.switch_on(Fault("redirect"))
    assert drawn(book, 3) == "..."


def test_what_is_switched_on_without_more_always_happens(book: Book) -> None:
    book.faults.switch_on(Fault("html"))
    assert drawn(book, 3) == "xxx"
    assert drawn(book, 2, last4="1111", kind="hold") == "xx"


def test_a_seed_draws_the_same_in_every_book_and_every_version(book: Book) -> None:
    book.faults.switch_on(Fault("html", probability_bp=5000, seed=7))
    assert drawn(book, 24) == ".xxxx....xx....x..xx.x.."


def test_a_seed_draws_the_same_after_a_restart(tmp_path: Path, clock: HandClock) -> None:
    fault = Fault("html", probability_bp=3000, seed=42)
    texts = []
    for restarts in (False, True):
        path = str(tmp_path / f"book-{restarts}.db")
        book = Book(path, clock, CountedIds())
        book.faults.switch_on(fault)
        text = drawn(book, 20)
        if restarts:
            book.close()
            book = Book(path, clock, CountedIds())
        texts.append(text + drawn(book, 20))
        book.close()
    assert texts[0] == texts[1]
    assert "x" in texts[0]


def test_seeds_and_names_draw_apart_from_one_another(book: Book) -> None:
    texts = set()
    for name, seed in (("html", 1), ("html", 2), ("half_json", 1)):
        book.faults.heal()
        book.faults.switch_on(Fault(name, probability_bp=5000, seed=seed))
        texts.add(drawn(book, 40, name))
    assert len(texts) == 3


@pytest.mark.parametrize("probability_bp", [1, 100, 2500, 9900, 10_000])
def test_a_share_is_kept_to_over_many_draws(probability_bp: int) -> None:
    fault = Fault("html", probability_bp=probability_bp, seed=2025)
    hits = sum(fault.happens(number) for number in range(20_000))
    assert abs(hits - 2 * probability_bp) <= 180


def test_a_fault_keeps_to_its_card_and_its_kind(book: Book) -> None:
    book.faults.switch_on(Fault("html", last4="1111", kind="hold"))
    assert book.faults.draw("html", last4="1111", kind="hold")
    assert not book.faults.draw("html", last4="4444", kind="hold")
    assert not book.faults.draw("html", last4="1111", kind="advance")
    assert not book.faults.draw("html")
    (switched,) = book.faults.switched()
    assert (switched.draws, switched.hits) == (1, 1)


def test_a_fault_is_used_up_after_its_number(book: Book) -> None:
    book.faults.switch_on(Fault("html", probability_bp=5000, seed=7, times=4))
    assert drawn(book, 24) == ".xxxx..................."
    (switched,) = book.faults.switched()
    assert (switched.draws, switched.hits, switched.times_left) == (5, 4, 0)


def test_a_second_fault_of_a_name_is_drawn_where_the_first_does_not_happen(book: Book) -> None:
    book.faults.switch_on(Fault("html", times=1))
    book.faults.switch_on(Fault("html", times=2))
    assert drawn(book, 5) == "xxx.."
    assert [switched.draws for switched in book.faults.switched()] == [1, 2]


def test_what_is_switched_off_happens_no_more(book: Book) -> None:
    fault_id = book.faults.switch_on(Fault("html"))
    kept = book.faults.switch_on(Fault("redirect"))
    assert book.faults.switch_off(fault_id)
    assert not book.faults.switch_off(fault_id)
    assert drawn(book, 2) == ".."
    assert [switched.fault_id for switched in book.faults.switched()] == [kept]
    assert book.faults.heal() == 1
    assert book.faults.switched() == []
    assert book.faults.switch_on(Fault("html")) > kept


def test_a_draw_is_taken_back_with_its_transaction(book: Book) -> None:
    book.faults.switch_on(Fault("html", probability_bp=5000, seed=7))

    def refused_half_way() -> Answer:
        assert drawn(book, 3) == ".xx"
        raise Rejected(400, "taken_back", "As a request that is refused once it has drawn.")

    with pytest.raises(Rejected):
        book.answer_once("key", "fingerprint", refused_half_way)
    assert drawn(book, 3) == ".xx"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "no_such"}, "no fault is named no_such"),
        ({"name": "html", "kind": "lookup"}, "no fault of lookup"),
        ({"name": "payout_returned", "kind": "hold"}, "no fault of hold"),
        ({"name": "wrong_amount", "kind": "session"}, "no fault of a card page"),
        ({"name": "html", "last4": "111"}, "last four digits"),
        ({"name": "html", "last4": "１１１１"}, "last four digits"),
        ({"name": "statement_late", "last4": "1111"}, "not of one card"),
        ({"name": "statement_late", "kind": "hold"}, "no fault of hold"),
        ({"name": "html", "probability_bp": 0}, "1 to 10000"),
        ({"name": "html", "probability_bp": 10_001}, "1 to 10000"),
        ({"name": "html", "seed": -1}, "seed"),
        ({"name": "html", "seed": 2**63}, "seed"),
        ({"name": "html", "times": 0}, "at least once"),
    ],
)
def test_a_fault_that_could_never_be_drawn_is_refused(changes: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Fault(**changes)  # type: ignore[arg-type]


def test_a_name_that_is_none_is_never_drawn(book: Book) -> None:
    with pytest.raises(ValueError, match="no fault is named no_such"):
        book.faults.draw("no_such")


def test_every_fault_of_a_call_is_drawn_before_or_after_the_booking() -> None:
    calls = {name for name, known in NAMES.items() if known.group == "call"}
    assert len(BEFORE) + len(AFTER) == len(calls)
    assert {*BEFORE, *AFTER} == calls


def test_groups_kinds_and_cards_are_told_apart() -> None:
    assert {known.group for known in NAMES.values()} == set(GROUPS) == set(KINDS)
    assert {kind for kinds in KINDS.values() for kind in kinds} == set(KIND_WORDS)
    ends = [card.last4 for card in TRIAL_CARDS]
    assert len(set(ends)) == len(ends)


def test_the_document_lists_every_fault() -> None:
    document = (Path(__file__).parents[2] / "docs" / "network.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| (.+) \| (.+) \|$", document, re.MULTILINE)
    assert rows == [(name, GROUPS[known.group], known.told) for name, known in NAMES.items()]


def test_every_fault_is_described_in_chinese_too() -> None:
    catalogue = load_catalogues("zh_Hans")
    told = {known.told for known in NAMES.values()}
    assert len(told) == len(NAMES)
    texts = told | set(GROUPS.values()) | set(KIND_WORDS.values())
    assert [text for text in sorted(texts) if catalogue.gettext(text) == text] == []
