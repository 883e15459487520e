"""The wheel alone, in an environment of its own: it brings the notebooks and opens them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from lab import options, read, running
from ports import free_port

ALL = os.environ.get("FBNB_TEST_ALL") == "1"
GUARDED = "PYTHONPATH"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, out = Path(__file__).parents[1], tmp_path_factory.mktemp("wheel")
    program = f"import hatchling.build; print(hatchling.build.build_wheel({str(out)!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out / done.stdout.strip().splitlines()[-1]


def test_it_holds_notebooks_data_and_types_and_nothing_of_the_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {"fbnb/notebooks/00_start_here.ipynb", "fbnb/data/world.json", "fbnb/data/answers/login.jsonl", "fbnb/py.typed"}
    expected |= {"fbnb/jupyter/labconfig/default_setting_overrides.json"}
    assert expected <= names
    assert not [name for name in names if name.startswith("test") or "/tests/" in name or "checkpoint" in name]


def environment(wheel: Path, folder: Path) -> Path:
    """The Python of a new virtual environment with the wheel: everything it needs is installed with FBNB_TEST_ALL=1, else lent.

    What is lent is the site-packages of the environment that runs the tests, where our own package is a link to the clone.
    """
    python = folder / "bin" / "python"
    outside = {name: value for name, value in os.environ.items() if name != GUARDED}
    _run([sys.executable, "-m", "venv", str(folder)], outside)
    lent = [] if ALL else ["--no-deps", "--no-index"]
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *lent, str(wheel)], outside)
    if not ALL:
        site = next((folder / "lib").glob("python*/site-packages"))
        (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def _run(command: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_lab_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    python, home, port = environment(wheel, tmp_path / "venv"), tmp_path / "home", free_port()
    home.mkdir()
    environ = dict(os.environ) if ALL else {**os.environ, "JUPYTERLAB_DIR": str(Path(sys.prefix) / "share" / "jupyter" / "lab")}
    with running([str(python.with_name("fbnb")), "lab", *options(port)], environ, home, port) as url:
        listed = json.loads(read(f"{url}/api/contents/notebooks", home))
        read(f"{url}/lab/tree/notebooks/00_start_here.ipynb", home)
    assert "04_page_tokens.ipynb" in {item["name"] for item in listed["content"]}
    assert (home / "data" / "world.json").is_file()
    program = "import fbnb; print(fbnb.__file__); client, _ = fbnb.connect(); print(fbnb.log_in(client, ['email']))"
    done = subprocess.run([str(python), "-c", program], env=environ, cwd=home, capture_output=True, text=True)
    assert str(tmp_path / "venv") in done.stdout, done.stderr
    assert "AccessToken(USER EAA…" in done.stdout
