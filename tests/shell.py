"""A notebook's shell, in this process: what it shows for a cell, errors included."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


def shown(cell: str, names: Mapping[str, Any], mode: str = "Context") -> str:
    """Run a cell with `names` at hand and return what a person sees. mode: how tracebacks are shown (%xmode)."""
    with _shell() as shell:
        shell.user_ns |= names
        with redirect_stdout(io.StringIO()):
            shell.run_line_magic("xmode", mode)
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            shell.run_cell(cell)
        return out.getvalue()


def run_cells(path: Path) -> list[tuple[str, bool, BaseException | None]]:
    """Run the code cells of a notebook one after the other.

    Returns each cell's source, whether it is tagged as raising, and the error it ended in, if it did.
    """
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    told = [("".join(cell["source"]), "raises-exception" in cell["metadata"].get("tags", [])) for cell in cells]
    with _shell() as shell, redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return [(source, tagged, shell.run_cell(source).error_in_exec) for source, tagged in told]


@contextmanager
def _shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance(colors="nocolor", config=Config({"HistoryManager": {"enabled": False}}))
    InteractiveShell.clear_instance()
