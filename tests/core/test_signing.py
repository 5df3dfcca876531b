"""The code on a form: one accepted string, nothing forged, nothing raised but refusals."""

import base64
import contextlib
import dataclasses
import json
import random
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.scanned import ALPHABET, CODE_LENGTH
from refund.core.signing import (
    DOMAIN,
    EPOCH,
    KeyRing,
    Payload,
    SigningKey,
    VerificationKey,
    decode_payload,
    encode_payload,
    kid_of,
    read_code,
    ring_document,
    ring_from,
    sign,
    verify,
)

DAY = date(2025, 7, 8)
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the Ed25519 base point
LOOK_ALIKES = "\u0410\u0391\uff21\uff11\u039f\u043e\u017f\u212a\u0131\uff12\u200b\u00a0\x00"
FOREIGN = "0189abz=-_+/ .\n" + LOOK_ALIKES


def a_key(seed: int) -> SigningKey:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return SigningKey(kid_of(private.public_key().public_bytes_raw()), EPOCH, private)


def ring_of(key: SigningKey, **dates: date) -> KeyRing:
    public_bytes = key.private.public_key().public_bytes_raw()
    valid_from = dates.pop("valid_from", EPOCH)
    return KeyRing((VerificationKey(key.kid, public_bytes, valid_from, **dates),))


KEY = a_key(1)
RING = ring_of(KEY)
PAYLOAD = Payload(KEY.kid, 1, "00112233aabbccdd", DAY, 13446)
CODE = sign(PAYLOAD, KEY)

payloads = st.builds(
    Payload,
    kid=st.just(KEY.kid),
    store_number=st.integers(1, 0xFFFF),
    form_id=st.binary(min_size=8, max_size=8).map(bytes.hex),
    issue_day=st.dates(EPOCH, EPOCH + timedelta(days=0xFFFF)),
    net_fen=st.integers(1, 0xFFFFFFFF),
)


def refusal_of(text: str, ring: KeyRing = RING, on: date = DAY, public_url: str = "") -> str:
    with pytest.raises(Refused) as refused:
        verify(read_code(text, public_url), ring, on)
    return refused.value.code


def signed_by_hand(raw: bytes, key: SigningKey = KEY, domain: bytes = DOMAIN) -> str:
    return base64.b32encode(raw + key.private.sign(domain + raw)).decode()


@given(payloads)
def test_what_is_signed_is_read_back_and_signs_to_the_same_string(payload: Payload) -> None:
    code = sign(payload, KEY)
    assert len(code) == CODE_LENGTH
    assert verify(code, RING, DAY) == payload
    assert decode_payload(encode_payload(payload)) == payload
    assert sign(verify(code, RING, DAY), KEY) == code


def test_the_layout_is_exactly_the_documented_one() -> None:
    raw = base64.b32decode(CODE)
    assert len(raw) == 85
    assert raw[:21] == (
        b"\x01"
        + bytes.fromhex(KEY.kid)
        + (1).to_bytes(2)
        + bytes.fromhex("00112233aabbccdd")
        + (188).to_bytes(2)
        + (13446).to_bytes(4)
    )
    KEY.private.public_key().verify(raw[21:], b"refund-form-v1\0" + raw[:21])


def test_a_change_of_any_one_character_to_any_other_is_refused() -> None:
    for at in range(CODE_LENGTH):
        for other in ALPHABET + FOREIGN:
            if other != CODE[at]:
                assert refusal_of(CODE[:at] + other + CODE[at + 1 :]) in {
                    "code_torn",
                    "code_foreign",
                    "code_version_unknown",
                    "rehearsal_form",
                    "key_unknown",
                    "signature_invalid",
                }


@pytest.mark.parametrize("blank", [" ", "\n"])
def test_a_blank_in_the_place_of_an_outer_character_tears_the_code(blank: str) -> None:
    assert refusal_of(blank + CODE[1:]) == "code_torn"
    assert refusal_of(CODE[:-1] + blank) == "code_torn"


def test_a_swap_of_two_characters_is_refused() -> None:
    chance = random.Random(7)  # noqa: S311  # a repeatable sample, no secret
    pairs = [(at, at + 1) for at in range(CODE_LENGTH - 1)]
    pairs += [(chance.randrange(CODE_LENGTH), chance.randrange(CODE_LENGTH)) for _ in range(500)]
    for one, two in pairs:
        if CODE[one] != CODE[two]:
            swapped = list(CODE)
            swapped[one], swapped[two] = swapped[two], swapped[one]
            assert refusal_of("".join(swapped))


def test_a_code_cut_short_or_made_longer_is_torn() -> None:
    for length in range(CODE_LENGTH):
        assert refusal_of(CODE[:length]) == "code_torn"
    for longer in (CODE + "A", "A" + CODE, CODE + "=", CODE + "=" * 8, CODE * 2, CODE + "AAAAAAAA"):
        assert refusal_of(longer) == "code_torn"


def test_lower_case_is_no_second_spelling() -> None:
    assert refusal_of(CODE.lower()) == "code_torn"
    assert refusal_of("HTTPS://H.EXAMPLE/F/" + CODE.lower()) == "code_torn"


@pytest.mark.parametrize("look_alike", LOOK_ALIKES)
def test_unicode_look_alikes_are_foreign(look_alike: str) -> None:
    assert refusal_of(CODE[:9] + look_alike + CODE[10:]) == "code_foreign"
    assert refusal_of(f"HTTPS://H{look_alike}.EXAMPLE/F/" + CODE) == "code_foreign"
    assert refusal_of("HTTPS://H.EXAMPLE/F/" + CODE[:9] + look_alike + CODE[10:]) == "code_torn"


@given(st.text(max_size=200) | st.text(ALPHABET, max_size=140))
def test_whatever_is_scanned_only_a_refusal_comes_of_it(text: str) -> None:
    assert refusal_of(text)


@given(st.binary(min_size=85, max_size=85))
def test_random_bytes_of_the_right_length_are_refused(raw: bytes) -> None:
    assert refusal_of(base64.b32encode(raw).decode()) in {
        "code_version_unknown",
        "rehearsal_form",
        "key_unknown",
    }


@given(st.binary(min_size=80, max_size=80))
def test_random_bytes_after_a_known_key_are_refused(rest: bytes) -> None:
    raw = b"\x01" + bytes.fromhex(KEY.kid) + rest
    assert refusal_of(base64.b32encode(raw).decode()) == "signature_invalid"


@given(st.binary(max_size=30).filter(lambda raw: len(raw) != 21 or raw[0] != 1))
def test_bytes_of_another_layout_are_refused_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        decode_payload(raw)
    assert refused.value.code in {"code_torn", "code_version_unknown", "rehearsal_form"}


@given(st.binary(min_size=20, max_size=20))
def test_bytes_that_decode_encode_to_the_same_bytes(rest: bytes) -> None:
    with contextlib.suppress(Refused):
        assert encode_payload(decode_payload(b"\x01" + rest)) == b"\x01" + rest


def test_every_flipped_bit_is_refused() -> None:
    raw = int.from_bytes(base64.b32decode(CODE))
    for bit in range(85 * 8):
        flipped = (raw ^ (1 << bit)).to_bytes(85)
        assert refusal_of(base64.b32encode(flipped).decode())


def test_the_signature_plus_the_group_order_is_refused() -> None:
    raw = base64.b32decode(CODE)
    scalar = int.from_bytes(raw[53:], "little")
    assert scalar < ORDER
    for times in range(1, 16):
        shifted = scalar + times * ORDER
        if shifted < 2**256:
            forged = raw[:53] + shifted.to_bytes(32, "little")
            assert refusal_of(base64.b32encode(forged).decode()) == "signature_invalid"


def test_a_signature_of_small_order_points_is_refused() -> None:
    raw = base64.b32decode(CODE)
    for point in (
        b"\x01" + bytes(31),
        bytes(32),
        bytes([0xEC]) + b"\xff" * 30 + b"\x7f",
        b"\x01" + bytes(30) + b"\x80",
        bytes([0xEE]) + b"\xff" * 30 + b"\x7f",
    ):
        for scalar in (bytes(32), raw[53:]):
            forged = raw[:21] + point + scalar
            assert refusal_of(base64.b32encode(forged).decode()) == "signature_invalid"


def test_a_signature_counts_only_under_its_own_domain() -> None:
    raw = encode_payload(PAYLOAD)
    assert signed_by_hand(raw) == CODE
    for domain in (b"", b"refund-form-v1", b"refund-form-v2\0"):
        assert refusal_of(signed_by_hand(raw, domain=domain)) == "signature_invalid"


def test_version_and_key_id_stand_under_the_signature() -> None:
    other = a_key(2)
    both = KeyRing(RING.keys + ring_of(other).keys)
    raw = base64.b32decode(CODE)
    renamed = raw[:1] + bytes.fromhex(other.kid) + raw[5:]
    assert refusal_of(base64.b32encode(renamed).decode(), both) == "signature_invalid"
    assert refusal_of(base64.b32encode(b"\x02" + raw[1:]).decode()) == "code_version_unknown"
    assert refusal_of(signed_by_hand(b"\x02" + raw[1:21])) == "code_version_unknown"


def test_a_key_that_is_not_in_the_ring_is_unknown() -> None:
    assert refusal_of(CODE, KeyRing(())) == "key_unknown"
    assert refusal_of(CODE, ring_of(a_key(2))) == "key_unknown"


def test_a_key_counts_for_its_own_days_only() -> None:
    before, after = DAY - timedelta(days=1), DAY + timedelta(days=1)
    later = DAY + timedelta(days=120)
    dated = ring_of(KEY, valid_from=DAY, issue_until=DAY, verify_until=later)
    assert verify(CODE, dated, later) == PAYLOAD
    assert refusal_of(CODE, ring_of(KEY, valid_from=after)) == "key_unknown"
    assert refusal_of(CODE, ring_of(KEY, issue_until=before)) == "key_unknown"
    past = later + timedelta(days=1)
    assert refusal_of(CODE, ring_of(KEY, verify_until=later), past) == "key_unknown"


def test_a_signed_payload_that_is_never_issued_is_refused() -> None:
    raw = encode_payload(PAYLOAD)
    assert refusal_of(signed_by_hand(raw[:17] + bytes(4))) == "code_torn"
    assert refusal_of(signed_by_hand(raw[:5] + bytes(2) + raw[7:])) == "code_torn"


@pytest.mark.parametrize(
    "change",
    [
        {"net_fen": 0},
        {"net_fen": -1},
        {"net_fen": 2**32},
        {"store_number": 0},
        {"store_number": 65536},
        {"issue_day": date(2024, 12, 31)},
        {"issue_day": EPOCH + timedelta(days=65536)},
        {"form_id": "00112233AABBCCDD"},
        {"form_id": "00112233aabbcc"},
        {"form_id": "00112233aabbccdd\n"},
        {"kid": "0011223"},
        {"kid": "0011223g"},
    ],
)
def test_a_payload_holds_only_what_fits_the_layout(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        dataclasses.replace(PAYLOAD, **change)


def test_no_form_is_signed_that_its_key_could_not_verify() -> None:
    late = dataclasses.replace(KEY, issue_from=DAY + timedelta(days=1))
    with pytest.raises(Refused) as refused:
        sign(PAYLOAD, late)
    assert refused.value.code == "no_signing_key"
    with pytest.raises(ValueError, match="names key"):
        sign(PAYLOAD, a_key(2))


def test_a_ring_holds_each_key_once_under_its_own_id() -> None:
    with pytest.raises(ValueError, match="share a key id"):
        KeyRing(RING.keys * 2)
    with pytest.raises(ValueError, match="not that of its key"):
        VerificationKey("00000000", RING.keys[0].public_bytes, EPOCH)
    with pytest.raises(ValueError, match="32"):
        VerificationKey(kid_of(b"short"), b"short", EPOCH)


def test_a_private_key_is_not_shown() -> None:
    assert "private" not in repr(KEY)


def test_published_keys_verify_as_the_ring_does() -> None:
    dated = ring_of(KEY, issue_until=DAY, verify_until=DAY + timedelta(days=120))
    both = KeyRing(dated.keys + ring_of(a_key(2)).keys)
    document = json.loads(json.dumps(ring_document(both)))
    assert ring_from(document) == both
    assert verify(CODE, ring_from(document), DAY) == PAYLOAD


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"version": 2, "domain": DOMAIN.decode(), "keys": []},
        {"version": 1, "domain": "another", "keys": []},
        {"version": 1, "domain": DOMAIN.decode(), "keys": [{}]},
        {"version": 1, "domain": DOMAIN.decode(), "keys": ["x"]},
    ],
)
def test_a_document_that_publishes_no_keys_is_named_so(document: object) -> None:
    with pytest.raises(ValueError, match="not a"):
        ring_from(document)


@pytest.mark.parametrize(
    "change", [{"key": "!"}, {"key": "AAAA"}, {"kid": "00000000"}, {"not_before": "someday"}]
)
def test_a_published_key_with_a_wrong_value_is_refused(change: dict[str, str]) -> None:
    document: Any = ring_document(RING)
    document["keys"][0] |= change
    with pytest.raises(ValueError, match=r"\w"):
        ring_from(document)
