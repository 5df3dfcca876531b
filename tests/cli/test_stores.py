"""`refund stores` and `refund goods`: registers listed, and imported whole or not at all."""

import json
from pathlib import Path

import pytest

from refund.places import data_folder
from tests.cli.terminal import Terminal

REGISTER = (data_folder() / "stores.csv").read_bytes()


def _file(folder: Path, content: bytes) -> str:
    path = folder / "stores.csv"
    path.write_bytes(content)
    return str(path)


def test_the_register_holds_the_14_stores_of_which_three_are_as_reported(demo: Terminal) -> None:
    stores = demo.read("stores", "list", "--json")
    assert [store["store_number"] for store in stores] == list(range(1, 15))
    reported = {store["name_en"].split(",")[0] for store in stores if not store["illustrative"]}
    assert reported == {"Dior", "Hermès", "Burberry"}
    assert all(store["obstacles"] == [] for store in stores)
    assert [store["store_number"] for store in stores if not store["instant"]] == [14]
    assert len(demo.done("stores", "list").splitlines()) == 15


def test_an_import_says_what_was_new_and_what_changed(terminal: Terminal, tmp_path: Path) -> None:
    file = _file(tmp_path, REGISTER)
    assert terminal.read("stores", "import", file, "--json") == {
        "new": 14,
        "changed": 0,
        "unchanged": 0,
        "kept": {},
    }
    assert "0 new, 0 changed, 14 as they were" in terminal.done("stores", "import", file)
    changed = _file(tmp_path, REGISTER.replace(b"027-0000-0003", b"027-9999-0003"))
    assert "0 new, 1 changed, 13 as they were" in terminal.done("stores", "import", changed)


def test_bad_rows_are_named_by_line_and_column_and_nothing_is_imported(
    terminal: Terminal, tmp_path: Path
) -> None:
    rows = REGISTER.decode().splitlines()
    rows[3] = rows[3].replace(",yes,", ",maybe,", 1)
    rows[5] = rows[5].replace("SIM", "=1+", 1)
    result = terminal.run("stores", "import", _file(tmp_path, "\n".join(rows).encode()))
    assert result.exit_code == 2
    said = result.stderr.splitlines()
    assert said[0].startswith("refund: Nothing of the file was taken in.")
    assert said[1].startswith("  Line 4 · general_taxpayer")
    assert said[2].startswith("  Line 6 · taxpayer_number")
    assert not terminal.instance.exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (REGISTER.decode().encode("gb18030"), "file_not_utf8"),
        (REGISTER.replace(b"name_zh,", b"", 1), "file_bad_columns"),
        (REGISTER.replace(b"name_zh,", b"name_zh,name_zh,", 1), "file_bad_columns"),
        (REGISTER + b"x" * 50_000_000, "file_too_large"),
        (REGISTER + REGISTER.splitlines()[1], "file_bad_rows"),
    ],
    ids=["empty", "GBK", "column missing", "column doubled", "50 MB", "row doubled"],
)
def test_a_file_that_is_no_register_is_refused_by_name(
    terminal: Terminal, tmp_path: Path, content: bytes, code: str
) -> None:
    result = terminal.run("stores", "import", _file(tmp_path, content), "--json")
    assert result.exit_code == 2
    told = json.loads(result.stderr)
    assert told["code"] == code
    assert told["message"]
    assert result.stdout == ""
    assert not terminal.instance.exists()


def test_a_byte_order_mark_is_no_obstacle(terminal: Terminal, tmp_path: Path) -> None:
    terminal.done("stores", "import", _file(tmp_path, b"\xef\xbb\xbf" + REGISTER))


def test_a_missing_file_is_a_wrong_use(terminal: Terminal) -> None:
    result = terminal.run("stores", "import", "nowhere.csv")
    assert result.exit_code == 2
    assert "nowhere.csv" in result.stderr


def test_the_master_of_goods_has_sixty_kinds_and_says_what_is_out_of_scope(demo: Terminal) -> None:
    goods = demo.read("goods", "list", "--json")
    assert len(goods) >= 60
    assert {kind["vat"] for kind in goods} == {"13", "9", "exempt"}
    assert all(kind["name_zh"] and kind["name_en"] for kind in goods)
    assert all(kind["out_of_scope"] for kind in goods if kind["vat"] == "exempt")
    assert len(demo.done("goods", "list").splitlines()) == len(goods) + 1


def test_migrate_makes_an_instance_with_goods_and_changes_nothing_twice(
    terminal: Terminal,
) -> None:
    first = terminal.read("migrate", "--json")
    assert first["goods_changed"] >= 60
    assert first["storage"]["migrations"] == first["storage"]["migrations_known"]
    assert terminal.read("migrate", "--json") == first | {"goods_changed": 0}
    assert terminal.read("stores", "list", "--json") == []


@pytest.mark.rule("store_suspension")
def test_a_store_is_suspended_and_resumed_and_its_history_says_so(demo: Terminal) -> None:
    shown = demo.read("stores", "suspend", "3", "--reason", "the ledger is missing", "--json")
    assert (shown["state"], shown["obstacles"]) == ("suspended", ["suspended"])
    assert shown["history"][0]["reason"] == "the ledger is missing"
    said = demo.done("stores", "show", "3")
    assert "cannot issue because: suspended" in said
    again = demo.run("stores", "suspend", "3", "--reason", "twice")
    assert again.exit_code == 2
    assert "This cannot be done as the store stands now." in again.stderr
    assert demo.read("stores", "resume", "3", "--reason", "found", "--json")["state"] == "active"
    past = demo.run("stores", "suspend", "3", "--reason", "x", "--at", "2025-01-01T00:00+08:00")
    assert "That moment has passed." in past.stderr


def test_a_file_does_not_resume_a_store_and_the_command_says_so(
    demo: Terminal, tmp_path: Path
) -> None:
    demo.done("stores", "suspend", "3", "--reason", "x")
    said = demo.done("stores", "import", _file(tmp_path, REGISTER))
    assert "store 3: status stays as people decided, whatever the file says" in said
    assert demo.read("stores", "show", "3", "--json")["state"] == "suspended"
