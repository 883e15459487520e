"""Graph's own words for a code: `data/errors.csv`, which the errors of the package are told apart by too."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import cache

from fbnb.errors import InputError
from fbnb.resources import rows
from fbnb.sandbox.messages import Refusal

USE_CASES = {
    80000: "ads_insights",
    80001: "pages",
    80002: "instagram",
    80003: "custom_audience",
    80004: "ads_management",
    80005: "leadgen",
    80006: "messenger",
    80008: "whatsapp",
    80009: "catalog_management",
    80012: "whatsapp",
    80014: "catalog_batch",
}
_TRANSIENT = frozenset({"1", "2"})
ADS_TIER = "development_access"
_ADS = "ads_insights ads_management custom_audience".split()


def refusal(number: str, words: str = "", status: int | None = None) -> Refusal:
    """The refusal of a code, such as "2" or "80004/2446079", with the type, status and message that Graph gives it.

    words: of several messages that the code has, the first with these; by default one that means what the bare code means.
    status: another HTTP status. Raises InputError: there is no such code or message; it names those there are.
    """
    row, (code, _, subcode) = _row(number, words.lower()), number.partition("/")
    return Refusal(
        int(code),
        row["example"] or f"(#{code}) The call was refused",
        int(subcode) if subcode else None,
        type=row["type"] or "OAuthException",
        status=status or int(row["http_status"] or 400),
        more={"is_transient": True} if code in _TRANSIENT and row["cause"] == "transient" else None,
    )


@cache
def _row(number: str, words: str) -> Mapping[str, str]:
    of_code = [row for row in rows("errors.csv") if number in numbers(row)]
    if not of_code:
        raise _unknown(number)
    fitting = [row for row in of_code if words in row["example"].lower()]
    if not fitting:
        messages = dict.fromkeys(row["example"] for row in of_code if row["example"])
        raise InputError(f"No message of code {number} has {words!r} in it.", remedy=f"There are: {' '.join(messages)}")
    meant = {row["cause"] for row in of_code if row["by"] == "code"}
    return min(fitting, key=lambda row: (not row["example"], row["cause"] not in meant))


def _unknown(number: str) -> InputError:
    known = dict.fromkeys(known for row in rows("errors.csv") for known in numbers(row))
    code = number.partition("/")[0]
    there_are = [name for name in known if name.startswith(f"{code}/")] or dict.fromkeys(name.partition("/")[0] for name in known)
    return InputError(f"There is no code {number} in data/errors.csv.", remedy=f"There are {', '.join(there_are)}.")


def numbers(row: Mapping[str, str]) -> list[str]:
    """The numbers that a row is about, as they are asked for: "2", "190/460". A range of them is none that Graph ever sent."""
    codes = [code for code in row["code"].split() if re.fullmatch(r"-?\d+", code)]
    subcodes = [f"/{subcode}" for subcode in row["subcode"].split() if subcode.isdecimal()] if row["subcode"] else [""]
    return [code + subcode for code in codes for subcode in subcodes]


def business_usage(id: str, use_case: str, percent: int, minutes: int) -> dict[str, str]:
    """The header that tells how far a business object is from one limit. minutes: until a call is served again."""
    told = {"type": use_case, "call_count": percent, "total_cputime": 0, "total_time": 0}
    told |= {"estimated_time_to_regain_access": minutes}
    told |= {"ads_api_access_tier": ADS_TIER} if use_case in _ADS else {}
    return {"x-business-use-case-usage": json.dumps({id: [told]}, separators=(",", ":"))}


def wait_headers(code: int, id: str, seconds: float | None) -> dict[str, str]:
    """How Graph says when to come back: a business use case in minutes, by default five; else by `Retry-After`, if at all."""
    if code in USE_CASES:
        return business_usage(id, USE_CASES[code], 100, math.ceil((300 if seconds is None else seconds) / 60))
    return {} if seconds is None else {"retry-after": str(math.ceil(seconds))}
