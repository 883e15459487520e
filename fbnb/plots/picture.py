"""What every picture shares: SVG written by hand, the same bytes every run, with a title and a text for who cannot see it.

It is drawn WIDTH units wide and shown SHOWN pixels wide, which is what a phone has room for: notebooks show a picture as wide
as its root says, and let it stick out. Text of 14 units is then 12 pixels everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TypeVar
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

import segno

WIDTH, LEFT, RIGHT, SHOWN = 400, 14, 386, 344
SIZE, LINE, BOLD = 14, 18, 1.15  # BOLD: how much wider bold text is
# Ink, and colours that the colour-blind can tell apart; each has its word or mark beside it.
INK, QUIET, OUTLINE, GRID, BLUE, BROWN, RED = "#1f2328", "#59636e", "#8c959f", "#d1d9e0", "#0072b2", "#8a5a00", "#a40e26"
T = TypeVar("T")
# What XML cannot hold, and what would turn the rest of a label round.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")
# How wide characters are at most in DejaVu Sans, and nearly so in Verdana: in the others less.
_WIDTHS = {0.34: " ',.IJijl|", 0.43: "!()-/:;[\\]frt", 0.6: '"*?FL_`ckvxysz', 1.05: "#%&+<=>@MW^m~w…—\ufffd"}
_EMS = {char: ems for ems, chars in _WIDTHS.items() for char in chars}


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
    """The parts on white. text: the same in words. height: in units."""
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{SHOWN}" height="{height * SHOWN / WIDTH:g}"',
        f' viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="{SIZE}"',
        ' style="max-width:100%;height:auto">',
        f"<title>{escape(title)}</title><desc>{escape(text)}</desc>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff"/>',
        *parts,
        "</svg>",
    ]
    return Picture(_UNFIT.sub("\ufffd", "\n".join(svg)), _UNFIT.sub("\ufffd", text))


def fit(words: str, room: float, *, most: int = 2) -> list[str]:
    """The words in lines no wider than the room, at most so many; what does not fit ends in an ellipsis."""
    lines = list(islice(_lines(words, room), most + 1))
    return (
        lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][: _many(lines[most - 1], room - span(' …'))]} …"]
    )


def _lines(words: str, room: float) -> Iterator[str]:
    """Broken between words, and a word where it ends the room only if it is longer than that."""
    line = ""
    for word in words.split():
        if line and span(f"{line} {word}") > room >= span(word):
            yield line
            line = ""
        line = f"{line} {word}".lstrip()
        while (many := _many(line, room)) < len(line):
            yield line[:many]
            line = line[many:].lstrip()
    yield line


def _many(words: str, room: float) -> int:
    """How many characters find room; one always does."""
    return max(1, sum(1 for end in accumulate(map(_ems, words)) if end * SIZE <= room))


def span(words: str) -> float:
    """How wide the words get in a wide typeface: which one there will be, nobody knows."""
    return SIZE * sum(map(_ems, words))


def _ems(char: str) -> float:
    if char in _EMS:
        return _EMS[char]
    if not char.isprintable():  # it may be replaced
        return 1.05
    if east_asian_width(char) in "WF":
        return 1.0 if char.isalpha() else 1.25
    return 0.8 if char.isupper() or not char.isascii() else 0.64


def label(lines: Sequence[str], x: float, y: int, *, fill: str = INK, bold: bool = False, middle: bool = False) -> str:
    """One text in as many lines; y: the foot of its first. Its white rim keeps it legible where it crosses something."""
    more = [f'<tspan x="{x:g}" dy="{LINE}">{escape(line)}</tspan>' for line in lines[1:]]
    look = ' font-weight="600"' * bold + ' text-anchor="middle"' * middle
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
    # Without its namespace no <img> shows it, and that is where static pages put it.
    return Picture(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" role="img" ', 1), f"{title}: {url}")
