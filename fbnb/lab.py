"""JupyterLab on the notebooks: in a clone where they are, from a wheel on a copy that loses nobody's work."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from fbnb.errors import InputError
from fbnb.resources import folder, installed

_MANIFEST = ".fbnb-copied.json"
_DEFAULTS = str(Path(__file__).resolve().parent / "jupyter")
_OPENS = (
    "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",  # the address it prints leads there too
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


def lab(where: Path, options: Sequence[str]) -> None:
    """Become JupyterLab on the first notebook; in a clone the notebooks are opened where they are.

    Raises InputError: an argument that is no option.
    """
    for before, option in zip(("", *options), options, strict=False):
        is_value = before.startswith("--") and "=" not in before
        if not option.startswith("-") and not is_value:
            raise InputError(f"fbnb lab does not know {option!r}.", remedy="See fbnb lab --help.")
    where = _unpack(where) if installed() else folder("notebooks").parent
    # A container's root may run it: this server listens on loopback unless told otherwise.
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    os.chdir(where)
    os.execve(sys.executable, [sys.executable, "-m", "jupyterlab", *_OPENS, *root, *options], _environ())


def _environ() -> dict[str, str]:
    """With our defaults last on the path for Jupyter's settings: without them JupyterLab asks whether to fetch its news."""
    path = filter(None, [os.environ.get("JUPYTER_CONFIG_PATH"), _DEFAULTS])
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(path)}


def _unpack(where: Path) -> Path:
    """Copy notebooks and data; say which were kept because they differ from what was last copied."""
    where.mkdir(parents=True, exist_ok=True)
    kept = copy_changed(where)
    for name in kept:
        print(f"fbnb: kept your {name}", file=sys.stderr)  # noqa: T201 - the command line speaks
    return where


def copy_changed(where: Path) -> list[str]:
    """Copy what is new or untouched since the last copy; returns the names of the files kept as they were."""
    manifest = where / _MANIFEST
    copied = _copied(manifest)
    kept = []
    for source in sorted(path for name in ("notebooks", "data") for path in folder(name).rglob("*") if path.is_file()):
        name = f"{source.relative_to(folder('data').parent)}"
        goal, fresh = where / name, _digest(source)
        if goal.exists() and _digest(goal) not in {fresh, copied.get(name)}:
            kept.append(name)
            continue
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, goal)
        copied[name] = fresh
    manifest.write_text(json.dumps(copied, indent=1, sort_keys=True) + "\n")
    return kept


def _copied(manifest: Path) -> dict[str, str]:
    try:
        return dict(json.loads(manifest.read_text()))
    except (OSError, ValueError, TypeError):
        return {}  # then whatever differs counts as changed, and is kept


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
