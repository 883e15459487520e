"""System users: made, installed, given tokens that end or do not, and robbed of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from fbnb.catalogue import permissions
from fbnb.client import GraphClient
from fbnb.errors import (
    AppCredentialsWrong,
    InputError,
    NotFound,
    PermissionMissing,
    ProofRejected,
    RequestInvalid,
    TokenExpired,
    TokenInvalid,
    TokenMalformed,
    TokenRevoked,
    WrongTokenKind,
)
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.system_user import (
    Business,
    SystemUser,
    create_system_user,
    drop_system_user_tokens,
    generate_system_user_token,
    install_app,
    list_businesses,
    list_system_users,
    refresh_system_user_token,
    revoke_system_user_token,
)
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tables import system_user_table
from fbnb.tokens import NEVER, AccessToken, TokenKind
from fbnb.walks import walk_system_user

HARBOUR, TIDE, HOTELS = "5000000000001", "5000000000002", "5000000000003"
SCOPES = ("pages_read_engagement", "pages_show_list")
ENDED = "invalidated explicitly"


@pytest.fixture
def admin(client: GraphClient) -> AccessToken:
    return log_in(client, ["business_management"])


@pytest.fixture
def robot(client: GraphClient, admin: AccessToken) -> SystemUser:
    return installed(client, HARBOUR, "Report Robot", admin)


@pytest.fixture
def token(client: GraphClient, robot: SystemUser, admin: AccessToken) -> AccessToken:
    return generate_system_user_token(client, robot, SCOPES, admin)


def installed(client: GraphClient, business: str, name: str, admin: AccessToken, role: str = "EMPLOYEE") -> SystemUser:
    machine = create_system_user(client, business, name, admin, role=role)
    install_app(client, machine.id, admin)
    return machine


def ben(client: GraphClient, sandbox: Sandbox, scopes: str = "business_management") -> AccessToken:
    return log_in(client.acting_as(sandbox.person("Ben Tide")), scopes)


def of_pier_planner(client: GraphClient, sandbox: Sandbox) -> GraphClient:
    app = sandbox.world.apps["1000000000002"]
    settings = replace(client.settings, app_id=app.id, app_secret=Secret(app.secret), redirect_uri=app.redirect_uris[0])
    return replace(client, settings=settings)


def unreadable(text: str) -> AccessToken:
    return AccessToken(Secret(text))


def test_the_businesses_are_those_the_person_administers(client: GraphClient, sandbox: Sandbox, admin: AccessToken) -> None:
    assert [business.id for business in list_businesses(client, admin)] == [HARBOUR, TIDE, HOTELS]
    assert list_businesses(client, ben(client, sandbox))[0] == Business(TIDE, "Tide & Sons")


def test_businesses_need_the_permission_and_a_person(client: GraphClient, short: AccessToken) -> None:
    with pytest.raises(PermissionMissing, match="business_management"):
        list_businesses(client, short)
    with pytest.raises(WrongTokenKind):
        list_businesses(client, compose_app_token(client.settings))
    with pytest.raises(TokenMalformed):
        list_businesses(client, unreadable("rubbish"))


def test_a_system_user_is_made_and_listed(client: GraphClient, admin: AccessToken) -> None:
    robot = create_system_user(client, HARBOUR, "Report Robot", admin)
    assert (robot.name, robot.role) == ("Report Robot", "EMPLOYEE")
    steward = create_system_user(client, HARBOUR, "Steward", admin, role="ADMIN")
    assert list_system_users(client, HARBOUR, admin) == [robot, steward]
    assert list_system_users(client, TIDE, admin) == []


@pytest.mark.parametrize(("tier", "role", "most"), [("limited", "EMPLOYEE", 1), ("full", "EMPLOYEE", 10), ("full", "ADMIN", 1)])
def test_the_tier_limits_how_many(
    tier: str, role: str, most: int, client: GraphClient, sandbox: Sandbox, admin: AccessToken
) -> None:
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, system_user_tier=tier)
    for number in range(most):
        create_system_user(client, HARBOUR, f"Robot {number}", admin, role=role)
    with pytest.raises(RequestInvalid, match="limit of system users"):
        create_system_user(client, HARBOUR, "One more", admin, role=role)
    assert create_system_user(client, TIDE, "Elsewhere", admin, role=role).id


def test_creating_is_refused_to_others_and_for_bad_input(client: GraphClient, sandbox: Sandbox, admin: AccessToken) -> None:
    with pytest.raises(PermissionMissing, match="authorized"):
        create_system_user(client, HARBOUR, "Robot", ben(client, sandbox, "email"))
    with pytest.raises(PermissionMissing, match="Permissions error"):
        create_system_user(client, HARBOUR, "Robot", ben(client, sandbox))
    with pytest.raises(NotFound, match="999"):
        create_system_user(client, "999", "Robot", admin)
    with pytest.raises(RequestInvalid, match="name is required"):
        create_system_user(client, HARBOUR, "", admin)
    with pytest.raises(RequestInvalid, match="role must be one of"):
        create_system_user(client, HARBOUR, "Robot", admin, role="KING")
    with pytest.raises(WrongTokenKind):
        create_system_user(client, HARBOUR, "Robot", compose_app_token(client.settings))


def test_creating_with_a_dead_token_is_refused(client: GraphClient, sandbox: Sandbox, admin: AccessToken) -> None:
    sandbox.clock.advance(hours=2)
    with pytest.raises(TokenExpired):
        create_system_user(client, HARBOUR, "Robot", admin)


def test_an_employee_machine_creates_none_and_an_admin_machine_does(client: GraphClient, admin: AccessToken) -> None:
    steward = installed(client, HARBOUR, "Steward", admin, "ADMIN")
    master = generate_system_user_token(client, steward, "business_management", admin)
    robot = installed(client, HARBOUR, "Robot", master)
    with pytest.raises(PermissionMissing):
        list_system_users(client, HARBOUR, generate_system_user_token(client, robot, "business_management", master))


def test_only_an_app_of_the_business_is_installed(client: GraphClient, sandbox: Sandbox, admin: AccessToken) -> None:
    porter = create_system_user(client, HOTELS, "Night Porter", admin)
    with pytest.raises(RequestInvalid, match="does not belong to the business"):
        install_app(client, porter.id, admin)
    clerk = create_system_user(client, TIDE, "Clerk", admin)
    assert install_app(client, clerk.id, admin) is install_app(client, clerk.id, admin) is True
    pier = of_pier_planner(client, sandbox)
    with pytest.raises(RequestInvalid, match="does not belong to the business"):
        install_app(pier, clerk.id, log_in(pier, "business_management"))


def test_installing_is_for_the_business_and_for_a_machine_that_exists(
    client: GraphClient, sandbox: Sandbox, admin: AccessToken, robot: SystemUser
) -> None:
    with pytest.raises(PermissionMissing, match="#200"):
        install_app(client, robot.id, ben(client, sandbox))
    with pytest.raises(NotFound):
        install_app(client, "999", admin)
    machine = generate_system_user_token(client, robot, "business_management", admin)
    steward = create_system_user(client, HARBOUR, "Steward", admin, role="ADMIN")
    assert install_app(client, steward.id, machine)


def test_a_token_without_an_end_is_told_by_debug_token_only(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    assert (token.kind, token.expires_at, token.label) == (TokenKind.SYSTEM_USER, None, "Report Robot")
    sandbox.clock.advance(days=3650)
    info = debug_token(client, token)
    assert (info.kind, info.expires_at, info.data_access_expires_at) == (TokenKind.SYSTEM_USER, NEVER, NEVER)
    assert (info.is_valid, info.user_id, info.scopes) == (True, token.subject, SCOPES)


def test_a_token_of_60_days_lives_until_the_last_second(
    client: GraphClient, sandbox: Sandbox, robot: SystemUser, admin: AccessToken
) -> None:
    token = generate_system_user_token(client, robot, SCOPES, admin, days=60)
    assert debug_token(client, token).expires_at == client.now() + timedelta(days=60)
    sandbox.clock.advance(days=60, seconds=-1)
    assert client.get("me", token)["name"] == "Report Robot"
    sandbox.clock.advance(seconds=1)
    with pytest.raises(TokenExpired):
        client.get("me", token)


def test_the_maker_may_go_and_the_token_stays(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> None:
    sandbox.change_password("Mara Quay")
    sandbox.remove_app("Mara Quay", client.settings.app_id)
    assert debug_token(client, token).is_valid


def test_the_proof_is_demanded_though_the_app_does_not(
    client: GraphClient, sandbox: Sandbox, robot: SystemUser, admin: AccessToken
) -> None:
    assert not sandbox.world.apps[client.settings.app_id].require_proof
    assert list_businesses(client.without_secret(), admin)
    with pytest.raises(ProofRejected, match="require an appsecret_proof"):
        generate_system_user_token(client.without_secret(), robot, SCOPES, admin)
    wrong = replace(client, settings=replace(client.settings, app_secret=Secret("0" * 32)))
    with pytest.raises(ProofRejected, match="Invalid appsecret_proof"):
        generate_system_user_token(wrong, robot, SCOPES, admin)


def test_the_proof_is_demanded_before_the_role_is_looked_at(client: GraphClient, sandbox: Sandbox, robot: SystemUser) -> None:
    with pytest.raises(ProofRejected):
        generate_system_user_token(client.without_secret(), robot, SCOPES, ben(client, sandbox))
    with pytest.raises(PermissionMissing):
        generate_system_user_token(client, robot, SCOPES, ben(client, sandbox))


def test_the_app_must_be_installed_first(client: GraphClient, admin: AccessToken) -> None:
    robot = create_system_user(client, HARBOUR, "Report Robot", admin)
    with pytest.raises(RequestInvalid, match="must be installed"):
        generate_system_user_token(client, robot, SCOPES, admin)


@pytest.mark.parametrize("scope", ["email", "public_profile", "user_posts", "openid"])
def test_scopes_for_people_are_refused(scope: str, client: GraphClient, robot: SystemUser, admin: AccessToken) -> None:
    with pytest.raises(RequestInvalid, match=f"Invalid scope for a system user: {scope}"):
        generate_system_user_token(client, robot, ["pages_show_list", scope], admin)


def test_every_scope_for_system_users_is_given(client: GraphClient, robot: SystemUser, admin: AccessToken) -> None:
    every = sorted(name for name, facts in permissions().items() if facts.for_system_users)
    token = generate_system_user_token(client, robot, every, admin)
    assert debug_token(client, token).scopes == tuple(every)


def test_a_business_may_allow_only_tokens_that_end(client: GraphClient, admin: AccessToken) -> None:
    clerk = installed(client, TIDE, "Clerk", admin)
    with pytest.raises(RequestInvalid, match="expiring system user tokens only"):
        generate_system_user_token(client, clerk, SCOPES, admin)
    token = generate_system_user_token(client, clerk, SCOPES, admin, days=60)
    assert debug_token(client, token).expires_at == client.now() + timedelta(days=60)


def test_generating_needs_a_live_token_and_a_machine(
    client: GraphClient, sandbox: Sandbox, robot: SystemUser, admin: AccessToken
) -> None:
    with pytest.raises(NotFound):
        generate_system_user_token(client, replace(robot, id="999"), SCOPES, admin)
    with pytest.raises(TokenMalformed):
        generate_system_user_token(client, robot, SCOPES, unreadable("EAA_half"))
    sandbox.log_out("Mara Quay")
    with pytest.raises(TokenRevoked, match="logged out"):
        generate_system_user_token(client, robot, SCOPES, admin)


def test_a_token_of_another_app_generates_none(client: GraphClient, sandbox: Sandbox, robot: SystemUser) -> None:
    pier = of_pier_planner(client, sandbox)
    with pytest.raises(RequestInvalid, match="must be installed"):
        generate_system_user_token(pier, robot, SCOPES, log_in(pier, "business_management"))


def test_without_a_page_the_list_is_refused_and_a_later_assignment_is_seen(
    client: GraphClient, sandbox: Sandbox, token: AccessToken
) -> None:
    with pytest.raises(PermissionMissing) as refused:
        list_pages(client, token)
    assert (refused.value.code, refused.value.status) == (200, 403)
    sandbox.change_role("Report Robot", "Harbour Bakery", "editor")
    bakery = list_pages(client, token)[0]
    assert (bakery.name, len(bakery.tasks or ())) == ("Harbour Bakery", 5)
    sandbox.change_role("Report Robot", "Harbour Bakery")
    with pytest.raises(PermissionMissing):
        list_pages(client, token)


def test_scopes_stay_what_they_were(
    client: GraphClient, sandbox: Sandbox, robot: SystemUser, token: AccessToken, admin: AccessToken
) -> None:
    later = generate_system_user_token(client, robot, "ads_read", admin)
    sandbox.change_role("Report Robot", "Harbour Bakery", "admin")
    assert debug_token(client, token).scopes == SCOPES
    assert debug_token(client, later).scopes == ("ads_read",)


def test_refreshing_restarts_the_clock_and_leaves_the_old_token(
    client: GraphClient, sandbox: Sandbox, robot: SystemUser, admin: AccessToken
) -> None:
    old = generate_system_user_token(client, robot, SCOPES, admin, days=60)
    end = client.now() + timedelta(days=60)
    sandbox.clock.advance(days=60, seconds=-1)
    new = refresh_system_user_token(client, old)
    assert (new.expires_at, new.label, new.kind) == (client.now() + timedelta(days=60), "Report Robot", TokenKind.SYSTEM_USER)
    assert (debug_token(client, old).expires_at, debug_token(client, old).is_valid) == (end, True)
    assert debug_token(client, new).scopes == SCOPES
    sandbox.clock.advance(seconds=1)
    assert (debug_token(client, old).is_valid, debug_token(client, new).is_valid) == (False, True)
    with pytest.raises(TokenExpired):
        refresh_system_user_token(client, old)


def test_refreshing_one_without_an_end_gives_one_that_ends(client: GraphClient, token: AccessToken) -> None:
    assert refresh_system_user_token(client, token).expires_at == client.now() + timedelta(days=60)
    assert debug_token(client, token).expires_at is NEVER


def test_only_a_live_system_users_token_of_this_app_is_refreshed(
    client: GraphClient, sandbox: Sandbox, token: AccessToken, admin: AccessToken, short: AccessToken
) -> None:
    page = list_pages(client, short)[0].token
    assert page
    for other in (admin, page, compose_app_token(client.settings)):
        with pytest.raises(RequestInvalid, match="system user access tokens"):
            refresh_system_user_token(client, other)
    with pytest.raises(TokenMalformed):
        refresh_system_user_token(client, unreadable("rubbish"))
    with pytest.raises(RequestInvalid, match="fb_exchange_token is required"):
        refresh_system_user_token(client, unreadable(""))
    with pytest.raises(TokenInvalid, match="not issued for this application"):
        refresh_system_user_token(of_pier_planner(client, sandbox), token)
    with pytest.raises(AppCredentialsWrong):
        refresh_system_user_token(client.without_secret(), token)
    with pytest.raises(RequestInvalid, match="set_token_expires_in_60_days only"):
        extend_user_token(client, token)


def test_one_is_revoked_and_the_others_live(
    client: GraphClient, robot: SystemUser, token: AccessToken, admin: AccessToken
) -> None:
    other, refreshed = generate_system_user_token(client, robot, SCOPES, admin), refresh_system_user_token(client, token)
    assert revoke_system_user_token(client, token, using=admin)
    with pytest.raises(TokenRevoked, match=ENDED):
        client.get("me", token)
    assert debug_token(client, token).scopes == ()
    assert debug_token(client, other).is_valid
    assert debug_token(client, refreshed).is_valid
    assert revoke_system_user_token(client, other, using=other)
    assert not debug_token(client, other).is_valid


def test_revoking_needs_one_app_throughout(client: GraphClient, sandbox: Sandbox, token: AccessToken, admin: AccessToken) -> None:
    pier = of_pier_planner(client, sandbox)
    foreign = log_in(pier)
    for by, revoked, using in ((client, foreign, admin), (pier, token, foreign)):
        with pytest.raises(RequestInvalid, match="of the app that asks"):
            revoke_system_user_token(by, revoked, using=using)
    with pytest.raises(ProofRejected):
        revoke_system_user_token(client, token, using=foreign)
    with pytest.raises(TokenMalformed):
        revoke_system_user_token(client, unreadable("rubbish"), using=admin)
    with pytest.raises(AppCredentialsWrong):
        revoke_system_user_token(client.without_secret(), token, using=admin)
    assert debug_token(client, token).is_valid


def test_all_of_one_machine_are_dropped(client: GraphClient, robot: SystemUser, token: AccessToken, admin: AccessToken) -> None:
    steward = installed(client, HARBOUR, "Steward", admin, "ADMIN")
    refreshed, stewards = refresh_system_user_token(client, token), generate_system_user_token(client, steward, SCOPES, admin)
    assert drop_system_user_tokens(client, robot.id, using=admin)
    assert [debug_token(client, one).is_valid for one in (token, refreshed, stewards)] == [False, False, True]
    with pytest.raises(TokenRevoked, match=ENDED):
        refresh_system_user_token(client, refreshed)
    assert debug_token(client, generate_system_user_token(client, robot, SCOPES, admin)).is_valid


def test_dropping_is_for_the_business(
    client: GraphClient, sandbox: Sandbox, robot: SystemUser, token: AccessToken, admin: AccessToken
) -> None:
    with pytest.raises(PermissionMissing):
        drop_system_user_tokens(client, robot.id, using=ben(client, sandbox))
    with pytest.raises(NotFound):
        drop_system_user_tokens(client, "999", using=admin)
    assert debug_token(client, token).is_valid


def test_the_table_has_a_column_for_each_scope(
    client: GraphClient, robot: SystemUser, token: AccessToken, admin: AccessToken
) -> None:
    dated = generate_system_user_token(client, robot, "ads_read", admin, days=60)
    table = system_user_table((robot, debug_token(client, one)) for one in (token, dated))
    assert list(table.columns) == ["role", "token ends", "ads_read", *SCOPES]
    assert table["ads_read"].tolist() == ["", "yes"]
    assert table["token ends"].tolist() == ["never", "2027-01-01 09:00 UTC"]
    assert list(table.index) == ["Report Robot", "Report Robot"]
    assert system_user_table([]).empty


def test_the_walk_makes_a_machine_or_takes_the_one_there_is(client: GraphClient, admin: AccessToken) -> None:
    for _ in range(2):
        walk = walk_system_user(client, admin)
        while not walk.done:
            walk.next()
            assert walk.error is None
        assert walk.held["its info"].expires_at is NEVER
    assert [machine.name for machine in list_system_users(client, HARBOUR, admin)] == ["Robot"]


def test_the_walk_needs_a_business(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    walk = walk_system_user(client, short)
    walk.next()
    assert isinstance(walk.error, PermissionMissing)
    pier = of_pier_planner(client, sandbox).acting_as(sandbox.person("Ines Voss"))
    walk = walk_system_user(pier, log_in(pier, "business_management"))
    walk.next()
    assert isinstance(walk.error, InputError)
