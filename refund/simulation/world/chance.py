"""Chance by name: every decision has a number of its own, whatever else is decided or changed.

Two worlds that differ in one parameter so draw the same numbers for everything else, which makes
their difference small and sure (common random numbers).  Quantiles are worked out with nothing but
the four operations of IEEE 754, which give the same bits on every machine; the logarithm of a C
library need not.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import TypeVar

T = TypeVar("T")

_SEPARATOR = b"\0"
_MANTISSA = 2.0**-53
_LN_2 = 0.6931471805599453
_ROOT_HALF = 0.7071067811865476
_POISSON_MOST = 100_000
_ODD = tuple(1.0 / odd for odd in range(23, 0, -2))

# Wichura's approximation of the normal quantile, good to about 1 part in 10^16.
# Source: M. J. Wichura, Algorithm AS 241, Applied Statistics 37 (1988).
_CENTRE = (
    (
        *(3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3),
        *(1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4),
        *(3.3430575583588128105e4, 2.5090809287301226727e3),
    ),
    (
        *(1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3),
        *(2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4),
        5.2264952788528545610e3,
    ),
)
_NEAR = (
    (
        *(1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0),
        *(3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1),
        *(2.27238449892691845833e-2, 7.74545014278341407640e-4),
    ),
    (
        *(1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1),
        *(1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4),
        1.05075007164441684324e-9,
    ),
)
_FAR = (
    (
        *(6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0),
        *(2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3),
        *(2.71155556874348757815e-5, 2.01033439929228813265e-7),
    ),
    (
        *(1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2),
        *(7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7),
        2.04426310338993978564e-15,
    ),
)


class Streams:
    """All chance of one seed, by names: the same names give the same numbers, in any order."""

    __slots__ = ("seed",)

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def of(self, *names: object) -> Random:
        """A generator of its own; only `random()` of it is the same on every Python."""
        return self.of_names(*names).generator()

    def of_names(self, *names: object) -> Chance:
        """The decisions that go by these names."""
        return Chance(hashlib.sha256(f"refund-world-v1:{self.seed}".encode())).under(*names)


class Chance:
    """The decisions of one place in a world; each has a name, and one number for that name."""

    __slots__ = ("_hash",)

    def __init__(self, so_far: hashlib._Hash) -> None:
        self._hash = so_far

    def under(self, *names: object) -> Chance:
        """The decisions of a place within this one."""
        further = self._hash.copy()
        for name in names:
            further.update(_SEPARATOR + str(name).encode())
        return Chance(further)

    def generator(self) -> Random:
        """A generator for what has no names of its own."""
        return Random(int.from_bytes(self._hash.digest(), "big"))  # noqa: S311 - a world, no secret

    def share(self, name: str) -> float:
        """The number of a decision, from 0 up to but without 1."""
        further = self._hash.copy()
        further.update(b"\1" + name.encode())
        return (int.from_bytes(further.digest()[:8], "big") >> 11) * _MANTISSA

    def is_so(self, name: str, probability: float) -> bool:
        """Whether something happens; what happens at a probability happens at every larger one."""
        return self.share(name) < probability

    def pick(self, name: str, weighted: Sequence[tuple[T, float]]) -> T:
        """One of several, by their weights.

        Raises:
            ValueError: no weight above 0.
        """
        return picked(self.share(name), weighted)

    def whole(self, name: str, least: int, most: int) -> int:
        """A whole number, both ends included, all alike."""
        return least + int(self.share(name) * (most - least + 1))

    def exponential(self, name: str, mean: float) -> float:
        """A waiting time without memory."""
        return mean * exponential_quantile(self.share(name))

    def lognormal(self, name: str, mean: float, spread: float) -> float:
        """A size that is never below 0; `spread` is the standard deviation in means."""
        return mean * lognormal_quantile(self.share(name), spread)

    def geometric(self, name: str, mean: float) -> int:
        """How many times in a row: 0, 1, 2 …, on average `mean`."""
        return geometric_quantile(self.share(name), mean)

    def poisson(self, name: str, mean: float) -> int:
        """How many come, on average `mean`."""
        return poisson_quantile(self.share(name), mean)


def picked(share: float, weighted: Sequence[tuple[T, float]]) -> T:
    """The one of several at which their weights, added up, pass a share of the whole.

    Raises:
        ValueError: no weight above 0.
    """
    whole = 0.0
    for _, weight in weighted:
        whole += weight
    if whole <= 0:
        raise ValueError(weighted)
    left = share * whole
    last = weighted[0][0]
    for one, weight in weighted:
        if weight > 0:
            last = one
            left -= weight
            if left < 0:
                return one
    return last


def exponential_quantile(share: float) -> float:
    """The quantile of the exponential distribution of mean 1."""
    return -_log(1.0 - share)


def geometric_quantile(share: float, mean: float) -> int:
    """The quantile of the numbers 0, 1, 2 … of which each is as likely after the one before."""
    if mean <= 0:
        return 0
    return int(_log(1.0 - share) / _log_of_one_more(mean))


def poisson_quantile(share: float, mean: float) -> int:
    """The quantile of the Poisson distribution, by the normal one's where it is large.

    Raises:
        ValueError: a mean that no world has.
    """
    if not 0 <= mean <= _POISSON_MOST:
        raise ValueError(mean)
    if mean > 400:
        return max(0, int(mean + math.sqrt(mean) * normal_quantile(share) + 0.5))
    term = total = _exp(-mean)
    count = 0
    while total <= share and term > 0.0:
        count += 1
        term *= mean / count
        total += term
    return count


def lognormal_quantile(share: float, spread: float) -> float:
    """The quantile of the lognormal distribution of mean 1 and standard deviation `spread`."""
    variance, deviation = _of_logarithm(spread)
    return _exp(normal_quantile(share) * deviation - variance / 2)


@cache
def _log_of_one_more(mean: float) -> float:
    """The logarithm of how likely another one is."""
    return _log(mean / (1.0 + mean))


@cache
def _of_logarithm(spread: float) -> tuple[float, float]:
    """Variance and standard deviation of the logarithm of what scatters so."""
    variance = _log(1.0 + spread * spread)
    return variance, math.sqrt(variance)


def normal_quantile(share: float) -> float:
    """The quantile of the normal distribution of mean 0 and standard deviation 1."""
    bounded = min(max(share, 1e-15), 1.0 - 1e-15)
    offset = bounded - 0.5
    if abs(offset) <= 0.425:
        return offset * _ratio(_CENTRE, 0.180625 - offset * offset)
    depth = math.sqrt(-_log(min(bounded, 1.0 - bounded)))
    size = _ratio(_NEAR, depth - 1.6) if depth <= 5.0 else _ratio(_FAR, depth - 5.0)
    return size if offset > 0 else -size


def _ratio(two: tuple[tuple[float, ...], tuple[float, ...]], at: float) -> float:
    """One polynomial over another, both of degree 7."""
    (a, b, c, d, e, f, g, h), (i, j, k, m, n, o, p, q) = two
    above = ((((((h * at + g) * at + f) * at + e) * at + d) * at + c) * at + b) * at + a
    below = ((((((q * at + p) * at + o) * at + n) * at + m) * at + k) * at + j) * at + i
    return above / below


def _log(value: float) -> float:
    """The natural logarithm, by the series of the inverse hyperbolic tangent."""
    mantissa, exponent = math.frexp(value)
    if mantissa < _ROOT_HALF:
        mantissa, exponent = mantissa * 2.0, exponent - 1
    part = (mantissa - 1.0) / (mantissa + 1.0)
    square = part * part
    total = 0.0
    for coefficient in _ODD:
        total = total * square + coefficient
    return 2.0 * part * total + exponent * _LN_2


def _exp(value: float) -> float:
    """The exponential function, by its series within half a doubling."""
    doublings = int(value / _LN_2 + (0.5 if value >= 0 else -0.5))
    rest = value - doublings * _LN_2
    total = 1.0
    for place in range(16, 0, -1):
        total = 1.0 + total * rest / place
    return math.ldexp(total, doublings)
