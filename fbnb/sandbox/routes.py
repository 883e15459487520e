"""The one table of paths. First match wins; `grant_type` is a column, for several flows share `oauth/access_token`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fbnb.sandbox import debug_token, login, long_lived, nodes, page_tokens
from fbnb.sandbox.callers import unsupported
from fbnb.sandbox.messages import DIALOG_HOST, GRAPH_HOST, Answer, Asked, Refusal
from fbnb.sandbox.world import World

Twin = Callable[..., "dict[str, Any] | Answer"]
_READS_AND_FORMS = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class Route:
    """Which twin answers. `{name}` in a path is one component, handed to the twin by that name."""

    methods: tuple[str, ...]
    path: str
    twin: Twin
    grant_type: str | None = None
    host: str = GRAPH_HOST

    def match(self, asked: Asked) -> dict[str, str] | None:
        """The path's named parts, or None where this is not the route."""
        if asked.host != self.host or asked.method not in self.methods:
            return None
        if self.grant_type is not None and asked.get("grant_type") != self.grant_type:
            return None
        found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path), asked.path)
        return found.groupdict() if found else None


ROUTES = (
    Route(("POST",), "dialog/oauth", login.dialog, host=DIALOG_HOST),
    Route(_READS_AND_FORMS, "oauth/access_token", long_lived.extend_user_token, grant_type="fb_exchange_token"),
    Route(_READS_AND_FORMS, "oauth/access_token", login.exchange_code, grant_type="authorization_code"),
    Route(_READS_AND_FORMS, "oauth/access_token", login.exchange_code, grant_type=""),
    Route(("GET",), "debug_token", debug_token.debug_token),
    Route(("GET",), "me", nodes.me),
    Route(("GET",), "{person}/accounts", page_tokens.list_pages),
    Route(("GET",), "{person}/permissions", login.list_permissions),
    Route(("GET",), "{id}", nodes.by_id),
)


def find(asked: Asked) -> Callable[[World, Asked], dict[str, Any] | Answer]:
    """What answers a request. Raises Refusal 2500 for a path that is none, 100/33 for a method the object does not take."""
    for route in ROUTES:
        if (parts := route.match(asked)) is not None:
            return lambda world, asked: route.twin(world, asked, **parts)
    if asked.host == GRAPH_HOST and asked.path and "/" not in asked.path:
        raise unsupported(asked.path, asked.method.lower())
    raise Refusal(2500, f"Unknown path components: /{asked.path.partition('/')[2] or asked.path}")
