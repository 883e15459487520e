"""A notebook's shell, in this process: what it shows for a cell, errors included."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


def shown(cell: str, names: Mapping[str, Any], mode: str = "Context") -> str:
    """Run a cell with `names` at hand and return what a person sees. mode: how tracebacks are shown (%xmode)."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(colors="nocolor", config=Config({"HistoryManager": {"enabled": False}}))
    shell.user_ns |= names
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        shell.run_line_magic("xmode", mode)
        out.truncate(0)
        out.seek(0)
        shell.run_cell(cell)
    InteractiveShell.clear_instance()
    return out.getvalue()
