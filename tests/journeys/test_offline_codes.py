"""A browser reads both codes as strictly as the service: the same vectors, the same answers."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from refund.core.errors import Refused
from refund.core.exit_pass import read_pass, verify_pass
from refund.core.scanned import ALPHABET, public_origin
from refund.core.signing import read_code, ring_from, verify
from tests.journeys.conftest import OpenDevice
from tests.journeys.instance import Instance

VECTORS = Path(__file__).parents[1] / "vectors"
MUTANTS = 300
READ = """async ([kind, keys, origin, cases, isRehearsal = false]) => {
    const { readCode, verify, isLikeAPass, Refused } = await import("/static/js/offline_codes.js");
    const answers = [];
    for (const { text, on } of cases) {
        try {
            answers.push({
                said: await verify(
                    readCode(text, kind, origin, isRehearsal), kind, keys, on, isRehearsal,
                ),
            });
        } catch (error) {
            if (!(error instanceof Refused)) throw error;
            answers.push({ refusal: error.code });
        }
    }
    return answers;
}"""
BY_LIBRARY = """async (cases) => {
    const { isGood } = await import("/static/js/offline_codes.js");
    const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
    const answers = [];
    for (const [key, signature, message] of cases) {
        const [k, s, m] = [bytes(key), bytes(signature), bytes(message)];
        answers.push([await isGood(k, s, m), await isGood(k, s, m, { library: true })]);
    }
    return answers;
}"""


def vectors(kind: str) -> dict[str, Any]:
    """The vectors of a code: `form` or `pass`."""
    name = {"form": "code", "pass": "pass"}[kind]
    found: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return found


def by_python(kind: str, known: dict[str, Any], text: str, on: str) -> dict[str, Any]:
    """What the service says of a text."""
    ring, day = ring_from(known["published"]), date.fromisoformat(on)
    try:
        if kind == "form":
            said = verify(read_code(text, known["public_url"]), ring, day)
            return {
                "kid": said.kid,
                "storeNumber": said.store_number,
                "formId": said.form_id,
                "issueDay": said.issue_day.isoformat(),
                "netFen": said.net_fen,
            }
        shown = verify_pass(read_pass(text, known["public_url"]), ring, day)
    except Refused as refused:
        return {"refusal": refused.code}
    forms = [{"formId": one.form_id, "netFen": one.net_fen} for one in shown.forms]
    return {"kid": shown.kid, "issueDay": shown.issue_day.isoformat(), "forms": forms}


def mutants(known: dict[str, Any]) -> list[dict[str, str]]:
    """Good codes with one thing changed: a character, the length, the case, the address."""
    chance = random.Random("one thing changed")  # noqa: S311 - the same mutants in every run
    found = []
    for _ in range(MUTANTS):
        good = chance.choice(known["accepted"])
        text, at = good["url"], chance.randrange(len(good["url"]))
        letter = chance.choice([*ALPHABET, *"01abz=/ é\n"])
        change = chance.randrange(4)
        if change == 0:
            text = text[:at] + letter + text[at + 1 :]
        elif change == 1:
            text = text[:at] + letter + text[at:]
        elif change == 2:
            text = text[:at] + text[at + 1 :]
        else:
            text = text[:-1] + chance.choice(ALPHABET)
        found.append({"text": text, "on": good["on"]})
    return found


@pytest.fixture
def page(house: Instance, screen: OpenDevice) -> Page:
    """Return a page of the service, from which its modules can be loaded."""
    device = screen()
    device.page.goto(f"{house.url}/customs/sign-in")
    return device.page


@pytest.mark.parametrize("kind", ["form", "pass"])
def test_the_browser_and_the_service_say_the_same_of_every_code(page: Page, kind: str) -> None:
    known = vectors(kind)
    cases = [
        {"text": one[way], "on": one["on"]} for one in known["accepted"] for way in ("code", "url")
    ]
    cases += [{"text": one["text"], "on": one["on"]} for one in known["refused"]]
    cases += mutants(known)
    origin = public_origin(known["public_url"])
    answers = page.evaluate(READ, [kind, known["published"]["keys"], origin, cases])
    for case, answer in zip(cases, answers, strict=True):
        expected = by_python(kind, known, case["text"], case["on"])
        assert answer.get("said", answer) == expected, case
    refusals = {answer.get("refusal") for answer in answers}
    assert {"code_torn", "code_foreign", "signature_invalid", "key_unknown"} <= refusals


@pytest.mark.parametrize("kind", ["form", "pass"])
def test_the_browser_keeps_the_worlds_apart_as_the_service_does(page: Page, kind: str) -> None:
    known, own = vectors(kind), json.loads((VECTORS / "rehearsal.json").read_text("utf-8"))
    kept = [known["accepted"][0][way] for way in ("code", "url")]
    drawn = [own[kind][way] for way in ("code", "url")]
    for here, is_rehearsal in ((known, False), (own, True)):
        cases = [{"text": text, "on": own["on"]} for text in (*kept, *drawn)]
        origin = public_origin(here["public_url"])
        asked = [kind, here["published"]["keys"], origin, cases, is_rehearsal]
        said = [answer.get("refusal", "") for answer in page.evaluate(READ, asked)]
        assert said == (
            ["not_a_rehearsal"] * 2 + [""] * 2
            if is_rehearsal
            else [""] * 2 + ["rehearsal_form"] * 2
        )


def test_the_library_and_the_browser_verify_alike(page: Page) -> None:
    known = vectors("form")
    keys = {
        one["kid"]: ring_from(known["published"]).by_kid[one["kid"]].public_bytes
        for one in known["published"]["keys"]
    }
    domain = bytes.fromhex(known["domain_hex"])
    cases = []
    for one in known["accepted"]:
        signed = bytes.fromhex(one["signed_bytes"])
        signature = _signature(one["code"])
        key = keys[one["payload"]["kid"]]
        spoiled = signature[:-1] + bytes([signature[-1] ^ 1])
        cases += [[key.hex(), s.hex(), (domain + signed).hex()] for s in (signature, spoiled)]
    answers = page.evaluate(BY_LIBRARY, cases)
    assert answers == [[True, True], [False, False]] * len(known["accepted"])


def _signature(code: str) -> bytes:
    bits = int("".join(f"{ALPHABET.index(letter):05b}" for letter in code), 2)
    return bits.to_bytes(85, "big")[-64:]
