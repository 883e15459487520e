"""What Meta's pages leave open, each as a named default that a world.json may set otherwise under "defaults"."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from fbnb.errors import InputError

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
    data_access_over: Literal["refuse", "empty"] = "refuse"
    """What reading a person's own fields meets when data access is over; Pages and ads can be read on."""
    data_access_message: str = "Error validating access token: The app's access to the user's data has expired"
    """Message (code 190, no subcode) when data access is over."""
    development_mode: str = "(#10) Application does not have permission for this action"
    """Message (code 10) for a token of someone without a role on an app that is in development."""
    system_user_gone: str = "Sessions for the system user are not allowed"
    """What follows "Error validating access token: " (code 190, subcode 465) when the system user was deleted."""
    unticked_page: Literal["revives", "stays dead"] = "revives"
    """What a Page token does when its Page, unticked once, is ticked again."""
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
    batch_too_big: str = "Too many requests in batch message. Maximum batch size is 50"
    """Message (code 1) for a batch of more than 50 calls."""
    client_code_seconds: Some = 600
    """How long a code for a client is good."""
    client_code_needs_long: str = "(#100) A client code is made from a long-lived user access token"
    """Message (code 100) when a code for a client is asked for with a short-lived token."""
    app_token_needed: str = "(#100) This method must be called with an app access token"
    """Message (code 100) where only the app itself may ask."""
    system_user_tier: Literal["limited", "full"] = "limited"
    """The apps' access tier: limited allows one system user beside the admin one, full allows ten."""
    too_many_system_users: str = "(#100) The business has reached its limit of system users"
    """Message (code 100) when a business may have no further system user of that role."""
    app_not_installed: str = "(#100) The application must be installed for the system user before a token can be generated"
    """Message (code 100) when a token is to be generated for an app that was not installed."""
    app_of_another_business: str = "(#100) The application does not belong to the business of the system user"
    """Message (code 100) when an app of another business is to be installed."""
    expiring_tokens_only: str = "(#100) This business allows expiring system user tokens only: set_token_expires_in_60_days"
    """Message (code 100) when a business that demands expiring tokens is asked for one without an end."""
    scope_not_for_system_users: str = "(#100) Invalid scope for a system user: {scope}"
    """Message (code 100) when a system user's token is to have a permission that only people can grant."""
    not_in_this_business: str = "(#200) Permissions error"
    """Message (code 200) for a caller who does not administer the business."""
    system_user_not_extended: str = "(#100) A system user token is extended with set_token_expires_in_60_days only"
    """Message (code 100) when a system user's token is extended as if it were a person's."""
    revoke_mismatch: str = "(#100) revoke_token and access_token must be of the app that asks"
    """Message (code 100) when a token of another app is to be revoked."""
    permission_not_granted: str = "(#100) {permission} has not been granted to the application"
    """Message (code 100) when a permission is taken back that was never asked for."""
    device_seconds: Some = 420
    """How long a device's code waits to be typed in."""
    device_declined: str = "The user declined the login request"
    """Message (code 100, subcode 1349173) when the person says no."""
    device_unknown: str = "(#100) Invalid device login code"
    """Message (code 100) for a code that no device was given."""
    sdk_refresh_hours: Some = 24
    """An SDK that refreshes again within these hours gets the same token back, with the same end."""
    sdk_refresh_inactive: str = "Error validating access token: The session is invalid because the user has been inactive"
    """Message (code 190) when an SDK refreshes for someone who has not used the app within the 90 days of data access."""
    test_user_limit: Some = 10
    """How many test users an app may have: Meta's page of April 2026 says 10, older pages 2000."""
    ads_without_permission: str = "(#200) Ad account owner has NOT grant ads_management or ads_read permission"
    """Message (code 200) when ads are read without the permission, without a role, or with a Page token."""
    retired_ads_version: Literal["refuse", "upgrade"] = "refuse"
    """What an ads call on a retired version meets: code 2635, or the newest version's answer."""
    calls_per_user: Some = 200
    """Calls an hour that an app has for each person who uses it, with tokens of people and its own: 4, or 32 for a Page's."""
    calls_of_one_user: Some = 400
    """Calls an hour that an app may make for one and the same person: 17. Meta keeps the figure to itself."""
    page_calls_per_engaged_user: Some = 4800
    """Calls in 24 hours that an app has on a Page, for each person engaged there, with Page and system-user tokens: 80001."""
    engaged_users: Some = 1
    """How many people are engaged on each Page."""
    ads_calls: Some = 300
    """Calls an hour that an app in development access has on an ad account: 80004."""
    insights_calls: Some = 600
    """The same, for insights alone: 80000."""
    unversioned: Literal["oldest", "newest"] = "oldest"
    """Which usable version serves a path without one."""


def assumed(defaults: Defaults, **named: object) -> Defaults:
    """The defaults with some of them set otherwise. Raises InputError: there is none of that name, or it takes no such value."""
    known = Defaults.__struct_fields__
    if unknown := sorted(set(named) - set(known)):
        raise InputError(f"There is no default {unknown[0]!r}.", remedy=f"There are {', '.join(known)}.")
    try:
        return msgspec.convert({**msgspec.structs.asdict(defaults), **named}, Defaults)
    except msgspec.ValidationError as wrong:
        problem = str(wrong)
    raise InputError(f"A default cannot be that: {problem}.", remedy="Its kind and range stand in fbnb/sandbox/defaults.py.")
