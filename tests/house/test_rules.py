"""Every rule of the house holds for every file it is about, and each rule has teeth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.house import conduct, shape, wording
from tests.house.tree import Source, sources

PYTHON = ("refund/", "tests/", "benchmarks/")
# Made by tools or by others, or text that people must read whole.
NOT_OURS = ("static/vendor/", ".ci/requirements", "docs/", "README.md", "CHANGELOG.md")
DATA = (".po", ".json", ".svg", ".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class Rule:
    """A check, the files it is about, and a piece of code that it must refuse."""

    check: Callable[[Source], Iterator[str]]
    suffixes: tuple[str, ...]
    under: tuple[str, ...]
    bad: str
    bad_path: str = "refund/bad.py"

    def breaches(self) -> list[str]:
        """Return every breach in the checkout."""
        return [
            breach
            for source in sources(*self.suffixes, under=self.under)
            for breach in self.check(source)
        ]


def _python(
    check: Callable[[Source], Iterator[str]], bad: str, under: tuple[str, ...] = PYTHON
) -> Rule:
    return Rule(check, (".py",), under, bad)


def _template(check: Callable[[Source], Iterator[str]], bad: str) -> Rule:
    return Rule(check, (".html",), ("templates/",), bad, "templates/bad.html")


_LONG_FUNCTION = "def f() -> None:\n" + "    g()\n" * 60
_SEVEN = "def f(self, a, b, c, /, d, *, e, g, h): ..."

RULES = [
    _python(shape.large_function, _LONG_FUNCTION),
    _python(shape.large_function, _SEVEN),
    _python(shape.silent_module, "import this\n"),
    _python(shape.silent_module, '"""not a sentence"""\n'),
    _python(shape.silent_name, '"""Bad."""\ndef f() -> None:\n    g()\n', ("refund/",)),
    _python(shape.silent_name, 'class C:\n    """Good."""\n    def f(self): ...\n', ("refund/",)),
    Rule(shape.vague_name, (".py",), PYTHON, "", "refund/core/helpers.py"),
    _python(conduct.catches_everything, "try:\n    f()\nexcept Exception:\n    g()\n"),
    _python(conduct.catches_everything, "try:\n    f()\nexcept:\n    g()\n"),
    _python(
        conduct.catches_everything, "try:\n    f()\nexcept (OSError, BaseException):\n    g()\n"
    ),
    _python(conduct.catches_everything, "with contextlib.suppress(Exception):\n    g()\n"),
    _python(conduct.silent_catch, "try:\n    f()\nexcept OSError:\n    pass\n"),
    _python(conduct.stands_in, "from unittest import mock\n", ("tests/",)),
    _python(conduct.stands_in, "from unittest.mock import MagicMock\n", ("tests/",)),
    _python(conduct.stands_in, "def t(monkeypatch): monkeypatch.setattr(a, 'b', 1)", ("tests/",)),
    _python(conduct.skipped_test, "@pytest.mark.skip\ndef test_x(): ...", ("tests/",)),
    _python(conduct.skipped_test, "def test_x():\n    pytest.skip('no')", ("tests/",)),
    _python(conduct.sleeps_for_luck, "def test_x():\n    time.sleep(1)", ("tests/",)),
    _python(conduct.sleeps_for_luck, "page.wait_for_timeout(500)", ("tests/",)),
    _python(conduct.floating_money, "x = 0.11\n", ("refund/core/",)),
    _python(conduct.floating_money, "def f(x: float): ...\n", ("refund/core/",)),
    _python(conduct.floating_money, "x = 100 / 3\n", ("refund/core/",)),
    _python(conduct.floating_money, "x /= 3\n", ("refund/core/",)),
    _python(conduct.floating_money, "x = round(y)\n", ("refund/core/",)),
    _python(conduct.floating_fen, "def f(net_fen: float): ...", ("refund/", "benchmarks/")),
    _python(conduct.floating_fen, "rate_bp: float = 1", ("refund/", "benchmarks/")),
    _python(conduct.asks_the_time, "x = datetime.now(UTC)\n", ("refund/",)),
    _python(conduct.asks_the_time, "x = datetime.date.today()\n", ("refund/",)),
    _python(conduct.asks_the_time, "x = time.time()\n", ("refund/",)),
    _python(conduct.speaks_sql, 'x = "SELECT 1 FROM form"\n', ("refund/",)),
    _template(shape.long_file, "<p></p>\n" * 61),
    _template(wording.inline_code, "<script>alert(1)</script>"),
    _template(wording.inline_code, "<style>p { color: red }</style>"),
    _template(wording.inline_code, '<p class="x" style="color: red">'),
    _template(wording.inline_code, '<button type="button" onclick="go()">'),
    _template(wording.inline_code, '<a href="javascript:go()">'),
    _template(wording.inline_code, '<form hx-on:submit="go()">'),
    Rule(
        wording.outside_address,
        (".html", ".css", ".js"),
        ("templates/", "static/css/", "static/js/"),
        '<script src="https://cdn.example/x.js"></script>',
    ),
    Rule(
        wording.outside_address,
        (".html", ".css", ".js"),
        ("templates/", "static/css/", "static/js/"),
        "p { background: url(//example.org/x.png) }",
    ),
    Rule(wording.evaluated_text, (".js",), ("static/js/",), "eval('1')"),
    Rule(wording.registry_address, (), ("",), "-i https://py" + "pi.org/simple", "README.md"),
    Rule(wording.registry_address, (), ("",), "--index" + "-url x", ".ci/requirements.txt"),
    Rule(wording.machine_path, (), ("",), "see /ho" + "me/me/refund", "docs/x.md"),
    Rule(wording.machine_path, (), ("",), "see /wo" + "rk/main", "docs/x.md"),
    Rule(wording.unfinished, (), (*PYTHON, "templates/", "static/js/"), "# TO" + "DO: later"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.check.__name__)
def test_each_rule_refuses_a_piece_of_code_that_breaks_it(rule: Rule) -> None:
    assert list(rule.check(Source(rule.bad_path, rule.bad))), rule.check.__doc__


@pytest.mark.parametrize(
    "rule",
    {(rule.check, rule.under): rule for rule in RULES}.values(),
    ids=lambda rule: rule.check.__name__,
)
def test_every_file_keeps_the_rule(rule: Rule) -> None:
    breaches = rule.breaches()
    assert not breaches, "\n".join([str(rule.check.__doc__), *breaches])


def test_no_file_we_write_is_longer_than_one_sitting() -> None:
    ours = [one for one in sources() if not one.path.startswith(NOT_OURS)]
    written = [one for one in ours if not one.path.endswith(DATA)]
    breaches = [breach for one in written for breach in shape.long_file(one)]
    assert not breaches, "\n".join(breaches)
    assert list(shape.long_file(Source("refund/bad.py", "x\n" * 401)))


def test_every_permission_to_catch_everything_is_used_and_has_its_reason() -> None:
    files = {one.path: one for one in sources(".py", under=("refund/", "tests/"))}
    for (path, function), reason in conduct.CATCHES_EVERYTHING.items():
        assert path in files, f"{path} is gone: drop the permission of {function}"
        assert list(conduct.needless_permission(files[path])) == []
        assert len(reason.split()) > 3, f"why may {function} catch everything?"


def test_what_is_allowed_is_not_refused() -> None:
    good = Source(
        "refund/core/good.py",
        '"""Good."""\n\n\ndef halve(net_fen: int) -> int:\n    """Halve it, down."""\n'
        "    return net_fen // 2\n\n\n"
        'def wait_for(answer: Answer) -> None:\n    """Wait until it is there."""\n'
        "    while not answer.is_there():\n        time.sleep(0)\n\n\n"
        'def tidy(file: File) -> None:\n    """Write, or close and say why."""\n'
        "    try:\n        file.write()\n"
        "    except BaseException:\n        file.close()\n        raise\n",
    )
    page = Source(
        "templates/good.html",
        '<script src="{{ url }}" type="module"></script><a href="https://example.org/law">law</a>',
    )
    on_code = [rule.check for rule in RULES if rule.suffixes == (".py",)]
    on_pages = [wording.inline_code, wording.outside_address, shape.long_file]
    assert [breach for check in on_code for breach in check(good)] == []
    assert [breach for check in on_pages for breach in check(page)] == []
