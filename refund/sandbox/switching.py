"""What is typed on the control page, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from refund.sandbox.faults import ALWAYS_BP, KINDS, NAMES, NOT_OF_PAGES, Fault
from refund.sandbox.restore import HOURS_MAX

_PERCENT = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,2})?) ?%?")
_SEED_DIGITS = 18
_TIMES_DIGITS = 9


def read_fault(typed: Mapping[str, str]) -> tuple[Fault | None, dict[str, str]]:
    """Return the fault that is to be switched on, or None and a code for each wrong field."""
    values = {name: value.strip() for name, value in typed.items()}
    name, last4, kind = (values.get(field, "") for field in ("name", "last4", "kind"))
    probability_bp = _basis_points(values.get("percent", ""))
    seed = _whole(values.get("seed", ""), _SEED_DIGITS)
    times = _whole(values.get("times", ""), _TIMES_DIGITS)
    faults = {
        "name": "" if name in NAMES else "name_missing",
        "last4": _card_fault(name, last4),
        "kind": _kind_fault(name, kind),
        "percent": "" if 0 < probability_bp <= ALWAYS_BP else "percent_unreadable",
        "seed": "seed_unreadable" if seed is None else "",
        "times": "times_unreadable" if values.get("times") and not times else "",
    }
    wrong = {field: code for field, code in faults.items() if code}
    if wrong or seed is None:
        return None, wrong
    return Fault(name, last4, kind, probability_bp, seed, times), {}


def read_hours(typed: Mapping[str, str]) -> tuple[int | None, dict[str, str]]:
    """Return how many hours are to vanish, once it was confirmed; None and what is wrong else."""
    hours = _whole(typed.get("hours", "").strip(), len(str(HOURS_MAX)))
    if not hours or hours > HOURS_MAX:
        return None, {"hours": "hours_unreadable"}
    if typed.get("confirmed") != "yes":
        return None, {"confirmed": "not_confirmed"}
    return hours, {}


def _card_fault(name: str, last4: str) -> str:
    if last4 and not re.fullmatch(r"[0-9]{4}", last4):
        return "card_unknown"
    of_statement = name in NAMES and NAMES[name].group == "statement"
    return "card_does_not_fit" if last4 and of_statement else ""


def _kind_fault(name: str, kind: str) -> str:
    if not kind or name not in NAMES:
        return ""
    without = kind == "session" and name in NOT_OF_PAGES
    return "kind_does_not_fit" if kind not in KINDS[NAMES[name].group] or without else ""


def _basis_points(typed: str) -> int:
    """Return hundredths of a percent; 0 where it cannot be read."""
    found = _PERCENT.fullmatch(typed)
    return int(Decimal(found[1].replace(",", ".")) * 100) if found and typed.isascii() else 0


def _whole(typed: str, digits: int) -> int | None:
    return int(typed) if re.fullmatch(f"[0-9]{{1,{digits}}}", typed) else None
