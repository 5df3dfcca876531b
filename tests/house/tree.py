"""The files of the checkout, as the rules about the code look at them."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MADE_BY_TOOLS = {".git", ".venv", "build", "dist", "__pycache__", "node_modules"}


@dataclass(frozen=True, slots=True)
class Source:
    """One text file: where it stands below the root, and what it says."""

    path: str
    text: str

    def syntax(self) -> ast.Module:
        """Return the parsed module; a SyntaxError names the file."""
        return ast.parse(self.text, filename=self.path)


@cache
def paths() -> tuple[str, ...]:
    """Every file that git keeps or would keep; without git, every file no tool made."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            [
                "git",
                "-c",
                f"safe.directory={ROOT}",
                "ls-files",
                "-z",
                "-c",
                "-o",
                "--exclude-standard",
            ],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split("\0")
        return tuple(sorted({path for path in listed if path and (ROOT / path).is_file()}))
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return tuple(
        sorted(
            path.as_posix()
            for path in found
            if not any(part in _MADE_BY_TOOLS or part.endswith("_cache") for part in path.parts)
            and (path.parts[0] != "instance" or path.name == ".gitignore")
        )
    )


def sources(*suffixes: str, under: tuple[str, ...] = ("",)) -> list[Source]:
    """Read the text files with these endings (none: all of them) below the folders named."""
    return [
        source
        for path in paths()
        if path.startswith(under) and (not suffixes or path.endswith(suffixes))
        if (source := _read(path)) is not None
    ]


@cache
def _read(path: str) -> Source | None:
    try:
        return Source(path, (ROOT / path).read_text(encoding="utf-8"))
    except UnicodeDecodeError:  # a picture, a font, or a file of bad input for a test
        return None
