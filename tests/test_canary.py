"""A planted token and a planted secret are looked for everywhere they might leak to."""

from __future__ import annotations

import json
import logging
import pickle
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from capture import Capture, Failing
from hands import saved
from shell import shown

from fbnb.client import Call, GraphClient, Proof, live_transport
from fbnb.clock import ManualClock, SystemClock
from fbnb.diagnosis import diagnose
from fbnb.errors import FbnbError, TokenInvalid
from fbnb.flows.app_tokens import compose_app_token, compose_client_token, get_app_token
from fbnb.flows.business_login import exchange_business_code
from fbnb.flows.client_code import generate_client_code, redeem_client_code
from fbnb.flows.debug_token import debug_token
from fbnb.flows.device_login import poll_device_login, start_device_login
from fbnb.flows.login import code_from_redirect, exchange_code, log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.oidc import log_in_limited, verify_id_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import make_signed_request, read_signed_request
from fbnb.flows.session_info import get_session_info_token
from fbnb.flows.system_user import SystemUser, generate_system_user_token, refresh_system_user_token
from fbnb.flows.test_users import create_test_user
from fbnb.plots import sequence_diagram
from fbnb.pytest_plugin import GraphServer
from fbnb.redact import Secret
from fbnb.renewal import renew
from fbnb.retries import NO_RETRIES
from fbnb.sandbox import Sandbox
from fbnb.sandbox.facts import SecretReset
from fbnb.sandbox.world import Event
from fbnb.settings import Settings, load_settings
from fbnb.snippets import as_curl, as_fbnb, as_httpx
from fbnb.store import TokenStore
from fbnb.tables import client_table, token_table, wire_table
from fbnb.tokens import AccessToken, Page
from fbnb.walks import walk_login
from fbnb.widgets import Connect, ErrorExplainer, PagePicker, Stepper
from fbnb.wire import Exchange

APP_SECRET = "0123456789abcdef0123456789abcdef"
USER = "EAA" + "CanaryUser" * 6
PAGE = "EAA" + "CanaryPage" * 6
CODE = "AQ" + "CanaryCode" * 6
ODD = "no-token-shape-at-all-canary"
CLIENT_TOKEN = "fedcba9876543210fedcba9876543210"
MACHINE, PASSWORD, DEVICE = "machine-canary-0123456789", "password-canary-0123456789", "device-canary-0123456789"
ID_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOiJjYW5hcnkifQ.canarycanarycanary"
CANARIES = (APP_SECRET, USER, PAGE, CODE, ODD, CLIENT_TOKEN, MACHINE, PASSWORD, DEVICE, ID_TOKEN)
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOME = "http://localhost:8400/callback"
REFUSED = 400, {"error": {"message": f"Malformed access token {USER}", "type": "OAuthException", "code": 190}}
ECHOED = 400, {"error": {"message": f"Malformed access token {ODD}", "type": "OAuthException", "code": 190}}


def copied(exchange: Exchange) -> str:
    """A request in every way in which it can be copied."""
    return as_curl(exchange) + as_httpx(exchange) + as_fbnb(exchange)


def leaks(text: str) -> list[str]:
    """The canaries in a text, whole or in a half that would be worth stealing."""
    return [canary for canary in CANARIES if canary in text or canary[:24] in text or canary[-24:] in text]


def settings() -> Settings:
    return Settings(app_id="1000000000001", app_secret=Secret(APP_SECRET), client_token=Secret(CLIENT_TOKEN))


def token(text: str = USER) -> AccessToken:
    return AccessToken(Secret(text), label="canary")


ANSWERS = [
    {"access_token": USER, "token_type": "bearer", "expires_in": 7200},
    {"access_token": USER, "token_type": "bearer", "expires_in": 5184000},
    {
        "data": [{"id": "1", "name": "a", "access_token": PAGE, "tasks": ["MANAGE"]}],
        "paging": {"next": f"https://graph.facebook.com/v26.0/9/accounts?access_token={USER}&after=x"},
    },
    {"data": [{"id": "2", "name": "b", "access_token": ODD, "tasks": []}]},
    {"data": {"is_valid": True, "type": "USER", "scopes": [], "metadata": {}}},
]
MORE_ANSWERS = [
    {"code": CODE},
    {"access_token": USER, "expires_in": 5184000, "machine_id": MACHINE},
    {"access_token": f"1000000000001|{ODD}"},
    {"access_token": ODD},
    {"access_token": USER, "expires_in": 5184000},
    {"code": DEVICE, "user_code": "SHOWNTOALL", "verification_uri": "https://x.example", "expires_in": 420, "interval": 5},
    {"access_token": USER, "expires_in": 5184000, "data_access_expiration_time": 1},
    {"access_token": "XAA" + "CanaryXaa" * 6},
    {"access_token": ODD},
    {"id": "1", "email": "a@tfbnw.net", "password": PASSWORD, "access_token": USER, "login_url": "https://x.example/"},
    [{"code": 200, "body": json.dumps({"access_token": ODD})}, {"code": 400, "body": json.dumps(ECHOED[1])}],
]


def journey() -> tuple[GraphClient, list[Any]]:
    """A client that has been through every flow, and everything that the flows gave."""
    capture = Capture([*ANSWERS, ECHOED])
    consent = f"{HOME}?code={CODE}&state=s#_=_"
    client = GraphClient(settings(), capture, SystemClock(), lambda url: consent, lambda: "s", proof=Proof.TIMED)
    short = log_in(client, ["email"])
    long = extend_user_token(client, short)
    pages = list_pages(client, long)
    info = debug_token(client, pages[1].token or short)
    with pytest.raises(FbnbError) as caught:
        client.get("me", token(ODD), note=f"{USER}")
    code = code_from_redirect(consent, state="s")
    return client, [short, long, pages, info, caught.value, code, compose_app_token(client.settings), Secret(ODD)]


def longer_journey() -> tuple[GraphClient, list[Any]]:
    """Through the other flows that are handed a secret."""
    consent = f"{HOME}#id_token={ID_TOKEN}&state=s"
    client = GraphClient(settings(), Capture(list(MORE_ANSWERS)), ManualClock(NOW), lambda url: consent, lambda: "s")
    code = generate_client_code(client, token())
    phone = redeem_client_code(client.without_secret(), code, machine_id=Secret(MACHINE))
    app = get_app_token(client)
    robot = generate_system_user_token(client, SystemUser("1", "robot", "ADMIN"), ["ads_read"], token())
    given = [code, phone, app, robot, refresh_system_user_token(client, robot)]
    device = start_device_login(client)
    given += [device, poll_device_login(client, device), get_session_info_token(client, token())]
    given += [exchange_business_code(client, Secret(CODE)), create_test_user(client)]
    given += client.batch(token(), [Call("me", token=token(ODD)), Call("x", {"password": Secret(PASSWORD)}, "POST")])
    signed = make_signed_request({"user_id": "1", "algorithm": "HMAC-SHA256", "oauth_token": USER}, Secret(APP_SECRET))
    given += [signed, read_signed_request(signed, Secret(APP_SECRET)), compose_client_token(client.settings)]
    return client, [*given, log_in_limited(client, nonce="n")]


def test_no_repr_or_wire_of_the_other_flows() -> None:
    client, given = longer_journey()
    everything: list[Any] = [client, client.settings, *given, *client.wire.exchanges]
    everything += [wire_table(client.wire.exchanges).to_html(), sequence_diagram(client.wire.exchanges).svg]
    everything += [exchange.answer_text + exchange.request + copied(exchange) for exchange in client.wire.exchanges]
    everything += [client_table({"phone": given[1]}, now=NOW).to_html()]
    for value in everything:
        assert not leaks(f"{value!r} {value}"), type(value)
    assert len(client.wire.exchanges) == len(MORE_ANSWERS) + 1


def test_no_repr_str_or_html() -> None:
    client, given = journey()
    tokens = [value for value in given if isinstance(value, AccessToken)]
    pages: list[Page] = given[2]
    everything: list[Any] = [client, client.settings, *given, *client.wire.exchanges, client.wire, vars(given[4])]
    everything += [token_table(tokens, now=client.now()).to_html(), wire_table(client.wire.exchanges).to_html()]
    everything += [wire_table(client.wire.exchanges).to_csv(), sequence_diagram(client.wire.exchanges).svg]
    everything += [exchange.answer_text + exchange.request + copied(exchange) for exchange in client.wire.exchanges]
    everything += [PagePicker(pages).snapshot(), json.dumps([exchange.headers for exchange in client.wire.exchanges])]
    for value in everything:
        assert not leaks(f"{value!r} {value}"), type(value)
    assert len(client.wire.exchanges) == 7


def test_an_answer_can_be_looked_at() -> None:
    client = GraphClient(settings(), Capture([ANSWERS[2], {"note": f"see {USER}", "code": CODE}]))
    assert not leaks(repr(client.get("me/accounts", token())) + repr(client.get("x", token())))


@pytest.mark.parametrize("code", ["123-canarycanarycanary", "4/0Ab32jcanarycanarycanary", "abcde", "abcdef,canarycanarycanary"])
def test_a_code_of_any_shape(code: str) -> None:
    client = GraphClient(settings(), Capture(), consent=lambda url: f"{HOME}?code={code}&state=s")
    assert code[-5:] not in f"{client.open_dialog('https://www.facebook.com/v26.0/dialog/oauth')!r} {client.wire.exchanges}"


def test_an_answer_cut_in_the_middle_of_a_token() -> None:
    client = GraphClient(settings(), Capture([(200, f'{{"access_token":"{ODD}')]), retries=NO_RETRIES)
    with pytest.raises(FbnbError):
        client.get("me", input_token="a-plain-string-of-a-token")
    assert not leaks(repr(client.wire.exchanges))
    assert "a-plain-string" not in repr(client.wire.exchanges)


def test_no_widget() -> None:
    client, _ = journey()
    form = Connect(client)
    form.app_secret.value = APP_SECRET
    assert not leaks(form.snapshot())
    form.apply_button.click()
    assert not leaks(saved(form))
    stepper = Stepper(walk_login(client.acting_as(lambda url: f"{HOME}?code={CODE}&state=s")))
    for _ in range(5):
        stepper.next_button.click()
        assert not leaks(stepper.snapshot() + repr(stepper.walk) + repr(stepper._repr_mimebundle_()))


def test_no_diagnosis() -> None:
    client, given = journey()
    pasted = [f"Malformed access token {canary} client_secret={canary} (#190)" for canary in CANARIES]
    for value in [*given, *client.wire.exchanges, client, REFUSED[1], ECHOED[1], httpx.Response(400, json=REFUSED[1]), *pasted]:
        found = diagnose(value, where=f"{value}")
        assert not leaks(f"{found!r}{found}{found._repr_html_()}{pickle.dumps(found).decode('latin-1')}"), type(value)
    explainer = ErrorExplainer()
    explainer.pasted.value = str(REFUSED[1])
    explainer.explain_button.click()
    assert not leaks(explainer.snapshot() + str([child.get_state() for child in explainer.view.children]))


def test_no_world_told_in_full() -> None:
    """Whatever a debugger or a failed assertion shows of what a world is made of."""
    sandbox = Sandbox()
    sandbox.world.note((sandbox.world.seed.apps[0].id, ""), SecretReset(APP_SECRET))
    assert sandbox.world.secret(sandbox.world.seed.apps[0].id) == APP_SECRET
    assert not leaks(repr(SecretReset(APP_SECRET)))
    assert not leaks(repr(sandbox.world.facts))


def test_no_pickle() -> None:
    _, given = journey()
    for value in [*given, settings()]:
        try:
            written = pickle.dumps(value)
        except TypeError as refused:
            assert "not pickled" in str(refused)  # noqa: PT017 - either is right, a leak is not
        else:
            assert not leaks(written.decode("latin-1")), type(value)


def test_no_pickle_of_a_client() -> None:
    client = GraphClient(settings(), live_transport(), consent=lambda url: f"{HOME}?code={CODE}", nonce=lambda: ODD)
    client.wire.record(NOW, "GET", ("graph.facebook.com", "/me"), {"note": "kept here alone"}, (None, None, {}), ())
    written = pickle.dumps(client).decode("latin-1")
    assert not leaks(written)
    assert "kept here alone" not in written


class _ThenInterrupted(Capture):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self.answers:
            raise KeyboardInterrupt
        return super().handle_request(request)


VERBOSE_CELLS = {
    "refusal": "client.get('me', token)",
    "no answer": "broken.get('me', token)",
    "interrupted": "interrupted.get('me', token, secret=client.settings.app_secret)",
    "bad input": "AccessToken.of(token.value.reveal() + ' ')",
    "bad code": "exchange_code(client, code)",
    "our own bug": "1 / (token == client.settings.app_secret)",
    "a wrong argument": "list_pages(client, token, limit=token, colour=client)",
    "chained": "try:\n    client.get('me', token)\nexcept Exception:\n    raise ValueError('ours')",
    "chained redirect": "try:\n    code_from_redirect(redirect, state='other')\nexcept Exception:\n    raise ValueError('ours')",
    "chained token": "try:\n    AccessToken.of(pasted())\nexcept Exception:\n    raise ValueError('ours')",
    "chained settings": "try:\n    load_settings(environ=None)\nexcept Exception:\n    raise ValueError('ours')",
    "interrupted in a list": "list_pages(halfway, token)",
    "refused in a list": "try:\n    list_pages(cut, token)\nexcept Exception:\n    raise ValueError('ours')",
    "odd expiry": "exchange_code(odd, code)",
    "half a character": "client.get('me', token, input_token='\\ud800' + pasted())",
    "nested too deep": "deep.get('me', token)",
    "batch": "client.batch(token, [Call('me', token=token, params={'x': code})])",
    "no answer to a batch": "broken.batch(token, [Call('me', token=token, params={'x': code})])",
    "a forged signed_request": "read_signed_request(redirect, client.settings.app_secret)",
    "a forged id_token": "verify_id_token(keyless, redirect, nonce='n')",
    "a bad client token": "Settings(client_token=Secret(token.value.reveal()))",
    "a diagnosis gone wrong": "diagnose(pasted(), colour=token)",
    "a bad setting": "Settings(app_secret=Secret(token.value.reveal()))",
}


@pytest.mark.parametrize("cell", VERBOSE_CELLS)
@pytest.mark.parametrize("mode", ["Verbose", "Context"])
def test_no_traceback(cell: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBNB_APP_SECRET", APP_SECRET)
    monkeypatch.setenv("FBNB_VERSION", "26")
    names = {
        "client": GraphClient(settings(), Capture([REFUSED])),
        "broken": GraphClient(
            settings(), Failing(lambda asked: httpx.ConnectError(f"cannot reach {asked.url}")), ManualClock(NOW)
        ),
        "interrupted": GraphClient(settings(), Failing(lambda request: KeyboardInterrupt(str(request.url)))),
        "token": token(),
        "code": Secret(CODE),
        "redirect": Secret(f"{HOME}?code={CODE}&state=s"),
        "code_from_redirect": code_from_redirect,
        "AccessToken": AccessToken,
        "pasted": lambda: f"{USER} ",
        "load_settings": load_settings,
        "halfway": GraphClient(settings(), _ThenInterrupted([ANSWERS[2]])),
        "cut": GraphClient(
            settings(), Capture([ANSWERS[2], (200, '{"access_token": "no-token-shape-at-all-canary')]), ManualClock(NOW)
        ),
        "odd": GraphClient(settings(), Capture([{"access_token": USER, "expires_in": "soon"}])),
        "diagnose": diagnose,
        "deep": GraphClient(settings(), Capture([(200, '{"a":' * 600 + f'"{USER}"' + "}" * 600)])),
        "Call": Call,
        "read_signed_request": read_signed_request,
        "verify_id_token": verify_id_token,
        "keyless": GraphClient(settings(), Capture([{"keys": []}])),
        "Settings": Settings,
        "Secret": Secret,
        "exchange_code": exchange_code,
        "list_pages": list_pages,
    }
    text = shown(VERBOSE_CELLS[cell], names, mode)
    assert text.strip(), "something was raised and shown"
    assert not leaks(text)


class _Graph(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = (400, REFUSED[1]) if "/me" in self.path else (200, {"access_token": USER, "expires_in": 5})
        self.send_response(status)
        self.send_header("www-authenticate", f'OAuth "Facebook Platform" "invalid_token" "Malformed access token {USER}"')
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Graph)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class _OverPlainHttp(httpx.HTTPTransport):
    """The real transport, but to a server on loopback instead of to Graph's host."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._to = httpx.URL(url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self._to.host, port=self._to.port)
        return super().handle_request(request)


def test_no_log_at_debug_over_real_http(proxy: str, caplog: pytest.LogCaptureFixture) -> None:
    with _OverPlainHttp(proxy) as transport, caplog.at_level(logging.DEBUG):
        client = GraphClient(settings(), transport)
        extend_user_token(client, token())
        with pytest.raises(FbnbError):
            client.get("me", token())
    assert len(caplog.records) > 10, "the libraries do log at DEBUG"
    assert not leaks(caplog.text + "".join(repr(vars(record)) for record in caplog.records))


CONTROL_KEY = "control-key-canary-0123456789"


def asked_of(url: str) -> None:
    """Carry the canaries to a served sandbox in every way there is, to every end that a call can have."""
    with httpx.Client(base_url=url, trust_env=False) as caller:
        for text in (USER, PAGE, ODD):
            bearer = {"authorization": f"Bearer {text}"}
            caller.get(f"/v26.0/{text}", params={"access_token": text, "fields": text, "input_token": text})
            caller.post("/v26.0/me/accounts", data={"access_token": text, "password": PASSWORD}, headers=bearer)
            caller.delete(f"/{text}/permissions", headers={"authorization": f"OAuth {text}"})
            caller.post("/v26.0/", json={"batch": [{"method": "GET", "relative_url": f"me?access_token={text}"}]}, headers=bearer)
            caller.get(f"/_sandbox/{text}", headers=bearer)
        asked = {"client_id": "1000000000001", "client_secret": APP_SECRET, "code": CODE, "redirect_uri": HOME}
        caller.post("/oauth/access_token", files={name: (None, value) for name, value in asked.items()})
        caller.post("/oauth/access_token", data={"code": CODE, "machine_id": MACHINE}, auth=("1000000000001", APP_SECRET))
        caller.get("/v26.0/dialog/oauth", params=asked | {"id_token": ID_TOKEN, "code": DEVICE})
        caller.request("BREW", f"/{USER}?access_token={ODD}", headers={"host": USER})


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """All that was logged, but for what the test's own caller says of itself."""
    own = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    return [f"{record.getMessage()} {vars(record)}" for record in own]


def test_no_sandbox_that_is_served_shows_what_it_was_sent(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(world: object) -> None:
        raise RuntimeError(f"our own bug, with {USER} and client_secret={APP_SECRET}")

    sandbox, key = Sandbox(frozen=False), {"authorization": f"Bearer {CONTROL_KEY}"}
    with (
        caplog.at_level(logging.DEBUG),
        sandbox.serve(key=Secret(CONTROL_KEY)) as url,
        httpx.Client(base_url=url, headers=key, trust_env=False) as caller,
    ):
        asked_of(url)
        sandbox.schedule(Event("what cannot happen", fail), seconds=60)
        sandbox.clock.advance(seconds=60)
        assert caller.get("/me", params={"access_token": USER}).status_code == 500
        told = [caller.get(f"/_sandbox/{name}").text for name in ("requests", "state", "events", "")]
        told += [caller.post("/_sandbox/events", json={"event": text}).text for text in (USER, APP_SECRET)]
    told += [repr(sandbox), repr(sandbox.world), repr(sandbox.requests), *logged(caplog), *capfd.readouterr()]
    assert "our own bug" in caplog.text
    assert len(sandbox.requests) > 15
    for text in told:
        assert not leaks(text)
        assert CONTROL_KEY not in text


def test_no_sandbox_that_is_served_shows_what_it_gave(graph_server: GraphServer, caplog: pytest.LogCaptureFixture) -> None:
    client, sandbox = graph_server.client, graph_server.sandbox
    with caplog.at_level(logging.DEBUG):
        long = extend_user_token(client, log_in(client, ["pages_show_list"]))
        pages = list_pages(client, long)
        start_device_login(client)
    told = [repr(graph_server), repr(sandbox), repr(sandbox.requests), json.dumps(sandbox.state()), *logged(caplog)]
    told += [json.dumps([request.told() for request in sandbox.requests])]
    world, public = sandbox.world, {"FB_BASE_URL", "FB_DIALOG_URL", "FB_APP_ID", "FB_REDIRECT_URI", "FB_SYSTEM_USER_ID"}
    public |= {"FBNB_TARGET", "FBNB_APP_ID", "FBNB_REDIRECT_URI"}
    given = {*world.tokens, *world.codes, *world.devices} | {
        value for name, value in graph_server.variables.items() if name not in public
    }
    assert len(given) > len(pages) + 5
    for text in told:
        assert [secret for secret in given if secret in text] == []


def test_the_canaries_can_be_found() -> None:
    assert leaks(f"x{USER[:30]}") == [USER]
    assert leaks("nothing") == []
    assert leaks(repr(httpx.Request("GET", f"https://graph.facebook.com/?access_token={USER}"))) == [USER], "httpx would leak it"


STORE_PASSWORD = "opensesame-canary-0123456789"


@pytest.fixture
def kept(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenStore]:
    """A store that was told every canary, by a program that logs at DEBUG."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    client = GraphClient(settings(), Capture([REFUSED, ECHOED, REFUSED]))
    for name in ("", "sqlalchemy"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)  # before the engine is made: it asks then
    store = TokenStore(store_url, client=client, key="file")
    store.put_all([token(canary) for canary in CANARIES])
    store.keep_secret(client.settings.app_id, Secret(APP_SECRET))
    for canary in (USER, ODD):
        with pytest.raises(FbnbError):
            store.admit(token(canary).labelled("again"))
        store.saw(TokenInvalid(f"Malformed access token {canary}", code=190))
        store.note(token(canary), why="noted")
        with store.held(token(canary)) as hold:
            hold.promote(token(f"{canary}2"), {"state": "live"}, "a renewal")
        store.put(token(canary), made_by=f"GET me/accounts?access_token={USER}")
        store.note(token(canary), label=f"Mara {USER}", why=f"of {USER}", trouble=USER)
    store.rotate()
    yield store
    store.close()


def test_no_file_of_a_store(kept: TokenStore, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folders = [tmp_path] if kept.vault.path else [tmp_path, request.getfixturevalue("postgres").folder]
    written = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    if kept.vault.path:
        assert {"tokens.db", "tokens.db-wal", "tokens.db.key"} <= {path.name for path in written}
    for path in written:
        assert not leaks(path.read_bytes().decode("latin-1")), path
    assert [kept.get(token(canary)).value.reveal() for canary in CANARIES[2:4]] == [PAGE, CODE]


def test_no_log_and_no_repr_of_a_store(kept: TokenStore, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), kept.held(token(PAGE)) as hold:
        told: list[Any] = [kept, kept.vault, kept.vault.key, hold, *kept.tokens(replaced=True), kept.get(token(PAGE))]
        told += [kept.secret("1000000000001"), kept.vault.engine, kept.vault.url, vars(kept), vars(kept.vault)]
    for value in [*told, pickle.dumps(kept), *map(pickle.dumps, kept)]:
        assert not leaks(f"{value!r} {value}"), type(value)
    text = caplog.text + "".join(repr(vars(record)) for record in caplog.records + caplog.get_records("setup"))
    assert "fbnb_tokens" in text, "SQLAlchemy does log at DEBUG"
    assert not leaks(text)
    password = kept.vault.url.password
    assert not password or str(password) not in text + repr(told) + pickle.dumps(kept).decode("latin-1")


BY_NAME = ("get", "find", "latest", "lineage", "blast_radius", "forget")
STORE_CELLS = {
    "no app": "store.client = None\nstore.put(token)",
    "not all are tokens": "store.put_all([token, 5])",
    "refused at the gate": "store.admit(token)",
    "our own bug within a change": "with store.held(token) as hold:\n    hold.promote(store.get(token), {}, 1 / 0)",
    "the database's own refusal": "store.note(token, strikes=None)",
    "a column that is not there": "store.note(token, colour=token)",
    "half a character": "store.put(AccessToken.of(pasted()))",
    "no way in": "TokenStore(elsewhere())",
    "a damaged row": "store.note(token, ciphertext=b'x')\nstore.get(token)",
    "no such token": "store.find(token.labelled('other').fingerprint[::-1])",
    "text for a token": "store.put(pasted())",
    "text for a token at the gate": "store.admit(pasted())",
    "text for tokens": "store.put_all([pasted(), token])",
    "text within a token": "print(AccessToken(pasted()))\nstore.client = None\nstore.put(AccessToken(pasted()))",
    "text for a passphrase": "store.rotate(pasted())",
    "bytes for a name": "store.find(pasted().encode(errors='replace'))",
    "a token among what is known": "store.note(token, colour=pasted())",
    "a token for a parent": "store.put(token, parent=pasted())",
    "a token for a parent at the gate": "store.admit(token, parent=pasted())",
    "a token for a name: held": "with store.held(pasted()): pass",
    "a token for a name: renew": "renew(store.client, store, pasted())",
    "a token for a name: note": "store.note(pasted(), label='x')",
} | {f"a token for a name: {method}": f"store.{method}(pasted())" for method in BY_NAME}


@pytest.mark.parametrize("cell", STORE_CELLS)
@pytest.mark.parametrize("chained", [False, True])
def test_no_traceback_of_a_store(cell: str, chained: bool, kept: TokenStore) -> None:
    names: dict[str, Any] = {"store": kept, "token": token(PAGE), "pasted": lambda: f"{USER}\ud800"}
    names |= {"elsewhere": lambda: f"postgresql://u:{STORE_PASSWORD}@127.0.0.1:1/x"}
    names |= {"AccessToken": AccessToken, "TokenStore": TokenStore, "renew": renew}
    lines = STORE_CELLS[cell].splitlines()
    if chained:
        lines = ["try:", *(f"    {line}" for line in lines), "except Exception:", "    raise ValueError('ours')"]
    text = shown("\n".join(lines), names, "Verbose")
    assert text.strip()
    assert not leaks(text)
    assert STORE_PASSWORD not in text
    password = kept.vault.url.password
    assert not password or str(password) not in text
