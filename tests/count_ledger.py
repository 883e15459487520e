"""Print how well the sandbox's answers are known, with --write into the README too: python tests/count_ledger.py [--write]"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from fbnb.sandbox.ledger import CONFIDENCES, counts

README = Path(__file__).parents[1] / "README.md"
_HEAD = "| how well it is known | rows | which means |\n|---|---|---|\n"
_TABLE = re.compile(re.escape(_HEAD) + r"(?:\|.*\n)*")


def table() -> str:
    """The counts as the README has them."""
    found = counts()
    rows = [f"| {name} | {found[name]} | {means} |\n" for name, means in CONFIDENCES.items()]
    return f"{_HEAD}{''.join(rows)}| all | {sum(found.values())} | |\n"


def in_readme(text: str) -> str:
    """The README's text with the counts as they are now. Raises ValueError: it has no such table, or two."""
    fresh, found = _TABLE.subn(table(), text)
    if found != 1:
        raise ValueError(f"The README has {found} tables that begin with {_HEAD.splitlines()[0]!r}.")
    return fresh


def main() -> None:
    print(table(), end="")
    if sys.argv[1:] == ["--write"]:
        README.write_text(in_readme(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
