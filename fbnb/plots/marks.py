"""Events on a calendar: a line for each, and numbers for those that stand too close for one each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from fbnb.plots.picture import INK, inside, span


@dataclass(frozen=True, slots=True)
class Mark:
    """A label for events, in the middle of their lines. first, last: their numbers. left, right: the x of their lines."""

    first: int
    last: int
    left: int
    right: int

    @property
    def words(self) -> str:
        """`2`, or `2-4`."""
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"

    @property
    def width(self) -> float:
        """Of the label, in units."""
        return span(self.words) + 6

    @property
    def middle(self) -> float:
        """The x of its middle, inside the picture."""
        return inside((self.left + self.right) / 2, self.width)

    def apart(self, before: Mark) -> bool:
        """A number finds room at each."""
        return self.left - before.right > 18

    def clears(self, before: Mark) -> bool:
        """Its label does not cover the one before."""
        return self.middle - self.width / 2 >= before.middle + before.width / 2 + 2


def drawn(marks: Sequence[Mark], bottom: int) -> Iterator[str]:
    """A line for each event, and one label for those that stand too close for two: `2-4`."""
    for mark in marks:
        yield f'<line x1="{mark.left}" y1="30" x2="{mark.left}" y2="{bottom}" stroke="{INK}" stroke-dasharray="5 3"/>'
    # Neighbours first, then groups whose labels, wider by now, would cover each other.
    for mark in _joined(_joined(marks, Mark.apart), Mark.clears):
        x, width = mark.middle - mark.width / 2, mark.width
        yield f'<rect x="{x:g}" y="28" width="{width:g}" height="18" rx="9" fill="{INK}"/>'
        yield f'<text x="{mark.middle:g}" y="42" text-anchor="middle" fill="#ffffff">{mark.words}</text>'


def _joined(marks: Iterable[Mark], free: Callable[[Mark, Mark], bool]) -> list[Mark]:
    """Fewer marks: each that is not free of the one before it is one with it."""
    joined = list[Mark]()
    for mark in marks:
        while joined and not free(mark, joined[-1]):
            before = joined.pop()
            mark = Mark(before.first, mark.last, before.left, mark.right)
        joined.append(mark)
    return joined
