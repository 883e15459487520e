"""Whatever is asked, the sandbox answers as Graph would or refuses; it never invents an answer and never breaks."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbnb.client import GraphClient
from fbnb.errors import NotFound, RequestInvalid
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.system_user import create_system_user
from fbnb.kit import sandbox_client
from fbnb.sandbox import Sandbox
from fbnb.sandbox.core import answer
from fbnb.sandbox.messages import DIALOG_HOST, GRAPH_HOST, ask
from fbnb.sandbox.routes import ROUTES
from fbnb.tokens import AccessToken

SCOPES = "pages_show_list,pages_read_engagement,business_management,ads_read,openid"
EDGES = sorted({part for route in ROUTES for part in re.findall(r"(?<![:{\w])[\w-]+(?![\w}])", route.path)})
IDS = "me 3000000000001 3000000000010 2100000000001 1000000000001 5000000000001 6000000000001".split()
IDS += "act_4000000000001 4100000000001 8000000000001 0 -1 foo é %00 .well-known device oauth".split()
NAMES = """
    grant_type code client_id client_secret redirect_uri fields limit after before ids batch scope config_id fb_exchange_token
    input_token appsecret_proof appsecret_time permission status type uid name password role business_app revoke_token nonce
    set_token_expires_in_60_days fetch_only level date_preset time_range time_increment summary method permissions installed
    _person _pages _decline response_type auth_type machine_id code_verifier state
""".split()
VALUES = """
    1000000000001 decafbadc0ffee00decafbadc0ffee01 http://localhost:8400/callback id name true false 0 1 50 2 -1 9999999999999
    fb_exchange_token client_credentials fb_attenuate_token fb_extend_sso_token authorization_code 7000000000001 test-users
    email code token id_token rubbish {"since":"x"} {"since":"2026-10-01","until":"2026-10-02"} [] [{}] campaign last_7d
    [{"relative_url":"me"}] 3000000000001,foo 2000000000001 ADMIN http://[half %
""".split()


@cache
def tried() -> tuple[Sandbox, list[str]]:
    """A world in which something has happened, and tokens of every kind there."""
    sandbox = Sandbox()
    client = sandbox_client(sandbox)
    short = log_in(client, SCOPES)
    long = extend_user_token(client, short)
    create_system_user(client, "5000000000001", "robot", long)
    page = list_pages(client, long)[0].token
    app = "1000000000001|decafbadc0ffee00decafbadc0ffee01"
    given = [token.value.reveal() for token in (short, long, page) if token]
    return sandbox, ["", "EAAnonsense", "rubbish", app, app[:14] + "c0ffee00decafbadc0ffee00decafba1", *given]


paths = st.lists(st.sampled_from([*IDS, *EDGES]) | st.text(max_size=8), max_size=4).map("/".join)
params = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text(max_size=12), max_size=6)


@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT"]),
    host=st.sampled_from([GRAPH_HOST] * 4 + [DIALOG_HOST]),
    version=st.sampled_from(["", "v26.0/", "v24.0/", "v2.8/", "v99.0/"]),
    path=paths,
    sent=params,
    token=st.integers(0, 7),
)
def test_every_request_is_answered_or_refused(
    method: str, host: str, version: str, path: str, sent: dict[str, str], token: int
) -> None:
    sandbox, tokens = tried()
    before = sandbox.checkpoint()
    told = answer(sandbox.world, ask(method, host, f"/{version}{path}", {"access_token": tokens[token]} | sent))
    sandbox.rewind(before)
    assert told.status in {200, 302, 400, 401, 403, 404}
    if told.status >= 400:
        assert {"message", "type", "code", "fbtrace_id"} <= set(told.body["error"])
        assert told.headers["www-authenticate"].startswith('OAuth "Facebook Platform" ')
    known, shown = f"{tokens[token]} {sent}", f"{told.body} {dict(told.headers)}"
    for secret in (sandbox.world.secret(app) for app in sandbox.world.apps):
        assert secret in known or secret not in shown


calls: st.SearchStrategy[dict[str, object]] = st.dictionaries(
    st.sampled_from(["method", "relative_url", "body", "name", "depends_on", "omit_response_on_success", "access_token"]),
    st.sampled_from(
        ["me", "GET", "me/accounts?fields=id", "{result=me:$.id}", "{result=a:$.data.*.id}", "a", "", None, 1, [], {}]
    )
    | st.text(max_size=8),
    max_size=5,
)


@given(st.lists(calls, max_size=5))
def test_every_batch_is_answered_item_by_item(asked: list[dict[str, object]]) -> None:
    sandbox, tokens = tried()
    told = answer(sandbox.world, ask("POST", GRAPH_HOST, "/", {"access_token": tokens[5], "batch": json.dumps(asked)}))
    assert told.status == 200
    assert len(told.body) == len(asked)
    assert all(item is None or {"code", "body", "headers"} == set(item) for item in told.body)


@pytest.mark.parametrize("edge", ["likes", "photos", "assigned_users", "subscribed_apps", "friends/3", "nonsense"])
def test_an_edge_that_is_not_built_is_refused_by_its_name(client: GraphClient, short: AccessToken, edge: str) -> None:
    with pytest.raises(RequestInvalid, match=f"Unknown path components: /{edge}"):
        client.get(f"me/{edge}", short)


def test_a_node_that_does_not_take_the_method_says_so(client: GraphClient, short: AccessToken) -> None:
    for call, word in ((client.post, "post"), (client.delete, "delete")):
        with pytest.raises(NotFound, match=f"Unsupported {word} request"):
            call("3000000000001", short)
