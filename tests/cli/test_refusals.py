"""What a terminal shows of a refusal: the page's words, in its language, and nothing it obeys."""

import pytest

from refund.cli import COMMANDS, main
from refund.cli.terminal import one_line
from refund.cli.words import language, words
from refund.core.errors import REFUSALS, Refused
from tests.cli.terminal import Terminal


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_every_refusal_is_one_line_without_markup(code: str) -> None:
    said = words(Refused(code))
    assert said
    assert said == said.strip()
    assert "\n" not in said
    assert not set("<>") & set(said)


def test_what_was_typed_cannot_command_the_terminal() -> None:
    said = words(Refused("amount_unreadable", typed="<b>\x1b[31m\u202e1"))
    assert "“<b>\ufffd[31m\ufffd1” is not an amount" in said
    assert one_line("a\r\nb\tc") == "a b c"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_Hans"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_SG", "LANG": "en"}, "zh_Hans"),
    ],
)
def test_the_language_is_that_of_other_programs(environment: dict[str, str], expected: str) -> None:
    assert language(environment) == expected


def test_a_refusal_is_told_in_chinese_where_chinese_is_spoken(terminal: Terminal) -> None:
    chinese = Terminal(terminal.instance, settings={"LC_ALL": "zh_CN.UTF-8"})
    result = chinese.run("quote", "--on", "2019-01-01", "--line", "1@13")
    assert "规则" in result.stderr


def test_every_command_explains_itself_and_none_is_hidden(terminal: Terminal) -> None:
    said = terminal.done("--help")
    for name in COMMANDS:
        assert f"\n  {name} " in said
        assert "Usage" in terminal.done(name, "--help")
    assert set(main.commands) <= set(COMMANDS)


def test_an_unknown_command_is_a_wrong_use(terminal: Terminal) -> None:
    assert terminal.run("fly").exit_code == 2
