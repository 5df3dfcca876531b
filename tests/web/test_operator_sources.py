"""What rules and stores rest on, in the reader's language."""

from __future__ import annotations

import csv

from refund.core.policy import RULES
from refund.places import data_folder
from refund.translations import load_catalogues


def test_every_source_that_is_no_numbered_text_has_words_in_chinese() -> None:
    words = load_catalogues("zh_Hans")
    with (data_folder() / "stores.csv").open(encoding="utf-8", newline="") as file:
        stores = list(csv.DictReader(file))
    told = {rule.source for rule in RULES if not rule.source[-4:].isdigit()}
    told |= {store[name] for store in stores for name in ("source", "note") if store[name]}
    assert not [text for text in told if words.gettext(text) == text]
