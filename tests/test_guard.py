"""The guard works: here, and in any Python that is started under the tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = "import socket; socket.create_connection(('192.0.2.1', 443), timeout=1)"


def test_this_process_reaches_loopback_only() -> None:
    with pytest.raises(ConnectionRefusedError, match="loopback only"):
        socket.create_connection(("192.0.2.1", 443), timeout=1)
    with pytest.raises(ConnectionRefusedError, match="loopback only"):
        socket.getaddrinfo("graph.facebook.com", 443)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=1):
        pass


def test_so_does_every_python_started_from_it() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert "loopback only" in done.stderr


@pytest.mark.parametrize(("all_of_them", "status"), [("1", 1), ("", 0)])
def test_with_everything_asked_for_a_skip_is_a_failure(all_of_them: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "test_skips.py").write_text(
        "import pytest\n\ndef test_skips():\n    pytest.skip('no browser: apt-get install chromium')\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    environ = dict(os.environ, FBNB_TEST_ALL=all_of_them)
    done = subprocess.run([*command, str(tmp_path)], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == status, done.stdout
    assert "apt-get install chromium" in done.stdout
