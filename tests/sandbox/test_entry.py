"""What a traveller types on the card page is checked field by field."""

from __future__ import annotations

from datetime import date

import pytest

from refund.sandbox.entry import masked_label, read_entry

TODAY = date(2025, 7, 8)
GOOD = {"number": "4111 1111 1111 1111", "expiry": "12/34", "code": "123", "name": "CHAN TAI MAN"}


@pytest.mark.parametrize(
    ("field", "typed", "fault"),
    [
        ("number", "", "number_missing"),
        ("number", "4111 1111 1111 1112", "number_check_digit"),
        ("number", "4111", "number_wrong_length"),
        ("number", "41111111111111111111", "number_wrong_length"),
        ("number", "４１１１１１１１１１１１１１１１", "number_not_digits"),
        ("number", "4111x11111111111", "number_not_digits"),
        ("number", "4012888888881881", "number_not_trial"),
        ("expiry", "", "expiry_missing"),
        ("expiry", "13/30", "expiry_unreadable"),
        ("expiry", "1/3", "expiry_unreadable"),
        ("expiry", "１２/34", "expiry_unreadable"),
        ("expiry", "06/25", "expiry_past"),
        ("code", "", "code_missing"),
        ("code", "12", "code_unreadable"),
        ("code", "1２3", "code_unreadable"),
        ("name", " ", "name_missing"),
        ("name", "A" * 61, "name_too_long"),
        ("name", "CHAN\x00", "name_unreadable"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_wrong(field: str, typed: str, fault: str) -> None:
    assert read_entry({**GOOD, field: typed}, "card", TODAY) == (None, {field: fault})


@pytest.mark.parametrize("typed", ["12/34", "12 / 34", "1234", "12/2034", "12-34"])
def test_an_expiry_is_read_as_people_write_it(typed: str) -> None:
    entry, _ = read_entry({**GOOD, "expiry": typed}, "card", TODAY)
    assert entry is not None
    assert entry.expiry == "12/34"


@pytest.mark.parametrize(
    ("method", "account", "label"),
    [
        ("alipay", "138 0000 0021", "Alipay ···· 21"),
        ("alipay", "someone@mail.example", "Alipay ···· le"),
        ("wechat_pay", "wei_xin99", "WeChat Pay ···· 99"),
        ("bank_account", "6222 0000 1234 5678", "Bank account ···· 5678"),
    ],
)
def test_an_account_is_shown_by_its_last_signs_alone(method: str, account: str, label: str) -> None:
    entry, faults = read_entry({**GOOD, "account": account}, method, TODAY)
    assert entry is not None, faults
    assert masked_label(method, entry.account) == label


@pytest.mark.parametrize("account", ["", "1", "<b>13800000021</b>", "１３８００００００２１"])
def test_an_account_that_is_none_is_refused(account: str) -> None:
    entry, faults = read_entry({**GOOD, "account": account}, "alipay", TODAY)
    assert entry is None
    assert set(faults) == {"account"}


def test_a_chosen_trial_card_fills_what_was_left_empty() -> None:
    entry, faults = read_entry({"trial": "5555555555554444"}, "card", TODAY)
    assert faults == {}
    assert entry is not None
    assert entry.card is not None
    assert (entry.card.brand, entry.card.last4, entry.expiry) == ("Mastercard", "4444", "12/34")


def test_what_is_typed_goes_before_the_chosen_trial_card() -> None:
    entry, _ = read_entry({**GOOD, "trial": "5555555555554444"}, "card", TODAY)
    assert entry is not None
    assert entry.card is not None
    assert entry.card.brand == "Visa"
