"""Every rule is held by a test, and the page of the rules is what the code and the tests say."""

from refund.core.rulebook import PROVISION_BY_KEY, PROVISIONS
from tests.house.rules import PAGE, Mark, marks, marks_of, page, troubles
from tests.house.tree import Source

FOUND = marks()


def test_every_rule_is_held_by_a_test_and_every_mark_names_a_rule() -> None:
    wrong = troubles(FOUND)
    assert not wrong, "\n".join(wrong)


def test_the_page_is_as_the_code_has_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(FOUND), "run make readme"


def test_the_page_names_every_rule_with_its_tests() -> None:
    text = page(FOUND)
    for provision in PROVISIONS:
        assert f"### `{provision.key}`" in text
    for mark in FOUND:
        if mark.key in PROVISION_BY_KEY:
            assert f"- `{mark.test}`" in text


_MARKED = Source(
    "tests/test_x.py",
    "pytestmark = [pytest.mark.browser, pytest.mark.rule('module')]\n"
    "@pytest.mark.rule('one')\n@pytest.mark.rule('two', 'three')\ndef test_a(): ...\n"
    "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.rule('case'))])\n"
    "def test_b(x): ...\n"
    "@pytest.mark.rule('class')\nclass TestC:\n"
    "    @pytest.mark.rule('method')\n    def test_d(self): ...\n"
    "@pytest.mark.rule(KEY)\ndef test_e(): ...\n"
    "@pytest.mark.rule('helper')\ndef helps(): ...\n",
)


def test_marks_are_found_wherever_they_can_stand() -> None:
    assert set(marks_of(_MARKED)) == {
        Mark("module", "tests/test_x.py"),
        Mark("one", "tests/test_x.py::test_a"),
        Mark("two", "tests/test_x.py::test_a"),
        Mark("three", "tests/test_x.py::test_a"),
        Mark("case", "tests/test_x.py::test_b"),
        Mark("class", "tests/test_x.py::TestC"),
        Mark("method", "tests/test_x.py::TestC::test_d"),
        Mark("", "tests/test_x.py::test_e"),
    }


def test_a_rule_without_a_test_and_a_mark_without_a_rule_are_named() -> None:
    first, second = PROVISIONS[:2]
    found = [Mark(first.key, "tests/a.py::test_a"), Mark("no_rule", "tests/a.py::test_b")]
    assert troubles(found, (first, second)) == [
        f"no test holds the rule {second.key}",
        "tests/a.py::test_b names no_rule, which is none",
    ]
