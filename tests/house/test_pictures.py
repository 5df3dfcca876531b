"""The pictures of the documents: each that is named is there, and each that is there is named."""

import re

from tests.house.tree import ROOT
from tests.journeys.pictures import KEPT

PAPERS = {"paper-form", "paper-slip"}
_NAMED = re.compile(r"pictures/([a-z0-9-]+)\.png")


def test_every_picture_is_taken_shown_and_there() -> None:
    folder = ROOT / "docs" / "pictures"
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    named = {name for page in pages for name in _NAMED.findall(page.read_text(encoding="utf-8"))}
    taken = {
        f"{name}-dark" if scheme == "dark" else name
        for name, schemes in KEPT.items()
        for scheme in schemes
    }
    assert named == {path.stem for path in folder.iterdir()}
    assert named == taken | PAPERS
