"""The page of the rules, written from the rulebook and from the marks of the tests that hold it."""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from refund.core.parameters import PARAMETER_BY_NAME, Unit
from refund.core.policy import RULES
from refund.core.rulebook import PROVISIONS, Provision
from tests.house.tree import ROOT, Source, sources

PAGE = ROOT / "docs" / "rules.md"
HEAD = """\
# The rules

Every rule that the service keeps: since when, where it comes from, how sure that is, and the tests
that hold it. This page is written by `make readme` from `refund/core/policy.py`, from
`refund/core/rulebook.py` and from the marks of the tests; a rule without a test stops it.

A form keeps the rules of the day on which it was issued. Operators add rows for days to come; what
stands here is what the program knows by itself (`refund rules` lists both).

Grades: **A** official text · **B** press or a bank · **C** one weak source · **M** general
knowledge of the text, not read again · **D** our decision.
"""
_UNITS = {
    Unit.DAYS: " days",
    Unit.WORKING_DAYS: " working days",
    Unit.DAY_OF_MONTH: ". of the month",
    Unit.FEN: " yuan",
    Unit.BASIS_POINTS: " %",
    Unit.YES_NO: "",
    Unit.ROUNDING: "",
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Marked = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Mark:
    """A test that says which rule it holds; `key` is empty where the mark names none."""

    key: str
    test: str


def marks_of(source: Source) -> Iterator[Mark]:
    """Every mark in a file of tests: on the module, on a class, on a test or on one case."""
    module = source.syntax()
    for statement in module.body:
        if isinstance(statement, ast.Assign) and _names(statement) == ["pytestmark"]:
            for key in _keys([statement.value]):
                yield Mark(key, source.path)
    for node, within in _tests(module.body, ""):
        for key in _keys(node.decorator_list):
            yield Mark(key, f"{source.path}::{within}{node.name}")


def _tests(body: Sequence[ast.stmt], within: str) -> Iterator[tuple[Marked, str]]:
    for node in body:
        if isinstance(node, _FUNCTIONS) and node.name.startswith("test_"):
            yield node, within
        if isinstance(node, ast.ClassDef):
            yield node, within
            yield from _tests(node.body, f"{within}{node.name}::")


def _keys(expressions: Iterable[ast.expr]) -> Iterator[str]:
    for expression in expressions:
        for node in ast.walk(expression):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
                for given in node.args or [ast.Constant("")]:
                    named = isinstance(given, ast.Constant) and isinstance(given.value, str)
                    yield str(given.value) if named else ""  # type: ignore[attr-defined]


def _names(statement: ast.Assign) -> list[str]:
    return [target.id for target in statement.targets if isinstance(target, ast.Name)]


def marks() -> list[Mark]:
    """Every mark of every test."""
    return [mark for one in sources(".py", under=("tests/",)) for mark in marks_of(one)]


def troubles(found: Iterable[Mark], provisions: Iterable[Provision] = PROVISIONS) -> list[str]:
    """Rules that no test holds, and marks that name no rule."""
    held = {mark.key for mark in found}
    keys = [provision.key for provision in provisions]
    bare = [f"no test holds the rule {key}" for key in keys if key not in held]
    unknown = [
        f"{mark.test} names {mark.key or 'no rule'}, which is none"
        for mark in found
        if mark.key not in keys
    ]
    return [*bare, *unknown]


def page(found: Iterable[Mark]) -> str:
    """The whole page."""
    held: dict[str, list[str]] = {}
    for mark in found:
        if mark.test not in held.setdefault(mark.key, []):
            held[mark.key].append(mark.test)
    numbers = [p for p in PROVISIONS if p.key in PARAMETER_BY_NAME]
    others = [p for p in PROVISIONS if p.key not in PARAMETER_BY_NAME]
    return "\n".join(
        [
            HEAD,
            "## The table of parameters\n",
            *(_number(provision, held) for provision in numbers),
            "## The other rules\n",
            *(_other(provision, held) for provision in others),
        ]
    )


def _number(provision: Provision, held: Mapping[str, Sequence[str]]) -> str:
    parameter = PARAMETER_BY_NAME[provision.key]
    rows = sorted((r for r in RULES if r.parameter == provision.key), key=lambda r: r.valid_from)
    lines = ["| value | from | source | grade |", "| --- | --- | --- | --- |"]
    for row in rows:
        value = f"{parameter.written(row.value)}{_UNITS[parameter.unit]}"
        lines.append(f"| {value} | {row.valid_from} | {row.source} | {row.grade} |")
    return "\n".join([*_title(provision), *lines, "", *_held(provision, held), ""])


def _other(provision: Provision, held: Mapping[str, Sequence[str]]) -> str:
    span = f"since {provision.valid_from}{_until(provision.valid_to)}"
    facts = f"{span} · {provision.source} · **{provision.grade}**"
    return "\n".join([*_title(provision), facts, "", *_held(provision, held), ""])


def _title(provision: Provision) -> list[str]:
    return [f"### `{provision.key}`", "", f"{provision.title_en}  ", provision.title_zh, ""]


def _until(day: date | None) -> str:
    return "" if day is None else f" until {day}"


def _held(provision: Provision, held: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"- `{test}`" for test in sorted(held.get(provision.key, []))]


def main() -> int:
    """Write the page; with a rule that no test holds, or a mark of none, say so instead."""
    found = marks()
    wrong = troubles(found)
    for trouble in wrong:
        sys.stderr.write(f"{trouble}\n")
    if wrong:
        return 1
    PAGE.write_text(page(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
