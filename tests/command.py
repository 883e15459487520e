"""`fbnb` as cron runs it: a process of its own, without a terminal, in an empty home, against a sandbox that is served."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fbnb.cli import main
from fbnb.client import GraphClient
from fbnb.clock import SystemClock
from fbnb.kit import sandbox_client
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.sandbox.transport import ServedTransport
from fbnb.sandbox.variables import variables
from fbnb.store import KeySource, TokenStore

ROOT = Path(__file__).parents[1]
PARENT = ("PATH", "PYTHONPATH", "SYSTEMROOT")


@dataclass
class Command:
    """home: where the store is, too, unless `place` says another. served: what the environment tells of a sandbox."""

    home: Path
    served: dict[str, str] = field(default_factory=dict)
    place: str = ""

    def environ(self, **more: str) -> dict[str, str]:
        plain = {name: os.environ[name] for name in PARENT if name in os.environ}
        own = {"HOME": str(self.home), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "FBNB_STORE": self.store_place}
        return plain | own | self.served | more

    @property
    def store_place(self) -> str:
        return self.place or str(self.home / "tokens.db")

    def start(self, *typed: str, **more: str) -> subprocess.Popen[bytes]:
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        command = [sys.executable, "-W", "error", "-m", "fbnb.cli", *typed]
        return subprocess.Popen(command, cwd=self.home, env=self.environ(**more), **pipes)

    def __call__(self, *typed: str, told: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end. told: what is piped in. There is never a traceback."""
        process = self.start(*typed, **more)
        out, err = (text.decode() for text in process.communicate(told.encode(), timeout=120))
        assert "Traceback" not in out + err, err
        return subprocess.CompletedProcess(typed, process.returncode, out, err)

    def here(self, *typed: str, **more: str) -> tuple[int, str]:
        """The same without a process of its own, and with nothing piped in: its exit status, and all that it said."""
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
            for name, value in self.environ(**more).items():
                patch.setenv(name, value)
            patch.chdir(self.home)
            patch.setattr(sys, "stdin", None)
            with pytest.raises(SystemExit) as left:
                main(typed)
        return int(left.value.code or 0), said.getvalue()

    @contextmanager
    def store(self, client: GraphClient | None = None) -> Iterator[TokenStore]:
        """The store that the commands see."""
        store = TokenStore(self.store_place, client=client, key=KeySource.FILE)
        yield store
        store.close()


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """What was printed by --json."""
    return [json.loads(line) for line in done.stdout.splitlines()]


@dataclass(frozen=True)
class Graph:
    """A sandbox that is served, whose clock can be moved, and a client of it that has people log in."""

    sandbox: Sandbox
    client: GraphClient
    variables: dict[str, str] = field(repr=False)

    @property
    def fbnb(self) -> dict[str, str]:
        return {name: value for name, value in self.variables.items() if name.startswith("FBNB_")}


@contextmanager
def serving_graph(folder: Path, days_ago: float = 0) -> Iterator[Graph]:
    """days_ago: when its clock stands at first: once it has moved that far, it shows the real time, as the commands see it."""
    at = SystemClock().now() - timedelta(days=days_ago)
    sandbox, key = Sandbox(_world_since(at, folder), at=at, frozen=False), Secret("control")
    with sandbox.serve(key=key) as url, ServedTransport(url) as transport:
        yield Graph(sandbox, replace(sandbox_client(sandbox), transport=transport), variables(sandbox, url, key))


def _world_since(at: datetime, folder: Path) -> Path:
    """The kit's world, begun early enough."""
    world = json.loads((ROOT / "data" / "world.json").read_text()) | {"start": f"{at - timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}"}
    (folder / "world.json").write_text(json.dumps(world))
    return folder / "world.json"
