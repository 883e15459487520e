"""The command line: help, no traceback for a typo, and a copy that never loses anyone's work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fbnb import __version__, lab
from fbnb.cli import main
from fbnb.lab import copy_changed


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """What would have been started, instead of this process."""
    commands: list[list[str]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "execve", lambda program, command, environ: commands.append(command))
    return commands


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for argument, words in (
        ([], "COMMAND"),
        (["--help"], "open the notebooks"),
        (["--version"], __version__),
        (["lab", "--help"], "--no-browser"),
        (["sandbox", "--help"], "--env-file FILE"),
        (["audit", "--help"], "130  stopped by Ctrl-C"),
        (["tokens", "--help"], "rotate-key"),
        (["tokens", "add", "--help"], "--kind {user,page,app,client,system_user}"),
    ):
        with pytest.raises(SystemExit) as left:
            main(argument)
        assert left.value.code == 0
        assert words in capsys.readouterr().out


@pytest.mark.parametrize("typo", [["labb"], ["--lab"], ["lab", "notebook.ipynb"], ["audit", "--nptify"], ["tokens"], ["token"]])
def test_a_typo_is_one_line_and_no_traceback(typo: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "fbnb.cli", *typo], capture_output=True, text=True)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr + done.stdout
    assert "fbnb" in done.stderr + done.stdout


def test_what_was_typed_in_the_wrong_place_may_be_a_token_and_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    for token in ("EAAcanary0123456789", "1234567890123|canary0123456789", "c0ffee0123456789" * 4):
        for typed in ([token], ["audit", token], ["audit", "--fail-under", token], ["tokens", "add", "--kind", token]):
            with pytest.raises(SystemExit) as left:
                main(typed)
            said = capsys.readouterr()
            assert left.value.code == 2
            assert token[4:20] not in said.out + said.err


def test_lab_in_a_clone_opens_the_notebooks_where_they_are(started: list[list[str]], root: Path) -> None:
    main(["lab", "--no-browser", "--port", "8889"])
    assert Path.cwd() == root
    command = started[0]
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert command[-3:] == ["--no-browser", "--port", "8889"]
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in command
    assert ("--allow-root" in command) == (os.geteuid() == 0)
    no_network = {"--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"}
    assert no_network <= set(command), "no network unless asked"


def test_lab_from_a_wheel_brings_the_notebooks_along(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lab, "installed", lambda: True)
    main(["lab", "--folder", "mine"])
    assert Path.cwd() == tmp_path / "mine"
    assert (tmp_path / "mine" / "notebooks" / "00_start_here.ipynb").is_file()
    assert (tmp_path / "mine" / "data" / "world.json").is_file()
    assert capsys.readouterr().err == ""


def test_a_changed_notebook_is_never_overwritten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, second = "notebooks/00_start_here.ipynb", "notebooks/01_login.ipynb"
    assert copy_changed(tmp_path) == []
    assert copy_changed(tmp_path) == []
    (tmp_path / first).write_text("my own notes")
    (tmp_path / second).unlink()
    assert copy_changed(tmp_path) == [first]
    assert (tmp_path / first).read_text() == "my own notes"
    assert (tmp_path / second).is_file(), "what was removed comes back"


def test_an_untouched_notebook_is_renewed_by_a_newer_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, root: Path) -> None:
    old, here = tmp_path / "old", tmp_path / "here"
    for name in ("notebooks", "data"):
        (old / name).mkdir(parents=True)
    (old / "notebooks" / "01_login.ipynb").write_text("an older version")
    monkeypatch.setattr(lab, "folder", lambda name: old / name)
    assert copy_changed(here) == []
    monkeypatch.setattr(lab, "folder", lambda name: root / name)
    assert copy_changed(here) == []
    assert (here / "notebooks" / "01_login.ipynb").read_bytes() == (root / "notebooks" / "01_login.ipynb").read_bytes()


def test_a_folder_that_cannot_be_made_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lab, "installed", lambda: True)
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as left:
        main(["lab", "--folder", str(tmp_path / "file" / "inside")])
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.startswith("fbnb: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("spoilt", ["{not json", "null", "[1]", "5"])
def test_a_spoilt_list_of_copies_loses_nothing(spoilt: str, tmp_path: Path) -> None:
    copy_changed(tmp_path)
    (tmp_path / ".fbnb-copied.json").write_text(spoilt)
    (tmp_path / "data" / "world.json").write_text("mine")
    assert copy_changed(tmp_path) == ["data/world.json"]
    assert (tmp_path / "data" / "world.json").read_text() == "mine"
