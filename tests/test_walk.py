"""A walk takes one step at a time; a refusal leaves it where it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from capture import Capture
from hands import live_client

from fbnb.client import GraphClient
from fbnb.errors import InputError, LoginCancelled, TokenExpired
from fbnb.flows.login import log_in
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken
from fbnb.walk import Step, Walk
from fbnb.walks import walk_debug_token, walk_login, walk_long_lived, walk_page_tokens, walk_test_users


def test_the_login_step_by_step(client: GraphClient) -> None:
    walk = walk_login(client, ["email"])
    seen = []
    while not walk.done:
        seen.append((walk.where, len(walk.exchanges)))
        walk.next()
    assert seen == [
        ("Next is step 1 of 5: make a state.", 0),
        ("Next is step 2 of 5: build the dialog's address.", 0),
        ("Next is step 3 of 5: the person answers the dialog.", 0),
        ("Next is step 4 of 5: check the state, take the code.", 1),
        ("Next is step 5 of 5: exchange the code.", 0),
    ]
    assert walk.where == "Done: all 5 steps of the login."
    assert list(walk.held) == ["state", "url", "redirect", "code", "user token"]
    assert walk.exchanges[0].path == "/v26.0/oauth/access_token"
    with pytest.raises(InputError, match="no further step"):
        walk.next()


Make = Callable[[GraphClient, AccessToken], Walk]


@pytest.mark.parametrize("make", [walk_debug_token, walk_long_lived, walk_page_tokens])
def test_every_walk_goes_to_its_end(
    make: Callable[[GraphClient, AccessToken], Walk], client: GraphClient, short: AccessToken
) -> None:
    walk = make(client, short)
    for number in range(3):
        assert walk.position == number
        walk.next()
        assert walk.error is None
    assert walk.done
    assert len(walk.held) == 3


def test_a_refused_step_can_be_taken_again(client: GraphClient, sandbox: Sandbox) -> None:
    walk = walk_login(client.acting_as(sandbox.person(cancel=True)))
    walk.next()
    walk.next()
    walk.next()
    walk.next()
    assert isinstance(walk.error, LoginCancelled)
    assert (walk.position, "code" in walk.held) == (3, False)
    walk.start_over()
    assert vars(walk) == vars(Walk(walk.client, walk.title, walk.steps))


def test_a_refusal_by_graph_is_kept_with_what_was_sent(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    walk = walk_long_lived(client, short)
    sandbox.clock.advance(hours=3)
    walk.next()
    assert isinstance(walk.error, TokenExpired)
    assert [exchange.status for exchange in walk.exchanges] == [400]
    assert walk.held == {}


def test_without_a_page_the_walk_says_so(client: GraphClient, sandbox: Sandbox) -> None:

    walk = walk_page_tokens(client, log_in(client.acting_as(sandbox.person(pages=[])), ["pages_show_list"]))
    walk.next()
    walk.next()
    walk.next()
    assert isinstance(walk.error, InputError)
    assert "no Page token" in str(walk.error)
    assert walk.position == 2


def test_a_step_that_failed_and_changed_the_world_is_taken_back_alone(client: GraphClient, sandbox: Sandbox) -> None:
    walk, start = walk_test_users(client), sandbox.state()
    sandbox.fail("lost", times=1)
    walk.next()
    assert walk.error
    assert sandbox.state() != start, "the test user was made, and the answer lost"
    sandbox.fail("lost", times=1)
    walk.next()
    walk.back()
    assert walk.error is None
    assert (walk.position, walk.begun, sandbox.state()["people"]) == (0, False, start["people"])
    sandbox.heal()  # the world that was gone back to had the fault in it
    walk.next()
    sandbox.fail("lost", times=1)
    walk.next()
    assert (walk.position, bool(walk.error)) == (1, True)
    walk.back()
    assert (walk.position, list(walk.held)) == (1, ["user"])


def test_a_step_of_ones_own_is_not_tried_out_beforehand(client: GraphClient) -> None:
    called = list[GraphClient]()
    walk = Walk(client, "mine", [Step("call", "called", lambda c, held: called.append(c))])
    assert walk.rehearse() == []
    assert called == []
    walk.next()
    assert called == [client]


def test_a_rehearsal_makes_no_time_pass(client: GraphClient, sandbox: Sandbox) -> None:
    before = sandbox.clock.now()
    walk = Walk(client, "mine", [Step("wait", "waited", lambda c, held: c.clock.sleep(60), rehearsed=True)])
    assert walk.rehearse() == []
    assert sandbox.clock.now() == before


def test_a_walk_without_a_step_is_refused(client: GraphClient) -> None:
    with pytest.raises(InputError, match="at least one step"):
        Walk(client, "nowhere", [])


def test_what_going_back_does_not_undo_is_told() -> None:
    assert walk_login(live_client(Capture())).stays == "What was done at Graph stays done."
