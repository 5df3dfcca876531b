"""The README says what the code is: its lists are the code's own."""

import re

import pytest

from tests.house.readme import README, lists, named, written
from tests.house.tree import ROOT

TEXT = README.read_text(encoding="utf-8")


def test_every_list_stands_in_the_readme_once() -> None:
    assert sorted(named(TEXT)) == sorted(lists())


def test_every_list_is_as_the_code_has_it() -> None:
    assert written(TEXT) == TEXT, "run make readme"


def test_a_list_that_has_gone_stale_is_seen() -> None:
    stale = TEXT.replace("`REFUND_PORT`", "`REFUND_GATE`")
    assert stale != written(stale)


@pytest.mark.parametrize(
    "page", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
)
def test_every_link_within_the_documents_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        assert ((ROOT / page).parent / target).exists(), target
