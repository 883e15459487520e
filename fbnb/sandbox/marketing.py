"""Twin of flows/marketing: ad accounts, campaigns and what they brought, on the Marketing API's own schedule of versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from fbnb.sandbox.callers import caller, current, themselves, unsupported
from fbnb.sandbox.fields import paged, wanted
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.seed import AdAccount, Campaign
from fbnb.sandbox.versions import ads_usable
from fbnb.sandbox.world import World

_ACCOUNT = ("id", "account_id", "name", "account_status", "currency", "timezone_name")
_CAMPAIGN = ("id", "name", "objective", "status", "effective_status", "daily_budget")
_INSIGHT = ("account_id", "campaign_id", "campaign_name", "date_start", "date_stop", "impressions", "spend")
_READ_BY = frozenset({"ads_read", "ads_management"})
_DAYS_BACK = {"last_7d": 7, "last_14d": 14, "last_30d": 30, "last_90d": 90}
_PRESETS = ("today", "yesterday", "this_month", "last_month", *_DAYS_BACK)


def list_ad_accounts(world: World, asked: Asked, person: str) -> dict[str, Any]:
    """`GET /{user}/adaccounts`: those that the person has a role on."""
    _check_version(world, asked)
    token = current(world, asked) if person == "me" else caller(world, asked)
    _check_permission(world, token)
    themselves(world, asked, person, "adaccounts")
    fields = wanted(asked, _ACCOUNT, ("account_id", "id"), "AdAccount")
    ids = [account.id for account in world.seed.ad_accounts if world.role(token.person, account.id)]
    return paged(world, asked, ids, lambda id: _account(world.ad_accounts[id], fields))


def _account(account: AdAccount, fields: list[str]) -> dict[str, Any]:
    return {name: f"act_{account.id}" if name == "id" else getattr(account, name.replace("account_id", "id")) for name in fields}


def list_campaigns(world: World, asked: Asked, account: str) -> dict[str, Any]:
    """`GET /act_{id}/campaigns`."""
    found = _ad_account(world, asked, account)
    fields = wanted(asked, _CAMPAIGN, ("id",), "Campaign")
    campaigns = {campaign.id: campaign for campaign in found.campaigns}
    return paged(world, asked, list(campaigns), lambda id: _campaign(campaigns[id], fields))


def _campaign(campaign: Campaign, fields: list[str]) -> dict[str, Any]:
    told = {"effective_status": campaign.status, "daily_budget": str(campaign.daily_budget)}
    return {name: told[name] if name in told else getattr(campaign, name) for name in fields}


def read_insights(world: World, asked: Asked, object: str) -> dict[str, Any]:
    """`GET /act_{id}/insights` or `/{campaign}/insights`: impressions and spend, over a time, in texts."""
    home = next((a for a in world.seed.ad_accounts if any(c.id == object for c in a.campaigns)), None)
    account = _ad_account(world, asked, f"act_{home.id}" if home else object)
    campaigns = [campaign for campaign in account.campaigns if home is None or campaign.id == object]
    level = asked.get("level") or ("campaign" if home else "account")
    if level not in {"account", "campaign"}:
        raise Refusal(100, "(#100) Param level must be one of {account, campaign}")
    default = [name for name in _INSIGHT if level == "campaign" or not name.startswith("campaign")]
    fields = [name for name in wanted(asked, _INSIGHT, default, "AdsInsights") if name != "id"]
    groups = [[campaign] for campaign in campaigns] if level == "campaign" else [campaigns]
    rows = {
        f"{n}/{start}": _insight(account, group, start, stop)
        for n, group in enumerate(groups)
        for start, stop in _spans(asked, _period(world, asked, account))
    }
    ids = [id for id in rows if rows[id]["impressions"] != "0"]
    dates = ("date_start", "date_stop")
    return paged(
        world, asked, ids, lambda id: {name: rows[id][name] for name in dict.fromkeys([*fields, *dates]) if name in rows[id]}
    )


def _insight(account: AdAccount, campaigns: list[Campaign], start: date, stop: date) -> dict[str, str]:
    impressions, spend = 0, Decimal(0)
    for campaign in campaigns:
        count = sum(campaign.impressions[day.weekday()] for day in _days(campaign, start, stop))
        impressions, spend = impressions + count, spend + count * campaign.cost / 1000
    told = {"account_id": account.id, "date_start": f"{start}", "date_stop": f"{stop}"}
    # Meta's own example is "5339.5": no zeros to fill up with.
    told |= {"impressions": str(impressions), "spend": f"{spend:.2f}".rstrip("0").rstrip(".")}
    return told | ({"campaign_id": campaigns[0].id, "campaign_name": campaigns[0].name} if len(campaigns) == 1 else {})


def _days(campaign: Campaign, start: date, stop: date) -> Iterator[date]:
    first, last = max(start, campaign.since), min(stop, campaign.until or stop)
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _period(world: World, asked: Asked, account: AdAccount) -> tuple[date, date]:
    """The days asked for, by the account's own calendar; by default the 30 before today."""
    today = world.now().astimezone(ZoneInfo(account.timezone_name)).date()
    if asked.get("time_range"):
        return _range(asked.get("time_range"), today)
    preset = asked.get("date_preset") or "last_30d"
    if preset not in _PRESETS:
        raise Refusal(100, f"(#100) Param date_preset must be one of {{{', '.join(_PRESETS)}}}")
    first = today.replace(day=1)
    periods = {"today": (today, today), "this_month": (first, today)}
    periods["last_month"] = (first - timedelta(days=1)).replace(day=1), first - timedelta(days=1)
    days = timedelta(days=_DAYS_BACK.get(preset, 1))
    return periods.get(preset, (today - days, today - timedelta(days=1)))


def _range(text: str, today: date) -> tuple[date, date]:
    try:
        told = json.loads(text)
        since, until = date.fromisoformat(told["since"]), date.fromisoformat(told["until"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refusal(100, "(#100) Param time_range must be an object with since and until") from None
    if since > until:
        raise Refusal(100, "(#100) time_range: since is after until")
    return since, min(until, today)


def _spans(asked: Asked, period: tuple[date, date]) -> Iterator[tuple[date, date]]:
    start, stop = period
    step = asked.get("time_increment")
    if step not in {"", "all_days"} and not (step.isdecimal() and 1 <= int(step) <= 90):
        raise Refusal(100, "(#100) Param time_increment must be all_days or a number of days from 1 to 90")
    days = int(step) if step.isdecimal() else (stop - start).days + 1
    while start <= stop:
        yield start, min(stop, start + timedelta(days=days - 1))
        start += timedelta(days=days)


def _ad_account(world: World, asked: Asked, name: str) -> AdAccount:
    _check_version(world, asked)
    token = caller(world, asked)
    account = world.ad_accounts.get(name.removeprefix("act_")) if name.startswith("act_") else None
    if account is None:
        raise unsupported(name)
    _check_permission(world, token)
    if not world.role(token.person, account.id):
        raise Refusal(200, world.defaults.ads_without_permission)
    return account


def _check_permission(world: World, token: TokenRecord) -> None:
    if token.page or not token.person or not world.allowed(token).granted & _READ_BY:
        raise Refusal(200, world.defaults.ads_without_permission)


def _check_version(world: World, asked: Asked) -> None:
    usable = ads_usable(world.now())
    if asked.served not in usable and world.defaults.retired_ads_version == "refuse":
        words = "You are calling a deprecated version of the Ads API. Please update to the latest version"
        raise Refusal(2635, f"(#2635) {words}: {usable[-1]}.")
