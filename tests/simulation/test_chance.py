"""Chance has names: a decision keeps its number, and quantiles are what they say."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from refund.simulation.world.chance import (
    Chance,
    Streams,
    exponential_quantile,
    geometric_quantile,
    lognormal_quantile,
    normal_quantile,
    picked,
    poisson_quantile,
)


@pytest.fixture
def chance() -> Chance:
    return Streams(7).of_names("somewhere", 3)


def test_a_decision_keeps_its_number_whatever_else_is_asked(chance: Chance) -> None:
    alone = chance.share("late")
    again = Streams(7).of_names("somewhere").under(3)
    for name in ("never", "card", "age"):
        again.share(name)
    assert again.share("late") == alone
    assert Streams(8).of_names("somewhere", 3).share("late") != alone
    # Names do not run into one another.
    assert Streams(7).of_names("ab", "c").share("x") != Streams(7).of_names("a", "bc").share("x")
    assert chance.under("a").share("b") != chance.share("ab")


def test_the_numbers_of_chance_are_the_same_on_every_machine(chance: Chance) -> None:
    assert chance.share("a") == 0.05171993505921424
    assert chance.whole("w", 1, 6) in range(1, 7)
    assert Streams(7).of("a", 1).random() == Streams(7).of("a", 1).random()


@pytest.mark.parametrize("share", [1e-12, 0.001, 0.02, 0.3, 0.5, 0.8, 0.99, 0.999999])
def test_the_normal_quantile_is_the_library_s(share: float) -> None:
    assert normal_quantile(share) == pytest.approx(
        statistics.NormalDist().inv_cdf(share), abs=1e-12
    )


def test_the_quantiles_have_the_means_that_they_say() -> None:
    shares = [(place + 0.5) / 20_000 for place in range(20_000)]
    expected: list[tuple[Callable[[float], float], float]] = [
        (exponential_quantile, 1),
        (partial(geometric_quantile, mean=3.5), 3.5),
        (partial(poisson_quantile, mean=21.0), 21),
        (partial(poisson_quantile, mean=900.0), 900),
    ]
    for quantile, mean in expected:
        assert statistics.fmean(map(quantile, shares)) == pytest.approx(mean, rel=0.01)
    factors = [lognormal_quantile(s, 0.5) for s in shares]
    assert statistics.fmean(factors) == pytest.approx(1, rel=5e-3)
    assert statistics.pstdev(factors) == pytest.approx(0.5, rel=0.02)
    assert geometric_quantile(0.99, 0) == 0
    assert poisson_quantile(0.99, 0) == 0


def test_one_of_several_is_picked_by_weight_and_never_one_without() -> None:
    weighted = [("a", 1.0), ("b", 0.0), ("c", 3.0)]
    shares = [place / 1000 for place in range(1000)]
    assert Counter(picked(share, weighted) for share in shares) == {"a": 250, "c": 750}
    assert picked(0.9999999999999999, [("a", 0.1), ("b", 0.2), ("c", 0.0)]) == "b"
    with pytest.raises(ValueError, match="a"):
        picked(0.5, [("a", 0.0)])
