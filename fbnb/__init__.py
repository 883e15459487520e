"""fbnb: practise Facebook's access tokens, every flow, offline. The public names; each is loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fbnb.assurance import ensure as ensure
    from fbnb.auditor import audit as audit
    from fbnb.browser import log_in_in_browser as log_in_in_browser
    from fbnb.catalogue import permissions as permissions
    from fbnb.client import Call as Call
    from fbnb.client import GraphClient as GraphClient
    from fbnb.client import Proof as Proof
    from fbnb.client import appsecret_proof as appsecret_proof
    from fbnb.diagnosis import Cause as Cause
    from fbnb.diagnosis import Diagnosis as Diagnosis
    from fbnb.diagnosis import diagnose as diagnose
    from fbnb.fire_drill.calendar import Incident as Incident
    from fbnb.fire_drill.rounds import drill as drill
    from fbnb.flows.app_tokens import compose_app_token as compose_app_token
    from fbnb.flows.app_tokens import compose_client_token as compose_client_token
    from fbnb.flows.app_tokens import get_app_token as get_app_token
    from fbnb.flows.business_login import exchange_business_code as exchange_business_code
    from fbnb.flows.business_login import fetch_business_token as fetch_business_token
    from fbnb.flows.business_login import get_client_business as get_client_business
    from fbnb.flows.business_login import log_in_for_business as log_in_for_business
    from fbnb.flows.client_code import ClientLogin as ClientLogin
    from fbnb.flows.client_code import generate_client_code as generate_client_code
    from fbnb.flows.client_code import redeem_client_code as redeem_client_code
    from fbnb.flows.debug_token import debug_token as debug_token
    from fbnb.flows.device_login import DeviceLogin as DeviceLogin
    from fbnb.flows.device_login import poll_device_login as poll_device_login
    from fbnb.flows.device_login import start_device_login as start_device_login
    from fbnb.flows.device_login import wait_for_device_login as wait_for_device_login
    from fbnb.flows.find_pages import Absence as Absence
    from fbnb.flows.find_pages import Finding as Finding
    from fbnb.flows.find_pages import Rung as Rung
    from fbnb.flows.find_pages import find_pages as find_pages
    from fbnb.flows.find_pages import ticked as ticked
    from fbnb.flows.login import code_from_redirect as code_from_redirect
    from fbnb.flows.login import exchange_code as exchange_code
    from fbnb.flows.login import log_in as log_in
    from fbnb.flows.login import login_url as login_url
    from fbnb.flows.login import paste_redirect as paste_redirect
    from fbnb.flows.login import pkce as pkce
    from fbnb.flows.long_lived import extend_user_token as extend_user_token
    from fbnb.flows.marketing import AdAccount as AdAccount
    from fbnb.flows.marketing import Campaign as Campaign
    from fbnb.flows.marketing import Insight as Insight
    from fbnb.flows.marketing import list_ad_accounts as list_ad_accounts
    from fbnb.flows.marketing import list_campaigns as list_campaigns
    from fbnb.flows.marketing import read_insights as read_insights
    from fbnb.flows.oidc import IdToken as IdToken
    from fbnb.flows.oidc import discover as discover
    from fbnb.flows.oidc import fetch_signing_keys as fetch_signing_keys
    from fbnb.flows.oidc import log_in_limited as log_in_limited
    from fbnb.flows.oidc import log_in_with_pkce as log_in_with_pkce
    from fbnb.flows.oidc import verify_id_token as verify_id_token
    from fbnb.flows.page_reading import Post as Post
    from fbnb.flows.page_reading import list_posts as list_posts
    from fbnb.flows.page_reading import read_page as read_page
    from fbnb.flows.page_tokens import get_page as get_page
    from fbnb.flows.page_tokens import list_pages as list_pages
    from fbnb.flows.revoke import SignedRequest as SignedRequest
    from fbnb.flows.revoke import answer_data_deletion as answer_data_deletion
    from fbnb.flows.revoke import list_permissions as list_permissions
    from fbnb.flows.revoke import make_signed_request as make_signed_request
    from fbnb.flows.revoke import read_signed_request as read_signed_request
    from fbnb.flows.revoke import revoke_login as revoke_login
    from fbnb.flows.revoke import revoke_permission as revoke_permission
    from fbnb.flows.sdk_refresh import Opening as Opening
    from fbnb.flows.sdk_refresh import refresh_sdk_token as refresh_sdk_token
    from fbnb.flows.sdk_refresh import use_app as use_app
    from fbnb.flows.sdk_refresh import use_through as use_through
    from fbnb.flows.session_info import get_session_info_token as get_session_info_token
    from fbnb.flows.system_user import Business as Business
    from fbnb.flows.system_user import SystemUser as SystemUser
    from fbnb.flows.system_user import create_system_user as create_system_user
    from fbnb.flows.system_user import drop_system_user_tokens as drop_system_user_tokens
    from fbnb.flows.system_user import generate_system_user_token as generate_system_user_token
    from fbnb.flows.system_user import install_app as install_app
    from fbnb.flows.system_user import list_businesses as list_businesses
    from fbnb.flows.system_user import list_system_users as list_system_users
    from fbnb.flows.system_user import refresh_system_user_token as refresh_system_user_token
    from fbnb.flows.system_user import revoke_system_user_token as revoke_system_user_token
    from fbnb.flows.test_users import TestUser as TestUser
    from fbnb.flows.test_users import associate_test_user as associate_test_user
    from fbnb.flows.test_users import change_test_user as change_test_user
    from fbnb.flows.test_users import create_test_user as create_test_user
    from fbnb.flows.test_users import delete_test_user as delete_test_user
    from fbnb.flows.test_users import dissociate_test_user as dissociate_test_user
    from fbnb.flows.test_users import list_test_users as list_test_users
    from fbnb.kit import connect as connect
    from fbnb.letter import Notice as Notice
    from fbnb.mail import Mail as Mail
    from fbnb.notices import tell as tell
    from fbnb.redact import Secret as Secret
    from fbnb.renewal import renew as renew
    from fbnb.retries import NO_RETRIES as NO_RETRIES
    from fbnb.retries import Retries as Retries
    from fbnb.sandbox.control import Sandbox as Sandbox
    from fbnb.settings import Settings as Settings
    from fbnb.settings import load_settings as load_settings
    from fbnb.store import StoredToken as StoredToken
    from fbnb.store import TokenStore as TokenStore
    from fbnb.store_walks import walk_store as walk_store
    from fbnb.tokens import NEVER as NEVER
    from fbnb.tokens import AccessToken as AccessToken
    from fbnb.tokens import Page as Page
    from fbnb.tokens import Permission as Permission
    from fbnb.tokens import TokenInfo as TokenInfo
    from fbnb.tokens import TokenKind as TokenKind
    from fbnb.usage import Usage as Usage
    from fbnb.verdicts import Next as Next
    from fbnb.verdicts import Verdict as Verdict

__version__ = "0.1.0"

_HOMES = {
    "assurance": "ensure",
    "auditor": "audit",
    "browser": "log_in_in_browser",
    "catalogue": "permissions",
    "client": "Call GraphClient Proof appsecret_proof",
    "diagnosis": "Cause Diagnosis diagnose",
    "exercise": "check",
    "fire_drill.calendar": "Incident",
    "fire_drill.rounds": "drill",
    "fire_drill.tables": "drill_table",
    "flows.app_tokens": "compose_app_token compose_client_token get_app_token",
    "flows.business_login": "exchange_business_code fetch_business_token get_client_business log_in_for_business",
    "flows.client_code": "ClientLogin generate_client_code redeem_client_code",
    "flows.debug_token": "debug_token",
    "flows.device_login": "DeviceLogin poll_device_login start_device_login wait_for_device_login",
    "flows.find_pages": "Absence Finding Rung find_pages ticked",
    "flows.login": "code_from_redirect exchange_code log_in login_url paste_redirect pkce",
    "flows.long_lived": "extend_user_token",
    "flows.marketing": "AdAccount Campaign Insight list_ad_accounts list_campaigns read_insights",
    "flows.oidc": "IdToken discover fetch_signing_keys log_in_limited log_in_with_pkce verify_id_token",
    "flows.page_reading": "Post list_posts read_page",
    "flows.page_tokens": "get_page list_pages",
    "flows.revoke": (
        "SignedRequest answer_data_deletion list_permissions make_signed_request read_signed_request revoke_login"
        " revoke_permission"
    ),
    "flows.sdk_refresh": "Opening refresh_sdk_token use_app use_through",
    "flows.session_info": "get_session_info_token",
    "flows.system_user": (
        "Business SystemUser create_system_user drop_system_user_tokens generate_system_user_token install_app"
        " list_businesses list_system_users refresh_system_user_token revoke_system_user_token"
    ),
    "flows.test_users": (
        "TestUser associate_test_user change_test_user create_test_user delete_test_user dissociate_test_user list_test_users"
    ),
    "kit": "connect",
    "letter": "Notice",
    "mail": "Mail",
    "notices": "tell",
    "plots": "family_tree lifetimes qr_code sequence_diagram sequence_mermaid task_map usage_chart",
    "redact": "Secret",
    "renewal": "renew",
    "retries": "NO_RETRIES Retries",
    "sandbox.control": "Sandbox",
    "settings": "Settings load_settings",
    "snippets": "as_curl as_fbnb as_httpx",
    "store": "StoredToken TokenStore",
    "store_tables": "audit_table expiry_table lineage_table",
    "store_walks": "walk_store",
    "tables": (
        "ad_account_table blast_table campaign_table client_table event_table family_table finding_table flow_table info_table"
        " insight_table kind_table opening_table page_table permission_table post_table scope_table status_table"
        " system_user_table task_table test_user_table"
        " suspect_table token_table usage_table wire_table"
    ),
    "tokens": "NEVER AccessToken Page Permission TokenInfo TokenKind",
    "walk": "Walk",
    "walks": (
        "walk_app_tokens walk_business_login walk_client_code walk_debug_token walk_device_login walk_find_pages"
        " walk_login walk_long_lived walk_marketing walk_oidc walk_page_reading walk_page_tokens walk_revoke"
        " walk_sdk_refresh walk_session_info walk_system_user walk_test_users"
    ),
    "usage": "Usage",
    "verdicts": "Next Verdict",
    "widgets": (
        "Connect ErrorExplainer Explorer LoginDialog PagePicker ScopePicker Stepper TimeTravel TokenCard TokenDebugger"
        " TokenPicker WhichToken"
    ),
}
_HOME = {name: f"fbnb.{home}" for home, names in _HOMES.items() for name in names.split()}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"fbnb has no {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
