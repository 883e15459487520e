"""The one table of paths. First match wins; several flows share `oauth/access_token`, told apart by parameters and by codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fbnb.sandbox import (
    app_tokens,
    business_login,
    client_code,
    debug_token,
    device_login,
    device_page,
    login,
    long_lived,
    marketing,
    nodes,
    oidc,
    page_reading,
    page_tokens,
    picture,
    revoke,
    sdk_refresh,
    session_info,
    system_user,
    test_users,
)
from fbnb.sandbox.callers import unsupported
from fbnb.sandbox.messages import DIALOG_HOST, GRAPH_HOST, TOKEN_ENDPOINT, Answer, Asked, Refusal
from fbnb.sandbox.world import World

Twin = Callable[..., "dict[str, Any] | Answer"]
_READS_AND_FORMS = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class Route:
    """Which twin answers. `{name}` in a path is one component, `{name:a|b}` one of these, handed to the twin by that name.

    where: parameters and the values they must have, "*" for any. code_of: the flow that must have made the `code`.
    """

    methods: tuple[str, ...]
    path: str
    twin: Twin
    where: Mapping[str, str] = field(default_factory=dict)
    code_of: str = ""
    host: str = GRAPH_HOST
    pattern: str = field(init=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"{(\w+)(?::([^}]+))?}", _component, self.path)
        object.__setattr__(self, "pattern", pattern)  # the class is frozen

    def match(self, world: World, asked: Asked) -> dict[str, str] | None:
        """The path's named parts, or None where this is not the route."""
        if asked.host != self.host or asked.method not in self.methods:
            return None
        if (parts := self._parts(asked.path)) is None:
            return None
        for name, value in self.where.items():
            if not asked.get(name) if value == "*" else asked.get(name) != value:
                return None
        if self.code_of and ((code := world.codes.get(asked.get("code"))) is None or code.made_by != self.code_of):
            return None
        return parts

    def _parts(self, path: str) -> dict[str, str] | None:
        if self.pattern == self.path:  # nothing in it is named
            return {} if path == self.path else None
        found = re.fullmatch(self.pattern, path)
        return found.groupdict() if found else None


def _component(found: re.Match[str]) -> str:
    return f"(?P<{found.group(1)}>{found.group(2) or '[^/]+'})"


def _grant(grant_type: str, twin: Twin, **where: str) -> Route:
    return Route(_READS_AND_FORMS, TOKEN_ENDPOINT, twin, where={"grant_type": grant_type, **where})


ROUTES = (
    Route(("GET",), "me", nodes.me),  # what is asked most stands first: no other route takes these
    Route(("GET",), "debug_token", debug_token.debug_token),
    Route(_READS_AND_FORMS, "dialog/oauth", business_login.dialog, where={"config_id": "*"}, host=DIALOG_HOST),
    Route(_READS_AND_FORMS, "dialog/oauth", login.dialog, host=DIALOG_HOST),
    Route(_READS_AND_FORMS, "device", device_page.device_page, host=DIALOG_HOST),
    Route(("GET",), ".well-known/openid-configuration", oidc.discover, host=DIALOG_HOST),
    Route(("GET",), ".well-known/oauth/openid/jwks", oidc.signing_keys, host=DIALOG_HOST),
    _grant("fb_exchange_token", system_user.refresh_system_user_token, set_token_expires_in_60_days="true"),
    _grant("fb_exchange_token", long_lived.extend_user_token),
    _grant("client_credentials", app_tokens.get_app_token),
    _grant("fb_attenuate_token", session_info.get_session_info_token),
    _grant("fb_extend_sso_token", sdk_refresh.refresh_sdk_token),
    Route(_READS_AND_FORMS, TOKEN_ENDPOINT, client_code.redeem_client_code, code_of="client_code"),
    Route(_READS_AND_FORMS, TOKEN_ENDPOINT, business_login.exchange_business_code, code_of="business_login"),
    _grant("authorization_code", login.exchange_code),
    _grant("", login.exchange_code),
    Route(_READS_AND_FORMS, "oauth/client_code", client_code.generate_client_code),
    Route(_READS_AND_FORMS, "oauth/revoke", system_user.revoke_system_user_token),
    Route(("POST",), "device/login", device_login.start_device_login),
    Route(("POST",), "device/login_status", device_login.poll_device_login),
    *(
        Route((method,), path, twin, where=where)
        for path, where in (("{app}/accounts/test-users", {}), ("{app}/accounts", {"type": "test-users"}))
        for method, twin in (
            ("GET", test_users.list_test_users),
            ("POST", test_users.create_test_user),
            ("DELETE", test_users.dissociate_test_user),
        )
    ),
    Route(("GET",), "{id}/picture", picture.picture),
    Route(("GET",), "silhouette.svg", picture.silhouette),
    Route(("GET",), "{person}/accounts", page_tokens.list_pages),
    Route(("GET",), "{person}/permissions", revoke.list_permissions),
    Route(("GET",), "{person}/permissions/{permission}", revoke.list_permissions),
    Route(("DELETE",), "{person}/permissions", revoke.revoke),
    Route(("DELETE",), "{person}/permissions/{permission}", revoke.revoke),
    Route(("GET",), "{person}/businesses", system_user.list_businesses),
    Route(("GET",), "{business}/system_users", system_user.list_system_users),
    Route(("POST",), "{business}/system_users", system_user.create_system_user),
    Route(("POST",), "{system_user}/applications", system_user.install_app),
    Route(("POST",), "{system_user}/access_tokens", system_user.generate_system_user_token),
    Route(("DELETE",), "{system_user}/access_tokens", system_user.drop_system_user_tokens),
    Route(("POST",), "{business}/system_user_access_tokens", business_login.fetch_business_token),
    Route(("GET",), "{business}/{edge:owned_pages|client_pages}", page_tokens.list_business_pages),
    Route(("GET",), "{page}/{edge:posts|published_posts|feed}", page_reading.list_posts),
    Route(("GET",), "{person}/adaccounts", marketing.list_ad_accounts),
    Route(("GET",), "{account}/campaigns", marketing.list_campaigns),
    Route(("GET",), "{object}/insights", marketing.read_insights),
    Route(("POST",), "{id}", test_users.change_test_user),
    Route(("DELETE",), "{id}", test_users.delete_test_user),
    Route(("GET",), "{id}", nodes.by_id),
)


def find(world: World, asked: Asked) -> Callable[[World, Asked], dict[str, Any] | Answer]:
    """What answers a request. Raises Refusal 2500 for a path that is none, 100/33 for a method the object does not take."""
    for route in ROUTES:
        if (parts := route.match(world, asked)) is not None:
            return lambda world, asked: route.twin(world, asked, **parts)
    if asked.host == GRAPH_HOST and asked.path and "/" not in asked.path:
        raise unsupported(asked.path, asked.method.lower())
    raise Refusal(2500, f"Unknown path components: /{asked.path.partition('/')[2] or asked.path}")
