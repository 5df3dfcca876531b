"""What runs on the same seeds say of a change, held to tables that others printed."""

from __future__ import annotations

import math
from random import Random

import pytest

from refund.simulation.questions.statistics import (
    beta_share,
    holm,
    interval_of,
    paired,
    t_quantile,
    t_two_sided,
)

# Source: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, critical values of t.
PRINTED = {
    (0.975, 1): 12.706,
    (0.975, 2): 4.303,
    (0.975, 4): 2.776,
    (0.95, 5): 2.015,
    (0.975, 9): 2.262,
    (0.99, 10): 2.764,
    (0.995, 20): 2.845,
    (0.95, 30): 1.697,
    (0.999, 40): 3.307,
    (0.975, 99): 1.984,
    (0.9, 100): 1.290,
}


@pytest.mark.parametrize(("of", "printed"), PRINTED.items())
def test_quantiles_of_t_are_those_of_the_printed_table(
    of: tuple[float, int], printed: float
) -> None:
    assert t_quantile(*of) == pytest.approx(printed, abs=0.00051)
    assert t_quantile(1 - of[0], of[1]) == pytest.approx(-printed, abs=0.00051)


def test_quantile_and_share_are_inverse_of_one_another() -> None:
    for degrees in (1, 2, 3, 7, 29, 99, 499, 9999):
        for share in (0.5000001, 0.6, 0.9, 0.975, 0.9999):
            t = t_quantile(share, degrees)
            assert t_two_sided(t, degrees) == pytest.approx(2 * (1 - share), rel=1e-9)


def test_one_and_two_degrees_of_freedom_have_their_closed_forms() -> None:
    for t in (0.1, 1.0, 3.0, 50.0):
        assert t_two_sided(t, 1) == pytest.approx(1 - 2 * math.atan(t) / math.pi, rel=1e-12)
        assert t_two_sided(t, 2) == pytest.approx(1 - t / math.sqrt(2 + t * t), rel=1e-10)


def test_with_many_degrees_of_freedom_t_is_the_normal_distribution() -> None:
    assert t_quantile(0.975, 10**7) == pytest.approx(1.959964, abs=1e-6)


def test_the_incomplete_beta_function_has_its_closed_forms() -> None:
    for x in (0.0, 0.01, 0.3, 0.5, 0.77, 1.0):
        assert beta_share(x, 1, 1) == pytest.approx(x, abs=1e-15)
        assert beta_share(x, 2, 3) == pytest.approx(6 * x**2 - 8 * x**3 + 3 * x**4, abs=1e-13)
        assert beta_share(x, 5, 2) == pytest.approx(1 - beta_share(1 - x, 2, 5), abs=1e-13)


def test_what_has_no_quantile_is_refused() -> None:
    for share, degrees in ((0.0, 3), (1.0, 3), (0.5, 0)):
        with pytest.raises(ValueError, match="no quantile"):
            t_quantile(share, degrees)
    with pytest.raises(ValueError, match="two values"):
        interval_of([3.0])
    with pytest.raises(ValueError, match="share"):
        beta_share(1.2, 1, 1)


def test_an_interval_of_known_values_is_the_one_computed_by_hand() -> None:
    # Mean 5, standard deviation 2.138…, standard error 0.755929, t(7) 2.364624.
    found = interval_of([2, 4, 4, 4, 5, 5, 7, 9])
    assert found.mean == 5
    assert found.high - found.mean == pytest.approx(2.364624 * 0.755929, rel=1e-6)
    assert (found.low + found.high) / 2 == pytest.approx(5)


def test_a_paired_difference_agrees_with_students_own_sleep_data() -> None:
    # Source: Student, Biometrika 6 (1908): t = 4.0621 with 9 degrees, two-sided p = 0.002833.
    dextro = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    laevo = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = paired(dextro, laevo)
    assert found.mean == pytest.approx(1.58)
    assert found.p_value == pytest.approx(0.002833, abs=1e-6)
    assert (found.low, found.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-6)
    assert (found.count, found.differing) == (10, 9)


def test_a_figure_that_never_differs_has_no_difference_at_all() -> None:
    found = paired([3, 1, 4, 1, 5], [3, 1, 4, 1, 5])
    assert (found.mean, found.low, found.high) == (0, 0, 0)
    assert (found.p_value, found.differing) == (1, 0)


def test_the_same_difference_in_every_seed_is_no_noise() -> None:
    found = paired([0.1, 0.7, 1e3], [0.3, 0.9, 1e3 + 0.2])
    assert found.low == found.high == pytest.approx(0.2)
    assert found.p_value == 0


def test_seeds_that_do_not_pair_are_a_defect() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired([1, 2, 3], [1, 2])


def test_holms_correction_is_that_of_his_example() -> None:
    # Source: R's p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm").
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert holm([0.04, 0.001, 0.9]) == pytest.approx([0.08, 0.003, 0.9])
    assert holm([]) == []


def test_ninety_five_of_a_hundred_intervals_hold_the_truth() -> None:
    chance = Random(20250708)  # noqa: S311 - a repeatable sample, no secret
    held = 0
    for _ in range(2000):
        found = interval_of([chance.gauss(7, 3) for _ in range(6)])
        held += found.low <= 7 <= found.high
    # Five standard errors of a share of 0.95 in 2,000 draws are 0.0244.
    assert held / 2000 == pytest.approx(0.95, abs=0.0244)
