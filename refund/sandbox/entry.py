"""What a traveller types on the network's card page, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from refund.sandbox.cards import (
    TRIAL_CARDS,
    TRIAL_CODE,
    TRIAL_EXPIRY,
    TRIAL_NAME,
    Behaviour,
    TrialCard,
    card_month,
    has_expired,
    luhn_holds,
    trial_card,
)

_LONGEST_NAME = 60
_ACCOUNTS = {
    # A phone number or an e-mail address.
    "alipay": r"\+?[0-9]{6,15}|[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,100}\.[A-Za-z]{2,20}",
    # A phone number or a WeChat name.
    "wechat_pay": r"\+?[0-9]{6,15}|[A-Za-z][A-Za-z0-9_-]{5,19}",
    "bank_account": r"[0-9]{10,30}|[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}",
}
METHODS = ("card", *_ACCOUNTS)
_METHOD_NAMES = {"alipay": "Alipay", "wechat_pay": "WeChat Pay", "bank_account": "Bank account"}


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A card and, where the money goes elsewhere, an account; both checked, neither kept."""

    card: TrialCard | None
    expiry: str
    account: str = ""

    @property
    def behaves_as(self) -> TrialCard | None:
        """Which trial card decides: the one given, else the one that the account ends like."""
        if self.card is not None:
            return self.card
        alike = (card for card in TRIAL_CARDS if self.account.endswith(card.last4))
        return next(alike, None)

    @property
    def behaviour(self) -> Behaviour:
        """What the network does with it."""
        card = self.behaves_as
        return Behaviour.APPROVED if card is None else card.behaviour

    @property
    def last4(self) -> str:
        """The four digits of the card as which it behaves, none if as no card."""
        card = self.behaves_as
        return "" if card is None else card.last4


def read_account(typed: Mapping[str, str], method: str) -> tuple[CardEntry | None, dict[str, str]]:
    """Check an account without a card; returns it, or None and the code of what is wrong."""
    account = typed.get("account", "").strip()
    fault = _account_fault(account, method)
    return (None, {"account": fault}) if fault else (CardEntry(None, "", _plain(account)), {})


def read_entry(
    typed: Mapping[str, str], method: str, today: date
) -> tuple[CardEntry | None, dict[str, str]]:
    """Check what was typed; returns the entry, or None and a code for each field that is wrong.

    A chosen trial card (`trial`) fills the card fields that were left empty.
    """
    values = filled(typed)
    card, number_fault = _read_number(values["number"])
    faults = {
        "number": number_fault,
        "expiry": _expiry_fault(values["expiry"], today),
        "code": _code_fault(values["code"]),
        "name": _name_fault(values["name"]),
        "account": _account_fault(values["account"], method),
    }
    wrong = {field: fault for field, fault in faults.items() if fault}
    if wrong or card is None:
        return None, wrong
    account = "" if method == "card" else _plain(values["account"])
    return CardEntry(card, _expiry(values["expiry"]), account), {}


def filled(typed: Mapping[str, str]) -> dict[str, str]:
    """Return every field, trimmed; a chosen trial card stands in for the empty ones."""
    fields = ("number", "expiry", "code", "name", "account")
    values = {field: typed.get(field, "").strip() for field in fields}
    chosen = trial_card(typed.get("trial", ""))
    if chosen is not None:
        values["number"] = values["number"] or chosen.grouped
        values["expiry"] = values["expiry"] or TRIAL_EXPIRY
        values["code"] = values["code"] or TRIAL_CODE
        values["name"] = values["name"] or TRIAL_NAME
    return values


def masked_label(method: str, account: str) -> str:
    """Return the account as it may be kept and shown: its kind and its last signs."""
    kept = 4 if method == "bank_account" else 2
    return f"{_METHOD_NAMES[method]} ···· {account[-kept:]}"


def _read_number(typed: str) -> tuple[TrialCard | None, str]:
    digits = re.sub(r"[ -]", "", typed)
    card = trial_card(digits)
    if not digits:
        return None, "number_missing"
    if not re.fullmatch(r"[0-9]+", digits):
        return None, "number_not_digits"
    if not 12 <= len(digits) <= 19:
        return None, "number_wrong_length"
    if not luhn_holds(digits):
        return None, "number_check_digit"
    return card, "" if card else "number_not_trial"


def _expiry(typed: str) -> str:
    """Return `12/34` for `12/34`, `12 / 34`, `1234` and `12/2034`."""
    found = re.fullmatch(r"([0-9]{2})\s*[/-]?\s*(?:20)?([0-9]{2})", typed)
    return f"{found[1]}/{found[2]}" if found and typed.isascii() else ""


def _expiry_fault(typed: str, today: date) -> str:
    expiry = _expiry(typed)
    if not typed:
        return "expiry_missing"
    if card_month(expiry) is None:
        return "expiry_unreadable"
    return "expiry_past" if has_expired(expiry, today) else ""


def _code_fault(typed: str) -> str:
    if not typed:
        return "code_missing"
    return "" if re.fullmatch(r"[0-9]{3,4}", typed) else "code_unreadable"


def _name_fault(typed: str) -> str:
    if not typed:
        return "name_missing"
    if len(typed) > _LONGEST_NAME:
        return "name_too_long"
    return "" if typed.isprintable() else "name_unreadable"


def _account_fault(typed: str, method: str) -> str:
    if method == "card":
        return ""
    if not typed:
        return "account_missing"
    return "" if re.fullmatch(_ACCOUNTS[method], _plain(typed)) else "account_unreadable"


def _plain(account: str) -> str:
    """Return an account number without the blanks it is printed with."""
    return re.sub(r"[ ]", "", account)
