"""The command line: `fbnb lab` opens the notebooks."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from fbnb import __version__
from fbnb.errors import FbnbError, InputError
from fbnb.resources import folder, installed

_MANIFEST = ".fbnb-copied.json"
_OPENS = (
    "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",  # the address it prints leads there too
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command; an error of ours is one line on stderr and exit status 2."""
    parser = _parser()
    told, rest = parser.parse_known_args(argv)
    if told.command != "lab":
        if rest:
            parser.error(f"there is no option {rest[0]}")
        parser.print_help()
        sys.exit(0)
    try:
        lab(Path(told.folder), rest)
    except FbnbError as wrong:
        sys.exit(f"fbnb: {wrong}")
    except OSError as wrong:
        sys.exit(f"fbnb: {wrong.filename or 'jupyterlab'}: {wrong.strerror}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fbnb", description="Practise Facebook's access tokens in notebooks, offline.")
    parser.add_argument("--version", action="version", version=f"fbnb {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    command = commands.add_parser(
        "lab",
        help="open the notebooks in JupyterLab",
        description="Put the notebooks and their data into a folder and open JupyterLab on them. A notebook you changed is kept.",
        epilog="Every other option goes to JupyterLab, such as --no-browser or --port=8889.",
    )
    command.add_argument("--folder", default=".", help="where the notebooks are to be (default: here)")
    return parser


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
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *_OPENS, *root, *options])


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


if __name__ == "__main__":
    main()
