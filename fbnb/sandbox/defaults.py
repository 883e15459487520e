"""What Meta's pages leave open, each as a named default that a world.json may set otherwise under "defaults"."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Some = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class Defaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The answers that are assumed, not documented."""

    code_exchange: Literal["short", "long"] = "short"
    """What a code gives: Meta's pages teach an hour or two, server-side exchanges are reported to give 60 days."""
    code_seconds: Some = 600
    """How long a login code is good."""
    short_hours: Some = 2
    """A short-lived user token ends this many hours after the hour it was issued in."""
    long_days: Some = 60
    """A long-lived user token ends this many days after it was issued."""
    data_access_days: Some = 90
    """Data access ends this many days after the person last used the dialog."""
    page_size: Some = 25
    """Rows in one answer of a list, unless `limit` says otherwise."""
    page_size_limit: Some = 100
    """The most rows that `limit` can ask for."""
    accounts_without_permission: Literal["empty", "refuse"] = "empty"
    """What /me/accounts answers when pages_show_list was not granted."""
    foreign_token: str = "Error validating access token: This access token was not issued for this application"
    """Message (code 190) when another app's token is to be extended."""
    invalid_code_verifier: str = "Invalid code_verifier"
    """Message (code 100) when the PKCE verifier does not match."""
    unversioned: Literal["oldest", "newest"] = "oldest"
    """Which usable version serves a path without one."""
