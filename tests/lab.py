"""Start JupyterLab with a command, see that it answers, and stop it again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

TOKEN = "only-for-this-test"


@contextmanager
def running(command: Sequence[str], environ: Mapping[str, str], home: Path, port: int) -> Iterator[str]:
    """The URL of a lab started by `command` in an empty home; all it printed is in `home/lab.log`."""
    environ = {
        **environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
    }
    with (home / "lab.log").open("w") as log:
        lab = subprocess.Popen(command, env=environ, cwd=home, stdout=log, stderr=log, start_new_session=True)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(lab.pid, signal.SIGTERM)
            lab.wait(20)


def options(port: int) -> list[str]:
    return ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]


def read(url: str, home: Path, seconds: float = 60) -> str:
    """What the URL answers, asked until it does; AssertionError shows the log."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}?token={TOKEN}", timeout=5) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as answered:
            raise AssertionError(f"{answered}\n{(home / 'lab.log').read_text()}") from None
        except OSError:
            time.sleep(0.2)
    raise AssertionError((home / "lab.log").read_text())
