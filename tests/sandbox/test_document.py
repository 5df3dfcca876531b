"""What docs/network.md says of the network is what the network does."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from refund.sandbox.cards import BRANDS, TRIAL_CARDS
from refund.sandbox.openapi_schemas import REFUSALS
from refund.sandbox.settings import SandboxSettings, settings_to_environment
from tests.sandbox.world import SECRET

DOCUMENT = (Path(__file__).parents[2] / "docs" / "network.md").read_text("utf-8")


def test_the_document_lists_the_trial_cards() -> None:
    rows = re.findall(r"^\| (\d{4} \d{4} \d{4} \d{4}) \| (.+) \| (.+) \|$", DOCUMENT, re.MULTILINE)
    assert rows == [(card.grouped, card.brand, card.label) for card in TRIAL_CARDS]


def test_the_document_lists_the_requests(sandbox: Flask) -> None:
    listed = set(re.findall(r"^\| `(GET|POST) ([^`]+)` \|", DOCUMENT, re.MULTILINE))
    served = {
        (method, rule.rule)
        for rule in sandbox.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
        if rule.rule.startswith("/v1") or rule.rule in {"/healthz", "/openapi.json"}
    }
    assert listed == served


def test_the_document_lists_the_settings() -> None:
    settings = SandboxSettings(":memory:", SECRET, "http://localhost")
    assert set(re.findall(r"REFUND_SANDBOX_[A-Z_]+", DOCUMENT)) == {
        *settings_to_environment(settings)
    }


def test_the_document_tells_what_every_brand_can_do() -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) days \| (.+) \| (yes|no) \|$", DOCUMENT, re.MULTILINE)
    assert [(name, int(days), can == "yes") for name, days, _, can in rows] == [
        (brand.name, brand.hold_days, brand.increments) for brand in BRANDS.values()
    ]
    for name, _, extension, _ in rows:
        brand = BRANDS[name]
        figures = [int(figure) for figure in re.findall(r"\d+", extension)]
        known = [figure for figure in (brand.extension_days, brand.extended_days_max) if figure]
        assert figures == known, name


def test_the_document_lists_every_reason_of_a_refusal() -> None:
    told = set(re.findall(r"`([a-z_]+)`", DOCUMENT))
    assert {reason for reasons in REFUSALS.values() for reason in reasons} <= told
