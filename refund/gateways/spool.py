"""Files of long jobs in the instance's folder: read by its owner alone, limited, and taken away."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from refund.core.errors import Refused
from refund.gateways.private_folder import PrivateFolder

PIECE_BYTES = 256 * 1024
FREE_BYTES_MIN = 256 * 1024 * 1024
"""So much of the disk is left to the database."""

_NAME = re.compile(r"[a-z0-9-]{1,80}(?:\.result)?", re.ASCII)


class Spool:
    """The port `Spool` over a folder, which is made when the first file comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, stream: BinaryIO, bytes_max: int) -> int:
        """Keep what a person gave, whole and durable; how many bytes it has.

        Raises:
            Refused: `file_too_large`, also when the disk would be full.
        """
        with self.making(name) as file:
            size = 0
            while piece := stream.read(PIECE_BYTES):
                size += len(piece)
                if size > bytes_max or self._free_bytes() < FREE_BYTES_MIN:
                    raise Refused("file_too_large", "file", limit_bytes=bytes_max)
                file.write(piece)
        return size

    @contextmanager
    def making(self, name: str) -> Iterator[BinaryIO]:
        """A file to write; it is there when it is complete, and not at all when that fails."""
        PrivateFolder(self._folder).make()
        path = self._path(name)
        unfinished = path.with_name(f"{path.name}.unfinished")
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(unfinished, flags, 0o600), "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

    def open(self, name: str) -> BinaryIO:
        """A file to read.

        Raises:
            FileNotFoundError: it is not there any more.
        """
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.fdopen(os.open(self._path(name), flags), "rb")

    def place(self, name: str) -> Path:
        """Where a file of a name is, or may be made by work that goes on after a power cut."""
        PrivateFolder(self._folder).make()
        return self._path(name)

    def drop(self, name: str) -> None:
        """Take a file away, where it is there."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """What is there, in order."""
        if not self._folder.is_dir():
            return []
        return sorted(one.name for one in self._folder.iterdir() if _NAME.fullmatch(one.name))

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"no name of ours: {name!r}")
        return self._folder / name

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self._folder).free
