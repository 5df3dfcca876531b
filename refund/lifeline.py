"""A process that ends when the one that started it has ended, so that no port stays taken."""

import ctypes
import multiprocessing
import os
import signal

_PR_SET_PDEATHSIG = 1


def end_with(parent_pid: int, how: signal.Signals) -> None:
    """Ask Linux for a signal to this process as soon as its parent is gone.

    Raises:
        SystemExit: the parent is gone already.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent_pid:
        raise SystemExit("the process that started this one has ended")


def end_with_server() -> None:
    """End this worker process together with the server that forked it, however that ends."""
    server = multiprocessing.parent_process()
    if server is not None and server.pid is not None:
        end_with(server.pid, signal.SIGKILL)
