"""What stands at the top, what is vendored, what is pinned, what travels in the wheel."""

import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

from tests.house.tree import ROOT, paths

TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks",
    "docs",
    "instance",
    "pyproject.toml",
    "refund",
    "static",
    "templates",
    "tests",
}
LOCKS = (".ci/requirements.txt", ".ci/requirements-test.txt")
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==([^ ;]+)", re.MULTILINE)


def test_the_top_level_holds_what_was_agreed_and_nothing_else() -> None:
    assert {path.split("/", 1)[0] for path in paths()} == TOP_LEVEL


def test_an_instance_is_never_kept() -> None:
    assert [path for path in paths() if path.startswith("instance/")] == ["instance/.gitignore"]


def test_every_vendored_file_is_listed_with_its_licence_and_hash() -> None:
    folder = ROOT / "static" / "vendor"
    head, *rows = (folder / "VERSIONS").read_text(encoding="utf-8").splitlines()
    assert head.split("\t") == ["file", "version", "licence", "sha256"]
    listed = {row.split("\t")[0]: row.split("\t")[1:] for row in rows}
    kept = {path.removeprefix("static/vendor/") for path in paths() if "static/vendor/" in path}
    assert set(listed) == kept - {"VERSIONS"}
    for name, (version, licence, sha256) in listed.items():
        assert version, f"{name} has no version"
        assert licence, f"{name} has no licence"
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256, name


def test_every_lint_rule_left_out_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ruff = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.pydocstyle]")]
    entries = [line for line in ruff.splitlines() if re.match(r'    "[A-Z]+\d*",', line)]
    assert len(entries) > 10
    assert [line for line in entries if not re.search(r"# \w+.{4,}", line)] == []


def test_every_pin_has_a_hash_and_no_pin_has_an_address() -> None:
    for lock in LOCKS:
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert "://" not in text
        for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
            assert _PIN.match(block), block
            assert "--hash=sha256:" in block, block


def test_tests_run_on_what_is_run() -> None:
    runs, tests = (dict(_PIN.findall((ROOT / lock).read_text(encoding="utf-8"))) for lock in LOCKS)
    assert runs.items() <= tests.items()


def test_the_lock_pins_every_dependency_asked_for() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    asked = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["test"]
    names = {re.split(r"[\[>=<~ ]", one, maxsplit=1)[0] for one in asked}
    pinned = {name for name, _ in _PIN.findall((ROOT / LOCKS[1]).read_text(encoding="utf-8"))}
    assert names <= pinned, "run make lock"


def test_the_wheel_carries_pages_styles_and_messages(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("refund-*.whl")
    inside = set(ZipFile(wheel).namelist())
    travels = ("refund/", "static/", "templates/")
    wanted = {path for path in paths() if path.startswith(travels)}
    assert {path if path.startswith("refund/") else f"refund/{path}" for path in wanted} <= inside
    assert not [path for path in inside if path.startswith(("tests/", "instance/"))]
