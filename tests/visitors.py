"""A web app in forty lines: it greets its visitors by what Graph says of them, and sends whoever has no good token to log in."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from fbnb.assurance import ensure
from fbnb.client import GraphClient
from fbnb.errors import LoginNeeded
from fbnb.flows.login import code_from_redirect, exchange_code
from fbnb.flows.long_lived import extend_user_token
from fbnb.store import TokenStore


def web_app(client: GraphClient, store: TokenStore) -> Starlette:
    """The app. Its sessions are in its memory: a visitor's cookie says nothing about who they are."""
    sessions: dict[str, str] = {}

    def home(request: Request) -> Response:
        try:
            token = ensure(client, store, sessions.get(request.cookies.get("session", ""), "nobody"), "email")
        except LoginNeeded as needed:
            answer = RedirectResponse(needed.url)
            answer.set_cookie("state", needed.state, httponly=True, samesite="lax")
            return answer
        return PlainTextResponse(f"Hello, {client.get('me', token)['name']}")

    def callback(request: Request) -> Response:
        code = code_from_redirect(str(request.url), state=request.cookies.get("state", ""))
        stored = store.admit(extend_user_token(client, exchange_code(client, code)))
        sessions[session := client.nonce()] = stored.subject
        answer = RedirectResponse("/")
        answer.set_cookie("session", session, httponly=True, samesite="lax")
        return answer

    return Starlette(routes=[Route("/", home), Route("/callback", callback)])
