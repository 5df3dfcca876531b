"""A rehearsal as its trainer meets it: `refund rehearse` as a process, and who sits in the lab."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import expect

from tests.actors import Person
from tests.journeys.devices import Device
from tests.journeys.instance import READY_S, ROOT, STOP_S
from tests.storage.cluster import free_port


class Rehearsal:
    """The processes of one rehearsal on free ports, in a folder of their own."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder, self.words = folder, words
        self.log = folder / "log.txt"
        self.port, sandbox_port = free_port(), free_port()
        others = {name: value for name, value in os.environ.items() if "REFUND_" not in name}
        self._environment = others | {
            "REFUND_INSTANCE": str(folder),
            "REFUND_PORT": str(self.port),
            "REFUND_SANDBOX_PORT": str(sandbox_port),
            "PYTHONPATH": str(ROOT),
        }
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the service answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, till it has said where everyone begins."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._running = subprocess.Popen(
                [sys.executable, "-m", "refund", "rehearse", *self.words],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.says("Ctrl-C ends it")

    def says(self, words: str, times: int = 1) -> None:
        """Wait till it has said something so often."""
        until = time.monotonic() + READY_S
        while (said := self.log.read_text(encoding="utf-8")).count(words) < times:
            assert self._running is not None
            assert self._running.poll() is None, said[-4000:]
            assert time.monotonic() < until, said[-4000:]
            time.sleep(0.05)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(signal.SIGTERM)
            self._running.wait(STOP_S)

    def password(self, login: str, name: str = "practice") -> str:
        """The password of one of its people."""
        file = self.folder / "rehearsals" / name / "demo-people.json"
        people = json.loads(file.read_text(encoding="utf-8"))
        return str(next(one["password"] for one in people if one["login"] == login))


class Learner(Person):
    """Who trains or learns, before the lab's pages."""

    def __init__(self, device: Device, house: Rehearsal) -> None:
        super().__init__(device, house.url)
        self._house = house

    def signs_in(self, login: str) -> None:
        """Come in by the lab's door."""
        self.page.goto(f"{self.home}/lab/sign-in")
        self.field("Name at the counter").fill(login)
        self.field("Password").fill(self._house.password(login))
        self.button("Sign in").click()
        self.comes_to_the_lab()

    def comes_to_the_lab(self) -> None:
        """Open the lab."""
        self.page.goto(f"{self.home}/lab/")
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(self.say("Rehearsal"))

    def plays(self, desk: str) -> None:
        """Sit down at a desk."""
        self.comes_to_the_lab()
        row = self.page.locator(f"[data-desk={desk}]")
        row.get_by_role("button", name=self.say("Play")).click()

    def asks_what_if(self, key: str, values: str, *, days: int, seeds: int) -> None:
        """Ask what another value of a parameter would change in the scenario that is proposed."""
        self.page.goto(f"{self.home}/lab/what-if")
        self.arrives_at("What if?")
        self.field("Days of shopping").fill(str(days))
        self.field("Parameter 1").fill(key)
        self.field("Values 1").fill(values)
        self.field("Seeds").fill(str(seeds))
        self.button("Ask").click()
        self.arrives_at("What if? ordinary-week")

    def begins_drill(self, title: str) -> None:
        """Choose a drill, and start it."""
        self.page.goto(f"{self.home}/lab/drills")
        self.page.get_by_role("link", name=title, exact=True).click()
        self.arrives_at(title)
        self.button("Start the drill").click()
        self.sees("What lies before you")

    def waits_for(self, words: str) -> None:
        """Load the lab again and again till it says something, as somebody who looks in."""
        until = time.monotonic() + 2 * READY_S
        while not self.page.get_by_text(self.say(words)).count():
            assert time.monotonic() < until, words
            self.page.wait_for_timeout(1_000)
            self.comes_to_the_lab()

    def moves_the_clock(self, word: str, shows: str) -> None:
        """Press a button beside the clock, and wait till the clock stands where it was taken."""
        self.comes_to_the_lab()
        self.button(word).click()
        clock = self.page.locator("#clock")
        expect(clock).to_contain_text(self.say("The clock stands"), timeout=60_000)
        expect(clock).to_contain_text(shows)
