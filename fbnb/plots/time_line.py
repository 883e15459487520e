"""A journey through a world's time: what happens on the way, and where one stands."""

from __future__ import annotations

from datetime import timedelta

from fbnb.journey import Journey
from fbnb.plots.picture import INK, QUIET, WIDTH, Picture, picture

MOST_MARKS = 50
_LEVELS = 5  # of numbers; where there are more marks than that close together, a last level has an ellipsis for the rest
_DAY = timedelta(days=1)


def time_line(journey: Journey, days: int) -> Picture:
    """So many days from the start: marks as numbered dots, filled where they have happened, and a wedge where one stands."""
    marks = journey.marks
    left, wide = 14, WIDTH - 28
    ends, parts = list[float](), list[str]()
    for number, mark in enumerate(marks[:MOST_MARKS], 1):
        if not 0 <= (ago := (mark.at - journey.start) / _DAY) <= days:
            continue
        x = left + wide * ago / days
        fill = INK if mark.past else "#ffffff"
        parts.append(f'<circle cx="{x:.1f}" cy="0" r="5" fill="{fill}" stroke="{INK}" stroke-width="2"/>')
        level = next((level for level in range(_LEVELS + 1) if level >= len(ends) or x - ends[level] >= 24), None)
        if level is not None:
            ends[level : level + 1] = [x]
            words = number if level < _LEVELS else "…"
            parts.append(f'<text x="{x:.1f}" y="{-10 - 15 * level}" text-anchor="middle" fill="{INK}">{words}</text>')
    top = 14 + 15 * max(1, len(ends))
    x = left + wide * max(0.0, min(1.0, (journey.now - journey.start) / (days * _DAY)))
    wedge = f'<path d="M{x:.1f} 7l6 11h-12z" fill="{INK}"/>'
    rule = f'<path d="M{left} 0H{left + wide}" stroke="{QUIET}" stroke-width="2"/>'
    scale = f'<text x="{left}" y="36" fill="{QUIET}">0</text>'
    scale += f'<text x="{left + wide}" y="36" text-anchor="end" fill="{QUIET}">day {days}</text>'
    text = f"{journey.words(journey.now)}, on a line of {days} days with {len(marks)} mark{'s' * (len(marks) != 1)}."
    group = f'<g transform="translate(0 {top})">{rule}{"".join(parts)}{wedge}{scale}</g>'
    return picture("The line of time", text, top + 44, [group])
