"""A rehearsal's forms cannot pass as others, and no other form passes in a rehearsal."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.exit_pass import is_like_a_pass, read_pass, verify_pass
from refund.core.ids import (
    damm_digit,
    is_rehearsal_number,
    make_form_number,
    read_form_number,
)
from refund.core.signing import (
    KeyRing,
    Payload,
    SigningKey,
    VerificationKey,
    kid_of,
    read_code,
    ring_document,
    ring_from,
    sign,
    verify,
)

FOLDER = Path(__file__).parents[1] / "vectors"
OWN = json.loads((FOLDER / "rehearsal.json").read_text("utf-8"))
OTHERS = {
    kind: json.loads((FOLDER / name).read_text("utf-8"))
    for kind, name in (("form", "code.json"), ("pass", "pass.json"))
}
ON = date.fromisoformat(OWN["on"])
RING = ring_from(OWN["published"])
KINDS = ["form", "pass"]


def refusal_of(kind: str, text: str, ring: KeyRing, url: str = "") -> str:
    read, check = {"form": (read_code, verify), "pass": (read_pass, verify_pass)}[kind]
    try:
        check(read(text, url, is_rehearsal=ring.is_rehearsal), ring, ON)
    except Refused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_rehearsal_accepts_its_own_codes(kind: str) -> None:
    for text in (OWN[kind]["code"], OWN[kind]["url"]):
        assert refusal_of(kind, text, RING, OWN["public_url"]) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_other_service_says_that_it_is_a_rehearsal_s(kind: str) -> None:
    ring = ring_from(OTHERS[kind]["published"])
    for text in (OWN[kind]["code"], OWN[kind]["url"]):
        assert refusal_of(kind, text, ring, OWN["elsewhere_url"]) == "rehearsal_form"


@pytest.mark.parametrize("kind", KINDS)
def test_a_rehearsal_says_of_all_others_that_they_are_none(kind: str) -> None:
    other = OTHERS[kind]["accepted"][0]
    for text in (other["code"], other["url"]):
        assert refusal_of(kind, text, RING, OWN["public_url"]) == "not_a_rehearsal"


@pytest.mark.parametrize("kind", KINDS)
def test_the_worlds_are_told_apart_even_with_one_and_the_same_key(kind: str) -> None:
    same = KeyRing(RING.keys)
    assert refusal_of(kind, OWN[kind]["code"], same) == "rehearsal_form"


def test_another_rehearsal_s_code_at_its_own_address_is_foreign() -> None:
    address = "https://another.example"
    assert refusal_of("form", OWN["form"]["url"], RING, address) == "code_foreign"
    real = OTHERS["form"]["accepted"][0]["url"]
    assert refusal_of("form", real, KeyRing(()), address) == "code_foreign"


def test_what_is_signed_in_one_world_is_worth_nothing_in_the_other() -> None:
    assert refusal_of("form", OWN["form"]["signed_as_no_rehearsal"], RING) == "signature_invalid"


def test_the_published_keys_say_whose_they_are() -> None:
    document: Any = json.loads(json.dumps(ring_document(RING)))
    assert ring_from(document) == RING
    assert ring_from(document).is_rehearsal
    assert not ring_from(OTHERS["form"]["published"]).is_rehearsal
    with pytest.raises(ValueError, match="document"):
        ring_from({**document, "domain": "another"})


def test_the_vector_s_code_is_made_again() -> None:
    kid, seed = next(iter(OWN["test_private_keys"].items()))
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    said = OWN["form"]["payload"]
    payload = Payload(**{**said, "issue_day": date.fromisoformat(said["issue_day"])})
    key = SigningKey(kid, payload.issue_day, private, is_rehearsal=True)
    assert sign(payload, key) == OWN["form"]["code"]
    assert verify(sign(payload, key), RING, ON) == payload
    public = private.public_key().public_bytes_raw()
    assert VerificationKey(kid_of(public), public, RING.keys[0].valid_from) == RING.keys[0]


def test_a_bare_pass_of_a_rehearsal_is_known_for_a_pass() -> None:
    assert is_like_a_pass(OWN["pass"]["code"])
    assert is_like_a_pass(OWN["pass"]["url"])
    assert not is_like_a_pass(OWN["form"]["code"])
    assert not is_like_a_pass(OWN["form"]["url"])


@given(st.dates(date(2025, 1, 1), date(2099, 12, 31)), st.integers(1, 9999), st.integers(1, 9999))
def test_no_number_of_a_rehearsal_is_the_number_of_another_form(
    day: date, store: int, sequence: int
) -> None:
    own = make_form_number(day, store, sequence, is_rehearsal=True)
    other = make_form_number(day, store, sequence)
    assert len(own) == len(other)
    assert damm_digit(own) == "0"
    assert int(own[2:4]) == day.month + 20
    assert is_rehearsal_number(own)
    assert not is_rehearsal_number(other)
    assert read_form_number(own, is_rehearsal=True) == own
    assert read_form_number(other) == other
    with pytest.raises(Refused) as refused:
        read_form_number(own, "code")
    assert (refused.value.code, refused.value.field) == ("rehearsal_form", "code")
    with pytest.raises(Refused) as refused:
        read_form_number(other, is_rehearsal=True)
    assert refused.value.code == "not_a_rehearsal"


def test_the_vector_s_number_is_made_again() -> None:
    told = OWN["number"]
    day = date.fromisoformat(told["day"])
    made = make_form_number(day, told["store_number"], told["sequence"], is_rehearsal=True)
    assert made == told["number"]
