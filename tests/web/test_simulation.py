"""Every page and every paper says that it is a simulation, because none can be made without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from refund.places import templates_folder

FOLDER = templates_folder()
EXTENDS = re.compile(r'{% extends "([^"]+)" %}')
INCLUDES = re.compile(r'{% include "([^"]+)" %}')
PAGES = sorted(FOLDER.rglob("*.html"))
PAPERS = sorted((FOLDER / "paper").glob("[a-z]*.typ"))


def ground(path: Path) -> Path:
    """The template on which a page rests in the end."""
    found = EXTENDS.search(path.read_text(encoding="utf-8"))
    return path if found is None else ground(FOLDER / found[1])


def says_it(path: Path) -> bool:
    """Whether a template, or one that it always takes in, has both words."""
    text = path.read_text(encoding="utf-8")
    taken_in = [FOLDER / name for name in INCLUDES.findall(text)]
    whole = text + "".join(one.read_text(encoding="utf-8") for one in taken_in if one.exists())
    return "SIMULATION" in whole and "模拟" in whole


@pytest.mark.rule("simulation_is_said")
def test_every_page_rests_on_a_ground_that_says_it_is_a_simulation() -> None:
    grounds = {path for path in PAGES if "<html" in path.read_text(encoding="utf-8")}
    extending = [path for path in PAGES if EXTENDS.search(path.read_text(encoding="utf-8"))]
    assert len(extending) > 20
    assert {ground(path) for path in extending} <= grounds
    assert all(says_it(path) for path in grounds)


@pytest.mark.rule("simulation_is_said")
@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.stem)
def test_every_paper_carries_the_sign_of_a_simulation(paper: Path) -> None:
    text = paper.read_text(encoding="utf-8")
    assert '#import "_sheet.typ"' in text
    assert re.search(r"#show: sheet|#align\(center, simulation\)|\bannounced\b", text)
    sheet = (FOLDER / "paper" / "_sheet.typ").read_text(encoding="utf-8")
    assert 'if is-rehearsal { "REHEARSAL · 演练" } else { "SIMULATION · 模拟" }' in sheet
    assert sheet.count("zh(world") >= 3
