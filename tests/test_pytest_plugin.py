"""The fixtures, and the README's example of them, as another project has them: in a folder of its own, in a run of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fbnb.flows.login import log_in
from fbnb.pytest_plugin import GraphServer
from fbnb.sandbox import Sandbox

HEAVY = "httpx pandas starlette uvicorn msgspec jinja2 jwt cryptography tenacity".split()


def example(root: Path, language: str) -> str:
    """A fenced block of the README's section."""
    section = (root / "README.md").read_text(encoding="utf-8").partition("## Test your own program with it\n")[2]
    found = re.search(rf"```{language}\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    assert found, f"the README's section has a block of {language}"
    return found.group(1)


def run_tests(folder: Path, text: str, *options: str) -> tuple[int, str]:
    (folder / "test_my_app.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    slow_to_load = ["-p", "no:nbval", "-p", "no:hypothesispytest"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--strict-config", *slow_to_load, *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_the_readmes_example_passes_in_parallel_where_warnings_are_errors(root: Path, tmp_path: Path) -> None:
    status, said = run_tests(tmp_path, example(root, "python"), "-n", "2")
    assert status == 0, said
    assert "2 passed" in said


def test_the_readmes_example_can_fail(root: Path, tmp_path: Path) -> None:
    status, said = run_tests(tmp_path, example(root, "python").replace("hours=2", "hours=1"))
    assert status == 1
    assert "1 failed, 1 passed" in said
    assert "Hello Mara Quay" in said


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_the_readmes_commands_do_what_they_say(root: Path, tmp_path: Path) -> None:
    program = f"{example(root, 'sh')}\nkill $!; wait $!"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(["sh", "-ec", program], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r'\{"now":"[^"]+"\}\{"at":"[^"]+","what":"Mara Quay logs out"\}\{"GET /_sandbox/"', done.stdout)
    assert os.listdir(tmp_path) == []


def test_a_run_that_uses_neither_fixture_loads_nothing_heavy(tmp_path: Path) -> None:
    text = f"import sys\ndef test_loaded(): assert 'fbnb.pytest_plugin' in sys.modules and not set({HEAVY}) & set(sys.modules)"
    status, said = run_tests(tmp_path, text)
    assert status == 0, said


def test_the_fixtures_show_no_secret_when_a_test_fails(tmp_path: Path) -> None:
    text = (
        "def test_server(graph_server): assert not graph_server and 1 / 0\n"
        "def test_sandbox(graph_sandbox): assert not graph_sandbox and 1 / 0\n"
        "def test_state(graph_server): assert not graph_server.sandbox.state() and 1 / 0\n"
    )
    status, said = run_tests(tmp_path, text, "-l", "-vv", "--full-trace", "--log-level", "DEBUG", "--setup-show")
    assert status == 1
    assert "GraphServer(url='http://127.0.0.1:" in said
    assert not re.search(r"EAA_SANDBOX|decafbad|deadbeef|FB_CONTROL_KEY", said)


def test_each_test_has_a_sandbox_of_its_own(graph_sandbox: Sandbox, graph_server: GraphServer) -> None:
    assert graph_sandbox is not graph_server.sandbox
    assert graph_sandbox.requests == graph_server.sandbox.requests == []
    assert graph_sandbox.clock.now() == graph_sandbox.world.seed.start


def test_the_servers_client_goes_over_http_to_the_same_world(graph_server: GraphServer) -> None:
    client = graph_server.client
    assert client.get("me", log_in(client, ["email"]))["name"] == "Mara Quay"
    assert graph_server.sandbox.requests[-1].asked.origin == graph_server.url
    assert graph_server.variables["FB_BASE_URL"] == graph_server.url
