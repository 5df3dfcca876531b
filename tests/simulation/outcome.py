"""What long proofs need around them: a database on each engine, a place for their results."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from tests.house.tree import ROOT
from tests.storage.cluster import private_cluster

FOLDER = ROOT / "build" / "soak"


@contextmanager
def engines() -> Iterator[list[tuple[Path, str]]]:
    """A folder and a database's address on each engine, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="refund-kills-"))
    cluster = Path(tempfile.mkdtemp(prefix="refund-postgresql-"))
    try:
        with private_cluster(cluster) as url:
            yield [(folder / "sqlite", ""), (folder / "postgresql", url)]
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(cluster)


def keep(name: str, began: datetime, result: Mapping[str, object]) -> Path:
    """Keep a proof's result under the moment at which it began, and say where."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{began:%Y-%m-%dT%H%M%S}-{name}.json"
    text = json.dumps({"began_at": began.isoformat(), **result}, indent=2)
    path.write_text(f"{text}\n", encoding="utf-8")
    print(path)  # noqa: T201 - it is what was asked for
    return path
