"""The exit pass: one code for several forms, one accepted string, nothing forged."""

import base64
import contextlib
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.exit_pass import (
    FORMS_MAX,
    ExitPass,
    PassForm,
    decode_pass,
    encode_pass,
    is_like_a_pass,
    make_pass,
    pass_url,
    read_pass,
    verify_pass,
)
from refund.core.scanned import URL_LENGTH_MAX
from refund.core.signing import EPOCH, KeyRing, Payload, SigningKey, VerificationKey, kid_of
from refund.core.signing import sign as sign_form

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "pass.json").read_text("utf-8"))
PUBLIC_URL = VECTORS["public_url"]
DAY = date(2025, 7, 8)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
PUBLIC_BYTES = PRIVATE.public_key().public_bytes_raw()
KEY = SigningKey(kid_of(PUBLIC_BYTES), EPOCH, PRIVATE)
RING = KeyRing((VerificationKey(KEY.kid, PUBLIC_BYTES, EPOCH),))
FORMS = (PassForm("00112233aabbccdd", 13446), PassForm("ffeeddccbbaa9988", 149400))
CODE = make_pass(FORMS, DAY, KEY)

pass_forms = st.lists(
    st.builds(
        PassForm,
        form_id=st.binary(min_size=8, max_size=8).map(bytes.hex),
        net_fen=st.integers(1, 0xFFFFFFFF),
    ),
    min_size=1,
    max_size=FORMS_MAX,
    unique_by=lambda form: form.form_id,
)


def published() -> KeyRing:
    keys = []
    for one in VECTORS["published"]["keys"]:
        until = one["retired_on"]
        last = one["verify_until"]
        keys.append(
            VerificationKey(
                one["kid"],
                base64.urlsafe_b64decode(one["key"] + "="),
                date.fromisoformat(one["not_before"]),
                date.fromisoformat(until) if until else None,
                date.fromisoformat(last) if last else None,
            )
        )
    return KeyRing(tuple(keys))


@pytest.mark.parametrize("case", VECTORS["accepted"], ids=lambda case: case["name"])
def test_the_vectors_sign_and_verify(case: dict[str, Any]) -> None:
    said = case["payload"]
    seed = bytes.fromhex(VECTORS["test_private_keys"][said["kid"]])
    key = SigningKey(said["kid"], EPOCH, Ed25519PrivateKey.from_private_bytes(seed))
    forms = tuple(PassForm(one["form_id"], one["net_fen"]) for one in said["forms"])
    exit_pass = ExitPass(said["kid"], date.fromisoformat(said["issue_day"]), forms)
    assert make_pass(reversed(forms), exit_pass.issue_day, key) == case["code"]
    assert encode_pass(exit_pass).hex() == case["signed_bytes"]
    assert pass_url(PUBLIC_URL, case["code"]) == case["url"]
    for text in (case["code"], case["url"], case["url"].replace(PUBLIC_URL.upper(), PUBLIC_URL)):
        code = read_pass(text, PUBLIC_URL)
        assert verify_pass(code, published(), date.fromisoformat(case["on"])) == exit_pass


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_the_vectors_that_must_be_refused_are(case: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        verify_pass(read_pass(case["text"]), published(), date.fromisoformat(case["on"]))
    assert refused.value.code == case["refusal"]


@given(pass_forms)
def test_what_is_signed_is_what_is_read(forms: list[PassForm]) -> None:
    code = make_pass(forms, DAY, KEY)
    read = verify_pass(read_pass(pass_url(PUBLIC_URL, code), PUBLIC_URL), RING, DAY)
    assert read.forms == tuple(sorted(forms))
    assert read.issue_day == DAY


@given(st.integers(0, 8 * 84 - 1))
def test_not_one_bit_can_be_changed(bit: int) -> None:
    one = make_pass(FORMS[:1], DAY, KEY)
    raw = bytearray(base64.b32decode(one + "="))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Refused):
        verify_pass(base64.b32encode(raw).decode("ascii").rstrip("="), RING, DAY)


@given(
    st.text(max_size=300) | st.binary(max_size=320).map(lambda raw: base64.b32encode(raw).decode())
)
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    with contextlib.suppress(Refused):
        verify_pass(read_pass(text), RING, DAY)


@given(st.binary(max_size=260))
def test_bytes_are_read_back_as_they_were_or_refused(raw: bytes) -> None:
    with contextlib.suppress(Refused):
        assert encode_pass(decode_pass(b"\x02" + raw)) == b"\x02" + raw


def test_three_forms_fit_a_code_no_larger_than_that_of_one() -> None:
    forms = [PassForm(f"{number:016x}", 100) for number in range(FORMS_MAX)]
    assert len(pass_url(PUBLIC_URL, make_pass(forms[:3], DAY, KEY))) <= URL_LENGTH_MAX
    assert len(make_pass(forms, DAY, KEY)) == 500


@pytest.mark.parametrize("forms", [(), (FORMS[0],) * 2, FORMS * 11])
def test_no_pass_is_made_without_forms_or_with_one_twice(forms: tuple[PassForm, ...]) -> None:
    with pytest.raises(ValueError, match="layout"):
        make_pass(forms, DAY, KEY)


def test_no_pass_is_signed_before_its_key_counts() -> None:
    later = SigningKey(KEY.kid, DAY + timedelta(days=1), PRIVATE)
    with pytest.raises(Refused) as refused:
        make_pass(FORMS, DAY, later)
    assert refused.value.code == "no_signing_key"


def test_the_pass_of_another_service_is_foreign() -> None:
    with pytest.raises(Refused) as refused:
        read_pass(pass_url("https://elsewhere.example", CODE), PUBLIC_URL)
    assert refused.value.code == "code_foreign"


def test_a_pass_and_a_form_are_told_apart_before_they_are_read() -> None:
    form = sign_form(Payload(KEY.kid, 1, "00112233aabbccdd", DAY, 13446), KEY)
    assert is_like_a_pass(CODE)
    assert is_like_a_pass(f" {pass_url(PUBLIC_URL, CODE)}\r\n")
    assert not is_like_a_pass(form)
    assert not is_like_a_pass("250708-0001-0001-5")
