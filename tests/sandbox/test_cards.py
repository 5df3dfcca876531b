"""The trial cards, and what can be told of a card from its number and its expiry."""

from __future__ import annotations

from datetime import date

import pytest

from refund.sandbox.cards import (
    TRIAL_CARDS,
    TRIAL_EXPIRY,
    Behaviour,
    TrialCard,
    has_expired,
    luhn_holds,
)


@pytest.mark.parametrize("card", TRIAL_CARDS, ids=lambda card: card.number)
def test_a_trial_card_has_sixteen_digits_and_its_check_digit(card: TrialCard) -> None:
    assert len(card.number) == 16
    assert luhn_holds(card.number)


@pytest.mark.parametrize("place", range(16))
def test_one_wrong_digit_is_always_noticed(place: int) -> None:
    number = "5555555555554444"
    for digit in set("0123456789") - {number[place]}:
        assert not luhn_holds(number[:place] + digit + number[place + 1 :])


def test_there_is_a_trial_card_for_everything_a_network_does() -> None:
    assert {card.behaviour for card in TRIAL_CARDS} == set(Behaviour)
    assert {"Visa", "Mastercard", "UnionPay"} <= {
        card.brand for card in TRIAL_CARDS if card.behaviour is Behaviour.APPROVED
    }


@pytest.mark.parametrize(
    ("expiry", "today", "expired"),
    [
        ("07/25", date(2025, 7, 31), False),
        ("07/25", date(2025, 8, 1), True),
        ("12/24", date(2025, 1, 1), True),
        ("01/26", date(2025, 12, 31), False),
        ("13/30", date(2025, 1, 1), True),
        (TRIAL_EXPIRY, date(2025, 7, 8), False),
    ],
)
def test_a_card_is_good_until_the_last_day_of_its_month(
    expiry: str, today: date, *, expired: bool
) -> None:
    assert has_expired(expiry, today) is expired
