"""What every picture shares: SVG written by hand, the same bytes every run, with a title and a text for who cannot see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

import segno

WIDTH = 700
INK, QUIET, REFUSED = "#1f2328", "#59636e", "#a40e26"


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
    """The parts on white, 700 wide at most and as wide as there is room. text: the same in words."""
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"',
        ' font-family="system-ui, sans-serif" font-size="13" style="max-width:100%;height:auto">',
        f"<title>{escape(title)}</title><desc>{escape(text)}</desc>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff"/>',
        *parts,
        "</svg>",
    ]
    return Picture("\n".join(svg), text)


def qr_code(url: str, title: str = "QR code") -> Picture:
    """The address as a QR code, to be pointed at with a phone."""
    svg = segno.make(url, micro=False).svg_inline(scale=5, border=4, dark=INK, light="#ffffff", title=title, desc=url)
    return Picture(svg.replace("<svg ", '<svg role="img" ', 1), f"{title}: {url}")
