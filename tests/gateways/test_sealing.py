"""Identity at rest: what is sealed opens at its own place only, and looks like nothing."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.gateways.sealing import SealBroken, Sealer, key_id

KEY, INDEX_KEY, OTHER_KEY = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
SEALER = Sealer(KEY, INDEX_KEY)
PLACE = ("traveller", "document_number", "17")


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_at_its_place(plaintext: bytes) -> None:
    blob = SEALER.seal(*PLACE, plaintext)
    assert SEALER.open(*PLACE, blob) == plaintext
    assert blob[:5] == b"\x01" + key_id(KEY)
    assert len(blob) == 1 + 4 + 12 + len(plaintext) + 16


@pytest.mark.parametrize(
    "place",
    [
        ("traveller", "document_number", "18"),
        ("traveller", "name", "17"),
        ("clerk", "document_number", "17"),
        ("traveller", "document_number", "17 "),
        ("traveller", "document_number", ""),
    ],
)
def test_what_is_moved_to_another_row_or_column_does_not_open(place: tuple[str, str, str]) -> None:
    with pytest.raises(SealBroken):
        SEALER.open(*place, SEALER.seal(*PLACE, b"H12345678"))


def test_every_flipped_bit_breaks_the_seal() -> None:
    blob = SEALER.seal(*PLACE, b"H12345678")
    for bit in range(len(blob) * 8):
        flipped = (int.from_bytes(blob) ^ (1 << bit)).to_bytes(len(blob))
        with pytest.raises(SealBroken):
            SEALER.open(*PLACE, flipped)


@given(st.binary(max_size=80))
def test_bytes_that_were_never_sealed_are_named_so(blob: bytes) -> None:
    with pytest.raises(SealBroken):
        SEALER.open(*PLACE, blob)


def test_a_seal_cut_short_or_made_longer_is_broken() -> None:
    blob = SEALER.seal(*PLACE, b"H12345678")
    for other in [blob[:length] for length in range(len(blob))] + [blob + b"\0"]:
        with pytest.raises(SealBroken):
            SEALER.open(*PLACE, other)


def test_the_same_text_never_seals_to_the_same_bytes() -> None:
    seals = {SEALER.seal(*PLACE, b"H12345678") for _ in range(1000)}
    assert len({blob[5:17] for blob in seals}) == 1000
    assert all(b"H12345678" not in blob for blob in seals)


def test_an_earlier_key_opens_and_seals_no_more() -> None:
    rotated = Sealer(OTHER_KEY, INDEX_KEY, earlier=(KEY,))
    assert rotated.open(*PLACE, SEALER.seal(*PLACE, b"old")) == b"old"
    with pytest.raises(SealBroken, match="not here"):
        SEALER.open(*PLACE, rotated.seal(*PLACE, b"new"))


def test_a_name_that_could_blur_two_places_is_a_defect() -> None:
    for table, column in (("a.b", "c"), ("a", "b|c"), ("", "c"), ("a", "")):
        with pytest.raises(ValueError, match="not a name"):
            SEALER.seal(table, column, "1", b"")
    with pytest.raises(ValueError, match="not a name"):
        SEALER.index("document\0number", "x")


def test_a_blind_index_is_equal_for_equal_texts_of_one_kind_and_key() -> None:
    index = SEALER.index("document_number", "H12345678")
    assert index == Sealer(OTHER_KEY, INDEX_KEY).index("document_number", "H12345678")
    assert len(index) == 64
    assert bytes.fromhex(index)
    others = {
        SEALER.index("document_number", "H12345679"),
        SEALER.index("name", "H12345678"),
        Sealer(KEY, os.urandom(32)).index("document_number", "H12345678"),
    }
    assert len(others | {index}) == 4


def test_each_purpose_needs_a_whole_key_of_its_own() -> None:
    with pytest.raises(ValueError, match="of its own"):
        Sealer(KEY, KEY)
    with pytest.raises(ValueError, match="of its own"):
        Sealer(OTHER_KEY, KEY, earlier=(KEY,))
    for keys in ((KEY[:16], INDEX_KEY), (KEY, INDEX_KEY + b"\0")):
        with pytest.raises(ValueError, match="32 bytes"):
            Sealer(*keys)
