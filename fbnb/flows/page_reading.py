"""What a Page token is for: the Page read, and its posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

from fbnb.answers import part, read
from fbnb.client import GraphClient
from fbnb.errors import InputError
from fbnb.tokens import AccessToken

PAGE_FIELDS = ("id", "name", "category", "link", "fan_count", "followers_count", "about")
_POST_FIELDS = ("id", "message", "story", "created_time", "permalink_url")


@dataclass(frozen=True, slots=True)
class Post:
    """A post on a Page. text: its message, or the story where it has none. created: aware UTC."""

    id: str
    text: str
    created: datetime
    link: str = ""


def read_page(client: GraphClient, page_id: str, token: AccessToken, *, fields: Sequence[str] = PAGE_FIELDS) -> dict[str, Any]:
    """The Page's fields, as Graph names them; one it has not filled in is absent.

    token: the Page's own, or of a person who may see it. Needs pages_read_engagement.

    Raises PermissionMissing, NotFound, TokenInvalid. Source: Meta, "Page" reference.
    """
    return client.get(page_id, token, fields=tuple(fields))


def list_posts(
    client: GraphClient, page_id: str, token: AccessToken, *, edge: Literal["posts", "feed"] = "posts", most: int = 100
) -> list[Post]:
    """The Page's posts, newest first; `feed` has what visitors wrote as well. most: how many at the most.

    Needs pages_read_engagement, for `feed` pages_read_user_content too, and a person who may CREATE_CONTENT, MANAGE or
    MODERATE there.

    Raises PermissionMissing, NotFound, TokenInvalid, InputError. Source: Meta, "Page feed" reference.
    """
    if most < 1:
        raise InputError(f"{most} posts cannot be asked for.", remedy="Ask for at least one.")
    rows = client.items(f"{page_id}/{edge}", token, fields=_POST_FIELDS, limit=min(most, 100))
    return [_post(row) for row in islice(rows, most)]


def _post(row: dict[str, Any]) -> Post:
    with read():
        created = datetime.strptime(row["created_time"], "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
    text = row.get("message") or row.get("story") or ""
    return Post(part(row, "id", str), str(text), created, str(row.get("permalink_url", "")))
