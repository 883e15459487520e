"""`make lab` answers on its URL, with the notebooks there, and without a question of JupyterLab's own."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from lab import options, read, running
from ports import free_port

NOTIFICATION = "apputils-extension:notification"


def test_make_lab_answers(root: Path, tmp_path: Path) -> None:
    port = free_port()
    # Under `make test` this is `make lab` itself; in another environment, what `make lab` starts.
    made = (root / ".venv" / "lab.done").exists()
    make = ["make", "--silent", "-C", str(root), "lab", f"LAB_ARGS={' '.join(options(port))}"]
    command = make if made else [sys.executable, "-m", "fbnb.cli", "lab", *options(port)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    mine = tmp_path / "mine" / "labconfig" / "default_setting_overrides.json"
    mine.parent.mkdir(parents=True)
    mine.write_text(json.dumps({f"@jupyterlab/{NOTIFICATION}": {"checkForUpdates": True}}))
    environ["JUPYTER_CONFIG_PATH"] = str(tmp_path / "mine")
    with running(command, environ, tmp_path, port) as url:
        listed = json.loads(read(f"{url}/api/contents/notebooks", tmp_path))
        page = read(f"{url}/lab/tree/notebooks/00_start_here.ipynb", tmp_path)
        settings = json.loads(read(f"{url}/lab/api/settings/@jupyterlab/{NOTIFICATION}", tmp_path))["schema"]["properties"]
    assert "00_start_here.ipynb" in {item["name"] for item in listed["content"]}
    assert "<title>JupyterLab</title>" in page
    assert f":{port}/lab/tree/notebooks/00_start_here.ipynb?token=" in (tmp_path / "lab.log").read_text(), "the URL is printed"
    assert settings["fetchNews"]["default"] == "false", "it does not ask whether to fetch news"
    assert settings["checkForUpdates"]["default"] is True, "what the user says goes before"
