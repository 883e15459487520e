"""`fbnb sandbox` as it is really run: what it prints, writes and refuses, and how it stops."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from dotenv import dotenv_values

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `fbnb sandbox` in an empty folder, on a free port."""
    running: list[subprocess.Popen[str]] = []

    def start(*options: str, **environ: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "fbnb.cli", "sandbox", "--port", "0", *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        running.append(subprocess.Popen(command, cwd=tmp_path, env={**os.environ, **environ}, **pipes))  # type: ignore[call-overload]
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> dict[str, str]:
    """The variables, from `--json`."""
    assert process.stdout
    variables: dict[str, str] = json.loads(process.stdout.readline())
    return variables


def control(variables: dict[str, str], name: str, **said: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {variables['FB_CONTROL_KEY']}"}
    url = f"{variables['FB_BASE_URL']}/_sandbox/{name}"
    return httpx.request("POST" if said else "GET", url, json=said or None, headers=headers, trust_env=False)


def stopped(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
    """What it says when it is told to stop, which it does within a second and with status 0."""
    process.send_signal(number)
    began = time.monotonic()
    said = process.communicate(timeout=20)
    assert time.monotonic() - began < 1
    assert process.returncode == 0
    return said


def refused(process: subprocess.Popen[str]) -> str:
    """The one line of a sandbox that does not start."""
    out, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert out == ""
    assert "Traceback" not in err
    return err


def test_the_greeting_says_where_it_is_and_holds_no_secret(start: Start, tmp_path: Path) -> None:
    process = start("--env-file", "s.env", "--frozen")
    assert process.stdout
    greeting = "".join(process.stdout.readline() for _ in range(6))
    variables = dotenv_values(tmp_path / "s.env")
    assert stopped(process, signal.SIGINT) == ("", "")
    assert f"{variables['FB_BASE_URL']}/v26.0/" in greeting
    assert f"{variables['FB_DIALOG_URL']}/v26.0/dialog/oauth?client_id={variables['FB_APP_ID']}" in greeting
    assert "2026-11-02 09:00 UTC, standing still" in greeting
    assert "s.env" in greeting
    for name in ("APP_SECRET", "CLIENT_TOKEN", "EXPIRED_TOKEN", "ADMIN_TOKEN", "CONTROL_KEY"):
        assert (variables[f"FB_{name}"] or "") not in greeting


def test_the_env_file_holds_what_json_prints_while_it_runs_and_only_then(start: Start, tmp_path: Path) -> None:
    process, file = start("--env-file", "s.env", "--json"), tmp_path / "s.env"
    variables = told(process)
    assert dotenv_values(file) == variables
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert control(variables, "clock").json()["now"] > "2026-11-02"
    assert stopped(process) == ("", "")
    assert os.listdir(tmp_path) == []


def test_the_env_file_appears_once_the_server_listens(start: Start, tmp_path: Path) -> None:
    start("--env-file", "s.env")
    while not (tmp_path / "s.env").exists():
        time.sleep(0.001)
    url = dotenv_values(tmp_path / "s.env")["FB_BASE_URL"]
    assert httpx.get(f"{url}/v26.0/me", trust_env=False).status_code == 400


@pytest.mark.parametrize("seconds", [0.2, 0.4])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_starts_leaves_nothing_behind(
    seconds: float, number: signal.Signals, start: Start, tmp_path: Path
) -> None:
    process = start("--env-file", "s.env")
    time.sleep(seconds)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode in {0, -number}, "-number: before Python had begun to read us"
    assert os.listdir(tmp_path) == []


def test_more_signals_than_one_change_nothing(start: Start, tmp_path: Path) -> None:
    process = start("--env-file", "s.env", "--json")
    told(process)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
        process.send_signal(number)
    assert stopped(process) == ("", "")
    assert os.listdir(tmp_path) == []


def test_it_stops_while_a_request_hangs(start: Start) -> None:
    process = start("--json")
    variables = told(process)
    assert control(variables, "faults", what="timeout").status_code == 200
    ended: list[object] = []

    def ask() -> None:
        try:
            ended.append(httpx.get(f"{variables['FB_BASE_URL']}/v26.0/me", timeout=20, trust_env=False))
        except httpx.HTTPError as broken:
            ended.append(type(broken))

    asking = threading.Thread(target=ask)
    asking.start()
    while not control(variables, "requests").json():
        time.sleep(0.01)
    assert stopped(process) == ("", "")
    asking.join(5)
    assert ended == [httpx.ReadError]


def test_a_reader_of_its_output_who_leaves_takes_nothing_along(start: Start) -> None:
    process = start("--json")
    variables = told(process)
    assert process.stdout
    process.stdout.close()
    assert control(variables, "state").status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0


@pytest.mark.parametrize(
    ("at", "then"),
    [("2026-12-24T18:00", "2026-12-24T18:00:00+00:00"), ("2026-12-24T18:00+01:00", "2026-12-24T17:00:00+00:00")],
)
def test_the_clock_begins_where_it_is_told_to(at: str, then: str, start: Start) -> None:
    standing, running = (told(start("--json", "--at", at, *more)) for more in (["--frozen"], []))
    assert control(standing, "clock").json() == {"now": then}
    moved = datetime.fromisoformat(control(running, "clock").json()["now"]) - datetime.fromisoformat(then)
    assert 0 < moved.total_seconds() < 20


def test_another_world_by_option_or_by_variable(start: Start, tmp_path: Path, root: Path) -> None:
    text = (root / "data" / "world.json").read_text(encoding="utf-8").replace("Harbour Notes", "Another App")
    (tmp_path / "other.json").write_text(text, encoding="utf-8")
    for process in (start("--json", "--world", "other.json"), start("--json", FBNB_WORLD="other.json")):
        assert control(told(process), "state").json()["apps"][0]["name"] == "Another App"


def test_ipv6_where_there_is_one(start: Start) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        if probe.connect_ex(("::1", 9)) == 99:
            pytest.skip("this machine has no ::1")
    variables = told(start("--json", "--host", "::1"))
    assert variables["FB_BASE_URL"].startswith("http://[::1]:")
    assert control(variables, "clock").status_code == 200


REFUSED = {
    "--host 0.0.0.0": "loopback only",
    "--host example.org": "loopback only",
    "--port 99999": "99999 is no port",
    "--port x": "invalid int value",
    "--world nowhere.json": "nowhere.json",
    "--world broken.json": "line 1",
    "--at yesterday": "invalid time value",
    "--at 0001-01-01T00:00+10:00": "invalid time value",
    "--at 2026-11-01": "The world begins at 2026-11-02T09:00:00Z",
    "--at 9998-01-01": "ends with the year 8999",
    "--env-file nowhere/s.env": "There is no folder nowhere",
    "--env-file broken.json": "not the sandbox's",
    "--verbose": "there is no option --verbose",
}


@pytest.mark.parametrize("option", REFUSED)
def test_what_cannot_be_is_said_in_one_line(option: str, start: Start, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    said = refused(start(*option.split()))
    assert REFUSED[option] in said
    assert said.startswith("usage: ") or said.count("\n") == 1
    assert os.listdir(tmp_path) == ["broken.json"]
    assert (tmp_path / "broken.json").read_text() == "{"


def test_a_port_that_is_taken_is_said_and_the_file_of_whoever_has_it_stays(start: Start, tmp_path: Path) -> None:
    variables = told(start("--json", "--env-file", "s.env"))
    said = refused(start("--env-file", "s.env", "--port", variables["FB_BASE_URL"].rpartition(":")[2]))
    assert said.startswith("fbnb: Nothing can listen on 127.0.0.1")
    assert said.count("\n") == 1
    assert dotenv_values(tmp_path / "s.env") == variables
