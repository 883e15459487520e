"""Is a token alive? Worked out from dated facts each time it is asked; of several deaths, the earliest speaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fbnb.sandbox.facts import (
    AppUsed,
    Deleted,
    Ending,
    Grant,
    Moment,
    RoleChanged,
    SessionEnded,
    TokenRevoked,
    TwoFactorDemanded,
)
from fbnb.sandbox.messages import Refusal
from fbnb.sandbox.world import TokenRecord, World
from fbnb.tokens import expired

_PACIFIC = ZoneInfo("America/Los_Angeles")
_INVALID = "Error validating access token: "
IMPERSONATING = (
    "Any of the pages_read_engagement, pages_manage_metadata, pages_read_user_content, pages_manage_ads, pages_show_list or "
    "pages_messaging permission(s) must be granted before impersonating a user's page."
)
_ROLE_LOST = (
    "The user must be an administrator, editor, or moderator of the page in order to impersonate it. If the page business "
    "requires Two Factor Authentication, the user also needs to enable Two Factor Authentication."
)
_IMPERSONATING_SCOPES = frozenset(re.findall(r"pages_\w+", IMPERSONATING))


@dataclass(frozen=True, slots=True)
class Death:
    """When a token died, and of what. keeps_scopes: whether debug_token still lists its scopes."""

    moment: Moment
    refusal: Refusal
    keeps_scopes: bool = True


def death(world: World, token: TokenRecord) -> Death | None:
    """The earliest end the token has met by now, None while it lives."""
    met = [found for check in _CHECKS if (found := check(world, token)) and found.moment.at <= world.now()]
    return min(met, key=lambda found: found.moment, default=None)


def _time_ran_out(world: World, token: TokenRecord) -> Death | None:
    if not isinstance(token.expires_at, datetime) or not expired(token.expires_at, world.now()):
        return None
    told = f"Session has expired on {_pacific(token.expires_at)}. The current time is {_pacific(world.now())}."
    return Death(Moment(token.expires_at, 0), Refusal(190, _INVALID + told, 463))


def _pacific(instant: datetime) -> str:
    return f"{instant.astimezone(_PACIFIC):%A, %d-%b-%y %H:%M:%S %Z}"


def _session_ended(world: World, token: TokenRecord) -> Death | None:
    start = world.root(token).issued
    ends = [world.facts.first_after(SessionEnded, (token.person, app), start) for app in ("", token.app)]
    met = min((end for end in ends if end), key=lambda end: end[0], default=None)
    if met is None:
        return None
    moment, fact = met
    subcode, words = fact.why.value
    keeps = fact.why not in {Ending.INVALIDATED, Ending.APP_REMOVED}
    return Death(moment, Refusal(190, _INVALID + words.format(app=token.app), subcode), keeps)


def _revoked(world: World, token: TokenRecord) -> Death | None:
    ends = [token.value, token.parent] if token.debug_only else [token.value]
    found = next(filter(None, (world.facts.latest(TokenRevoked, (value, ""), world.now()) for value in ends)), None)
    subcode, words = Ending.INVALIDATED.value
    return Death(found[0], Refusal(190, _INVALID + words, subcode), keeps_scopes=False) if found else None


def _page_gone(world: World, token: TokenRecord) -> Death | None:
    found = token.page and world.facts.latest(Deleted, (token.page, ""), world.now())
    return Death(found[0], Refusal(190, "This Page access token belongs to a Page that has been deleted.")) if found else None


def _page_not_granted(world: World, token: TokenRecord) -> Death | None:
    if token.scopes is not None:
        return None
    found = token.page and world.facts.latest(Grant, (token.person, token.app), world.now())
    if not found or covers(found[1], token.page):
        return None
    return Death(found[0], Refusal(190, IMPERSONATING))


def _role_lost(world: World, token: TokenRecord) -> Death | None:
    found = token.page and world.facts.latest(RoleChanged, (token.person, token.page), world.now())
    if not found or found[1].role not in {"", "live_contributor"}:
        return None
    return Death(found[0], Refusal(190, _ROLE_LOST, 492))


def _two_factor_missing(world: World, token: TokenRecord) -> Death | None:
    found = demanded(world, token.person, token.page) if token.page else None
    return Death(found, Refusal(190, _ROLE_LOST, 492)) if found else None


def demanded(world: World, person: str, page: str) -> Moment | None:
    """Since when the Page's business has demanded two-factor authentication that the person does not have."""
    owner = world.owner(page)
    if owner is None or person in world.system_users or world.people[person].two_factor:
        return None
    found = world.facts.latest(TwoFactorDemanded, (owner.id, ""), world.now())
    return found[0] if found else None


_CHECKS: tuple[Callable[[World, TokenRecord], Death | None], ...] = (
    _time_ran_out,
    _session_ended,
    _revoked,
    _page_gone,
    _page_not_granted,
    _role_lost,
    _two_factor_missing,
)


def data_access_end(world: World, token: TokenRecord) -> datetime:
    """Ninety days from the last time the person was there: in the dialog, in the app, or at the login the token goes back to."""
    found, login = world.facts.latest(AppUsed, (token.person, token.app), world.now()), world.root(token).issued.at
    return (max(login, found[0].at) if found else login) + timedelta(days=world.defaults.data_access_days)


def covers(grant: Grant, page: str) -> bool:
    """Whether a grant lets the app act as the Page: a Page permission is granted, and the Page was ticked."""
    return bool(grant.granted & _IMPERSONATING_SCOPES) and (grant.pages is None or page in grant.pages)


def scopes(world: World, token: TokenRecord) -> tuple[str, ...]:
    """What the token may do by now, in alphabetical order; for a person's token that is their current grant, not a copy."""
    return tuple(sorted(world.allowed(token).granted)) if token.person else ()
