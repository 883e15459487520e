"""The Marketing API with the same tokens: ad accounts, campaigns, and what they brought."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from fbnb.answers import part, read
from fbnb.client import GraphClient
from fbnb.tokens import AccessToken

STATUS = {1: "active", 2: "disabled", 3: "unsettled", 7: "pending review", 9: "grace period", 101: "closed"}
_INSIGHT_FIELDS = ("campaign_id", "campaign_name", "impressions", "spend")


@dataclass(frozen=True, slots=True)
class AdAccount:
    """An ad account. id: with `act_`. status: Graph's number in words. currency: ISO 4217."""

    id: str
    name: str
    status: str
    currency: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign. daily_budget: minor units of the account's currency (cents), None where it has none."""

    id: str
    name: str
    objective: str
    status: str
    daily_budget: int | None


@dataclass(frozen=True, slots=True)
class Insight:
    """What was shown and paid, from `start` to `stop`, both included. spend: in the account's currency."""

    start: date
    stop: date
    impressions: int
    spend: Decimal
    campaign_id: str = ""
    campaign: str = ""


def list_ad_accounts(client: GraphClient, token: AccessToken) -> list[AdAccount]:
    """The ad accounts that the person has a role on.

    Raises PermissionMissing: ads_read was not granted. RequestInvalid: the version serves no ads any more (2635).
    Source: Meta, Marketing API, "/{user}/adaccounts".
    """
    fields = ("id", "name", "account_status", "currency", "timezone_name")
    with read():
        return [
            AdAccount(
                row["id"],
                row.get("name", ""),
                STATUS.get(row["account_status"], str(row["account_status"])),
                row.get("currency", ""),
                row.get("timezone_name", ""),
            )
            for row in client.items("me/adaccounts", token, fields=fields)
        ]


def list_campaigns(client: GraphClient, account_id: str, token: AccessToken) -> list[Campaign]:
    """The campaigns of an ad account, named with its `act_`. Raises as `list_ad_accounts`; NotFound: no `act_` before the id.

    Source: Meta, Marketing API, "/act_{id}/campaigns".
    """
    fields = ("id", "name", "objective", "status", "effective_status", "daily_budget")
    return [_campaign(row) for row in client.items(f"{account_id}/campaigns", token, fields=fields)]


def _campaign(row: dict[str, Any]) -> Campaign:
    with read():
        budget = None if row.get("daily_budget") is None else int(row["daily_budget"])
    status = str(row.get("effective_status") or row.get("status", ""))
    return Campaign(part(row, "id", str), str(row.get("name", "")), str(row.get("objective", "")), status, budget)


def read_insights(
    client: GraphClient,
    object_id: str,
    token: AccessToken,
    *,
    level: Literal["account", "campaign"] = "campaign",
    days: str | tuple[date, date] = "last_30d",
    every: int | None = None,
) -> list[Insight]:
    """Impressions and spend of an ad account (`act_...`) or a campaign.

    days: one of Meta's presets, or the first and the last day. every: a row for each so many days, else one for all.

    Raises as `list_ad_accounts`. Source: Meta, Marketing API, "Insights".
    """
    preset = days if isinstance(days, str) else None
    span = None if isinstance(days, str) else json.dumps({"since": f"{days[0]}", "until": f"{days[1]}"})
    rows = client.items(
        f"{object_id}/insights",
        token,
        fields=_INSIGHT_FIELDS if level == "campaign" else _INSIGHT_FIELDS[2:],
        level=level,
        date_preset=preset,
        time_range=span,
        time_increment=every,
    )
    return [_insight(row) for row in rows]


def _insight(row: dict[str, Any]) -> Insight:
    with read():
        return Insight(
            date.fromisoformat(row["date_start"]),
            date.fromisoformat(row["date_stop"]),
            int(row.get("impressions", 0)),
            Decimal(row.get("spend", "0")),
            str(row.get("campaign_id", "")),
            str(row.get("campaign_name", "")),
        )
