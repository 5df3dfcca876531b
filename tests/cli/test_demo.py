"""`refund demo`: the whole service with demo data, prepared once, started and ended as one."""

import json
import signal
import socket
import stat
from pathlib import Path

import pytest

from refund.cli.demo_people import FILE, readable_password
from refund.gateways.passwords import ArgonPasswords
from tests.cli.terminal import Terminal, ask, await_silence
from tests.cli.within import staff_of


def _here(terminal: Terminal, path: str = "/healthz") -> str:
    return f"http://127.0.0.1:{terminal.port}{path}"


def _network(terminal: Terminal) -> str:
    return f"http://127.0.0.1:{terminal.sandbox_port}/healthz"


def test_the_demo_has_a_clerk_for_each_store_officers_at_each_port_and_operators(
    demo: Terminal,
) -> None:
    people = demo.read("people", "list", "--json")
    stores = [one["store_number"] for one in people if one["role"] == "clerk"]
    assert sorted(stores) == list(range(1, 15))
    ports = sorted(one["port"] for one in people if one["role"] == "officer")
    assert ports == ["ENH", "WUH", "WUH", "YIH"]
    assert len([one for one in people if one["role"] == "operator"]) == 2


def test_the_passwords_stand_in_a_file_for_the_owner_alone_and_open_the_door(
    demo: Terminal,
) -> None:
    path = demo.instance / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    people = json.loads(path.read_text(encoding="utf-8"))
    assert len({person["password"] for person in people}) == len(people) == 20
    staff = staff_of(demo)
    passwords = ArgonPasswords()
    for person in people[::7]:
        assert passwords.agrees(staff[person["login"]].password_hash, person["password"])


def test_to_prepare_twice_changes_nothing(demo: Terminal) -> None:
    names = ("keys/keyring.json", FILE)
    before = {name: (demo.instance / name).read_bytes() for name in names}
    staff = staff_of(demo)
    demo.done("demo", "--prepare")
    assert {name: (demo.instance / name).read_bytes() for name in names} == before
    assert staff_of(demo) == staff


def test_what_was_changed_in_the_demo_stays_changed(demo: Terminal) -> None:
    demo.done("people", "password", "clerk01", given="my own password\n")
    demo.done("people", "disable", "clerk02")
    changed = staff_of(demo)
    demo.done("demo", "--prepare")
    assert staff_of(demo) == changed


def test_people_who_are_lost_with_a_database_come_back_with_their_passwords(
    demo: Terminal,
) -> None:
    path = demo.instance / FILE
    before = path.read_bytes()
    (demo.instance / "refund.db").unlink()
    demo.done("demo", "--prepare")
    assert path.read_bytes() == before
    assert len(staff_of(demo)) == 20


def test_an_instance_with_people_of_its_own_gets_no_demo_people(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.done("migrate")
    words = ("people", "add", "boss", "--role", "operator", "--name", "Boss", "--generate")
    terminal.done(*words)
    result = terminal.run("demo", "--prepare")
    assert result.exit_code == 2
    assert "has people of its own" in result.stderr
    assert list(staff_of(terminal)) == ["boss"]
    assert not (terminal.instance / FILE).exists()


def test_a_file_of_passwords_that_others_can_read_is_refused(demo: Terminal) -> None:
    (demo.instance / FILE).chmod(0o644)
    result = demo.run("demo", "--prepare")
    assert result.exit_code == 2
    assert "chmod 0600" in result.stderr


def test_demo_passwords_are_random_and_can_be_said_aloud() -> None:
    made = {readable_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(one) == 19 and one.replace("-", "").isalpha() for one in made)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_one_command_starts_everything_and_one_signal_ends_it(
    terminal: Terminal, how: signal.Signals
) -> None:
    with terminal.process("demo") as demo:
        said = demo.await_words("Ctrl-C ends it.")
        assert ask(_here(terminal)) is not None
        assert ask(_network(terminal)) is not None
        people = json.loads((terminal.instance / FILE).read_text(encoding="utf-8"))
        for login in ("clerk01", "officer-wuh1", "operator1"):
            password = next(one["password"] for one in people if one["login"] == login)
            assert f"{login}   {password}" in said
        for path in ("/store/", "/customs/", "/operator/", "/traveller/"):
            assert _here(terminal, path) in said
        assert demo.end(how) == 0
    assert ask(_here(terminal)) is None
    assert ask(_network(terminal)) is None
    assert not (terminal.instance / "refund.db-wal").exists(), "the storage was not closed"


def test_a_demo_that_is_killed_leaves_no_process_behind(terminal: Terminal) -> None:
    with terminal.process("demo") as demo:
        demo.await_words("Ctrl-C ends it.")
        demo.end(signal.SIGKILL)
        await_silence(_here(terminal))
        await_silence(_network(terminal))


def test_a_second_start_prints_the_same_passwords(demo: Terminal) -> None:
    before = (demo.instance / FILE).read_bytes()
    for _ in range(2):
        with demo.process("demo") as running:
            first = json.loads(before)[0]
            assert first["password"] in running.await_words("Ctrl-C ends it.")
            running.end()
    assert (demo.instance / FILE).read_bytes() == before


def test_two_instances_run_side_by_side(tmp_path: Path) -> None:
    one, other = Terminal(tmp_path / "one" / "i"), Terminal(tmp_path / "other" / "i")
    one.instance.parent.mkdir()
    other.instance.parent.mkdir()
    with one.process("demo") as first, other.process("demo") as second:
        first.await_words("Ctrl-C ends it.")
        second.await_words("Ctrl-C ends it.")
        keys = {ask(_here(each, "/keys.json")).data for each in (one, other)}  # type: ignore[union-attr]
        assert len(keys) == 2
        first.end()
        assert ask(_here(one)) is None
        assert ask(_here(other)) is not None


@pytest.mark.parametrize("setting", ["REFUND_PORT", "REFUND_SANDBOX_PORT"])
def test_a_taken_port_is_named_with_the_way_to_choose_another(
    terminal: Terminal, setting: str
) -> None:
    port = terminal.port if setting == "REFUND_PORT" else terminal.sandbox_port
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        holder.listen()
        result = terminal.run("demo")
    assert result.exit_code == 2
    assert f"port {port} cannot be used" in result.stderr
    assert f"{setting}={port + 10}" in result.stderr
    assert not terminal.instance.exists()
