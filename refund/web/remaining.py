"""How long it is until something, in the reader's language."""

from datetime import timedelta

from babel.units import format_unit
from flask_babel import get_locale

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


def time_left(span: timedelta) -> str:
    """A span of time by its two largest units, such as `27 days 5 hours`; never below zero."""
    seconds = max(0, int(span.total_seconds()))
    if seconds >= _DAY:
        parts = ((seconds // _DAY, "day"), (seconds % _DAY // _HOUR, "hour"))
    elif seconds >= _HOUR:
        parts = ((seconds // _HOUR, "hour"), (seconds % _HOUR // _MINUTE, "minute"))
    else:
        parts = ((seconds // _MINUTE, "minute"), (seconds % _MINUTE, "second"))
    return " ".join(_unit(count, unit) for count, unit in parts)


def _unit(count: int, unit: str) -> str:
    locale = get_locale()
    return str(format_unit(count, f"duration-{unit}", "long", locale=locale))
