"""The agreement: what a traveller fills in and signs is read, or refused beside its field."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.agreement import (
    CONTACT_LENGTH_MAX,
    DRAWING_LENGTH_MAX,
    NAME_LENGTH_MAX,
    POINTS_MAX,
    STROKES_MAX,
    Signature,
    read_contact,
    read_document_tail,
    read_signature,
)
from refund.core.errors import Refused

STROKE = [[100, 100], [120, 110], [140, 130], [160, 120], [180, 100], [200, 90]]


def drawn(*strokes: object) -> str:
    """A drawing as the page sends it."""
    return json.dumps(list(strokes))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", ""),
        ("  ", ""),
        (" chan@example.org ", "chan@example.org"),
        ("+852 9123 4567", "+852 9123 4567"),
        ("13800000021", "13800000021"),
    ],
)
def test_a_contact_is_an_address_a_number_or_nothing(typed: str, read: str) -> None:
    assert read_contact(typed) == read


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("chan", "field_unreadable"),
        ("chan@example", "field_unreadable"),
        ("a@b.c d", "field_unreadable"),
        ("１２３４５６７８", "field_unreadable"),
        ("12345", "field_unreadable"),
        ("a@b.c\n+86 1", "field_unreadable"),
        ("a" * CONTACT_LENGTH_MAX + "@b.c", "field_too_long"),
    ],
)
def test_anything_else_is_no_contact(typed: str, code: str) -> None:
    with pytest.raises(Refused, match=code) as caught:
        read_contact(typed)
    assert caught.value.field == "contact"


@pytest.mark.parametrize("typed", ["5678", " 56 78 ", "a67b"])
def test_four_characters_of_a_document_are_read_whatever_their_case(typed: str) -> None:
    assert read_document_tail(typed) == typed.replace(" ", "").upper()


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "field_missing"),
        ("567", "field_unreadable"),
        ("56789", "field_unreadable"),
        ("５６７８", "field_unreadable"),
        ("56-8", "field_unreadable"),
        ("ß56", "field_unreadable"),
    ],
)
def test_anything_else_is_no_tail(typed: str, code: str) -> None:
    with pytest.raises(Refused, match=code) as caught:
        read_document_tail(typed)
    assert caught.value.field == "document_tail"


def test_a_drawing_is_a_signature() -> None:
    read = read_signature(drawn(STROKE, STROKE), "")
    assert (read.kind, json.loads(read.text)) == ("drawn", [STROKE, STROKE])
    assert read_signature(drawn(STROKE), "CHAN TAI MAN").kind == "drawn"


def test_a_name_is_a_signature_where_nothing_was_drawn() -> None:
    for empty in ("", " ", "[]"):
        assert read_signature(empty, "  CHAN  TAI MAN ") == Signature("typed", "CHAN TAI MAN")
    assert read_signature("", "陳大文").text == "陳大文"


@pytest.mark.parametrize(
    ("drawing", "name", "code", "field"),
    [
        ("", "", "signature_missing", "signature"),
        ("[]", "  ", "signature_missing", "signature"),
        (drawn([[1, 1]]), "CHAN", "signature_missing", "signature"),
        (drawn([], []), "CHAN", "signature_missing", "signature"),
        ("", "x" * (NAME_LENGTH_MAX + 1), "field_too_long", "signed_name"),
        ("", "CHAN\u202eTAI", "field_unreadable", "signed_name"),
        ("scribble", "", "field_unreadable", "signature"),
        ("[" * 50_000, "", "field_unreadable", "signature"),
        ("{}", "", "field_unreadable", "signature"),
        (drawn("stroke"), "", "field_unreadable", "signature"),
        (drawn([[1, 2, 3]] * 6), "", "field_unreadable", "signature"),
        (drawn([[1.5, 2]] * 6), "", "field_unreadable", "signature"),
        (drawn([[-1, 2]] * 6), "", "field_unreadable", "signature"),
        (drawn([[1001, 2]] * 6), "", "field_unreadable", "signature"),
        (drawn([[1, 401]] * 6), "", "field_unreadable", "signature"),
        (drawn([["1", "2"]] * 6), "", "field_unreadable", "signature"),
        (drawn([[True, False]] * 6), "", "field_unreadable", "signature"),
        (drawn(*[[[1, 1]]] * (STROKES_MAX + 1)), "", "field_unreadable", "signature"),
        (drawn([[1, 1]] * (POINTS_MAX + 1)), "", "field_too_long", "signature"),
        ("x" * (DRAWING_LENGTH_MAX + 1), "", "field_too_long", "signature"),
    ],
)
def test_what_is_no_signature_is_refused(drawing: str, name: str, code: str, field: str) -> None:
    with pytest.raises(Refused, match=code) as caught:
        read_signature(drawing, name)
    assert caught.value.field == field


POINTS = st.tuples(st.integers(0, 1000), st.integers(0, 400)).map(list)


@given(st.lists(st.lists(POINTS, min_size=6, max_size=30), min_size=1, max_size=5))
def test_every_drawing_on_the_pad_is_read_back_as_it_was_drawn(strokes: list[object]) -> None:
    assert json.loads(read_signature(json.dumps(strokes), "").text) == strokes


@given(st.text(max_size=200), st.text(max_size=100))
def test_anything_typed_is_read_or_refused(drawing: str, name: str) -> None:
    try:
        found = read_signature(drawing, name).kind
    except Refused as refused:
        found = refused.field
    assert found in ("drawn", "typed", "signature", "signed_name")


def test_a_drawn_signature_can_be_drawn_again_and_a_name_has_no_strokes() -> None:
    assert Signature("drawn", "[[[0,10],[5,20]],[[7,8]]]").strokes == ("0,10 5,20", "7,8")
    assert Signature("typed", "CHAN TAI MAN").strokes == ()
