"""Waiting that ends at once when the process is told to stop."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable


def waits_till_stopped() -> Callable[[float], None]:
    """Return a way to wait some seconds that SIGTERM and SIGINT cut short, for good.

    Called in the main thread, before the server takes these signals over.
    """
    told, tells = os.pipe()
    os.set_blocking(tells, False)
    signal.set_wakeup_fd(tells, warn_on_full_buffer=False)

    def wait(seconds: float) -> None:
        select.select([told], [], [], seconds)

    return wait
