"""Settings that name what is outside: read whole, or refused by their name."""

from __future__ import annotations

import pytest

from refund.config import read_settings


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", None),
        ("192.0.2.7:9100", ("192.0.2.7", 9100)),
        ("printer.counter-1:9100", ("printer.counter-1", 9100)),
        ("[2001:db8::7]:9100", ("2001:db8::7", 9100)),
    ],
)
def test_a_receipt_printer_is_named_by_host_and_port(
    text: str, address: tuple[str, int] | None
) -> None:
    assert read_settings({"REFUND_PRINTER": text}).printer == address


@pytest.mark.parametrize(
    "text", ["printer", ":9100", "printer:", "printer:0", "printer:x", "a/b:1"]
)
def test_a_printer_that_cannot_be_read_is_refused_by_its_setting_s_name(text: str) -> None:
    with pytest.raises(ValueError, match="REFUND_PRINTER"):
        read_settings({"REFUND_PRINTER": text})


def test_an_instance_is_a_rehearsal_only_where_it_says_yes() -> None:
    assert not read_settings({}).is_rehearsal
    assert read_settings({"REFUND_REHEARSAL": "1"}).is_rehearsal
    with pytest.raises(ValueError, match="REFUND_REHEARSAL"):
        read_settings({"REFUND_REHEARSAL": "no"})
