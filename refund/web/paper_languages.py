"""The languages of papers: Chinese and English on each, and the traveller's own beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

from refund.core.traveller import DocumentKind, Traveller
from refund.translations import load_catalogues
from refund.web.paper_words import CONTEXT, LABELS


@dataclass(frozen=True, slots=True)
class PaperLanguage:
    """A language that papers can have beside Chinese and English; `name` is its own."""

    locale: str
    name: str
    lang: str
    region: str = ""
    direction: str = "ltr"


NONE = PaperLanguage("en", "中文 · English", "en")
"""No third language."""

LANGUAGES: dict[str, PaperLanguage] = {
    one.locale: one
    for one in (
        NONE,
        PaperLanguage("zh_Hant", "繁體中文", "zh", "HK"),
        PaperLanguage("ja", "日本語", "ja"),
        PaperLanguage("ko", "한국어", "ko"),
        PaperLanguage("ru", "Русский", "ru"),
        PaperLanguage("fr", "Français", "fr"),
        PaperLanguage("es", "Español", "es"),
        PaperLanguage("ar", "العربية", "ar", direction="rtl"),
    )
}
"""What a clerk can choose from, by locale."""

_SPOKEN = {
    "zh_Hant": "HKG MAC TWN",
    "ja": "JPN",
    "ko": "KOR PRK",
    "ru": "RUS BLR KAZ KGZ TJK",
    "fr": "FRA MCO BEN BFA CAF CIV CMR COD COG GAB GIN MDG MLI NER SEN TGO",
    "es": "ESP ARG BOL CHL COL CRI CUB DOM ECU GTM HND MEX NIC PAN PER PRY SLV URY VEN GNQ",
    "ar": "ARE BHR DZA EGY IRQ JOR KWT LBN LBY MAR MRT OMN PSE QAT SAU SDN SYR TUN YEM",
}
_LANGUAGE_OF = {code: locale for locale, codes in _SPOKEN.items() for code in codes.split()}
_PERMITS = (DocumentKind.HK_MACAO_PERMIT, DocumentKind.TAIWAN_PERMIT)


def guess(traveller: Traveller) -> str:
    """The locale that a traveller most likely reads, from the document; the clerk can choose."""
    if traveller.document.kind in _PERMITS:
        return "zh_Hant"
    return _LANGUAGE_OF.get(traveller.nationality, NONE.locale)


def language_of(locale: str, traveller: Traveller) -> PaperLanguage:
    """The language that was chosen, or the one that is guessed."""
    return LANGUAGES.get(locale) or LANGUAGES[guess(traveller)]


@dataclass(frozen=True, slots=True)
class Both:
    """A name that has a Chinese and an English form; other alphabets take the English one."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Label:
    """A message that is a part of a sentence; the papers' own ones have a context."""

    text: str
    context: str = CONTEXT


Fact = str | Both | Label
Three = list[str]


@dataclass(frozen=True, slots=True)
class Words:
    """Says things in Chinese, in English and in the traveller's language, "" where that is none."""

    own: PaperLanguage

    def labels(self, paper: str, facts: Mapping[str, Fact]) -> dict[str, Three]:
        """Every label of a paper; those with placeholders are filled with the facts they name."""
        return {key: self.label(text, facts) for key, text in LABELS[paper].items()}

    def label(self, text: str, facts: Mapping[str, Fact] | None = None) -> Three:
        """One label of the papers' own."""
        return self._three(text, CONTEXT, facts or {})

    def sentence(self, text: str, facts: Mapping[str, Fact]) -> Three:
        """A sentence that the pages say too, with the same words."""
        return self._three(text, "", facts)

    def place(self, port: Both | Label) -> Three:
        """A port as a value beside its label."""
        return self.label(port.text) if isinstance(port, Label) else [port.zh, port.en]

    def _three(self, text: str, context: str, facts: Mapping[str, Fact]) -> Three:
        locales = ["zh_Hans", "en"] + ([] if self.own is NONE else [self.own.locale])
        said = [_said(text, context, facts, locale) for locale in locales]
        own = said[2] if len(said) == 3 and said[2] not in said[:2] else ""
        return [said[0], said[1], own]


def _said(text: str, context: str, facts: Mapping[str, Fact], locale: str) -> str:
    said = _read(text, context, locale)
    if "%(" not in said:
        return said
    texts = {name: _fact(one, locale) for name, one in facts.items()}
    if locale in LANGUAGES and LANGUAGES[locale].direction == "rtl":
        # Days and numbers keep their order within a sentence that runs the other way.
        texts = {name: f"\u2066{text}\u2069" for name, text in texts.items()}
    return said % texts


def _fact(fact: Fact, locale: str) -> str:
    match fact:
        case Both():
            return fact.zh if locale.startswith("zh") else fact.en
        case Label():
            return _read(fact.text, fact.context, locale)
        case str():
            return fact


def _read(text: str, context: str, locale: str) -> str:
    catalogue = load_catalogues(locale)
    said = catalogue.pgettext(context, text) if context else catalogue.gettext(text)
    return str(said)
