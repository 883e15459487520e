"""Page tokens: which Pages a person can work on, each with a token of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fbnb.answers import part
from fbnb.client import GraphClient
from fbnb.errors import InputError
from fbnb.redact import Secret
from fbnb.tokens import AccessToken, Page, TokenKind

_LIST_FIELDS = ("id", "name", "category", "tasks", "access_token")
_PAGE_FIELDS = ("id", "name", "category", "access_token")


def list_pages(
    client: GraphClient, token: AccessToken, *, fields: Sequence[str] = _LIST_FIELDS, limit: int | None = None
) -> list[Page]:
    """Every Page the person ticked and has a role on, over as many answers as it takes.

    fields: what to ask for; without `access_token` and `tasks` among them, Graph leaves both out. limit: rows per answer.
    A token's expiry is None here: Graph does not tell, ask debug_token. An empty list is an answer, not an error: the
    permission `pages_show_list`, the tick in the dialog or the role may be missing.

    Raises TokenInvalid, WrongTokenKind. Source: Meta, "/{user}/accounts" reference.
    """
    return [_page(client, row) for row in client.items("me/accounts", token, fields=tuple(fields), limit=limit)]


def get_page(client: GraphClient, page_id: str, token: AccessToken, *, fields: Sequence[str] = _PAGE_FIELDS) -> Page:
    """One Page by its id, with its token if the person may act as the Page.

    Raises InputError: the id is not a number. NotFound, PermissionMissing. Source: Meta, "Page" reference.
    """
    if not page_id.isdecimal():
        raise InputError(f"A Page's id is a number, not {page_id!r}.", remedy="list_pages shows the ids.")
    return _page(client, client.get(page_id, token, fields=tuple(fields)))


def _page(client: GraphClient, row: dict[str, Any]) -> Page:
    id, told, tasks = part(row, "id", str), row.get("access_token"), row.get("tasks")
    name = str(row.get("name", id))
    token = AccessToken(told, TokenKind.PAGE, name, issued_at=client.now(), subject=id) if isinstance(told, Secret) else None
    more = {field: row[field] for field in row if field not in _LIST_FIELDS}
    return Page(id, name, str(row.get("category", "")), tuple(map(str, tasks)) if isinstance(tasks, list) else None, token, more)
