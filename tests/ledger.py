"""Play a row of the ledger: set a fresh world up, ask it one thing, compare every part of the answer.

A row in `data/answers/*.jsonl` is
    id      what it is called
    setup   steps, in order, each of one kind:
            {"log_in": person, "as": name} with scopes, decline, pages, app, auth_type
            {"code": person, "as": name} with scopes, params of the dialog, and used, to spend it
            {"extend": token, "as": name}, {"pages": token}, which names each token "page <name of the Page>"
            {"advance": {unit: n}}, {"event": [method of Sandbox, arguments]} with "with", by name, {"defaults": {name: value}}
            {"require_proof": app}, {"proof": token, "as": name, "key": secret} with time, seconds from now
            {"ask": as below, "take": {name: field}}, which must succeed, or with "refused" must not; the fields are the
            body's, or the redirect's
            {"answer_device": name of a user code} with person, cancel
    ask     method (GET), host (Graph's), path, params, headers; {name} stands for what a step named
    status, headers, body   the answer; "<any>" fits anything, a header that is not named is not looked at, of a page the
            body is its heading and its words
    source, date, confidence   where this is known from, when, and how well
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import msgspec

from fbnb.client import GraphClient
from fbnb.flows.login import exchange_code, log_in, login_url
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.kit import sandbox_client
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.sandbox.core import answer
from fbnb.sandbox.messages import ask
from fbnb.sandbox.pages import said
from fbnb.settings import Settings
from fbnb.tokens import AccessToken

Told = tuple[int, dict[str, str], Any]
Adapter = Callable[[Sandbox, dict[str, Any]], Told]
_ASK = {"method": "GET", "host": "graph.facebook.com", "params": {}, "headers": {}}


def play(row: dict[str, Any], adapter: Adapter) -> tuple[Told, Told]:
    """What the row expects and what the adapter answers, the names of the set-up filled in."""
    sandbox, names = set_up(row.get("setup", []))
    asked = _ASK | _filled(row["ask"], names)
    status, headers, body = adapter(sandbox, asked)
    expected = _filled({"headers": row.get("headers", {}), "body": row["body"]}, names)
    shown = {name: headers.get(name, "") for name in expected["headers"]}
    return (row["status"], expected["headers"], expected["body"]), (status, shown, body)


def set_up(steps: list[dict[str, Any]]) -> tuple[Sandbox, dict[str, str]]:
    """A fresh sandbox after the steps, and the strings that they named."""
    sandbox, names = Sandbox(), dict[str, str]()
    for step in steps:
        kind = next(iter(step))
        names |= _STEPS[kind](sandbox, step, names) or {}
    return sandbox, names


def _client(sandbox: Sandbox, step: dict[str, Any]) -> GraphClient:
    app = sandbox.world.apps[step.get("app", "1000000000001")]
    redirect_uri = step.get("redirect_uri") or (app.redirect_uris[0] if app.mode == "live" else Settings().redirect_uri)
    settings = Settings(app_id=app.id, app_secret=Secret(sandbox.world.secret(app.id)), redirect_uri=redirect_uri)
    person = step.get("log_in") or step.get("code")
    visitor = sandbox.person(person, decline=step.get("decline", ()), pages=step.get("pages"))
    return GraphClient(settings, sandbox.transport, sandbox.clock, visitor, sandbox.nonce)


def _log_in(sandbox: Sandbox, step: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    token = log_in(_client(sandbox, step), step.get("scopes", ""), auth_type=step.get("auth_type"))
    return {step["as"]: token.value.reveal()}


def _code(sandbox: Sandbox, step: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    client = _client(sandbox, step)
    redirect = client.open_dialog(login_url(client, step.get("scopes", ""), state="s", **step.get("params", {})))
    code = dict(parse_qsl(urlsplit(redirect.reveal()).query))["code"]
    if step.get("used"):
        exchange_code(client, Secret(code))
    return {step["as"]: code}


def _extend(sandbox: Sandbox, step: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    token = extend_user_token(sandbox_client(sandbox), AccessToken(Secret(names[step["extend"]])))
    return {step["as"]: token.value.reveal()}


def _pages(sandbox: Sandbox, step: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    pages = list_pages(sandbox_client(sandbox), AccessToken(Secret(names[step["pages"]])))
    return {f"page {page.name}": page.token.value.reveal() for page in pages if page.token}


def _advance(sandbox: Sandbox, step: dict[str, Any], names: dict[str, str]) -> None:
    sandbox.clock.advance(**step["advance"])


def _event(sandbox: Sandbox, step: dict[str, Any], names: dict[str, str]) -> None:
    getattr(sandbox, step["event"][0])(*step["event"][1:], **step.get("with", {}))


def _defaults(sandbox: Sandbox, step: dict[str, Any], names: dict[str, str]) -> None:
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, **step["defaults"])


def _require_proof(sandbox: Sandbox, step: dict[str, Any], names: dict[str, str]) -> None:
    app = step["require_proof"]
    sandbox.world.apps[app] = msgspec.structs.replace(sandbox.world.apps[app], require_proof=True)


def _proof(sandbox: Sandbox, step: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    time = str(int(sandbox.clock.now().timestamp()) + step["time"]) if "time" in step else ""
    signed = names.get(step["proof"], step["proof"]) + (f"|{time}" if time else "")
    made = hmac.new(step["key"].encode(), signed.encode(), hashlib.sha256).hexdigest()
    return {step["as"]: made, f"{step['as']} time": time}


def _ask(sandbox: Sandbox, step: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    told = answer(sandbox.world, _as_asked(_ASK | _filled(step["ask"], names)))
    assert (told.status in {200, 302}) != step.get("refused", False), told
    place = urlsplit(told.headers.get("location", ""))
    found = dict(parse_qsl(place.query)) | dict(parse_qsl(place.fragment)) if told.status == 302 else told.body
    return {name: str(found[field]) for name, field in step.get("take", {}).items()}


def _answer_device(sandbox: Sandbox, step: dict[str, Any], names: dict[str, str]) -> None:
    visitor = sandbox.person(step.get("person"), decline=step.get("decline", ()), cancel=step.get("cancel", False))
    sandbox.answer_device(names[step["answer_device"]], visitor)


_STEPS: dict[str, Callable[[Sandbox, dict[str, Any], dict[str, str]], dict[str, str] | None]] = {
    "log_in": _log_in,
    "code": _code,
    "extend": _extend,
    "pages": _pages,
    "advance": _advance,
    "event": _event,
    "defaults": _defaults,
    "require_proof": _require_proof,
    "proof": _proof,
    "ask": _ask,
    "answer_device": _answer_device,
}


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\{([^{}\"]+)\}", lambda found: names[found.group(1)] if found.group(1) in names else found.group(), value)
    if isinstance(value, dict):
        return {_filled(name, names): _filled(inner, names) for name, inner in value.items()}
    return [_filled(item, names) for item in value] if isinstance(value, list) else value


def fits(expected: Any, told: Any) -> bool:
    """Equal, but that "<any>" fits anything that is there at all."""
    if expected == "<any>":
        return told not in (None, "")
    if isinstance(expected, dict) and isinstance(told, dict):
        return expected.keys() == told.keys() and all(fits(expected[name], told[name]) for name in expected)
    if isinstance(expected, list | tuple) and isinstance(told, list | tuple):
        return len(expected) == len(told) and all(map(fits, expected, told))
    if isinstance(expected, str) and "<any>" in expected:
        return isinstance(told, str) and re.fullmatch(re.escape(expected).replace("<any>", ".+"), told) is not None
    return bool(expected == told)


def through_core(sandbox: Sandbox, asked: dict[str, Any]) -> Told:
    """Adapter: the core, called directly."""
    told = answer(sandbox.world, _as_asked(asked))
    return told.status, dict(told.headers), _as_said(told.body)


def _as_said(body: Any) -> Any:
    """A page as the words that it says: how it looks is no behaviour of Graph's."""
    return said(body) if isinstance(body, str) and body.startswith("<!doctype html>") else body


def _as_asked(asked: dict[str, Any]) -> Any:
    return ask(asked["method"], asked["host"], asked["path"], asked["params"], asked["headers"].get("authorization", ""))


def through_transport(sandbox: Sandbox, asked: dict[str, Any]) -> Told:
    """Adapter: the httpx transport, as a client meets it."""
    return _told(sandbox.transport.handle_request(_request(asked, f"https://{asked['host']}")))


@contextmanager
def being_served() -> Iterator[Adapter]:
    """Adapter: HTTP, as a client of another program meets it. One server does for all rows; its world becomes each row's."""
    shared = Sandbox()
    with shared.serve() as url, httpx.HTTPTransport() as transport:

        def through_server(sandbox: Sandbox, asked: dict[str, Any]) -> Told:
            shared.rewind(sandbox.checkpoint())
            response = transport.handle_request(_request(asked | {"headers": asked["headers"] | {"host": asked["host"]}}, url))
            response.read()
            return _told(response)

        yield through_server


def _request(asked: dict[str, Any], origin: str) -> httpx.Request:
    where = {"data" if asked["method"] == "POST" else "params": asked["params"]}
    return httpx.Request(asked["method"], f"{origin}{asked['path']}", headers=asked["headers"], **where)


def _told(response: httpx.Response) -> Told:
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return response.status_code, dict(response.headers), response.json() if is_json else _as_said(response.text)


def through_batch(sandbox: Sandbox, asked: dict[str, Any]) -> Told:
    """Adapter: the call as the only one of a batch."""
    # The token is named even where there is none, else the batch's own would be used.
    params = {"access_token": ""} | asked["params"]
    text, path = urlencode(params), asked["path"].strip("/")
    in_body = asked["method"] == "POST"
    call = {"method": asked["method"], "relative_url": path if in_body else f"{path}?{text}", "body": text if in_body else ""}
    told = answer(sandbox.world, ask("POST", asked["host"], "/", {"access_token": "of the batch", "batch": json.dumps([call])}))
    item = told.body[0]
    # Inside a batch, only the type of the content is another one.
    headers = {h["name"]: h["value"].replace("text/javascript", "application/json") for h in item["headers"]}
    is_json = headers.get("content-type", "").startswith("application/json")
    return item["code"], headers, json.loads(item["body"]) if is_json else item["body"]


def through_ids(sandbox: Sandbox, asked: dict[str, Any]) -> Told:
    """Adapter: the node, or its edge, as the only one of `ids=`."""
    version, id, *edge = asked["path"].strip("/").split("/")
    told = through_core(sandbox, asked | {"path": "/".join([version, *edge]), "params": asked["params"] | {"ids": id}})
    return (told[0], told[1], told[2][id]) if told[0] == 200 else told


def _is_a_call(row: dict[str, Any]) -> bool:
    asked = _ASK | row["ask"]
    return asked["host"] == _ASK["host"] and not asked["headers"] and "batch" not in asked["params"]


def _is_of_a_node(row: dict[str, Any]) -> bool:
    asked = _ASK | row["ask"]
    path = re.fullmatch(r"/v\d+\.\d+/(?!debug_token$)[\w{} ]+(/(?!access_token|client_code|revoke|log)\w+)?", asked["path"])
    if path is None or "Unknown path components: /v" in json.dumps(row["body"]):
        return False
    return _is_a_call(row) and asked["method"] == "GET" and not {"ids", "method"} & set(asked["params"])


ADAPTERS: dict[str, Adapter] = {
    "core": through_core,
    "transport": through_transport,
    "batch": through_batch,
    "ids": through_ids,
}
FOR: dict[str, Callable[[dict[str, Any]], bool]] = {"batch": _is_a_call, "ids": _is_of_a_node}
