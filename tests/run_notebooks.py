"""Run notebooks from top to bottom and save them with outputs that are the same in every run.

usage: run_notebooks.py NOTEBOOK...
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

_LIVE_VIEW = "application/vnd.jupyter.widget-view+json"


def run(path: Path) -> Any:
    """The notebook, executed in its own folder; a refusal that a cell is not tagged for stops it."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=120,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return settled(notebook, path.stem)


def settled(notebook: Any, stem: str) -> Any:
    """Without what differs from run to run: live widgets (their snapshots stay), random cell ids, the Python's version."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{stem[:2]}-{number:02}"
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(_LIVE_VIEW, None)
    # What a kernel or a dependency mutters is not the lesson.
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


def main(paths: list[str]) -> None:
    os.environ["IPYTHONDIR"] = tempfile.mkdtemp(prefix="fbnb-ipython-")
    for name in [name for name in os.environ if name.startswith("FBNB_")]:
        del os.environ[name]
    for path in map(Path, paths):
        print(f"running {path}", flush=True)
        try:
            nbformat.write(run(path), path)
        except CellExecutionError as problem:
            sys.exit(f"{path} was left as it was: {problem}")


if __name__ == "__main__":
    main(sys.argv[1:])
