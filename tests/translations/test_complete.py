"""Everything that a person reads is written in every language."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from refund.translations import load_catalogues

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
HAN = re.compile(r"[\u4e00-\u9fff]")


def messages() -> Iterator[tuple[str, str]]:
    """Every message id with the file that uses it."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        with path.open("rb") as file:
            found = babel_extract(file, list(KEYWORDS), [], {"extensions": "jinja2.ext.i18n"})
            for _, _, message, _ in found:
                yield from _ids(message, path)
    for path in sorted((ROOT / "refund").rglob("*.py")):
        with path.open("rb") as file:
            for _, message, _, _ in extract("python", file, KEYWORDS):
                yield from _ids(message, path)


def _ids(message: object, path: Path) -> Iterator[tuple[str, str]]:
    text = message[0] if isinstance(message, tuple) else message
    if isinstance(text, str) and text:
        yield text, str(path.relative_to(ROOT))


def test_every_message_is_written_in_chinese() -> None:
    catalogue = load_catalogues("zh_Hans")
    used = dict(messages())
    assert len(used) > 300
    missing = [
        f"{path}: {text}"
        for text, path in used.items()
        if catalogue.gettext(text) == text and not _same_in_both(text)
    ]
    assert not missing, "\n".join(missing)


def _same_in_both(text: str) -> bool:
    """Whether nothing in a message is a word to translate."""
    return not re.search(r"[A-Za-z]{2,}", PLACEHOLDER.sub("", text)) or text in {"PNG", "QR", "CSV"}


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


ALLOWED = {"SIMULATION", "CNY", "nbsp", "English"}


def test_no_han_character_stands_in_a_message_id() -> None:
    assert [text for text, _ in messages() if HAN.search(text)] == []
