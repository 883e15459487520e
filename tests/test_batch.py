"""Many calls in one: what comes back, in which order, what each counts, and what it may not show."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from capture import Capture

from fbnb.client import Call, GraphClient, Proof
from fbnb.errors import FbnbError, InputError, NotFound, RequestInvalid, TokenMalformed, UnreadableAnswer, WrongTokenKind
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.page_tokens import list_pages
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken


def page(client: GraphClient, short: AccessToken) -> AccessToken:
    token = list_pages(client, short)[0].token
    assert token
    return token


def test_answers_come_in_order_and_a_refusal_stays_inside_its_own(client: GraphClient, short: AccessToken) -> None:
    first, second, third = client.batch(short, [Call("me"), Call("3999999999999"), Call("me", {"fields": ["id"]})])
    assert first == {"name": "Mara Quay", "id": "2100000000001"}
    assert isinstance(second, NotFound)
    assert third == {"id": "2100000000001"}


def test_each_counts_as_one_call_however_few_the_requests(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    calls, requests = sandbox.calls, client.wire.count
    assert len(client.batch(short, [Call("me")] * 120)) == 120
    assert (sandbox.calls - calls, client.wire.count - requests) == (120, 3)
    client.get("", short, ids=["3000000000001", "3000000000002"])
    assert sandbox.calls - calls == 122


def test_a_batch_written_by_hand_goes_out_as_it_is(client: GraphClient, short: AccessToken) -> None:
    told = client.post("", short, batch='[{"method": "GET", "relative_url": "me?fields=id"}]')
    assert told == {"data": [{"id": "2100000000001"}]}


def test_a_path_that_is_none_is_named_before_anything_is_sent(client: GraphClient, short: AccessToken) -> None:
    before = client.wire.count
    with pytest.raises(InputError, match="A path is what stands after the version"):
        client.batch(short, [Call("me?fields=id")])
    assert client.wire.count == before


def test_nothing_asked_is_nothing_sent(client: GraphClient, short: AccessToken) -> None:
    before = client.wire.count
    assert client.batch(short, []) == []
    assert client.wire.count == before


@pytest.mark.parametrize("proof", Proof)
def test_a_call_may_bring_a_token_and_a_proof_of_its_own(client: GraphClient, short: AccessToken, proof: Proof) -> None:
    prover, token = replace(client, proof=proof), page(client, short)
    answers = prover.batch(short, [Call("me", token=token), Call("me"), Call("me", token=compose_app_token(client.settings))])
    assert [answer["name"] for answer in answers if isinstance(answer, dict)] == ["Harbour Bakery", "Mara Quay"]
    assert isinstance(answers[2], WrongTokenKind)


def test_forms_and_deletions_travel_too(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    secret = client.settings.app_secret
    exchange = {"grant_type": "fb_exchange_token", "client_id": client.settings.app_id, "client_secret": secret}
    posted, deleted = client.batch(
        short,
        [
            Call("oauth/access_token", exchange | {"fb_exchange_token": short}, "POST"),
            Call("me/permissions", method="DELETE"),
        ],
    )
    assert isinstance(posted, dict)
    assert isinstance(posted["access_token"], Secret)
    assert deleted == {"success": True}


def test_a_token_that_is_none_is_refused_in_every_item(client: GraphClient) -> None:
    answers = client.batch(AccessToken(Secret("nonsense")), [Call("me"), Call("me/accounts")])
    assert [type(answer) for answer in answers] == [TokenMalformed, TokenMalformed]


def test_more_than_fifty_at_once_are_refused(client: GraphClient, short: AccessToken) -> None:
    with pytest.raises(RequestInvalid, match=r"Provided: 54"):
        client.get("", short, ids=[str(number) for number in range(1, 55)])
    with pytest.raises(FbnbError, match="Maximum batch size is 50"):
        client.post("", short, batch=[Call("me")] * 51)


def test_what_graph_did_not_get_to_is_none(client: GraphClient, short: AccessToken) -> None:
    stand_in = replace(client, transport=Capture([[None, {"code": 200, "body": "{}"}]]))
    assert stand_in.batch(short, [Call("me"), Call("me")]) == [None, {}]


@pytest.mark.parametrize("answer", [[], [{"code": 200}], [{"code": "x", "body": "{}"}], ["me"], {"data": 1}, "<html>"])
def test_an_answer_of_another_shape_says_so(client: GraphClient, short: AccessToken, answer: object) -> None:
    with pytest.raises(UnreadableAnswer):
        replace(client, transport=Capture([answer])).batch(short, [Call("me")])


def test_no_token_of_a_call_is_shown_on_the_wire(client: GraphClient, short: AccessToken) -> None:
    token, odd = page(client, short), AccessToken(Secret("no token shape: at all"))
    client.batch(short, [Call("me", token=token), Call("me", {"input_token": odd}, "POST"), Call("me", token=odd)])
    shown = repr(client.wire.last()) + json.dumps(dict(client.wire.last()[0].params))
    for secret in (token, odd, short):
        assert secret.value.reveal() not in shown
    assert "no+token" not in shown
    assert "relative_url" in shown
