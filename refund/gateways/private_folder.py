"""A folder for secrets: read by its owner alone, written by one at a time, each file whole."""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILE_SIZE_MAX = 1 << 20
_OTHERS = 0o077
_LOCK = ".lock"
_UNFINISHED = ".unfinished-"

Stamp = tuple[int, int, int]


class FolderUnsafe(Exception):
    """The folder or a file in it cannot be trusted; the sentence says what to do."""


class PrivateFolder:
    """The files of one folder of mode 0700, each of mode 0600."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self._files: dict[str, Path] = {}

    def make(self) -> None:
        """Make the folder when it is missing, then check it.

        Raises:
            FolderUnsafe: it is there, and others may look into it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)
        self.check()

    def check(self) -> None:
        """Look at the folder and at every file in it; a missing folder is not unsafe.

        Raises:
            FolderUnsafe: one of them is open to others, or is no plain file.
        """
        if not self.path.exists() and not self.path.is_symlink():
            return
        state = self.path.lstat()
        if not stat.S_ISDIR(state.st_mode):
            raise FolderUnsafe(f"{self.path} is no folder")
        _refuse_if_open(self.path, state, "0700")
        try:
            files = list(self.path.iterdir())
        except PermissionError as error:
            raise _another_user(self.path) from error
        for file in files:
            try:
                _refuse_if_unfit(file, file.lstat())
            except FileNotFoundError:
                continue  # an unfinished file of another process, renamed meanwhile

    def names(self, pattern: str) -> list[str]:
        """Return the names of the files that match, in order."""
        return sorted(file.name for file in self.path.glob(pattern))

    def stamp(self, name: str) -> Stamp | None:
        """Return what changes when a file is replaced, None when it is missing."""
        # It is asked at every signature: to put a path together takes longer than to look.
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = self.path / name
        try:
            return _stamp(file.lstat())
        except FileNotFoundError:
            return None

    def read(self, name: str) -> tuple[bytes, Stamp] | None:
        """Return a file's bytes and the stamp of what was read, None when it is missing.

        Raises:
            FolderUnsafe: others may read it, or it is no plain file.
        """
        path = self.path / name
        try:
            _refuse_if_unfit(path, path.lstat())
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise _another_user(path) from error
        with os.fdopen(descriptor, "rb") as file:
            state = os.fstat(descriptor)
            _refuse_if_unfit(path, state)
            content = file.read(_FILE_SIZE_MAX)
        return content, _stamp(state)

    def write(self, name: str, content: bytes) -> None:
        """Put a file in place, whole and durable, or leave what was there."""
        unfinished = self.path / f"{_UNFINISHED}{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self.path / name)
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against every other process and thread that writes to it.

        What a killed writer left unfinished is removed: with the lock held it is nobody's.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.path / _LOCK, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            for left in self.path.glob(f"{_UNFINISHED}*"):
                left.unlink()
            yield
        finally:
            os.close(descriptor)


def _stamp(state: os.stat_result) -> Stamp:
    return state.st_ino, state.st_mtime_ns, state.st_size


def _refuse_if_unfit(path: Path, state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise FolderUnsafe(f"{path} is no plain file; remove it from the folder of keys")
    _refuse_if_open(path, state, "0600")


def _refuse_if_open(path: Path, state: os.stat_result, wanted: str) -> None:
    if state.st_mode & _OTHERS:
        raise FolderUnsafe(
            f"{path} is open to others (mode {stat.S_IMODE(state.st_mode):04o}); "
            f"if no one has read it, run: chmod {wanted} {path}"
        )


def _another_user(path: Path) -> FolderUnsafe:
    return FolderUnsafe(f"{path} cannot be read; run the service as the user who owns it")
