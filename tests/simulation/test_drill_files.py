"""A drill's file is read strictly: everything that is wrong is named by its file and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from refund.places import data_folder
from refund.simulation.drills.checks import CHECKS
from refund.simulation.drills.drill import BYTES_MAX, read_drill, read_drill_file, read_drills
from refund.simulation.drills.setup import SETUP_ACTS
from tests.house.tree import ROOT

GOOD = (data_folder() / "drills" / "clerk-first-form.toml").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```toml\n(.*?)```", re.DOTALL)


def wrong(text: str) -> set[tuple[str, str]]:
    """What is wrong with a file: key and code."""
    drill, problems = read_drill(text, "mine.toml")
    assert drill is None
    assert all(one.file == "mine.toml" for one in problems)
    return {(one.key, one.code) for one in problems}


@pytest.mark.parametrize(
    ("old", "new", "key", "code"),
    [
        ('role = "clerk"', 'role = "cook"', "role", "not_a_choice"),
        ("grade = 1", "grade = 4", "grade", "out_of_range"),
        ("grade = 1", 'grade = "1"', "grade", "not_a_number"),
        ("minutes = 4\n", "minute = 4\n", "minute", "key_unknown"),
        ('id = "clerk-first-form"', 'id = "First form"', "id", "id_unreadable"),
        ('"advance_is_net"', '"advance_is_gross"', "rules", "rule_unknown"),
        ('act = "paper"', 'act = "papers"', "setup[2].act", "not_a_choice"),
        ('price = "1494.00"', 'price = "1494.005"', "setup[2].goods[1].price", "not_a_sum"),
        ('price = "1494.00"', 'prize = "1494.00"', "setup[2].goods[1].price", "key_missing"),
        ('name = "invoice"', 'name = "buyer"', "setup[2].name", "name_taken"),
        ('of = "buyer"\npoints = 2', 'of = "seller"\npoints = 2', "checks[1].of", "name_unknown"),
        ('of = "buyer"\npoints = 2', 'of = "invoice"\npoints = 2', "checks[1].of", "name_unknown"),
        ('check = "issued"', 'check = "issue"', "checks[1].check", "not_a_choice"),
        ('is = "instant"', 'is = "later"', "checks[2].is", "not_a_choice"),
        ("[title]", "[titel]", "titel", "key_unknown"),
        ("grade = 1", 'grade = 1\nsince = "2026-07-01"', "since", "not_a_day"),
        ("grade = 1", "grade = 1\npage = 1", "page", "not_a_text"),
        ("grade = 1", 'grade = 1\npage = "scan"', "page", "not_a_choice"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(old: str, new: str, key: str, code: str) -> None:
    assert old in GOOD
    assert (key, code) in wrong(GOOD.replace(old, new, 1))


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = wrong('id = "mine"\nrole = "cook"\n')
    assert {("role", "not_a_choice"), ("grade", "key_missing"), ("checks", "key_missing")} <= found


def test_what_is_no_toml_says_where() -> None:
    _, problems = read_drill("id = \nrole = 1", "mine.toml")
    assert [one.code for one in problems] == ["not_toml"]
    assert "line 1" in problems[0].facts["said"]


def test_a_file_that_is_too_long_or_no_text_is_not_read(tmp_path: Path) -> None:
    long, torn = tmp_path / "long.toml", tmp_path / "torn.toml"
    long.write_bytes(b"#" * (BYTES_MAX + 1))
    torn.write_bytes(b'id = "\xff"')
    assert [one.code for one in read_drill_file(long)[1]] == ["file_long"]
    assert [one.code for one in read_drill_file(torn)[1]] == ["file_unreadable"]


def test_a_bad_file_hinders_no_other_and_a_second_one_of_an_id_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("grade = 9", encoding="utf-8")
    (tmp_path / "copy.toml").write_text(GOOD, encoding="utf-8")
    own = GOOD.replace('id = "clerk-first-form"', 'id = "clerk-own-form"')
    (tmp_path / "own.toml").write_text(own, encoding="utf-8")
    shelf = read_drills(tmp_path)
    assert shelf.drills["clerk-own-form"].source == "own.toml"
    assert shelf.drills["clerk-first-form"].source == "clerk-first-form.toml"
    assert {one.file for one in shelf.problems} == {"bad.toml", "copy.toml"}
    assert ("copy.toml", "id_taken") in {(one.file, one.code) for one in shelf.problems}


def test_the_example_in_the_guide_is_a_drill() -> None:
    text = (ROOT / "docs" / "drills.md").read_text(encoding="utf-8")
    examples = EXAMPLE.findall(text)
    assert examples
    drill, problems = read_drill(examples[0], "docs/drills.md")
    assert [str(one) for one in problems] == []
    assert drill is not None
    assert drill.points == 10


def test_the_guide_names_every_act_and_every_check() -> None:
    text = (ROOT / "docs" / "drills.md").read_text(encoding="utf-8")
    for name in (*SETUP_ACTS, *CHECKS):
        assert f"`{name}`" in text, name
