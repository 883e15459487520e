"""What Facebook's mobile and JS SDKs do unasked: refresh the token once a day, while the app is being used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from fbnb.answers import part, read
from fbnb.client import GraphClient
from fbnb.errors import GraphError, SandboxOnly
from fbnb.redact import Secret
from fbnb.settings import Target
from fbnb.tokens import AccessToken, TokenKind, expiry_from_epoch

_FIELDS = ("access_token", "expires_at", "expires_in", "data_access_expiration_time", "graph_domain")
DAY = timedelta(days=1)


def refresh_sdk_token(client: GraphClient, token: AccessToken) -> AccessToken:
    """A user token of 60 days from today for a live one; asked twice on a day, Graph may give the same again.

    The token speaks for itself: no secret and no proof is sent.

    Raises TokenExpired: after about 60 days without use. TokenInvalid: the person has not used the app for 90 days.
    Source: Meta, "Access Token Guide", and the Android SDK.
    """
    answer = client.without_secret().get(
        "oauth/access_token", token, grant_type="fb_extend_sso_token", client_id=client.settings.app_id, fields=_FIELDS
    )
    with read():
        expires = expiry_from_epoch(answer.get("expires_at"))
        until = expiry_from_epoch(answer.get("data_access_expiration_time"))
    value = part(answer, "access_token", Secret)
    issued = token.issued_at if value == token.value else client.now()
    return AccessToken(value, TokenKind.USER, token.label, issued, expires, until, token.subject)


def use_app(client: GraphClient, token: AccessToken) -> AccessToken:
    """What an SDK does each time the app is opened: refresh a token that is a day old or more, keep a younger one."""
    if token.issued_at and client.now() - token.issued_at < DAY:
        return token
    return refresh_sdk_token(client, token)


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of the app. refused: why the token was of no use, None if it was."""

    at: datetime
    days_since: int
    token: AccessToken
    refreshed: bool = False
    refused: GraphError | None = None


def use_through(client: GraphClient, token: AccessToken, gaps: Iterable[int]) -> list[Opening]:
    """Open the app again and again, each time after so many days, by a clock that can be moved.

    The story ends with the first opening at which the token is dead: the person would have to log in.

    Raises SandboxOnly: anywhere else the days would have to be waited for.
    """
    if client.settings.target is not Target.SANDBOX:
        raise SandboxOnly("A year of openings takes a year outside this process's sandbox.")
    story = list[Opening]()
    for days in gaps:
        client.clock.sleep(days * DAY.total_seconds())
        opening = _open(client, token, days)
        story.append(opening)
        if opening.refused:
            break
        token = opening.token
    return story


def _open(client: GraphClient, token: AccessToken, days: int) -> Opening:
    try:
        used = use_app(client, token)
    except GraphError as refused:
        return Opening(client.now(), days, token, refused=refused)
    return Opening(client.now(), days, used, refreshed=used.value != token.value)
