"""The rulebook: every rule has one key, words in both languages, its days, source and grade."""

from __future__ import annotations

import re

from refund.core.errors import REFUSALS
from refund.core.parameters import GRADES
from refund.core.policy import PARAMETERS, RULES
from refund.core.rulebook import PROVISION_BY_KEY, PROVISIONS

HAN = re.compile(r"[\u4e00-\u9fff]")
SEVEN = (
    "no_valid_document",
    "entry_date_unknown",
    "stay_too_long",
    "invoice_before_entry",
    "goods_out_of_scope",
    "invoice_not_ordinary",
    "below_threshold",
)


def test_every_key_and_every_title_stands_once() -> None:
    assert len(PROVISION_BY_KEY) == len(PROVISIONS)
    for language in ("title_en", "title_zh"):
        titles = [getattr(provision, language) for provision in PROVISIONS]
        assert len(set(titles)) == len(titles)


def test_every_rule_says_what_it_is_in_both_languages_and_where_it_comes_from() -> None:
    for provision in PROVISIONS:
        assert re.fullmatch(r"[a-z][a-z0-9_]+", provision.key)
        assert not HAN.search(provision.title_en)
        assert HAN.search(provision.title_zh), provision.key
        assert provision.source
        assert provision.grade in GRADES
        assert provision.valid_to is None or provision.valid_from <= provision.valid_to


def test_every_parameter_is_a_rule_that_begins_with_its_first_row() -> None:
    assert tuple(provision.key for provision in PROVISIONS[: len(PARAMETERS)]) == PARAMETERS
    for name in PARAMETERS:
        first = min(rule.valid_from for rule in RULES if rule.parameter == name)
        assert PROVISION_BY_KEY[name].valid_from == first


def test_the_seven_refusals_of_article_10_are_rules_of_the_same_source() -> None:
    for code in SEVEN:
        assert PROVISION_BY_KEY[code].source == REFUSALS[code].source
