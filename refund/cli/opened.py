"""What a command works with: the settings, and the instance that they name, opened."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from refund.app import Wired, make_keys, open_copy, wire
from refund.cli.refusals import Told
from refund.cli.terminal import one_line
from refund.config import Settings, read_settings
from refund.core.scanned import public_origin
from refund.gateways.certificates import read_authority
from refund.gateways.clock import read_clock
from refund.gateways.keyfile import INDEX, KeyFile, KeysBroken
from refund.gateways.private_folder import FolderUnsafe
from refund.storage import Database
from refund.storage.protocol import EngineBusy, EngineUnfit, SchemaMismatch


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
    if found.ca_file is not None:
        try:
            read_authority(found.ca_file)
        except (OSError, ValueError) as error:
            raise Told(f"REFUND_CA_FILE: no certificate can be read ({error})") from None
    return found


@contextmanager
def opened(found: Settings, *, make: bool = False) -> Iterator[Wired]:
    """The instance, opened and brought up to date, and closed again.

    Args:
        found: which instance.
        make: an instance that is not there yet is made.

    Raises:
        Told: it is not there, not fit for use, or a setting names nothing that can be opened.
    """
    if not make:
        require_instance(found)
    with telling():
        try:
            wired = wire(found)
        except ValueError as error:
            raise Told(str(error)) from None
        try:
            yield wired
        finally:
            wired.database.close()


@contextmanager
def opened_copy(url: str) -> Iterator[Database]:
    """A copy of an instance's database as it is, without anything else of the instance.

    Raises:
        Told: it is not there, or not one of this program's.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and not Path(unquote(parts.path)).is_file():
        raise Told(f"there is no database at {one_line(url)}")
    with telling():
        try:
            copy = open_copy(url)
        except ValueError as error:
            raise Told(str(error)) from None
        try:
            yield copy
        finally:
            copy.close()


def has_instance(found: Settings) -> bool:
    """Whether an instance was made in the folder before."""
    return (found.keys_folder / INDEX).exists()


def require_instance(found: Settings) -> None:
    """Let an instance pass that was made before.

    Raises:
        Told: it was not, and how to make one.
    """
    if not has_instance(found):
        raise Told(
            f"there is no instance in {found.instance} yet; make one with `refund migrate`, "
            "or with demo data with `refund demo`, or name another with REFUND_INSTANCE"
        )


@contextmanager
def opened_keys(found: Settings, *, make: bool = False) -> Iterator[KeyFile]:
    """The keys of an instance, without its database.

    Raises:
        Told: they are not there, or not fit for use.
    """
    if not make:
        require_instance(found)
    with telling():
        yield (
            make_keys(found)
            if make
            else KeyFile(found.keys_folder, is_rehearsal=found.is_rehearsal)
        )


@contextmanager
def telling() -> Iterator[None]:
    """Tell of keys and databases that cannot be used what their own sentences say."""
    try:
        yield
    except (KeysBroken, FolderUnsafe, EngineUnfit, EngineBusy, SchemaMismatch) as error:
        raise Told(one_line(str(error))) from None
    except OSError as error:
        raise Told(one_line(f"the instance cannot be used: {error}")) from None
