"""A private PostgreSQL cluster on a loopback port, for as long as a test run needs it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

READY_S: Final = 60.0
STOP_S: Final = 30.0
START_ATTEMPTS: Final = 5
# pg_ctl's words for its signals: fast ends sessions and writes a checkpoint, immediate does not.
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT


def programs() -> Path:
    """Return the folder of `initdb` and `postgres`, the newest that is installed.

    Raises: FileNotFoundError, which says what to install.
    """
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if folders:
        return max(folders, key=lambda folder: int(folder.parent.name))
    found = shutil.which("initdb")
    if found is None:
        raise FileNotFoundError(
            "PostgreSQL is not installed: no initdb in /usr/lib/postgresql/*/bin nor on the PATH; "
            "install the distribution's package `postgresql`"
        )
    return Path(found).resolve().parent


def as_ordinary_user() -> list[str]:
    """Return the start of a command that gives up root, and that dies with its parent."""
    command = ["setpriv", "--pdeathsig", "QUIT"]
    if os.geteuid() == 0:
        command += ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    return command


def _prepare(folder: Path, password: str) -> Path:
    """Make the cluster's files, owned by whoever runs it."""
    home = folder / "cluster"
    home.mkdir(mode=0o700)
    secret = home / "password"
    secret.write_text(password)
    if os.geteuid() == 0:
        for path in (folder, home, secret):
            shutil.chown(path, "postgres", "postgres")
    initdb = [
        *as_ordinary_user(),
        str(programs() / "initdb"),
        f"--pgdata={home / 'data'}",
        f"--pwfile={secret}",
        "--username=refund",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
    ]
    done = subprocess.run(initdb, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr}")
    return home


def _start(home: Path, port: int) -> subprocess.Popen[bytes]:
    command = [
        *as_ordinary_user(),
        str(programs() / "postgres"),
        *("-D", str(home / "data"), "-k", str(home), "-h", "127.0.0.1", "-p", str(port)),
        *("-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "fsync=on"),
    ]
    with (home / "log").open("ab") as log:
        return subprocess.Popen(command, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _is_ready(server: subprocess.Popen[bytes], url: str) -> bool:
    """Wait until the server answers; False when it has ended instead."""
    until = time.monotonic() + READY_S
    while server.poll() is None:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return True
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    for how in (FAST, IMMEDIATE):
        if server.poll() is None:
            server.send_signal(how)
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue
        return
    server.kill()
    server.wait()


def free_port() -> int:
    """Return a loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def private_cluster(folder: Path) -> Iterator[str]:
    """Run a cluster inside a folder and yield the address of its database `postgres`.

    Args:
        folder: an empty folder that every user can reach; the cluster's own user will own it.
    """
    password = secrets.token_urlsafe(16)
    home = _prepare(folder, password)
    for _ in range(START_ATTEMPTS):
        port = free_port()
        url = f"postgresql://refund:{password}@127.0.0.1:{port}/postgres"
        server = _start(home, port)
        try:
            if _is_ready(server, url):
                yield url
                return
        finally:
            _stop(server)
    raise RuntimeError(f"PostgreSQL did not start: {(home / 'log').read_text()[-2000:]}")
