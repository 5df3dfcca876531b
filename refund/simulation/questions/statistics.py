"""What runs on the same seeds say of a change: paired differences, intervals, and what is noise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

LEVEL = 0.95
"""How sure an interval is."""

_STEPS_MAX = 500
_TINY = 1e-300
_EPSILON = 1e-15
_ROUNDING = 1e-12
"""Differences that scatter less than this, relative to their size, are one and the same."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds, and between what the true one lies."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change does to a figure, seed by seed.

    Args:
        mean: the mean of the differences, changed less unchanged.
        low: the lower end of its interval.
        high: the upper end of its interval.
        p_value: how often noise alone would show so much (two-sided).
        count: of seeds.
        differing: in how many of them the figure is not the same.
    """

    mean: float
    low: float
    high: float
    p_value: float
    count: int
    differing: int


def interval_of(values: Sequence[float], level: float = LEVEL) -> Interval:
    """The mean of independent values with its Student interval.

    Raises:
        ValueError: fewer than two values tell nothing of their scatter.
    """
    mean, error = _mean_and_error(values)
    half = t_quantile((1 + level) / 2, len(values) - 1) * error
    return Interval(mean, mean - half, mean + half, len(values))


def paired(
    unchanged: Sequence[float], changed: Sequence[float], level: float = LEVEL
) -> Difference:
    """The difference of two runs per seed, which share their chance (common random numbers).

    Raises:
        ValueError: the two are not of the same seeds, or fewer than two.
    """
    apart = [after - before for before, after in zip(unchanged, changed, strict=True)]
    found = interval_of(apart, level)
    differing = sum(1 for one in apart if one != 0)
    if found.low == found.high:
        p_value = 1.0 if found.mean == 0 else 0.0
    else:
        _, error = _mean_and_error(apart)
        p_value = t_two_sided(found.mean / error, found.count - 1)
    return Difference(found.mean, found.low, found.high, p_value, found.count, differing)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for being many, in the order given.

    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979), 65-70.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def t_two_sided(t: float, degrees: int) -> float:
    """How often Student's t is farther from zero than this."""
    if degrees < 1:
        raise ValueError("no degree of freedom")
    square = t * t
    if square < degrees:
        return 1 - beta_share(square / (degrees + square), 0.5, degrees / 2)
    return beta_share(degrees / (degrees + square), degrees / 2, 0.5)


@cache
def t_quantile(share: float, degrees: int) -> float:
    """The value below which a share of Student's t lies.

    Raises:
        ValueError: the share is not between 0 and 1, or there is no degree of freedom.
    """
    if not 0 < share < 1 or degrees < 1:
        raise ValueError(f"no quantile of {share} with {degrees} degrees of freedom")
    if share < 0.5:
        return -t_quantile(1 - share, degrees)
    beyond = 2 * (1 - share)
    low, high = 0.0, 1.0
    while t_two_sided(high, degrees) > beyond:
        low, high = high, 2 * high
    for _ in range(_STEPS_MAX):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if t_two_sided(middle, degrees) > beyond else (low, middle)
    return (low + high) / 2


def beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function.

    Source: NIST Handbook of Mathematical Functions, 8.17.22, by Lentz's method.
    """
    if not 0 <= x <= 1:
        raise ValueError(f"{x} is not a share")
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(1 - x, b, a)
    front = math.exp(
        a * math.log(x)
        + b * math.log1p(-x)
        - (math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b))
    )
    return front / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction 1 + d1/(1 + d2/(1 + …)) of the incomplete beta function."""
    value, c, d = 1.0, 1.0, 0.0
    for step in range(1, _STEPS_MAX):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d or _TINY)
        c = 1 + term / c or _TINY
        value *= c * d
        if abs(c * d - 1) < _EPSILON:
            return value
    raise ArithmeticError(f"the incomplete beta function did not settle at {x}, {a}, {b}")


def _mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """The mean and its standard error; no error where the values are the same but for rounding."""
    count = len(values)
    if count < 2:
        raise ValueError("two values at least")
    mean = math.fsum(values) / count
    apart = max(values) - min(values)
    if apart <= _ROUNDING * max(map(abs, values), default=0.0):
        return mean, 0.0
    square = math.fsum((one - mean) ** 2 for one in values) / (count - 1)
    return mean, math.sqrt(square / count)
