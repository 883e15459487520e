"""`fbnb explain`: paste, pipe or name a file; a clear line for whatever is wrong, and no token on the screen."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fbnb.cli import main

EXPIRED = '{"error":{"message":"Session has expired","code":190,"error_subcode":463}}'
TOKEN = "EAA" + "CanaryUser" * 6


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def paste(monkeypatch: pytest.MonkeyPatch, text: str, kind: type[io.TextIOWrapper] = io.TextIOWrapper) -> None:
    monkeypatch.setattr(sys, "stdin", kind(io.BytesIO(text.encode())))


def stopped(*argv: str) -> object:
    with pytest.raises(SystemExit) as left:
        main(["explain", *argv])
    return left.value.code


def test_a_file_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "error.json").write_text(EXPIRED)
    main(["explain", str(tmp_path / "error.json")])
    assert capsys.readouterr().out.splitlines() == [
        "cause: expired. The token's time ran out.",
        "what to do: Log in again for a new one; an expired token cannot be extended.",
        "call again: not as it is",
        "ask the person: yes",
        "seen: code 190, subcode 463",
    ]


@pytest.mark.parametrize("argv", [[], ["-"]])
def test_what_is_piped_is_explained(argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    paste(monkeypatch, EXPIRED)
    main(["explain", *argv])
    out, err = capsys.readouterr()
    assert out.startswith("cause: expired")
    assert err == ""


def test_at_a_terminal_it_says_to_paste(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    paste(monkeypatch, EXPIRED, _Terminal)
    main(["explain"])
    assert "Ctrl-D" in capsys.readouterr().err


def test_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    paste(monkeypatch, "Invalid OAuth access token signature.")
    main(["explain", "--json", "--where", "GET /debug_token"])
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["means", "cause", "also", "remedy", "retryable", "needs_person", "evidence"]
    assert (told["cause"], told["also"][0], told["retryable"]) == ("app_secret_or_proof", "malformed_token", False)


def test_the_status_is_taken_into_account(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    paste(monkeypatch, "no words that are known")
    main(["explain", "--status", "503"])
    assert capsys.readouterr().out.startswith("cause: transient")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["no-such-file"], "There is no file 'no-such-file'. To explain a text, run fbnb explain and paste it"),
        (["."], "Is a directory"),
        ([f"Malformed access token {TOKEN}"], "There is no file 'Malformed access token EAA…User'"),
        (["x" * 5000], "File name too long"),
        (["--status", "many"], "invalid int value"),
        (["--colour"], "there is no option --colour"),
        (["a", TOKEN], "there is no option EAA…User"),
        (["a\0b"], "not the name of a file"),
    ],
)
def test_a_typo_is_a_line_on_stderr_and_status_2(argv: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert stopped(*argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err
    assert TOKEN not in err


def test_nothing_pasted_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    paste(monkeypatch, " \n")
    assert stopped() == 2
    assert capsys.readouterr().err.startswith("fbnb: There is nothing to explain. Paste an error")


def test_help_says_why_the_text_is_no_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert stopped("--help") == 0
    assert "history" in capsys.readouterr().out


def test_ctrl_c_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted(_Terminal):
        @property
        def buffer(self) -> io.BytesIO:
            raise KeyboardInterrupt

    paste(monkeypatch, "", Interrupted)
    assert stopped() == 130
    assert "Traceback" not in capsys.readouterr().err


def test_from_a_shell_with_bytes_that_are_no_text() -> None:
    given = b"\xff\xfe Malformed access token " + TOKEN.encode()
    done = subprocess.run([sys.executable, "-m", "fbnb.cli", "explain"], input=given, capture_output=True, check=True)
    assert done.stdout.startswith(b"cause: malformed_token")
    assert TOKEN.encode() not in done.stdout + done.stderr


def test_a_terminal_without_the_letters_gets_them_as_json_has_them() -> None:
    run = [sys.executable, "-m", "fbnb.cli", "explain", "--json"]
    done = subprocess.run(
        run, input=b"they do not have the permission", capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert json.loads(done.stdout)["evidence"] == ['"do not have …permission"']


def test_who_reads_no_further_and_who_gives_nothing_meet_no_traceback() -> None:
    run = f"{sys.executable} -m fbnb.cli explain"
    for line in (f"(sleep 0.2; echo error 190) | {run} | true", f"{run} <&-"):
        said = subprocess.run(["sh", "-c", line], capture_output=True, text=True).stderr
        assert "Traceback" not in said
        assert "jupyter" not in said
