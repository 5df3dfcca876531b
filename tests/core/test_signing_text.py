"""A code as text: what is printed, what a scanner gives back, and the vectors that JS reads too."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from refund.core.errors import Refused
from refund.core.scanned import CODE_LENGTH, public_origin
from refund.core.signing import (
    EPOCH,
    Payload,
    SigningKey,
    code_url,
    encode_payload,
    read_code,
    ring_from,
    sign,
    verify,
)

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "code.json").read_text(encoding="utf-8")
)
CODE = VECTORS["accepted"][0]["code"]


def refusal_of(text: str, public_url: str = "") -> str:
    with pytest.raises(Refused) as refused:
        read_code(text, public_url)
    return refused.value.code


def test_only_ascii_blanks_around_a_code_are_tolerated() -> None:
    for text in (
        f"  {CODE}\r\n",
        f"\tHTTPS://H.EXAMPLE/F/{CODE} \n",
        f"https://h.example/F/{CODE}",
    ):
        assert read_code(text) == CODE
    assert refusal_of(f"\u3000{CODE}") == "code_foreign"
    assert refusal_of(f"{CODE[:70]} {CODE[70:]}") == "code_foreign"


@pytest.mark.parametrize(
    "text",
    [
        "https://weixin.qq.com/r/abc",
        "HTTPS://H.EXAMPLE/G/" + CODE,
        "HTTPS://H.EXAMPLE/f/" + CODE,
        "HTTPS://u@H.EXAMPLE/F/" + CODE,
        "hTTPS://H.EXAMPLE/F/" + CODE,
        "ftp://h.example/F/" + CODE,
        "WIFI:T:WPA;S:airport;P:secret;;",
        "离境退税申请单",
    ],
)
def test_another_code_or_address_is_foreign(text: str) -> None:
    assert refusal_of(text) == "code_foreign"


def test_an_address_of_ours_is_told_from_another_when_ours_is_known() -> None:
    ours = "https://refund.example:8443"
    assert read_code(code_url(ours, CODE), ours) == CODE
    assert read_code(f"{ours}/F/{CODE}", ours) == CODE
    assert read_code(CODE, ours) == CODE
    printed = code_url(ours, CODE)
    for at in range(len(printed) - CODE_LENGTH):
        for other in "AZaz09.:/-":
            if other != printed[at]:
                assert refusal_of(printed[:at] + other + printed[at + 1 :], ours)


def test_the_length_of_a_torn_code_is_told() -> None:
    with pytest.raises(Refused) as refused:
        read_code("HTTPS://H.EXAMPLE/F/" + CODE[:-3])
    assert refused.value.facts == {"got": 133}


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://refund.example.cn", "HTTPS://REFUND.EXAMPLE.CN"),
        ("https://refund.example.cn/", "HTTPS://REFUND.EXAMPLE.CN"),
        ("HTTPS://Refund.Example.CN:443", "HTTPS://REFUND.EXAMPLE.CN"),
        ("https://refund.example.cn:8443", "HTTPS://REFUND.EXAMPLE.CN:8443"),
        ("http://127.0.0.1:8000", "HTTP://127.0.0.1:8000"),
        ("http://localhost:80/", "HTTP://LOCALHOST"),
    ],
)
def test_the_origin_is_written_upper_case(public_url: str, origin: str) -> None:
    assert public_origin(public_url) == origin
    assert code_url(public_url, CODE) == f"{origin}/F/{CODE}"


@pytest.mark.parametrize(
    "public_url",
    [
        "",
        "refund.example",
        "ftp://refund.example",
        "https://refund.example/app",
        "https://refund.example?x=1",
        "https://user@refund.example",
        "https://re_fund.example",
        "https://退税.example",
        "https://refund..example",
        "https://refund.example:0",
        "https://refund.example:65536",
        "https://[::1]",
        "httpſ://refund.example",
        "https://refund.example\n",
        "https://" + "a" * 75,
    ],
)
def test_an_address_that_a_code_cannot_carry_is_a_wrong_setting(public_url: str) -> None:
    with pytest.raises(ValueError, match="code"):
        public_origin(public_url)


def test_only_a_code_is_put_behind_the_address() -> None:
    with pytest.raises(ValueError, match="not a code"):
        code_url("https://refund.example", CODE.lower())


@pytest.mark.parametrize("case", VECTORS["accepted"], ids=lambda case: case["name"])
def test_the_vectors_sign_and_verify(case: dict[str, Any]) -> None:
    seed = bytes.fromhex(VECTORS["test_private_keys"][case["payload"]["kid"]])
    private = Ed25519PrivateKey.from_private_bytes(seed)
    fields = case["payload"] | {"issue_day": date.fromisoformat(case["payload"]["issue_day"])}
    payload = Payload(**fields)
    assert sign(payload, SigningKey(payload.kid, EPOCH, private)) == case["code"]
    assert encode_payload(payload).hex() == case["signed_bytes"]
    assert code_url(VECTORS["public_url"], case["code"]) == case["url"]
    for text in (case["code"], case["url"]):
        ring = ring_from(VECTORS["published"])
        assert verify(read_code(text), ring, date.fromisoformat(case["on"])) == payload


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_the_vectors_that_must_be_refused_are(case: dict[str, Any]) -> None:
    ring = ring_from(VECTORS["published"])
    with pytest.raises(Refused) as refused:
        verify(read_code(case["text"]), ring, date.fromisoformat(case["on"]))
    assert refused.value.code == case["refusal"]
