"""A process that ends when the one that started it has ended, so that no port stays taken."""

import ctypes
import multiprocessing
import os
import signal

_PR_SET_PDEATHSIG = 1


def end_with_parent(how: signal.Signals = signal.SIGKILL) -> None:
    """Let Linux end this process as soon as the one that forked it is gone, however that ended.

    It leaves the terminal's group, so that Ctrl-C reaches the parent alone, which ends it in
    order; until a server takes its signals over, SIGTERM ends it at once.

    Args:
        how: the signal that it gets then.

    Raises:
        SystemExit: the parent is gone already.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    os.setpgrp()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent.pid:
        raise SystemExit("the process that started this one has ended")
