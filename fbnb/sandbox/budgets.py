"""Budgets: how many calls Graph takes from whom within a window, how full it says that is, and how it refuses more."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fbnb.sandbox.facts import Grant
from fbnb.sandbox.messages import Answer, Asked
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.traffic import count, emptied, regained
from fbnb.sandbox.wording import ADS_TIER, business_usage, refusal
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind
from fbnb.usage import HEADERS

_HOUR, _DAY = 60, 24 * 60
_BUSINESS = "x-business-use-case-usage"


@dataclass(frozen=True, slots=True)
class Pool:
    """What calls draw on. limit: calls in a window of so many minutes. number: the code, and subcode, of a refusal.

    told: the headers that tell how full it is, or the use case of a business object; "" where Graph keeps it to itself.
    """

    key: str
    limit: int
    minutes: int
    number: str
    told: str = ""
    of: str = ""


Drawn = tuple[tuple[Pool, int], ...]
"""The pools of a call, each with the calls within its window, this one among them."""


def draw(world: World, asked: Asked, token: TokenRecord | None) -> Drawn:
    """What a call draws on, counted; nothing for a call without a token that lives."""
    pools = _pools(world, asked, token) if token else ()
    return tuple((pool, count(world, pool.key, pool.minutes)) for pool in pools)


def check(drawn: Drawn) -> None:
    """Let a call go on that was still within every budget. Raises Refusal: 4, 17, 32, 80000, 80001 or 80004."""
    for pool, calls in drawn:
        if calls > pool.limit:
            raise refusal(pool.number)


def usage(world: World, drawn: Drawn) -> dict[str, str]:
    """The headers that say how full the pools are, each once that is a hundredth or more."""
    told = dict[str, str]()
    for pool, calls in drawn:
        share = 100 * calls / pool.limit
        if pool.told and share >= 1:
            told |= _business(world, pool, share) if pool.of else _platform(pool, share)
    return told


def usage_of_all(answers: Iterable[Answer]) -> dict[str, str]:
    """The usage headers of several answers as those of one: of each the last, but every business object there was."""
    told, objects = dict[str, str](), dict[str, dict[str, Any]]()
    for answer in answers:
        told |= {name: answer.headers[name] for name in HEADERS if name in answer.headers}
        for id, cases in json.loads(answer.headers[_BUSINESS]).items() if _BUSINESS in answer.headers else ():
            objects.setdefault(id, {}).update({case["type"]: case for case in cases})
    return told | ({_BUSINESS: _json({id: list(cases.values()) for id, cases in objects.items()})} if objects else {})


def _platform(pool: Pool, share: float) -> dict[str, str]:
    text = f'{{"call_count":{int(share)},"total_cputime":0,"total_time":0}}'  # no time passes in a sandbox
    return dict.fromkeys(pool.told.split(), text)


def _business(world: World, pool: Pool, share: float) -> dict[str, str]:
    told = business_usage(pool.of, pool.told, int(share), regained(world, pool.key, pool.minutes, pool.limit))
    if pool.told == "pages":
        return told
    seconds = emptied(world, pool.key, pool.minutes)
    account = {"acc_id_util_pct": round(share, 2), "reset_time_duration": seconds, "ads_api_access_tier": ADS_TIER}
    return told | {"x-ad-account-usage": _json(account)}


_json = json.JSONEncoder(separators=(",", ":")).encode


# Whose call it is


def _pools(world: World, asked: Asked, token: TokenRecord) -> tuple[Pool, ...]:
    node = asked.path.partition("/")[0]
    if account := _ad_account(world, node):
        return (_ads_pool(world, token, account, insights=asked.path.endswith("/insights")),)
    page = token.page if token.page or node == "me" else node if node in world.pages else ""
    if page and token.kind in {TokenKind.PAGE, TokenKind.SYSTEM_USER}:
        return (_page_pool(world, token, page),)
    return _platform_pools(world, token, page)


def _ad_account(world: World, node: str) -> str:
    """The ad account that a node is, or that a campaign belongs to."""
    for account in world.seed.ad_accounts:
        if node == f"act_{account.id}" or any(node == campaign.id for campaign in account.campaigns):
            return account.id
    return ""


def _ads_pool(world: World, token: TokenRecord, account: str, *, insights: bool) -> Pool:
    key = f"{token.app}/{account}"
    if insights:
        return Pool(f"{key}/insights", world.defaults.insights_calls, _HOUR, "80000/2446079", "ads_insights", account)
    return Pool(key, world.defaults.ads_calls, _HOUR, "80004/2446079", "ads_management", account)


def _page_pool(world: World, token: TokenRecord, page: str) -> Pool:
    limit = world.defaults.page_calls_per_engaged_user * world.defaults.engaged_users
    return Pool(f"{token.app}/{page}", limit, _DAY, "80001", "pages", page)


def _platform_pools(world: World, token: TokenRecord, page: str) -> tuple[Pool, ...]:
    now = world.now()
    grants = [world.facts.latest(Grant, (person, token.app), now) for person in world.people]
    users = max(1, sum(bool(found and found[1].granted) for found in grants))
    told = "x-app-usage x-page-usage" if page else "x-app-usage"
    app = Pool(token.app, world.defaults.calls_per_user * users, _HOUR, "32" if page else "4", told)
    if token.person not in world.people:
        return (app,)
    own = Pool(f"{token.app}/{token.person}", world.defaults.calls_of_one_user, _HOUR, "32" if page else "17")
    return app, own
