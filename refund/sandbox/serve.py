"""Running the sandbox as its own process, until it is told to stop."""

from __future__ import annotations

import os
from dataclasses import replace
from multiprocessing.util import Finalize

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from refund.lifeline import end_with_parent
from refund.sandbox.app import create_sandbox
from refund.sandbox.beat import Beat
from refund.sandbox.network import Book
from refund.sandbox.settings import (
    LOOPBACK_HOSTS,
    SandboxSettings,
    settings_from_environment,
    settings_to_environment,
)
from refund.sandbox.waiting import waits_till_stopped

_THREADS = 8


def serve_sandbox(settings: SandboxSettings, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are answered first.

    Raises: ValueError for a host that is not this machine: the sandbox is not for the network.
    """
    if host not in LOOPBACK_HOSTS:
        raise ValueError("the sandbox listens on this machine alone")
    os.environ.update(settings_to_environment(settings))
    Granian(
        target="refund.sandbox.serve:create_from_environment",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=_THREADS,
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,
        workers_kill_timeout=10,
    ).serve()


def create_from_environment() -> Flask:
    """Build the sandbox in the server's worker process, with the beat of its clock beside it.

    Both end in order when the process does: the round under way, then the book.
    """
    end_with_parent()
    settings = settings_from_environment(os.environ)
    app = create_sandbox(replace(settings, wait=waits_till_stopped()))
    book: Book = app.extensions["book"]
    Finalize(None, book.close, exitpriority=1)
    beat = Beat(book, app.extensions["webhook_sender"])
    beat.start()
    Finalize(None, beat.stop, exitpriority=2)
    return app
