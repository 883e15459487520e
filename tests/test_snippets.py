"""A request copied as code is the same request again."""

from __future__ import annotations

import shlex

import httpx
import pytest

from fbnb.client import GraphClient
from fbnb.flows.login import login_url
from fbnb.flows.oidc import discover
from fbnb.sandbox import Sandbox
from fbnb.snippets import as_curl, as_fbnb, as_httpx, importing
from fbnb.tokens import AccessToken
from fbnb.wire import Exchange

SECRET = {"fields": "id,name", "access_token": "EAA_SANDBOX_USER_0123456789abcdef"}
URL = "https://graph.facebook.com/v26.0/me"
HOSTILE = '"; rm -rf ~; echo `id` $(id) $HOME\n"""'


def exchange_of(client: GraphClient, method: str, **params: str) -> Exchange:
    client.wire.record(client.now(), method, ("graph.facebook.com", "/v26.0/me"), params, (200, {}, {}), ())
    return client.wire.last()[0]


def test_as_curl_names_secrets_as_variables(client: GraphClient) -> None:
    get, post = exchange_of(client, "GET", **SECRET), exchange_of(client, "POST", **SECRET)
    delete, plain = exchange_of(client, "DELETE", **SECRET), exchange_of(client, "GET")
    assert as_curl(get) == f'curl "{URL}?fields=id,name&access_token=$ACCESS_TOKEN"'
    assert as_curl(post) == f'curl -X POST "{URL}" -d "fields=id,name&access_token=$ACCESS_TOKEN"'
    assert as_curl(delete) == f'curl -X DELETE "{URL}?fields=id,name&access_token=$ACCESS_TOKEN"'
    assert as_curl(plain) == f'curl "{URL}"'
    for exchange in (get, post, delete, plain):
        assert shlex.split(as_curl(exchange))[0] == "curl"


def test_a_parameter_cannot_break_out_of_the_curl_command(client: GraphClient) -> None:
    curl = as_curl(exchange_of(client, "GET", message=HOSTILE))
    assert len(shlex.split(curl)) == 2
    assert not {"`", "$"} & set(curl)


def test_as_httpx_and_as_fbnb_name_secrets_as_variables(client: GraphClient) -> None:
    exchange = exchange_of(client, "GET", **SECRET)
    assert as_httpx(exchange) == f'httpx.get("{URL}", params={{\n    "fields": "id,name",\n    "access_token": ACCESS_TOKEN,\n}})'
    assert as_fbnb(exchange) == 'client.get("me", token, fields="id,name")'
    assert as_httpx(exchange_of(client, "DELETE")) == f'httpx.delete("{URL}")'
    assert as_fbnb(exchange_of(client, "POST", client_secret="x" * 20, **{"a-b": "1"})) == (
        'client.post("me", client_secret=client.settings.app_secret, **{"a-b": "1"})'
    )


@pytest.mark.parametrize("write", [as_httpx, as_fbnb])
def test_a_parameter_cannot_break_out_of_a_string(write: object, client: GraphClient) -> None:
    code = as_httpx if write is as_httpx else as_fbnb
    compile(code(exchange_of(client, "POST", message=HOSTILE, **{'"x"': HOSTILE})), "snippet", "eval")


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_what_was_copied_makes_the_same_request(method: str, client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    path = {"get": "me", "post": "oauth/access_token", "delete": "me/permissions"}[method]
    given = {"grant_type": "fb_exchange_token", "fb_exchange_token": short, "client_id": client.settings.app_id}
    params = given | {"client_secret": client.settings.app_secret} if method == "post" else {"fields": "id"}
    start = sandbox.checkpoint()
    first = getattr(client, method)(path, None if method == "post" else short, **params)
    exchange = client.wire.last()[0]
    sandbox.rewind(start)
    names = {"client": client, "token": short, "fb_exchange_token": short}
    assert eval(as_fbnb(exchange), names) == first
    again = client.wire.last()[0]
    assert (again.request, again.answer) == (exchange.request, exchange.answer)
    sandbox.rewind(start)
    secrets = {
        "ACCESS_TOKEN": short.value.reveal(),
        "FB_EXCHANGE_TOKEN": short.value.reveal(),
        "APPSECRET_PROOF": _proof(client, short),
    }
    assert client.settings.app_secret
    secrets["CLIENT_SECRET"] = client.settings.app_secret.reveal()
    answer = eval(as_httpx(exchange), {"httpx": httpx.Client(transport=sandbox.transport), **secrets})
    assert answer.status_code == exchange.status
    assert set(answer.json()) == set(first)


def _proof(client: GraphClient, token: AccessToken) -> str:
    return client._credentials(token, client.now())["appsecret_proof"]


def test_what_is_hidden_in_a_value_is_a_variable_too(client: GraphClient) -> None:
    exchange = exchange_of(client, "POST", batch="[{access_token=EAA…3d47}]", state="…")
    assert as_curl(exchange) == f'curl -X POST "{URL}" -d "batch=$BATCH&state=$STATE"'
    assert as_fbnb(exchange) == 'client.post("me", batch=batch, state=state)'


def test_a_served_sandbox_has_an_address_of_its_own(client: GraphClient) -> None:
    exchange, at = exchange_of(client, "GET"), "http://127.0.0.1:8765"
    assert as_curl(exchange, at) == f'curl "{at}/v26.0/me"'
    assert as_httpx(exchange, at) == f'httpx.get("{at}/v26.0/me")'


def test_what_a_piece_of_code_calls_is_imported() -> None:
    assert (
        importing("token = log_in(client, scopes)\ninfo = debug_token(client, token)") == "from fbnb import debug_token, log_in"
    )
    assert importing("me = client.get(x)[0]") == ""


def test_the_dialog_and_public_documents_have_calls_of_their_own(client: GraphClient) -> None:
    discover(client)
    code = as_fbnb(client.wire.last()[0])
    assert code == 'client.public(".well-known/openid-configuration")'
    assert "issuer" in eval(code, {"client": client})
    client.open_dialog(login_url(client, ["email"], state="s"))
    code = as_fbnb(client.wire.last()[0])
    assert code.startswith('client.open_dialog("https://www.facebook.com/v26.0/dialog/oauth?client_id=1000000000001&')
    assert "state=s" in eval(code, {"client": client}).hint
