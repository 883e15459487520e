"""A served sandbox for all the tests, which reach nothing else. Nothing here imports the package."""

from __future__ import annotations

import os
import runpy
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from peers.served import Served

ROOT = Path(__file__).parents[2]
_STARTS = 30.0  # seconds

runpy.run_path(str(ROOT / "tests" / "guard" / "sitecustomize.py"))
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # oauthlib insists on https otherwise, even on loopback
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The sandbox's addresses, app and tokens; every test logs in anew, so none depends on another."""
    file = tmp_path_factory.mktemp("sandbox") / "sandbox.env"
    command = [str(ROOT / ".venv" / "bin" / "fbnb"), "sandbox", "--port", "0", "--env-file", str(file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as sandbox:
        try:
            _await(file, sandbox)
            yield Served.of(file.read_text())
        finally:
            sandbox.terminate()


def _await(file: Path, sandbox: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _STARTS
    while not file.exists():
        assert sandbox.poll() is None, "fbnb sandbox has stopped"
        assert time.monotonic() < end, "fbnb sandbox has not started"
        time.sleep(0.05)
