"""`refund serve`, `sandbox` and `worker` as processes: what they refuse, and how they end."""

import signal
import socket
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, ask, await_silence


def _here(terminal: Terminal, path: str = "/healthz") -> str:
    return f"http://127.0.0.1:{terminal.port}{path}"


def test_the_service_makes_a_new_instance_and_says_that_it_is_well(terminal: Terminal) -> None:
    with terminal.process("serve") as service:
        report = service.await_answer(_here(terminal)).json()
        assert report["status"] == "ok"
        assert report["storage"]["engine"] == "sqlite"
        assert report["storage"]["synchronous"] == "FULL"
        assert f"Serving on {_here(terminal, '')}, data in sqlite" in service.said()
        assert service.end() == 0
        assert "Traceback" not in service.said()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_request_under_way_is_answered_before_the_service_ends(
    terminal: Terminal, how: signal.Signals
) -> None:
    with terminal.process("serve") as service:
        service.await_answer(_here(terminal))
        with socket.create_connection(("127.0.0.1", terminal.port), timeout=10) as half:
            half.sendall(
                b"POST /store/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n\r\n"
            )
            assert half.recv(100).startswith(b"HTTP/1.1 100")
            service.process.send_signal(how)
            half.sendall(b"login=a&pass=bc")
            assert half.recv(100).startswith(b"HTTP/1.1 400")
        assert service.process.wait(60) == 0
    assert not (terminal.instance / "refund.db-wal").exists(), "the storage was not closed"


def test_a_killed_service_takes_its_worker_along(terminal: Terminal) -> None:
    with terminal.process("serve") as service:
        service.await_answer(_here(terminal))
        service.end(signal.SIGKILL)
        await_silence(_here(terminal))


def test_no_path_that_was_asked_for_is_logged(terminal: Terminal) -> None:
    with terminal.process("serve") as service:
        service.await_answer(_here(terminal))
        ask(_here(terminal, f"/F/{'A' * 136}?code=123456"))
        service.end()
        assert "AAAA" not in service.said()
        assert "123456" not in service.said()


def test_sqlite_is_served_by_one_process(terminal: Terminal) -> None:
    result = terminal.run("serve", "--processes", "2")
    assert result.exit_code == 2
    assert "SQLite has one writing process" in result.stderr
    result = terminal.run("worker")
    assert result.exit_code == 2
    assert "runs inside `refund serve`" in result.stderr


@pytest.mark.postgres
def test_postgresql_is_served_by_several_processes_and_a_worker_beside_them(
    tmp_path: Path, postgres_url: str
) -> None:
    terminal = Terminal(tmp_path / "i", settings={"REFUND_DATABASE_URL": postgres_url})
    with terminal.process("serve", "--processes", "2") as service:
        report = service.await_answer(_here(terminal)).json()
        assert report["storage"]["engine"] == "postgresql"
        with terminal.process("worker") as worker:
            worker.await_words("The worker works")
            assert worker.end() == 0
        assert service.end() == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"REFUND_PORT": "eighty"}, "REFUND_PORT must be a whole number"),
        ({"REFUND_PORT": "65536"}, "REFUND_PORT must be a whole number"),
        ({"REFUND_THREADS": "0"}, "REFUND_THREADS must be a whole number"),
        ({"REFUND_CLOCK": "tomorrow"}, "REFUND_CLOCK must be a shift"),
        ({"REFUND_CLOCK": "2025-07-08T14:00:00"}, "REFUND_CLOCK must be a shift"),
        ({"REFUND_CLOCK": "+99999999d"}, "REFUND_CLOCK must be a shift"),
        ({"REFUND_PUBLIC_URL": "ftp://x"}, "REFUND_PUBLIC_URL must begin with http"),
        ({"REFUND_PUBLIC_URL": "https://x/path"}, "REFUND_PUBLIC_URL: not an address"),
        ({"REFUND_PUBLIC_URL": f"https://{'x' * 90}.example"}, "too long for a code"),
        ({"REFUND_DATABASE_URL": "mysql://x"}, "a database is named sqlite:///"),
        ({"REFUND_CA_FILE": "/nowhere.crt"}, "REFUND_CA_FILE: no certificate can be read"),
        ({"REFUND_SANDBOX_URL": "https://x.example"}, "the network's address is http://"),
        ({"REFUND_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "PostgreSQL was not reached"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_starts(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    result = Terminal(tmp_path / "i", settings=settings).run("serve")
    assert result.exit_code == 2
    assert result.stderr.startswith("refund: ")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_keys_that_others_can_read_or_that_are_lost_are_told(demo: Terminal) -> None:
    keys = demo.instance / "keys"
    (keys / "identity.key").chmod(0o644)
    result = demo.run("serve")
    assert result.exit_code == 2
    assert "is open to others" in result.stderr
    (keys / "identity.key").chmod(0o600)
    (keys / "identity.key").unlink()
    for command in ("serve", "sandbox", "audit", "demo"):
        result = demo.run(command)
        assert result.exit_code == 2
        assert "restore it from a backup" in result.stderr


def test_a_database_of_another_program_is_told(demo: Terminal) -> None:
    path = demo.instance / "refund.db"
    path.write_bytes(b"this is no database" * 1000)
    result = demo.run("serve")
    assert result.exit_code == 2
    assert "refund.db" in result.stderr


def test_the_sandbox_lives_in_the_shifted_time_of_the_service(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "i", settings={"REFUND_CLOCK": "-100d"})
    with terminal.process("demo") as demo:
        demo.await_words("The clock is shifted by -8640000s: it is 20")
        demo.end()
    moment = Terminal(tmp_path / "j", settings={"REFUND_CLOCK": "2025-07-08T14:00:00+08:00"})
    with moment.process("demo") as demo:
        assert ": it is 2025-07-08 14:0" in demo.await_words("Ctrl-C ends it.")
        demo.end()
