"""Everything that a person reads is written in every language."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from refund.translations import load_catalogues
from tests.translations.wanted import PLACEHOLDER, ROOT, is_same_in_all, messages

HAN = re.compile(r"[\u4e00-\u9fff]")


def test_every_message_is_written_in_chinese() -> None:
    catalogue = load_catalogues("zh_Hans")
    used = dict(messages())
    assert len(used) > 300
    missing = [
        f"{path}: {text}"
        for text, path in used.items()
        if catalogue.gettext(text) == text and not is_same_in_all(text)
    ]
    assert not missing, "\n".join(missing)


def test_translations_keep_the_placeholders() -> None:
    wrong = []
    for path in sorted((ROOT / "refund/translations/zh_Hans").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if not message.id or not isinstance(message.id, str):
                    continue
                want = sorted(set(PLACEHOLDER.findall(message.id)))
                have = sorted(set(PLACEHOLDER.findall(str(message.string))))
                if want != have or message.fuzzy:
                    wrong.append(f"{path.name}: {message.id}")
    assert not wrong, "\n".join(wrong)


NO_TEXT = re.compile(r"{%-? block (audience|width|home) %}.*?{%-? endblock", re.DOTALL)
JINJA = re.compile(r"{#.*?#}|{{.*?}}|{%.*?%}", re.DOTALL)
ATTRIBUTE = re.compile(r"[a-z-]+=\"[^\"]*\"")
PAGES = sorted(p for p in (ROOT / "templates").rglob("*.html") if p.parent.name != "print")


def bare_words(source: str) -> list[str]:
    """The words of a template that stand between tags and outside every expression."""
    plain = JINJA.sub("~", NO_TEXT.sub("", source))
    said = re.sub(r"<[^>]*>", " ", plain)
    said = ATTRIBUTE.sub(" ", said)  # a macro may write attributes alone
    return [word for word in re.findall(r"[A-Za-z]{3,}", said) if word not in ALLOWED]


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_templates_say_nothing_outside_gettext(path: Path) -> None:
    assert bare_words(path.read_text()) == []


def test_a_word_outside_gettext_is_found() -> None:
    assert bare_words('<p class="{{ x }}">Hello {{ _("you") }}</p>') == ["Hello"]


ALLOWED = {"SIMULATION", "REHEARSAL", "CNY", "nbsp", "English"}


def test_no_han_character_stands_in_a_message_id() -> None:
    assert [text for text, _ in messages() if HAN.search(text)] == []
