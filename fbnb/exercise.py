"""Your turn: a prediction, and whether it came true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """Right, not yet, or no answer so far; and why."""

    right: bool | None
    words: str

    def __repr__(self) -> str:
        return self.words


def check(answer: Any, *, right: Any, because: str) -> Verdict:
    """Compare a prediction with what really happened. `...` is no answer yet, and no error."""
    if answer is ...:
        return Verdict(None, "No answer yet: put yours in place of the three dots, and run the cell again.")
    if answer == right:
        return Verdict(True, f"Right. {because}")
    return Verdict(False, f"Not yet: you said {answer!r}. Look again at the outputs above, then at the solution below.")
