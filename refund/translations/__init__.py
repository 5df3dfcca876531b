"""The messages people read: all .po files of a language, merged in memory when first used."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Babel, Domain, get_locale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask

LOCALES = ("zh_Hans", "en")
"""The languages of the staff's pages, complete."""

FURTHER_LOCALES = ("zh_Hant", "ja", "ko", "ru", "fr", "es", "ar")
"""The languages that travellers have besides; their catalogues say what travellers read."""

TRAVELLER_LOCALES = ("zh_Hans", "zh_Hant", "en", "ja", "ko", "ru", "fr", "es", "ar")
"""The languages of the traveller's pages, in the order in which they are offered."""

NAMES = {
    "zh_Hans": "简体中文",
    "zh_Hant": "繁體中文",
    "en": "English",
    "ja": "日本語",
    "ko": "한국어",
    "ru": "Русский",
    "fr": "Français",
    "es": "Español",
    "ar": "العربية",
}
"""What each language calls itself."""

RIGHT_TO_LEFT = frozenset({"ar"})

SEPARATORS = {"ru": ("\u00a0", ","), "fr": ("\u202f", ","), "es": (".", ",")}
"""What parts thousands and fen in a language that does not write `1,494.00`. Source: CLDR."""

_TRADITIONAL = frozenset({"hant", "hk", "mo", "tw"})

_FOLDER = Path(__file__).parent


@cache
def load_catalogues(locale: str) -> Translations:
    """Merge all refund/translations/<locale>/*.po; a language without files reads its message ids.

    English is the language of the message ids, so `en` has no files. Files are merged in the
    order of their names; a message that two files translate differently is caught by a test.

    Raises: babel.messages.pofile.PoFileError when a file is not a valid catalogue.
    """
    if locale not in TRAVELLER_LOCALES:
        return Translations()
    merged = Catalog(locale=locale)
    for path in sorted((_FOLDER / locale).glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=locale, abort_invalid=True)
        for message in catalogue:
            if message.id and not message.fuzzy:
                merged.add(message.id, message.string, context=message.context)
    compiled = BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return Translations(compiled)


def nearest(tag: str, among: Iterable[str]) -> str | None:
    """The locale among some that a language tag means; None for a language that is not there.

    Chinese is traditional for Hong Kong, Macao and Taiwan; who reads one kind reads the other
    rather than a foreign language.
    """
    known = tuple(among)
    parts = tag.replace("_", "-").lower().split("-")
    if parts[0] != "zh":
        return parts[0] if parts[0] in known else None
    wanted = "zh_Hant" if _TRADITIONAL & set(parts[1:]) else "zh_Hans"
    return next((one for one in (wanted, "zh_Hans", "zh_Hant") if one in known), None)


def separated(amount: str, locale: str) -> str:
    """Write an amount such as `1,494.00` as a language does, in Latin digits."""
    group, point = SEPARATORS.get(locale, (",", "."))
    return amount.replace(",", "\0").replace(".", point).replace("\0", group)


class PoDomain(Domain):  # type: ignore[misc]  # flask-babel has no types.
    """The message domain that reads `load_catalogues` in the language of the request.

    flask-babel 4 only takes the *name* of a domain in its constructor and builds the object itself,
    so the object is put in place afterwards: `babel.domain_instance = PoDomain()`. `install_babel`
    does that; `gettext`, `lazy_gettext` and `_()` in templates then all use it.
    """

    def get_translations(self) -> NullTranslations:
        """Return the catalogue of the request's language, or message ids outside a request."""
        locale = get_locale()
        return NullTranslations() if locale is None else load_catalogues(str(locale))


def install_babel(app: Flask, locale_selector: Callable[[], str]) -> Babel:
    """Give an application the merged catalogues; the selector names one of `TRAVELLER_LOCALES`."""
    babel = Babel(app, default_locale="en", locale_selector=locale_selector)
    babel.domain_instance = PoDomain()
    return babel
