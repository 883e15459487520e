"""What every picture shares: SVG written by hand, the same bytes every run, with a title and a text for who cannot see it.

Units are pixels at full width; on a phone all of it is drawn at three quarters, and 14 is still read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from textwrap import wrap
from typing import TypeVar
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

import segno

WIDTH, LEFT, RIGHT = 460, 14, 446
SIZE, LINE = 14, 18
# Ink, and colours that the colour-blind can tell apart; each has its word or mark beside it.
INK, QUIET, OUTLINE, GRID, BLUE, BROWN, RED = "#1f2328", "#59636e", "#8c959f", "#d1d9e0", "#0072b2", "#8a5a00", "#a40e26"
T = TypeVar("T")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG that notebooks show. text: what it shows, in a sentence."""

    svg: str
    text: str

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def picture(title: str, text: str, height: int, parts: Iterable[str]) -> Picture:
    """The parts on white, WIDTH wide and narrower where there is less room. text: the same in words."""
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"',
        f' font-family="system-ui, sans-serif" font-size="{SIZE}" style="max-width:100%;height:auto">',
        f"<title>{escape(title)}</title><desc>{escape(text)}</desc>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff"/>',
        *parts,
        "</svg>",
    ]
    return Picture(_NOT_XML.sub("\ufffd", "\n".join(svg)), _NOT_XML.sub("\ufffd", text))


def fit(words: str, room: float, *, size: int = SIZE, most: int = 2) -> list[str]:
    """The words in lines no wider than the room, at most so many; what does not fit ends in an ellipsis."""
    across = max(int(room * len(words) / (span(words, size) or 1)), 4)
    lines = wrap(words, across, break_on_hyphens=False) or [""]
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][: across - 2]} …"]


def span(words: str, size: int = SIZE) -> float:
    """How wide the words get, guessed for a wide typeface: which one there will be, nobody knows."""
    return size * sum(map(_ems, words))


def _ems(char: str) -> float:
    if east_asian_width(char) in "WF":
        return 1.0
    return 0.72 if char.isupper() else 0.64 if char.isdigit() else 0.57


def label(
    lines: Sequence[str], x: float, y: int, *, fill: str = INK, size: int = SIZE, bold: bool = False, middle: bool = False
) -> str:
    """One text in as many lines; y: the foot of its first. Its white rim keeps it legible where it crosses something."""
    more = [f'<tspan x="{x:g}" dy="{LINE}">{escape(line)}</tspan>' for line in lines[1:]]
    look = f' font-size="{size}"' * (size != SIZE) + ' font-weight="600"' * bold + ' text-anchor="middle"' * middle
    rim = ' stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
    return f'<text x="{x:g}" y="{y}" fill="{fill}"{look}{rim}>{escape(lines[0])}{"".join(more)}</text>'


def written(told: Iterable[str], top: int) -> tuple[list[str], int]:
    """Sentences one below the other from the top on, three lines each at most, and where they end."""
    wrapped = [fit(words, RIGHT - LEFT, most=3) for words in told]
    *tops, end = stack((LINE * len(lines) + 2 for lines in wrapped), top)
    return [label(lines, LEFT, y + 16) for lines, y in zip(wrapped, tops, strict=True)], end + 6 * bool(wrapped)


def inside(x: float, width: float) -> float:
    """Where the middle of something so wide comes to stand that should be at x and must not leave the picture."""
    return max(LEFT + width / 2, min(x, RIGHT - width / 2))


def stack(heights: Iterable[int], top: int) -> list[int]:
    """The y of each of them, one below the other, and of what comes after the last."""
    return list(accumulate(heights, initial=top))


def first(things: Iterable[T], most: int, noun: str) -> tuple[list[T], list[str]]:
    """As many as can be drawn, and what to say of the others: a sentence, or nothing."""
    rest = iter(things)
    shown = list(islice(rest, most))
    left = sum(1 for _ in rest)
    return shown, [f"and {left} more {noun}{'s' * (left != 1)}, not drawn"] * bool(left)


def qr_code(url: str, title: str = "QR code") -> Picture:
    """The address as a QR code, to be pointed at with a phone."""
    svg = segno.make(url, micro=False).svg_inline(scale=5, border=4, dark=INK, light="#ffffff", title=title, desc=url)
    return Picture(svg.replace("<svg ", '<svg role="img" ', 1), f"{title}: {url}")
