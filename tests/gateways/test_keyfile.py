"""The keys outside the database: private, whole after any kill, reread when rotated."""

import json
import os
import shutil
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from refund.core.errors import Refused
from refund.core.signing import EPOCH, KeyRing, Payload, ring_from, sign, verify
from refund.gateways.keyfile import INDEX, SECRETS, KeyFile, KeysBroken
from refund.gateways.private_folder import FolderUnsafe

ROOT = Path(__file__).parents[2]
NOW = datetime(2025, 7, 8, 3, tzinfo=UTC)
TODAY = date(2025, 7, 8)
LAST = TODAY + timedelta(days=120)

CREATE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from refund.gateways.keyfile import KeyFile

keys = KeyFile(Path(sys.argv[1]))
sys.stdin.read()
keys.create_missing(datetime(2025, 7, 8, 3, tzinfo=UTC))
"""

KILLED = """
import os, signal, sys
from datetime import UTC, date, datetime
from pathlib import Path
from refund.gateways.keyfile import KeyFile

NOW = datetime(2025, 7, 8, 3, tzinfo=UTC)
STEPS = {"open", "os.rename", "os.mkdir", "os.remove", "fcntl.flock"}

def die_before_step(step):
    seen = 0
    def watch(event, arguments):
        nonlocal seen
        if event in STEPS:
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(watch)

folders, deed = Path(sys.argv[1]), sys.argv[2]
for step in range(1, 100):
    child = os.fork()
    if child == 0:
        keys = KeyFile(folders / str(step))
        die_before_step(step)
        if deed == "rotate":
            keys.rotate(NOW, date(2025, 11, 5))
        else:
            keys.create_missing(NOW)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != -signal.SIGKILL:
        print(step - 1)
        sys.exit(status)
"""


def a_code(keys: KeyFile, day: date = TODAY) -> str:
    key = keys.signing_key()
    return sign(Payload(key.kid, 1, "00112233aabbccdd", day, 13446), key)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "instance" / "keys"


@pytest.fixture
def keys(folder: Path) -> KeyFile:
    made = KeyFile(folder)
    made.create_missing(NOW)
    return made


def test_a_first_start_makes_every_key_for_its_owner_alone(keys: KeyFile, folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    secrets = {keys.secret(name) for name in SECRETS}
    assert len(secrets) == len(SECRETS)
    assert {len(secret) for secret in secrets} == {32}
    assert verify(a_code(keys), keys.ring(), TODAY).net_fen == 13446


def test_a_wide_umask_opens_nothing(folder: Path) -> None:
    before = os.umask(0)
    try:
        KeyFile(folder).create_missing(NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_a_second_start_changes_nothing(keys: KeyFile, folder: Path) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    code = a_code(keys)
    again = KeyFile(folder)
    again.create_missing(NOW + timedelta(days=3))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert a_code(again) == code


@pytest.mark.parametrize("name", [INDEX, "identity.key", "signing-*.pem", ".lock", "."])
@pytest.mark.parametrize("mode", [0o040, 0o004, 0o010, 0o002])
def test_a_file_open_to_others_stops_the_start(
    keys: KeyFile, folder: Path, name: str, mode: int
) -> None:
    assert len(keys.ring().keys) == 1
    (opened,) = folder.glob(name) if name != "." else [folder]
    opened.chmod(stat.S_IMODE(opened.stat().st_mode) | mode)
    with pytest.raises(FolderUnsafe, match=r"open to others.*chmod 0[67]00"):
        KeyFile(folder)


def test_a_key_opened_to_others_later_is_not_read(folder: Path, keys: KeyFile) -> None:
    (folder / "claim.key").chmod(0o644)
    with pytest.raises(FolderUnsafe, match=r"claim\.key"):
        keys.secret("claim")


def test_a_link_in_the_place_of_a_key_is_not_followed(keys: KeyFile, folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    (folder / "claim.key").rename(elsewhere)
    (folder / "claim.key").symlink_to(elsewhere)
    with pytest.raises(FolderUnsafe, match="no plain file"):
        keys.secret("claim")
    with pytest.raises(FolderUnsafe, match="no plain file"):
        KeyFile(folder)


def test_a_file_in_the_place_of_the_folder_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(FolderUnsafe, match="no folder"):
        KeyFile(tmp_path / "keys")


def test_without_keys_the_sentence_says_what_to_do(folder: Path) -> None:
    keys = KeyFile(folder)
    for ask in (keys.ring, keys.signing_key, keys.publish, lambda: keys.secret("claim")):
        with pytest.raises(KeysBroken, match="start the service"):
            ask()


def test_after_a_rotation_the_old_key_verifies_and_the_new_one_signs(keys: KeyFile) -> None:
    old = a_code(keys)
    kid = keys.rotate(NOW, LAST)
    new = a_code(keys)
    assert keys.signing_key().kid == kid == verify(new, keys.ring(), TODAY).kid
    assert verify(old, keys.ring(), LAST).kid != kid
    with pytest.raises(Refused) as refused:
        verify(old, keys.ring(), LAST + timedelta(days=1))
    assert refused.value.code == "key_unknown"
    with pytest.raises(Refused) as refused:
        a_code(keys, TODAY - timedelta(days=1))
    assert refused.value.code == "no_signing_key"


def test_a_retired_key_vouches_for_no_form_of_a_later_day(keys: KeyFile) -> None:
    key = keys.signing_key()
    keys.rotate(NOW, LAST)
    late = sign(Payload(key.kid, 1, "00112233aabbccdd", TODAY + timedelta(days=1), 1), key)
    with pytest.raises(Refused) as refused:
        verify(late, keys.ring(), TODAY + timedelta(days=1))
    assert refused.value.code == "key_unknown"


def test_a_rotation_counts_by_the_day_of_shanghai(keys: KeyFile) -> None:
    keys.rotate(datetime(2025, 7, 8, 16, 30, tzinfo=UTC), LAST)
    first, second = keys.ring().keys
    assert (first.valid_from, first.issue_until) == (EPOCH, date(2025, 7, 9))
    assert second.valid_from == date(2025, 7, 9)


def test_a_second_rotation_leaves_the_dates_of_the_first(keys: KeyFile) -> None:
    keys.rotate(NOW, LAST)
    first = keys.ring().keys[0]
    keys.rotate(NOW + timedelta(days=30), LAST + timedelta(days=30))
    assert keys.ring().keys[0] == first
    assert [key.issue_until for key in keys.ring().keys] == [
        TODAY,
        TODAY + timedelta(days=30),
        None,
    ]


def test_a_running_service_sees_a_rotation(keys: KeyFile, folder: Path) -> None:
    assert len(keys.ring().keys) == 1
    kid = KeyFile(folder).rotate(NOW, LAST)
    assert len(keys.ring().keys) == 2
    assert keys.signing_key().kid == kid
    assert keys.ring() is keys.ring()
    assert keys.signing_key() is keys.signing_key()


def test_without_the_private_file_issuing_stops_and_verification_goes_on(
    keys: KeyFile, folder: Path
) -> None:
    code = a_code(keys)
    (private,) = folder.glob("signing-*.pem")
    private.unlink()
    for each in (keys, KeyFile(folder)):
        with pytest.raises(Refused) as refused:
            each.signing_key()
        assert refused.value.code == "no_signing_key"
        assert verify(code, each.ring(), TODAY).net_fen == 13446
    keys.create_missing(NOW)
    with pytest.raises(Refused):
        keys.signing_key()
    keys.rotate(NOW, LAST)
    assert verify(a_code(keys), keys.ring(), TODAY).kid != verify(code, keys.ring(), TODAY).kid


def test_a_lost_secret_is_not_silently_made_anew(keys: KeyFile, folder: Path) -> None:
    (folder / "identity.key").unlink()
    for ask in (lambda: keys.secret("identity"), lambda: KeyFile(folder).create_missing(NOW)):
        with pytest.raises(KeysBroken, match=r"identity\.key is missing.*backup"):
            ask()


def test_another_secret_in_its_place_is_noticed(keys: KeyFile, folder: Path) -> None:
    (folder / "index.key").write_bytes(bytes(32))
    with pytest.raises(KeysBroken, match="not the one in use"):
        keys.secret("index")


def test_another_private_key_in_its_place_is_noticed(keys: KeyFile, folder: Path) -> None:
    (private,) = folder.glob("signing-*.pem")
    other = KeyFile(folder.parent / "other")
    other.create_missing(NOW)
    (foreign,) = (folder.parent / "other").glob("signing-*.pem")
    for content, sentence in ((foreign.read_bytes(), "another key"), (b"torn", "cannot be read")):
        private.write_bytes(content)
        with pytest.raises(KeysBroken, match=sentence):
            keys.signing_key()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 2}', b'{"signing": [{}]}'])
def test_a_torn_index_is_named(keys: KeyFile, folder: Path, content: bytes) -> None:
    (folder / INDEX).write_bytes(content)
    with pytest.raises(KeysBroken, match="backup"):
        keys.ring()
    with pytest.raises(KeysBroken, match="backup"):
        KeyFile(folder).create_missing(NOW)


def test_an_index_whose_key_is_not_its_own_is_named(keys: KeyFile, folder: Path) -> None:
    index = json.loads((folder / INDEX).read_bytes())
    index["signing"][0]["kid"] = "00000000"
    (folder / INDEX).write_text(json.dumps(index))
    with pytest.raises(KeysBroken, match="backup"):
        keys.ring()


def test_a_lost_index_is_rebuilt_from_one_key_and_missed_among_several(
    keys: KeyFile, folder: Path
) -> None:
    ring, code = keys.ring(), a_code(keys)
    (folder / INDEX).unlink()
    keys.create_missing(NOW)
    assert keys.ring() == ring
    assert a_code(keys) == code
    keys.rotate(NOW, LAST)
    (folder / INDEX).unlink()
    with pytest.raises(KeysBroken, match="is missing"):
        keys.create_missing(NOW)


def test_an_unknown_secret_is_a_defect(keys: KeyFile) -> None:
    with pytest.raises(ValueError, match="no such secret"):
        keys.secret("../keyring")


def test_only_public_keys_are_published(keys: KeyFile) -> None:
    code = a_code(keys)
    keys.rotate(NOW, LAST)
    document = json.loads(json.dumps(keys.publish()))
    assert {tuple(key) for key in document["keys"]} == {
        ("kid", "alg", "key", "not_before", "retired_on", "verify_until")
    }
    assert ring_from(document) == keys.ring()
    assert verify(code, ring_from(document), TODAY).net_fen == 13446


def killed_before_each_step(folders: Path, deed: str) -> list[Path]:
    """Do the deed again and again, killed a step later each time, until it survives."""
    child = subprocess.run(
        [sys.executable, "-c", KILLED, folders, deed], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    return [folders / str(step) for step in range(1, int(child.stdout) + 1)]


def test_a_first_start_killed_at_any_step_is_finished_by_the_next(tmp_path: Path) -> None:
    folders = killed_before_each_step(tmp_path, "create")
    assert len(folders) > 2 * len(SECRETS)
    for folder in folders:
        keys = KeyFile(folder)
        keys.create_missing(NOW)
        assert verify(a_code(keys), keys.ring(), TODAY).net_fen == 13446
        assert {len(keys.secret(name)) for name in SECRETS} == {32}
        assert len(list(folder.glob("signing-*.pem"))) == 1
        assert not list(folder.glob(".unfinished-*"))


def test_a_rotation_killed_at_any_step_leaves_a_working_ring(
    keys: KeyFile, folder: Path, tmp_path: Path
) -> None:
    old = a_code(keys)
    for step in range(1, 100):
        shutil.copytree(folder, tmp_path / str(step))
    folders = killed_before_each_step(tmp_path, "rotate")
    assert len(folders) > 5
    for left in folders:
        keys = KeyFile(left)
        assert verify(old, keys.ring(), LAST).net_fen == 13446
        assert verify(a_code(keys), keys.ring(), TODAY).net_fen == 13446
        kid = keys.rotate(NOW, LAST)
        assert verify(a_code(keys), keys.ring(), TODAY).kid == kid
        assert verify(old, keys.ring(), LAST).net_fen == 13446
        assert not list(left.glob(".unfinished-*"))


def test_four_processes_that_start_together_make_one_set_of_keys(folder: Path) -> None:
    starting = [
        subprocess.Popen([sys.executable, "-c", CREATE, folder], stdin=subprocess.PIPE, cwd=ROOT)
        for _ in range(4)
    ]
    for process in starting:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(30) for process in starting] == [0] * 4
    keys = KeyFile(folder)
    assert len(keys.ring().keys) == 1
    assert len(list(folder.glob("signing-*.pem"))) == 1
    assert all(keys.secret(name) for name in SECRETS)


def test_rotations_of_many_threads_lose_no_key(keys: KeyFile, folder: Path) -> None:
    together = Barrier(8)
    rings: list[KeyRing] = []

    def rotate() -> None:
        together.wait()
        KeyFile(folder).rotate(NOW, LAST)
        rings.append(keys.ring())

    threads = [Thread(target=rotate) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys.ring().keys) == 9
    assert sum(key.issue_until is None for key in keys.ring().keys) == 1
    assert len(rings) == 8
