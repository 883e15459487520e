"""Where the notebooks and the data stand: inside an installed wheel, or beside the package in a clone."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def installed() -> bool:
    """True in a wheel, where `data/` and `notebooks/` were packed into the package."""
    return (_HERE / "data").is_dir()


def folder(name: str) -> Path:
    """The folder `data` or `notebooks`."""
    return (_HERE if installed() else _HERE.parent) / name


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a table in `data/`, such as `permissions.csv`; every cell is text."""
    with (folder("data") / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
