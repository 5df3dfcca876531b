"""The people of the demo: who they are, and passwords made once and kept for their owner alone."""

import json
import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from refund.cli.refusals import Told
from refund.core.people import Actor, Role, Staff
from refund.core.store import Store
from refund.gateways.passwords import ArgonPasswords
from refund.ports import Ports
from refund.services.enrol import enrol_staff, staff_register

FILE = "demo-people.json"
ACTOR = "command:demo"
CHANGED = "(the password was changed since)"

_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aeiou"
_CLERKS = (
    "林晓 Lin Xiao", "周宁 Zhou Ning", "陈悦 Chen Yue", "吴桐 Wu Tong", "郑洁 Zheng Jie",
    "冯雪 Feng Xue", "何晴 He Qing", "许诺 Xu Nuo", "邓琳 Deng Lin", "曹颖 Cao Ying",
    "彭程 Peng Cheng", "蒋欣 Jiang Xin", "沈月 Shen Yue", "韩冰 Han Bing",
)  # fmt: skip
_OFFICERS = (
    ("officer-wuh1", "何伟 He Wei", "WUH"),
    ("officer-wuh2", "唐敏 Tang Min", "WUH"),
    ("officer-yih", "罗刚 Luo Gang", "YIH"),
    ("officer-enh", "覃勇 Qin Yong", "ENH"),
)
_TRAINER = ("trainer1", "方明 Fang Ming")
LEARNERS = 12
_OPERATORS = (("operator1", "苏敏 Su Min"), ("operator2", "高远 Gao Yuan"))


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One person with the password that `refund demo` prints."""

    role: str
    login: str
    name: str
    password: str
    store_number: int | None = None
    port: str = ""

    def staff(self, passwords: ArgonPasswords) -> Staff:
        """The person as the register of staff has it."""
        actor = Actor(self.login, Role(self.role), self.name, self.store_number, self.port)
        return Staff(actor, self.login, passwords.hash(self.password))


def enrol_demo_people(ports: Ports, instance: Path, stores: Sequence[Store]) -> list[DemoPerson]:
    """The people of the demo, each of them in the register; whoever is there stays as he is.

    Raises:
        Told: the instance has people of its own, or others may read the file of passwords.
    """
    path = instance / FILE
    register = staff_register(ports)
    people = _read(path)
    if people is None:
        if register:
            raise Told(
                f"{instance} has people of its own, so no demo people are added; "
                "run `refund serve` and `refund sandbox`, "
                "or choose another folder with REFUND_INSTANCE"
            )
        people = [*make_people(stores), *(make_class() if ports.is_rehearsal else ())]
        _write(path, people)
    known = {person.login for person in register}
    passwords = ArgonPasswords()
    missing = [person.staff(passwords) for person in people if person.login not in known]
    if missing:
        enrol_staff(ports, missing, ACTOR)
    shown = [first_of(people, role) for role in Role]
    kept = {person.login: person.password_hash for person in register}
    changed = {
        person.login
        for person in shown
        if person is not None
        and person.login in kept
        and not passwords.agrees(kept[person.login], person.password)
    }
    return [replace(one, password=CHANGED) if one.login in changed else one for one in people]


def first_of(people: Sequence[DemoPerson], role: Role) -> DemoPerson | None:
    """Who stands for all of a role."""
    return next((person for person in people if person.role == role.value), None)


def make_people(stores: Sequence[Store]) -> list[DemoPerson]:
    """One clerk for each store, the officers of each port and two operators, as new people."""
    clerks = [
        DemoPerson(
            role=Role.CLERK.value,
            login=f"clerk{store.store_number:02d}",
            name=_CLERKS[position % len(_CLERKS)],
            password=readable_password(),
            store_number=store.store_number,
        )
        for position, store in enumerate(stores)
    ]
    officers = [
        DemoPerson(Role.OFFICER.value, login, name, readable_password(), port=port)
        for login, name, port in _OFFICERS
    ]
    operators = [
        DemoPerson(Role.OPERATOR.value, login, name, readable_password())
        for login, name in _OPERATORS
    ]
    return [*clerks, *officers, *operators]


def make_class() -> list[DemoPerson]:
    """A trainer and the learners of a class, as new people of a rehearsal."""
    logins = (
        (f"learner{number:02d}", f"学员 {number} Learner {number}")
        for number in range(1, LEARNERS + 1)
    )
    learners = [DemoPerson(Role.LEARNER.value, *who, readable_password()) for who in logins]
    return [DemoPerson(Role.TRAINER.value, *_TRAINER, readable_password()), *learners]


def readable_password() -> str:
    """A random password that can be said aloud: eight syllables, fifty bits."""
    syllables = [secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(8)]
    return "-".join("".join(syllables[start : start + 2]) for start in range(0, 8, 2))


def _read(path: Path) -> list[DemoPerson] | None:
    if not path.exists():
        return None
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise Told(f"{path} can be read by others; if no one has, run: chmod 0600 {path}")
    try:
        return [DemoPerson(**person) for person in json.loads(path.read_text(encoding="utf-8"))]
    except (TypeError, ValueError):
        raise Told(f"{path} cannot be read; restore it, or choose another instance") from None


def _write(path: Path, people: Sequence[DemoPerson]) -> None:
    """Put the file in place whole, for its owner alone."""
    unfinished = path.with_suffix(".unfinished")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(unfinished, flags, 0o600), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump([asdict(person) for person in people], file, ensure_ascii=False, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
