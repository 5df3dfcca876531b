"""What a command works with: the settings, and the instance that they name, opened."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from refund.app import Wired, wire
from refund.cli.refusals import Told
from refund.config import Settings, read_settings
from refund.core.signing import public_origin
from refund.gateways.clock import read_clock
from refund.gateways.keyfile import INDEX


def settings() -> Settings:
    """The settings of the environment, each of them readable.

    Raises:
        Told: naming the setting that is not.
    """
    try:
        found = read_settings(os.environ)
        read_clock(found.clock)
    except ValueError as error:
        raise Told(str(error)) from None
    try:
        public_origin(found.public_url)
    except ValueError as error:
        raise Told(f"REFUND_PUBLIC_URL: {error}") from None
    return found


@contextmanager
def opened(found: Settings, *, make: bool = False) -> Iterator[Wired]:
    """The instance, opened and brought up to date, and closed again.

    Args:
        found: which instance.
        make: an instance that is not there yet is made.

    Raises:
        Told: it is not there yet, or a setting names nothing that can be opened.
    """
    if not make and not (found.keys_folder / INDEX).exists():
        raise Told(
            f"there is no instance in {found.instance} yet; make one with `refund migrate`, "
            "or with demo data with `refund demo`, or name another with REFUND_INSTANCE"
        )
    try:
        wired = wire(found)
    except ValueError as error:
        raise Told(str(error)) from None
    except OSError as error:
        raise Told(f"the instance cannot be opened: {error}") from None
    try:
        yield wired
    finally:
        wired.database.close()
