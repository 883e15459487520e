"""Test users: made, listed, changed, shared between apps, deleted; and their tokens, which are like anybody's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from capture import Capture

from fbnb import tables
from fbnb.client import GraphClient
from fbnb.errors import (
    DialogRefused,
    NotFound,
    RequestInvalid,
    ScopeUnknown,
    SettingError,
    TokenExpired,
    TokenMalformed,
    TokenRevoked,
    UnreadableAnswer,
    WrongTokenKind,
)
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import list_permissions, read_signed_request, revoke_login, revoke_permission
from fbnb.flows.test_users import (
    TestUser,
    associate_test_user,
    change_test_user,
    create_test_user,
    delete_test_user,
    dissociate_test_user,
    list_test_users,
)
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken, TokenKind
from fbnb.walks import walk_test_users

APP, PIER, MARA = "1000000000001", "1000000000002", "2100000000001"


def token_of(user: TestUser) -> AccessToken:
    assert user.token
    return user.token


def granted(client: GraphClient, token: AccessToken, user_id: str = "me") -> dict[str, str]:
    return {permission.name: permission.status for permission in list_permissions(client, token, user_id=user_id)}


@pytest.fixture
def alma(client: GraphClient) -> TestUser:
    return create_test_user(client, ["email", "pages_show_list"], name="Alma Reed")


@pytest.fixture
def pier(client: GraphClient, sandbox: Sandbox) -> GraphClient:
    app = sandbox.world.apps[PIER]
    settings = replace(client.settings, app_id=app.id, app_secret=Secret(app.secret), redirect_uri=app.redirect_uris[0])
    return replace(client, settings=settings)


@pytest.fixture
def shared(alma: TestUser, client: GraphClient, pier: GraphClient) -> TestUser:
    """Alma as the second app has her."""
    return associate_test_user(pier, alma.id, owner=compose_app_token(client.settings), scopes=["email"])


# Making and listing


def test_one_that_has_installed_the_app(alma: TestUser) -> None:
    assert alma.id == "8000000000001"
    assert alma.login_url == f"https://developers.facebook.com/checkpoint/test-user-login/{alma.id}/"
    assert alma.email.startswith("alma_")
    assert alma.email.endswith("@tfbnw.net")
    assert alma.password
    assert alma.password.reveal().isdecimal()
    assert len(alma.password.reveal()) == 10
    assert (token_of(alma).kind, token_of(alma).label, token_of(alma).subject) == (TokenKind.USER, "test user", alma.id)


def test_one_that_has_not(client: GraphClient) -> None:
    user = create_test_user(client, ["email"], installed=False)
    assert user.token is None
    assert granted(client, compose_app_token(client.settings), user.id) == {}


def test_names_of_the_sandboxs_own_where_none_is_given(client: GraphClient, sandbox: Sandbox) -> None:
    names = [client.get("me", token_of(create_test_user(client)))["name"] for _ in range(3)]
    assert names == ["Alma Reed", "Otto Pike", "Ida Marsh"]
    assert client.get("me", token_of(create_test_user(client, name="Wanda Weir")))["name"] == "Wanda Weir"
    assert create_test_user(client, name="   ").email.startswith("nora_")


def test_the_list_has_tokens_but_no_passwords(client: GraphClient, alma: TestUser) -> None:
    otto = create_test_user(client, installed=False)
    first, second = list_test_users(client)
    assert (first.id, first.login_url, token_of(first).value) == (alma.id, alma.login_url, token_of(alma).value)
    assert (second.id, second.token) == (otto.id, None)
    assert (first.email, first.password) == ("", None)


def test_a_list_of_none_and_of_many(client: GraphClient, sandbox: Sandbox) -> None:
    assert list_test_users(client) == []
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, test_user_limit=60, page_size=7)
    made = [create_test_user(client, installed=False).id for _ in range(30)]
    before = client.wire.count
    assert [user.id for user in list_test_users(client)] == made
    assert client.wire.count - before == 5


def test_an_app_has_ten_and_a_place_that_is_given_up_is_free_again(client: GraphClient) -> None:
    users = [create_test_user(client, installed=False) for _ in range(10)]
    with pytest.raises(RequestInvalid, match=r"2900.*Too many test accounts"):
        create_test_user(client)
    delete_test_user(client, users[4].id)
    assert create_test_user(client, installed=False).id not in {user.id for user in users}


def test_permissions_that_do_not_exist(client: GraphClient) -> None:
    with pytest.raises(ScopeUnknown, match="pages_show_list"):
        create_test_user(client, ["page_show_list"])
    with pytest.raises(RequestInvalid, match="Invalid Scopes: quantum_teleport"):
        create_test_user(client, ["quantum_teleport"])
    assert list_test_users(client) == []


def test_only_the_app_itself_makes_and_lists(client: GraphClient, short: AccessToken, pier: GraphClient) -> None:
    edge = f"{APP}/accounts/test-users"
    for call, of_the_other in ((client.post, pier.post), (client.get, pier.get), (client.delete, pier.delete)):
        with pytest.raises(WrongTokenKind, match="app access token"):
            call(edge, short)
        with pytest.raises(NotFound):
            of_the_other(edge, compose_app_token(pier.settings))
        with pytest.raises(WrongTokenKind, match="An access token is required"):
            call(edge)
        with pytest.raises(TokenMalformed, match="signature"):
            call(edge, AccessToken(Secret(f"{APP}|abc")))


def test_without_the_secret_there_is_no_app_token(client: GraphClient) -> None:
    with pytest.raises(SettingError, match="FBNB_APP_SECRET"):
        create_test_user(client.without_secret())


def test_an_answer_without_an_id_is_none_of_graphs(client: GraphClient) -> None:
    with pytest.raises(UnreadableAnswer, match="no id"):
        create_test_user(replace(client, transport=Capture([{"success": True}])))


# Tokens like anybody's


def test_the_token_works_in_every_flow_of_a_person(client: GraphClient, alma: TestUser) -> None:
    token = token_of(alma)
    assert client.get("me", token) == {"id": alma.id, "name": "Alma Reed"}
    assert granted(client, token) == dict.fromkeys(["email", "pages_show_list", "public_profile"], "granted")
    info = debug_token(client, token)
    assert (info.is_valid, info.kind, info.user_id) == (True, TokenKind.USER, alma.id)
    assert list_pages(client, token) == []
    assert client.get("me", extend_user_token(client, token))["id"] == alma.id


def test_it_ends_as_a_short_one_and_is_then_not_listed(client: GraphClient, sandbox: Sandbox, alma: TestUser) -> None:
    sandbox.clock.advance(hours=2, seconds=-1)
    assert token_of(list_test_users(client)[0]).value == token_of(alma).value
    sandbox.clock.advance(seconds=1)
    with pytest.raises(TokenExpired):
        client.get("me", token_of(alma))
    assert list_test_users(client)[0].token is None


def test_one_permission_and_everything_can_be_taken_back(client: GraphClient, sandbox: Sandbox, alma: TestUser) -> None:
    assert client.settings.app_secret
    revoke_permission(client, token_of(alma), "email")
    assert granted(client, token_of(alma))["email"] == "declined"
    revoke_login(client, token_of(alma))
    with pytest.raises(TokenRevoked, match="458"):
        client.get("me", token_of(alma))
    assert read_signed_request(sandbox.callbacks(APP)[0].signed_request, client.settings.app_secret).user_id == alma.id


def test_they_may_use_the_dialog_of_an_app_in_development(client: GraphClient, sandbox: Sandbox) -> None:
    otto = create_test_user(client, name="Otto Pike", installed=False)
    there = client.acting_as(sandbox.person("Otto Pike", decline=["email"]))
    token = log_in(there, ["email"])
    assert client.get("me", token)["id"] == otto.id
    assert granted(client, token) == {"public_profile": "granted", "email": "declined"}
    delete_test_user(client, otto.id)
    with pytest.raises(DialogRefused, match="App Not Setup"):
        log_in(there, ["email"])


def test_what_was_granted_when_made_is_not_asked_again(client: GraphClient, sandbox: Sandbox, alma: TestUser) -> None:
    there = client.acting_as(sandbox.person("Alma Reed", decline=["email", "user_birthday"]))
    told = granted(client, log_in(there, ["email", "user_birthday"]))
    assert (told["email"], told["user_birthday"]) == ("granted", "declined")


# Changing


def test_another_name_and_the_token_lives(client: GraphClient, alma: TestUser) -> None:
    assert change_test_user(client, alma.id, name="Alma Lane") is True
    assert client.get("me", token_of(alma))["name"] == "Alma Lane"


def test_another_password_and_every_token_dies_but_no_permission(client: GraphClient, alma: TestUser) -> None:
    long = extend_user_token(client, token_of(alma))
    assert change_test_user(client, alma.id, password=Secret("low-tide-at-seven"))
    for dead in (token_of(alma), long):
        with pytest.raises(TokenRevoked, match=r"190/460.*changed their password"):
            client.get("me", dead)
    assert list_test_users(client)[0].token is None
    assert granted(client, compose_app_token(client.settings), alma.id)["email"] == "granted"


def test_a_new_password_is_not_shown(client: GraphClient, alma: TestUser) -> None:
    change_test_user(client, alma.id, password=Secret("low-tide-at-seven"))
    assert client.wire.last()[0].params["password"] == "…"
    assert "low-tide" not in repr(client.wire.exchanges)
    assert alma.password
    assert alma.password.reveal() not in repr(alma)
    assert alma.login_url not in repr(alma)


def test_a_test_user_may_change_and_delete_themselves_and_nobody_else(client: GraphClient, alma: TestUser) -> None:
    otto = create_test_user(client)
    assert client.post(alma.id, token_of(alma), name="Alma Lane") == {"success": True}
    for call in (client.post, client.delete):
        with pytest.raises(NotFound):
            call(otto.id, token_of(alma))
    assert client.delete(alma.id, token_of(alma)) == {"success": True}
    assert [user.id for user in list_test_users(client)] == [otto.id]


Change = Callable[[GraphClient, str], object]
CHANGES = [lambda c, id: change_test_user(c, id, name="Nobody"), delete_test_user, dissociate_test_user]


@pytest.mark.parametrize("change", CHANGES, ids=["change", "delete", "dissociate"])
@pytest.mark.parametrize("id", [MARA, "2000000000001", "3000000000001", "999", "alma", APP])
def test_whoever_is_no_test_user_of_the_app_is_left_alone(
    change: Change, id: str, client: GraphClient, short: AccessToken
) -> None:
    with pytest.raises(NotFound, match=f"Unsupported (post|delete) request. Object with ID '{id}'"):
        change(client, id)
    assert client.get("me", short)["name"] == "Mara Quay"


@pytest.mark.parametrize("change", CHANGES, ids=["change", "delete", "dissociate"])
def test_nor_can_an_app_touch_another_apps(change: Change, pier: GraphClient, alma: TestUser) -> None:
    with pytest.raises(NotFound):
        change(pier, alma.id)


# Deleting


def test_deleted_for_good(client: GraphClient, alma: TestUser) -> None:
    long = extend_user_token(client, token_of(alma))
    assert delete_test_user(client, alma.id) is True
    assert list_test_users(client) == []
    for dead in (token_of(alma), long):
        with pytest.raises(TokenRevoked, match="190/466"):
            client.get("me", dead)
    assert granted(client, compose_app_token(client.settings), alma.id) == {}
    with pytest.raises(NotFound):
        delete_test_user(client, alma.id)


# On two apps


def test_the_last_app_cannot_let_go(client: GraphClient, alma: TestUser) -> None:
    with pytest.raises(RequestInvalid, match=r"2902.*Cannot remove test account from this app"):
        dissociate_test_user(client, alma.id)
    assert client.get("me", token_of(alma))["id"] == alma.id


def test_two_apps_have_the_same_person_and_tokens_of_their_own(
    client: GraphClient, pier: GraphClient, alma: TestUser, shared: TestUser
) -> None:
    assert shared.id == alma.id
    assert (shared.email, shared.password) == ("", None)
    assert client.get("me", token_of(alma)) == pier.get("me", token_of(shared))
    assert granted(pier, token_of(shared)) == {"email": "granted", "public_profile": "granted"}
    assert [user.id for user in list_test_users(client)] == [user.id for user in list_test_users(pier)] == [alma.id]


def test_neither_can_delete_then_but_one_can_let_go_and_the_other_delete(
    client: GraphClient, pier: GraphClient, alma: TestUser, shared: TestUser
) -> None:
    for either in (client, pier):
        with pytest.raises(RequestInvalid, match=r"2903.*Cannot delete this test account"):
            delete_test_user(either, alma.id)
    assert dissociate_test_user(client, alma.id) is True
    assert list_test_users(client) == []
    with pytest.raises(TokenRevoked, match="458"):
        client.get("me", token_of(alma))
    assert pier.get("me", token_of(shared))["id"] == alma.id
    assert delete_test_user(pier, alma.id)


def test_a_token_that_died_does_not_rise_when_they_come_back(
    client: GraphClient, pier: GraphClient, alma: TestUser, shared: TestUser
) -> None:
    dissociate_test_user(client, alma.id)
    back = associate_test_user(client, alma.id, owner=compose_app_token(pier.settings))
    assert token_of(back).value != token_of(alma).value
    assert client.get("me", token_of(back))["id"] == alma.id
    with pytest.raises(TokenRevoked, match="458"):
        client.get("me", token_of(alma))


def test_who_may_share_whom(client: GraphClient, sandbox: Sandbox, pier: GraphClient, alma: TestUser) -> None:
    owner = compose_app_token(client.settings)
    with pytest.raises(NotFound):
        associate_test_user(pier, alma.id, owner=token_of(alma))
    with pytest.raises(NotFound):
        associate_test_user(pier, alma.id, owner=compose_app_token(pier.settings))
    with pytest.raises(NotFound, match=MARA):
        associate_test_user(pier, MARA, owner=owner)
    with pytest.raises(TokenMalformed):
        associate_test_user(pier, alma.id, owner=AccessToken(Secret("rubbish")))
    assert list_test_users(pier) == []
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, test_user_limit=1)
    create_test_user(pier)
    with pytest.raises(RequestInvalid, match="2900"):
        associate_test_user(pier, alma.id, owner=owner)


def test_the_requests_are_exactly_so(client: GraphClient) -> None:
    capture = Capture([{"id": "1"}, {"success": True}])
    sent = replace(client, transport=capture)
    associate_test_user(sent, "7", owner=AccessToken(Secret("2|s")), scopes="email,user_birthday")
    method, host, path, params = capture.last
    assert (method, host, path) == ("POST", "graph.facebook.com", f"/v26.0/{APP}/accounts/test-users")
    assert params.pop("access_token").startswith(f"{APP}|")
    assert len(params.pop("appsecret_proof")) == 64
    expected = {"uid": "7", "owner_access_token": "2|s", "permissions": "email,user_birthday", "installed": "true"}
    assert params == expected
    assert dissociate_test_user(sent, "7")
    assert capture.last[:3] == ("DELETE", "graph.facebook.com", f"/v26.0/{APP}/accounts/test-users")
    assert capture.last[3]["uid"] == "7"


# Table and walk


def test_the_table(client: GraphClient, alma: TestUser) -> None:
    table = tables.test_user_table([alma, *list_test_users(client), create_test_user(client, installed=False)])
    assert list(table["id"]) == ["8000000000001", "8000000000001", "8000000000002"]
    assert list(table["email"]) == [alma.email, "not told", table["email"][2]]
    assert list(table["token"]) == [token_of(alma).hint, token_of(alma).hint, "none"]
    assert list(tables.test_user_table([])) == ["id", "email", "token"]


def test_the_walk(client: GraphClient) -> None:
    walk = walk_test_users(client)
    while not walk.done:
        walk.next()
        assert walk.error is None
    assert [user.id for user in walk.held["users"]] == [walk.held["user"].id]
    assert list_test_users(client) == []


def test_the_walk_says_when_there_is_no_room(client: GraphClient, sandbox: Sandbox) -> None:
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, test_user_limit=1)
    create_test_user(client)
    walk = walk_test_users(client)
    walk.next()
    assert isinstance(walk.error, RequestInvalid)
    assert walk.where == "Next is step 1 of 4: make one."
