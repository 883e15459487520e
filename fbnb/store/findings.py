"""What was found out about a token, as the columns that it sets: by debug_token, or by a call that met 190."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from fbnb.diagnosis import Diagnosis, diagnose
from fbnb.errors import TokenInvalid, numbered
from fbnb.store.records import Row, TokenState, epoch, granular_text
from fbnb.tokens import TokenFault, TokenInfo

_UNSAID = TokenFault(190, "Graph does not say why")


def checked(info: TokenInfo, now: datetime) -> Row:
    """What debug_token answered, whether the token works or not; what it left unsaid keeps its value."""
    told: Row = {"last_checked": int(now.timestamp()), "strikes": 0}
    if info.kind:
        told["kind"] = info.kind.value
    if subject := info.profile_id or info.user_id:
        told |= {"subject": subject, "person": info.user_id}
    if info.expires_at is not None:
        told |= {"expires_at": epoch(info.expires_at), "expiry_source": "debug_token"}
    if info.data_access_expires_at is not None:
        told["data_access_until"] = epoch(info.data_access_expires_at)
    if info.issued_at:
        told["issued_at"] = epoch(info.issued_at)
    if info.is_valid or info.scopes:  # of some deaths Graph lists none any more, and what they were is worth keeping
        told |= {"scopes": " ".join(info.scopes), "granular_scopes": granular_text(info.granular_scopes)}
    if not info.is_valid:
        return told | dead(info.error or _UNSAID)
    return told | {"last_good": told["last_checked"], "state": TokenState.LIVE.value, "cause": "", "why": ""}


def dead(fault: TokenFault) -> Row:
    """What Graph says of a token that works no more."""
    why = f"{numbered(fault.code, fault.subcode)}: {fault.message}"
    return {"state": TokenState.DEAD.value, "cause": diagnosed(fault).cause.value, "why": why}


def died(error: TokenInvalid) -> Row:
    """The same, by the error that calls with the token have met."""
    return dead(TokenFault(error.code or 190, error.message, error.subcode))


@lru_cache(maxsize=1024)
def diagnosed(fault: TokenFault | None) -> Diagnosis:
    """What the fault in an answer of debug_token means. A dead token gives the same answer day after day."""
    fault = fault or _UNSAID
    told = {"code": fault.code, "message": fault.message, "error_subcode": fault.subcode}
    return diagnose({"error": told}, where="GET /debug_token")
