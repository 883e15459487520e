"""A code for a client: the server makes it from a long-lived token, a phone or browser redeems it without the secret."""

from __future__ import annotations

from dataclasses import dataclass

from fbnb.answers import part
from fbnb.client import GraphClient
from fbnb.flows.login import spend_code, token_from_answer
from fbnb.redact import Secret
from fbnb.tokens import AccessToken


@dataclass(frozen=True, slots=True)
class ClientLogin:
    """What a client holds afterwards. machine_id: names this client to Graph; to be kept, and sent with its next code."""

    token: AccessToken
    machine_id: Secret | None = None


def generate_client_code(client: GraphClient, token: AccessToken, *, redirect_uri: str | None = None) -> Secret:
    """On the server: a code for one client of the person whose long-lived token this is. It is good once, for minutes.

    Raises RequestInvalid: no long-lived user token, or a redirect_uri that the app does not allow. TokenInvalid.
    Source: Meta, "Get a Long-Lived Token", Long-lived tokens for clients.
    """
    answer = client.get(
        "oauth/client_code",
        token,
        client_id=client.settings.app_id,
        client_secret=client.settings.app_secret,
        redirect_uri=redirect_uri or client.settings.redirect_uri,
    )
    return part(answer, "code", Secret)


def redeem_client_code(
    client: GraphClient, code: Secret, *, redirect_uri: str | None = None, machine_id: Secret | None = None
) -> ClientLogin:
    """On the client: a long-lived token of its own for the code. No secret is sent, whatever the settings hold.

    machine_id: from this client's last redemption, if it had one.

    Raises CodeRejected: used, late or of another redirect_uri. Source: as for the code.
    """
    redirect_uri = redirect_uri or client.settings.redirect_uri
    answer = spend_code(client, redirect_uri=redirect_uri, code=code, machine_id=machine_id)
    told = answer.get("machine_id")
    machine = Secret(told.reveal(), shown=f"…{told.reveal()[-4:]}") if isinstance(told, Secret) else None
    return ClientLogin(token_from_answer(client, answer, label="for a client"), machine)
