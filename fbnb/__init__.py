"""fbnb: practise Facebook's access tokens, every flow, offline. The public names; each is loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fbnb.catalogue import permissions as permissions
    from fbnb.client import GraphClient as GraphClient
    from fbnb.client import Proof as Proof
    from fbnb.client import appsecret_proof as appsecret_proof
    from fbnb.flows.debug_token import compose_app_token as compose_app_token
    from fbnb.flows.debug_token import debug_token as debug_token
    from fbnb.flows.login import code_from_redirect as code_from_redirect
    from fbnb.flows.login import exchange_code as exchange_code
    from fbnb.flows.login import list_permissions as list_permissions
    from fbnb.flows.login import log_in as log_in
    from fbnb.flows.login import login_url as login_url
    from fbnb.flows.login import paste_redirect as paste_redirect
    from fbnb.flows.login import pkce as pkce
    from fbnb.flows.long_lived import extend_user_token as extend_user_token
    from fbnb.flows.page_tokens import get_page as get_page
    from fbnb.flows.page_tokens import list_pages as list_pages
    from fbnb.kit import connect as connect
    from fbnb.redact import Secret as Secret
    from fbnb.sandbox.control import Sandbox as Sandbox
    from fbnb.settings import Settings as Settings
    from fbnb.settings import load_settings as load_settings
    from fbnb.tokens import NEVER as NEVER
    from fbnb.tokens import AccessToken as AccessToken
    from fbnb.tokens import Page as Page
    from fbnb.tokens import Permission as Permission
    from fbnb.tokens import TokenInfo as TokenInfo
    from fbnb.tokens import TokenKind as TokenKind

__version__ = "0.1.0"

_HOMES = {
    "catalogue": "permissions",
    "client": "GraphClient Proof appsecret_proof",
    "exercise": "check",
    "flows.debug_token": "compose_app_token debug_token",
    "flows.login": "code_from_redirect exchange_code list_permissions log_in login_url paste_redirect pkce",
    "flows.long_lived": "extend_user_token",
    "flows.page_tokens": "get_page list_pages",
    "kit": "connect",
    "plots": "sequence_diagram",
    "redact": "Secret",
    "sandbox.control": "Sandbox",
    "settings": "Settings load_settings",
    "tables": "info_table kind_table page_table permission_table scope_table task_table token_table wire_table",
    "tokens": "NEVER AccessToken Page Permission TokenInfo TokenKind",
    "walk": "walk_debug_token walk_login walk_long_lived walk_page_tokens",
    "wire": "as_curl",
    "widgets": "PagePicker ScopePicker SettingsForm Stepper",
}
_HOME = {name: f"fbnb.{home}" for home, names in _HOMES.items() for name in names.split()}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"fbnb has no {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
