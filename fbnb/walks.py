"""The walks there are, one for each flow: its steps in words, and the functions of the flow that take them.

The same steps as code to copy are in `data/steps.csv`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fbnb.client import GraphClient
from fbnb.errors import InputError
from fbnb.flows import marketing, oidc, page_reading, revoke, system_user, test_users
from fbnb.flows.app_tokens import compose_app_token, compose_client_token, get_app_token
from fbnb.flows.business_login import exchange_business_code, get_client_business
from fbnb.flows.client_code import generate_client_code, redeem_client_code
from fbnb.flows.debug_token import debug_token
from fbnb.flows.device_login import poll_device_login, start_device_login
from fbnb.flows.find_pages import find_pages, ticked
from fbnb.flows.login import code_from_redirect, exchange_code, login_url
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.sdk_refresh import refresh_sdk_token, use_app
from fbnb.flows.session_info import get_session_info_token
from fbnb.redact import Secret
from fbnb.sandbox.transport import sandbox_behind
from fbnb.tokens import AccessToken, Page
from fbnb.walk import Held, Step, Walk

Take = Callable[[GraphClient, Held], Any]
N = TypeVar("N")


def _walk(
    client: GraphClient, title: str, *steps: tuple[str, str, Take] | tuple[str, str, Take, dict[str, str]], **given: object
) -> Walk:
    taken = [Step(name, yields, take, dict(*inputs), rehearsed=True) for name, yields, take, *inputs in steps]
    return Walk(client, title, taken, given)


def _asked(scopes: Sequence[str]) -> dict[str, str]:
    """The scopes as an input, in one line that can be changed."""
    return {"scopes": ",".join(scopes)}


def _code(client: GraphClient, held: Held) -> Secret:
    return code_from_redirect(held["redirect"], state=held["state"], redirect_uri=client.settings.redirect_uri)


def walk_login(client: GraphClient, scopes: Sequence[str] = ("pages_show_list",)) -> Walk:
    """State, dialog, redirect, code, token."""
    return _walk(
        client,
        "the login",
        ("make a state", "state", lambda c, held: c.nonce()),
        ("build the dialog's address", "url", _login_url, _asked(scopes)),
        ("the person answers the dialog", "redirect", lambda c, held: c.open_dialog(held["url"])),
        ("check the state, take the code", "code", _code),
        ("exchange the code", "user token", lambda c, held: exchange_code(c, held["code"])),
    )


def _login_url(client: GraphClient, held: Held) -> Any:
    return login_url(client, held["scopes"], state=held["state"])


def walk_debug_token(client: GraphClient, token: AccessToken) -> Walk:
    """An app token, and what it may ask about: `token`, and itself."""
    return _walk(
        client,
        "debug_token",
        ("compose the app token", "app token", lambda c, held: compose_app_token(c.settings)),
        ("ask about the token", "its info", lambda c, held: debug_token(c, token, using=held["app token"])),
        ("let the app token ask about itself", "the app token's info", _about_itself),
        token=token,
    )


def _about_itself(client: GraphClient, held: Held) -> Any:
    return debug_token(client, held["app token"], using=held["app token"])


def walk_long_lived(client: GraphClient, token: AccessToken) -> Walk:
    """A user token extended, then both strings asked about."""
    return _walk(
        client,
        "the extension",
        ("extend it, with the app secret", "long-lived token", lambda c, held: extend_user_token(c, token)),
        ("ask when the new one ends", "its info", lambda c, held: debug_token(c, held["long-lived token"])),
        ("ask whether the old one still lives", "the old one's info", lambda c, held: debug_token(c, token)),
        token=token,
    )


def walk_page_tokens(client: GraphClient, token: AccessToken) -> Walk:
    """Extend first, then list: Page tokens without an end."""
    return _walk(
        client,
        "the Page tokens",
        ("extend the user token", "long-lived token", lambda c, held: extend_user_token(c, token)),
        ("list the Pages", "pages", lambda c, held: list_pages(c, held["long-lived token"])),
        ("ask about the first Page's token", "its info", lambda c, held: debug_token(c, _first_page(held["pages"]))),
        token=token,
    )


def _first_page(pages: Sequence[Page]) -> AccessToken:
    found = [page.token for page in pages if page.token]
    return _first(found, "There is no Page token to ask about.", "Log in as someone with a Page, and tick it.")


def _first(those: Sequence[N], problem: str, remedy: str) -> N:
    if not those:
        raise InputError(problem, remedy=remedy)
    return those[0]


def walk_client_code(client: GraphClient, token: AccessToken) -> Walk:
    """The server's two steps and the phone's one. token: the long-lived one, which stays on the server."""
    return _walk(
        client,
        "the client code",
        ("the server makes a code", "code", lambda c, held: generate_client_code(c, token)),
        ("the phone redeems it, without the secret", "phone", lambda c, held: _redeemed(c, held)),
        ("ask when the phone's token ends", "its info", lambda c, held: debug_token(c, held["phone"].token)),
        token=token,
    )


def _redeemed(client: GraphClient, held: Held) -> Any:
    return redeem_client_code(client.without_secret(), held["code"])


def walk_app_tokens(client: GraphClient) -> Walk:
    """Three tokens that no person is needed for."""
    return _walk(
        client,
        "the app's own tokens",
        ("ask for the app token", "from Graph", lambda c, held: get_app_token(c)),
        ("compose it instead", "composed", lambda c, held: compose_app_token(c.settings)),
        ("let the one ask about the other", "its info", _composed_info),
        ("compose the client token", "client token", lambda c, held: compose_client_token(c.settings)),
    )


def _composed_info(client: GraphClient, held: Held) -> Any:
    return debug_token(client, held["composed"], using=held["from Graph"])


def walk_system_user(client: GraphClient, admin: AccessToken, scopes: Sequence[str] = ("pages_show_list",)) -> Walk:
    """From an admin's token to one that needs no person. admin: with business_management."""
    return _walk(
        client,
        "the system user",
        ("find the business", "business", lambda c, held: _business(c, admin)),
        ("take a system user, or create one", "robot", lambda c, held: _robot(c, held["business"].id, admin)),
        ("install the app for it", "installed", lambda c, held: system_user.install_app(c, held["robot"].id, admin)),
        ("generate a token", "token", lambda c, held: _robots_token(c, held, admin), _asked(scopes)),
        ("ask when it ends", "its info", lambda c, held: debug_token(c, held["token"])),
        admin=admin,
    )


def _business(client: GraphClient, admin: AccessToken) -> system_user.Business:
    found = system_user.list_businesses(client, admin)
    return _first(found, "This person administers no business.", "Log in as an admin of one.")


def _robot(client: GraphClient, business: str, admin: AccessToken) -> system_user.SystemUser:
    # A business has few of them: take what is there.
    there = [user for user in system_user.list_system_users(client, business, admin) if user.role != "ADMIN"]
    return there[0] if there else system_user.create_system_user(client, business, "Robot", admin)


def _robots_token(client: GraphClient, held: Held, admin: AccessToken) -> Any:
    return system_user.generate_system_user_token(client, held["robot"], held["scopes"], admin)


def walk_revoke(client: GraphClient, token: AccessToken, permission: str = "email") -> Walk:
    """One permission taken back, then everything."""
    return _walk(
        client,
        "taking it back",
        ("read the permissions", "before", lambda c, held: revoke.list_permissions(c, token)),
        ("take one of them back", "taken back", lambda c, held: _taken_back(c, held, token), {"permission": permission}),
        ("read them again", "after", lambda c, held: revoke.list_permissions(c, token)),
        ("de-authorise the app", "de-authorised", lambda c, held: revoke.revoke_login(c, token)),
        ("ask about the token", "its info", lambda c, held: debug_token(c, token)),
        token=token,
    )


def _taken_back(client: GraphClient, held: Held, token: AccessToken) -> Any:
    return revoke.revoke_permission(client, token, held["permission"])


def walk_device_login(client: GraphClient, scopes: Sequence[str] = ("public_profile",)) -> Walk:
    """Start, the person's part, then poll: the last step is refused until they have answered, and can be taken again."""
    return _walk(
        client,
        "the device login",
        ("ask for a code", "login", lambda c, held: start_device_login(c, held["scopes"]), _asked(scopes)),
        ("the person types it in, on another screen", "typed in", _typed_in),
        ("wait for the interval, and poll", "user token", _polled),
    )


def _typed_in(client: GraphClient, held: Held) -> str:
    login, sandbox = held["login"], sandbox_behind(client.transport)
    if sandbox:
        sandbox.answer_device(login.user_code)
    return f"{login.user_code}, at {login.verification_uri}"


def _polled(client: GraphClient, held: Held) -> Any:
    client.clock.sleep(held["login"].interval)
    return poll_device_login(client, held["login"])


def walk_session_info(client: GraphClient, token: AccessToken) -> Walk:
    """A weakened copy, and the one thing it is good for."""
    return _walk(
        client,
        "the session-info token",
        ("ask for a weakened copy", "session info", lambda c, held: get_session_info_token(c, token)),
        ("ask about it", "its info", lambda c, held: debug_token(c, held["session info"])),
        token=token,
    )


def walk_sdk_refresh(client: GraphClient, token: AccessToken) -> Walk:
    """What the SDK does when the app is opened, and opened again the same day."""
    return _walk(
        client,
        "the SDK's refresh",
        ("the app is opened", "token", lambda c, held: use_app(c, token)),
        ("refresh all the same", "refreshed", lambda c, held: refresh_sdk_token(c, held["token"])),
        token=token,
    )


def walk_business_login(client: GraphClient, config_id: str) -> Walk:
    """State, dialog with a configuration, code, the business's token."""
    return _walk(
        client,
        "the business login",
        ("make a state", "state", lambda c, held: c.nonce()),
        ("build the dialog's address", "url", _business_url, {"config_id": config_id}),
        ("an admin of the business answers", "redirect", lambda c, held: c.open_dialog(held["url"])),
        ("check the state, take the code", "code", _code),
        ("exchange it, without a redirect_uri", "business token", lambda c, held: exchange_business_code(c, held["code"])),
        ("ask whose it is", "business", lambda c, held: get_client_business(c, held["business token"])),
    )


def _business_url(client: GraphClient, held: Held) -> str:
    return login_url(client, state=held["state"], config_id=held["config_id"], response_type="code")


def walk_oidc(client: GraphClient, scopes: Sequence[str] = ("email",)) -> Walk:
    """A nonce, an id_token, and what it says once it is verified."""
    return _walk(
        client,
        "the id_token",
        ("make a nonce", "nonce", lambda c, held: c.nonce()),
        ("the person answers the dialog", "id_token", _id_token, _asked(scopes)),
        ("verify it with Facebook's keys", "verified", _verified),
        ("read who it is", "user id", lambda c, held: held["verified"].user_id),
    )


def _id_token(client: GraphClient, held: Held) -> Any:
    return oidc.log_in_limited(client, held["scopes"], nonce=held["nonce"])


def _verified(client: GraphClient, held: Held) -> Any:
    return oidc.verify_id_token(client, held["id_token"], nonce=held["nonce"])


def walk_find_pages(client: GraphClient, token: AccessToken, expected: Sequence[str] = ()) -> Walk:
    """The ladder's first rungs one by one, then all of it."""
    return _walk(
        client,
        "the search for Pages",
        ("list the Pages", "listed", lambda c, held: list_pages(c, token)),
        ("ask which were ticked", "ticked", lambda c, held: ticked(debug_token(c, token))),
        ("look everywhere", "found", lambda c, held: find_pages(c, token, expected=expected)),
        token=token,
        expected=expected,
    )


def walk_page_reading(client: GraphClient, page_id: str, token: AccessToken) -> Walk:
    """A Page, then its posts. token: the Page's own."""
    return _walk(
        client,
        "reading a Page",
        ("read the Page", "page", lambda c, held: page_reading.read_page(c, held["page_id"], token), {"page_id": page_id}),
        ("read its posts", "posts", lambda c, held: page_reading.list_posts(c, held["page"]["id"], token)),
        token=token,
    )


def walk_marketing(client: GraphClient, token: AccessToken) -> Walk:
    """Ad account, campaigns, figures."""
    return _walk(
        client,
        "the ads",
        ("find the ad account", "account", lambda c, held: _ad_account(c, token)),
        ("list its campaigns", "campaigns", lambda c, held: marketing.list_campaigns(c, held["account"].id, token)),
        ("read what they brought", "insights", lambda c, held: marketing.read_insights(c, held["account"].id, token)),
        token=token,
    )


def _ad_account(client: GraphClient, token: AccessToken) -> marketing.AdAccount:
    found = marketing.list_ad_accounts(client, token)
    return _first(found, "This person has a role on no ad account.", "Log in as someone who has.")


def walk_test_users(client: GraphClient, scopes: Sequence[str] = ("email",)) -> Walk:
    """One test user, from the cradle to the grave."""
    return _walk(
        client,
        "the test user",
        ("make one", "user", lambda c, held: test_users.create_test_user(c, held["scopes"]), _asked(scopes)),
        ("change the name", "changed", _renamed, {"name": "Alma Changed"}),
        ("list them", "users", lambda c, held: test_users.list_test_users(c)),
        ("delete it", "deleted", lambda c, held: test_users.delete_test_user(c, held["user"].id)),
    )


def _renamed(client: GraphClient, held: Held) -> Any:
    return test_users.change_test_user(client, held["user"].id, name=held["name"])
