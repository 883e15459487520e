"""`/{id}/picture`, and `picture` as a field: of a person or a Page. Everybody has the same grey head, in the size asked for."""

from __future__ import annotations

from typing import Any

from fbnb.sandbox.callers import caller, current, unsupported
from fbnb.sandbox.expansion import fields_of
from fbnb.sandbox.messages import GRAPH_HOST, Answer, Asked, Refusal
from fbnb.sandbox.world import World

_SIZES = {"small": 50, "square": 50, "normal": 100, "large": 200}  # pixels
_MOST = 2048
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 50 50" role="img" aria-label="nobody">'
    '<rect width="50" height="50" fill="#ddd"/><circle cx="25" cy="19" r="9" fill="#888"/>'
    '<path d="M7 50a18 18 0 0 1 36 0z" fill="#888"/></svg>'
)


def picture(world: World, asked: Asked, id: str) -> dict[str, Any] | Answer:
    """302 to the picture; with `redirect=false`, where it is and how large. An id that the app knows needs no token.

    Raises Refusal 100/33: the id is nobody's; 2500: `me`, with nobody's token.
    """
    if asked.access_token:
        caller(world, asked)
    if id == "me":
        token = current(world, asked)
        id = token.page or world.scoped_id(token.person, token.app)
    elif not world.page_exists(id) and not any(world.person_of(id, app) for app in world.apps):
        raise unsupported(id)
    if asked.get("redirect") in {"false", "0"}:
        return described(asked, id)
    return Answer(302, "", {"location": asked.address(GRAPH_HOST, "silhouette.svg")})


def described(asked: Asked, id: str) -> dict[str, Any]:
    """`data`: `height` and `width` in pixels, `is_silhouette`, `url`; or those of them that `fields` names."""
    width, height = _pixels(asked, "width", "height"), _pixels(asked, "height", "width")
    told = {"height": height, "is_silhouette": True, "url": asked.address(GRAPH_HOST, f"{id}/picture"), "width": width}
    return {"data": {name: told[name] for name in fields_of(asked) or told if name in told}}


def _pixels(asked: Asked, side: str, other: str) -> int:
    # Who names one side gets a square.
    told = asked.get(side) or asked.get(other)
    if not told:
        return _SIZES.get(asked.get("type"), _SIZES["square"])
    if not told.isascii() or not told.isdecimal() or len(told) > 9:
        raise Refusal(100, f"(#100) Param {side} must be an integer")
    return min(int(told), _MOST)


def silhouette(world: World, asked: Asked) -> Answer:
    """The picture itself."""
    return Answer(200, _HEAD, {"content-type": "image/svg+xml"})
