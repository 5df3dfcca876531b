"""`refund check-code` verifies offline what was scanned, and `refund keys` gives it the keys."""

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from refund.core.scanned import ALPHABET
from refund.core.signing import Payload, code_url, sign
from refund.gateways.keyfile import KeyFile
from tests.cli.terminal import Terminal

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "code.json").read_text(encoding="utf-8")
)
DAY = date(2025, 7, 8)


def _code(terminal: Terminal, day: date = DAY) -> str:
    key = KeyFile(terminal.instance / "keys").signing_key()
    return sign(Payload(key.kid, 3, "00112233aabbccdd", day, 13446), key)


def _on_the_day_of(vector: dict[str, Any], folder: Path) -> tuple[Terminal, tuple[str, ...]]:
    """A terminal on the day of a vector, and the options that give it the published keys."""
    keys = folder / "keys.json"
    keys.write_text(json.dumps(VECTORS["published"]), encoding="utf-8")
    settings = {
        "REFUND_CLOCK": f"{vector['on']}T12:00+08:00",
        "REFUND_PUBLIC_URL": VECTORS["public_url"],
    }
    return Terminal(folder / "none", settings=settings), ("--keys", str(keys), "--json")


def test_a_code_says_its_key_store_form_day_and_net(demo: Terminal) -> None:
    code = _code(demo)
    expected = {
        "kid": KeyFile(demo.instance / "keys").signing_key().kid,
        "store_number": 3,
        "form_id": "00112233aabbccdd",
        "issue_day": "2025-07-08",
        "net_fen": 13446,
        "is_rehearsal": False,
    }
    assert demo.read("check-code", code, "--json") == expected
    for text in (code_url("https://refund.example", code), f"http://127.0.0.1:8000/F/{code}\n"):
        assert demo.read("check-code", text, "--json") == expected
    assert "net     134.46 CNY" in demo.done("check-code", code)


def test_published_keys_are_enough(demo: Terminal, tmp_path: Path) -> None:
    keys = tmp_path / "published.json"
    demo.done("keys", "publish", "--out", str(keys))
    assert json.loads(keys.read_text(encoding="utf-8")) == demo.read("keys", "publish")
    elsewhere = Terminal(tmp_path / "nothing")
    found = elsewhere.read("check-code", _code(demo), "--keys", str(keys), "--json")
    assert found["net_fen"] == 13446
    assert not elsewhere.instance.exists()


def test_a_change_of_any_one_character_is_refused_with_exit_code_1(demo: Terminal) -> None:
    code = _code(demo)
    for place in range(0, len(code), 9):
        other = ALPHABET[(ALPHABET.index(code[place]) + 1) % len(ALPHABET)]
        result = demo.run("check-code", code[:place] + other + code[place + 1 :])
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.startswith("refund: ")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda code: code[:-1], "code_torn"),
        (lambda code: code.lower(), "code_torn"),
        (lambda code: code + "=", "code_torn"),
        (lambda code: f"https://x.example/other/{code}", "code_foreign"),
        (lambda code: "C" + code[1:], "code_version_unknown"),
        (lambda _code: base64.b32encode(b"\1" + b"\0" * 84).decode(), "key_unknown"),
        (lambda code: code[:-1] + ("A" if code[-1] != "A" else "B"), "signature_invalid"),
    ],
)
def test_a_torn_foreign_or_altered_code_is_refused_by_name(
    demo: Terminal, change: Any, refusal: str
) -> None:
    result = demo.run("check-code", change(_code(demo)), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stderr)["code"] == refusal


@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=lambda vector: vector["name"])
def test_every_accepted_vector_is_accepted(tmp_path: Path, vector: dict[str, Any]) -> None:
    terminal, options = _on_the_day_of(vector, tmp_path)
    for text in (vector["code"], vector["url"]):
        assert terminal.read("check-code", text, *options) == {
            **vector["payload"],
            "is_rehearsal": False,
        }


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])
def test_every_refused_vector_is_refused(tmp_path: Path, vector: dict[str, Any]) -> None:
    terminal, options = _on_the_day_of(vector, tmp_path)
    result = terminal.run("check-code", vector["text"], *options)
    assert result.exit_code == 1
    assert json.loads(result.stderr)["code"] == vector["refusal"]


def test_a_file_without_keys_is_refused_by_its_name(terminal: Terminal, tmp_path: Path) -> None:
    for text in ("", "{}", '{"version": 1, "keys": []}', "\x00"):
        keys = tmp_path / "keys.json"
        keys.write_text(text, encoding="utf-8")
        result = terminal.run("check-code", "A" * 136, "--keys", str(keys))
        assert result.exit_code == 2
        assert "keys.json holds no public keys" in result.stderr


def test_codes_of_a_retired_key_are_accepted_until_its_last_form_can_have_left(
    demo: Terminal,
) -> None:
    code = _code(demo)
    before = demo.read("keys", "list", "--json")
    turned = demo.read("keys", "rotate", "--json")
    assert turned["retired"] == [before[0]["kid"]]
    after = demo.read("keys", "list", "--json")
    assert [key["state"] for key in after] == ["retired", "signs"]
    assert after[1]["kid"] == turned["kid"]
    assert after[0]["verifies_until"] == turned["verifies_until"]
    days = date.fromisoformat(after[0]["verifies_until"]) - date.fromisoformat(
        after[0]["issues_until"]
    )
    assert days.days == 90
    demo.done("check-code", code)
    late = Terminal(demo.instance, settings={"REFUND_CLOCK": "+91d"})
    result = late.run("check-code", code, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stderr)["code"] == "key_unknown"


def test_the_list_of_keys_is_lines_for_a_pipe(demo: Terminal) -> None:
    head, row = demo.done("keys", "list").splitlines()
    assert head.split("\t")[:2] == ["kid", "state"]
    assert row.split("\t")[1] == "signs"
