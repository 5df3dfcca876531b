"""`refund exits import`: a file of departures, whole or not at all, and once."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import Terminal

HEAD = "document_kind,document_number,port,exited_at\n"
ROW = "hk_macao_permit,H12345678,WUH,2025-07-01T11:00:00+08:00\n"


def _file(folder: Path, text: str, name: str = "exits.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_a_file_says_how_many_of_its_departures_are_new(demo: Terminal, tmp_path: Path) -> None:
    file = _file(tmp_path, HEAD + ROW, "exits_2025-06-30_2025-07-01.csv")
    done = demo.read("exits", "import", file, "--json")
    digest = done.pop("digest")
    assert len(digest) == 64
    assert done == {
        "file": "exits_2025-06-30_2025-07-01.csv",
        "rows": 1,
        "new": 1,
        "known": 0,
        "first_day": "2025-06-30",
        "last_day": "2025-07-01",
        "missing_days": ["2025-06-30"],
    }
    again = demo.run("exits", "import", file)
    assert again.exit_code == 2
    assert "The same file was taken in" in again.stderr
    edited = _file(tmp_path, "days,2025-07-02,2025-07-04\n" + HEAD + ROW.replace("-01T", "-03T"))
    said = demo.done("exits", "import", edited)
    assert said.splitlines() == [
        "1 departures: 1 new, 0 known before.",
        "No departure of: 2025-07-02, 2025-07-04",
    ]


def test_what_is_wrong_is_named_by_line_and_column(demo: Terminal, tmp_path: Path) -> None:
    bad = ROW.replace("WUH", "PEK") + ROW.replace("hk_macao_permit", "=1") + ROW
    result = demo.run("exits", "import", _file(tmp_path, HEAD + bad))
    assert result.exit_code == 2
    said = result.stderr.splitlines()
    assert said[0].startswith("refund: Nothing of the file was taken in.")
    assert said[1].startswith("  Line 2 · port")
    assert said[2].startswith("  Line 3 · document_kind")
    cut = demo.run("exits", "import", _file(tmp_path, HEAD + ROW + "total,2\n"))
    assert "The last line tells 2 rows, and the file has 1." in cut.stderr
