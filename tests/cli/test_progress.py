"""How far a command is: a bar on a terminal, and nothing where nobody looks."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.cli.terminal import Terminal
from tests.house.tree import ROOT

ROW = "hk_macao_permit,H{:08d},WUH,2025-07-20T12:00:00+08:00\n"
HEAD = "document_kind,document_number,port,exited_at\n"


def on_a_screen(terminal: Terminal, *words: str) -> tuple[int, str]:
    """Run a command whose standard error is a terminal; its exit code, and what stood there."""
    screen, inside = pty.openpty()
    environment = os.environ | terminal.environment | {"TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen(
        [sys.executable, "-m", "refund", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=inside,
    )
    os.close(inside)
    said = bytearray()
    while piece := _read(screen):
        said += piece
    os.close(screen)
    return process.wait(60), said.decode(errors="replace")


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 65_536)
    except OSError:  # Linux's way to say that nobody writes there any more
        return b""


def test_an_import_shows_a_bar_on_a_terminal_and_nothing_in_a_pipe(
    demo: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "exits.csv"
    file.write_text(HEAD + "".join(ROW.format(number) for number in range(2500)))
    code, said = on_a_screen(demo, "exits", "import", str(file))
    assert code == 0, said
    assert "departures" in said
    assert "/2500" in said
    again = demo.run("match", "--from", "2025-07-01", "--to", "2025-07-02")
    assert again.exit_code == 0, again.stderr
    assert again.stderr == ""
