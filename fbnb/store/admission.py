"""The gate: what a token must be to be stored, and what is said of one that is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fbnb.catalogue import scope_list
from fbnb.client import GraphClient
from fbnb.errors import InputError, TokenInvalid, TokenRefused, WrongTokenKind
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.store.findings import diagnosed
from fbnb.store.records import StoredToken, TokenState
from fbnb.tokens import AccessToken, TokenFault, TokenInfo, TokenKind


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a token must be. kind: None for any."""

    app_id: str
    kind: TokenKind | None
    scopes: tuple[str, ...]

    @classmethod
    def of(cls, app_id: str, kind: TokenKind | str | None, scopes: Iterable[str] | str) -> Wanted:
        """Raises ScopeUnknown: a misspelt scope. InputError: a kind that there is not."""
        if kind not in {None, *TokenKind}:
            raise InputError("There is no such kind of token.", remedy=f"There are {', '.join(TokenKind)}.")
        return cls(app_id, TokenKind(kind) if kind else None, scope_list(scopes))

    def ask(self, client: GraphClient, token: AccessToken) -> TokenInfo:
        """What debug_token says of the token. Raises TokenRefused: it is not what is wanted."""
        # Without the app's secret a token can still be asked about by itself.
        using = compose_app_token(client.settings) if client.settings.app_secret else token
        try:
            info = debug_token(client, token, using=using)
        except WrongTokenKind:  # Graph tells an app nothing about the tokens of others
            info = None
        except TokenInvalid as dead:
            if using is not token:
                raise
            info = TokenInfo(is_valid=False, error=TokenFault(dead.code or 190, dead.message, dead.subcode))
        if info is None or info.app_id not in {"", self.app_id}:
            raise TokenRefused("This token is of another app.", remedy="Log in to this app for one of its own.")
        if not info.is_valid:
            told = diagnosed(info.error)
            raise TokenRefused(f"This token does not work: {told.cause.means}", remedy=told.remedy)
        self._check(info.kind, info.scopes)
        return info

    def is_met(self, stored: StoredToken, now: datetime) -> bool:
        """Whether a token that is known is what is wanted, so that nothing has to be asked."""
        of_kind = self.kind in {None, stored.kind} and set(self.scopes) <= set(stored.scopes)
        return of_kind and stored.app_id == self.app_id and stored.state is TokenState.LIVE and stored.works(now)

    def _check(self, kind: TokenKind | None, scopes: tuple[str, ...]) -> None:
        if self.kind and kind and kind is not self.kind:
            problem = f"This is {_called(kind)} token, and {_called(self.kind)} token is wanted."
            raise TokenRefused(problem, remedy=_WAYS[self.kind])
        if missing := [scope for scope in self.scopes if scope not in scopes]:
            problem = f"This token lacks {', '.join(missing)}."
            raise TokenRefused(problem, remedy="Ask the person for it: log_in(client, scopes, auth_type='rerequest').")


_WAYS = {
    TokenKind.USER: "Get one with log_in(client, scopes).",
    TokenKind.PAGE: "Get one with list_pages(client, user_token).",
    TokenKind.APP: "Compose it with compose_app_token(settings).",
    TokenKind.CLIENT: "Compose it with compose_client_token(settings).",
    TokenKind.SYSTEM_USER: "Get one with generate_system_user_token(...), or from the business's settings.",
}


def _called(kind: TokenKind) -> str:
    name = kind.value.lower().replace("_", " ")
    return f"an {name}" if name[0] == "a" else f"a {name}"
