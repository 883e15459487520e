"""What a served sandbox is told as JSON does what the method of the same name does, and what is wrong changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fbnb.client import Call, GraphClient
from fbnb.errors import FbnbError, InputError
from fbnb.flows.login import log_in
from fbnb.flows.page_tokens import list_pages
from fbnb.kit import sandbox_client
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.sandbox.controls import EVENTS, Controls
from fbnb.sandbox.variables import variables
from fbnb.tokens import AccessToken

MARA, APP = "Mara Quay", "1000000000001"
TOLD: dict[str, dict[str, Any]] = {
    "change_password": {"person": MARA},
    "reset_sessions": {"person": MARA},
    "log_out": {"person": MARA, "app_id": APP},
    "invalidate": {"person": MARA},
    "question": {"person": MARA},
    "block": {"person": MARA},
    "unconfirm": {"person": MARA},
    "clear": {"person": MARA},
    "delete_system_user": {"name": "Sandbox admin"},
    "expire": {},  # the token, which every sandbox has its own of
    "remove_app": {"person": MARA},
    "remove_permission": {"person": MARA, "app_id": APP, "permission": "pages_show_list"},
    "expire_permission": {"person": MARA, "app_id": "", "permission": "pages_show_list"},
    "untick_page": {"person": MARA, "app_id": APP, "page": "Harbour Bakery"},
    "end_data_access": {"person": MARA},
    "request_data_deletion": {"person": MARA},
    "change_role": {"person": MARA, "asset": "Harbour Bakery", "role": ""},
    "demand_two_factor": {"business": "Harbour Street Collective"},
    "delete_page": {"page": "Harbour Bakery"},
    "hide_page": {"page": "Harbour Bakery"},
    "show_page": {"page": "Harbour Bakery"},
    "reset_secret": {},
    "require_proof": {"app_id": APP},
    "set_mode": {"mode": "live"},
    "block_app": {},
    "deactivate_app": {},
    "reactivate_app": {},
    "delete_app": {},
    "fail": {"what": "80004/2446079", "path": "act_*", "times": 2, "chance": 0.5, "retry_after": 5},
    "heal": {},
    "assume": {"calls_per_user": 5, "code_exchange": "long"},
}


def lived_in() -> tuple[Sandbox, AccessToken]:
    """A sandbox with a system user and a person's tokens, the same each time."""
    sandbox = Sandbox()
    variables(sandbox, "http://127.0.0.1:1", Secret("key"))
    client = sandbox_client(sandbox)
    token = log_in(client, ["pages_show_list"])
    list_pages(client, token)
    return sandbox, token


def tell(controls: Controls, method: str, control: str, **told: Any) -> Any:
    return json.loads(controls.answer(method, control, json.dumps(told).encode()))


def test_every_event_has_a_case() -> None:
    assert TOLD.keys() == EVENTS.keys()


@pytest.mark.parametrize("event", TOLD)
def test_an_event_told_as_json_is_the_method_of_that_name(event: str) -> None:
    (told, token), (called, same) = lived_in(), lived_in()
    before = called.checkpoint()
    assert told.checkpoint() == before
    in_json = {"token": token.value.reveal()} if event == "expire" else TOLD[event]
    answer = tell(Controls(told), "POST", "events", event=event, **in_json)
    getattr(called, event)(**{"token": same} if event == "expire" else TOLD[event])
    assert told.checkpoint() == called.checkpoint() != before
    assert answer == told.state()["happened"][-1] == {"at": "2026-11-02T09:00:00+00:00", "what": called.happened[-1][1]}


@pytest.mark.parametrize(
    ("when", "then"),
    [
        ({"at": "2026-11-03T10:00:00+01:00"}, {"at": datetime(2026, 11, 3, 9, tzinfo=UTC)}),
        ({"at": "2026-11-03T09:00:00"}, {"at": datetime(2026, 11, 3, 9, tzinfo=UTC)}),
        ({"after": {"days": 1, "minutes": 30}}, {"days": 1, "minutes": 30}),
        ({"after": {"hours": 1}, "every": {"days": 2.5}}, {"hours": 1, "every": timedelta(days=2.5)}),
    ],
)
def test_an_event_for_later_is_a_scheduled_one(when: dict[str, Any], then: dict[str, Any]) -> None:
    (told, _), (called, _) = lived_in(), lived_in()
    controls = Controls(told)
    answer = tell(controls, "POST", "events", event="log_out", person=MARA, **when)
    first = called.schedule(called.event.log_out(MARA), **then)
    assert answer == told.state()["due"][0] == {"at": first.isoformat(), "what": "Mara Quay logs out"}
    assert tell(controls, "POST", "clock", days=7) == {"now": "2026-11-09T09:00:00+00:00"}
    called.clock.advance(days=7)
    assert told.happened == called.happened
    assert told.state() == called.state()


def test_faults_come_and_go() -> None:
    sandbox, _ = lived_in()
    controls = Controls(sandbox)
    assert tell(controls, "POST", "faults", what=2, times=3) == {
        "at": "2026-11-02T09:00:00+00:00",
        "what": "Calls begin to fail: 2",
    }
    assert [(fault["what"], fault["left"]) for fault in tell(controls, "GET", "state")["faults"]] == [("2", 3)]
    tell(controls, "DELETE", "faults")
    assert tell(controls, "GET", "state")["faults"] == []
    tell(controls, "POST", "faults", what="timeout", after={"days": 1})
    assert tell(controls, "GET", "state")["faults"] == []


@pytest.mark.parametrize("frozen", [True, False])
def test_rewind_and_reset_go_back_clock_and_all(frozen: bool) -> None:
    sandbox = Sandbox(frozen=frozen)
    told = variables(sandbox, "http://127.0.0.1:1", Secret("key"))
    controls = Controls(sandbox)
    start = sandbox.start.now
    tell(controls, "POST", "clock", days=1)
    assert tell(controls, "POST", "checkpoint") == {"checkpoint": "1"}
    tell(controls, "POST", "clock", days=60)
    tell(controls, "POST", "events", event="delete_app")
    for told_as in ("1", 1):
        now = datetime.fromisoformat(tell(controls, "POST", "rewind", checkpoint=told_as)["now"])
        assert timedelta(0) <= now - start - timedelta(days=1) < timedelta(seconds=20)
        assert sandbox.happened == []
    sandbox.change_password(MARA)
    now = datetime.fromisoformat(tell(controls, "POST", "reset")["now"])
    assert timedelta(0) <= now - start < timedelta(seconds=20)
    assert sandbox.happened == []
    assert told["FB_ADMIN_TOKEN"] in sandbox.world.tokens, "the variables still hold"


def test_requests_can_be_asserted_on(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    with pytest.raises(FbnbError):
        client.get("4000000000000", short)
    client.batch(short, [Call("me"), Call("me/accounts")])
    last, batch = tell(Controls(sandbox), "GET", "requests")[-2:]
    assert (last["method"], last["host"], last["path"]) == ("GET", "graph.facebook.com", "/v26.0/4000000000000")
    assert (last["status"], last["error"]) == (400, "100/33")
    assert (batch["method"], batch["status"], batch["error"]) == ("POST", 200, "")
    assert "me/accounts" in batch["params"]["batch"]
    assert short.value.reveal() not in json.dumps([last, batch])


def test_the_state_says_who_granted_what_and_how_each_token_stands() -> None:
    sandbox, _ = lived_in()
    sandbox.expire_permission(MARA, APP, "pages_show_list")
    sandbox.log_out(MARA)
    state = tell(Controls(sandbox), "GET", "state")
    assert state == json.loads(json.dumps(sandbox.state()))
    mara = next(person for person in state["people"] if person["name"] == MARA)
    asked = {"granted": ["public_profile"], "declined": [], "expired": ["pages_show_list"], "pages": None}
    assert mara["grants"][APP] == asked
    assert [(token["kind"], token["state"], token["expires_at"]) for token in state["tokens"][:4]] == [
        ("USER", "expired", "2026-10-30T11:00:00+00:00"),
        ("SYSTEM_USER", "live", "never"),
        ("USER", "dead", "2026-11-02T11:00:00+00:00"),
        ("PAGE", "dead", state["tokens"][3]["expires_at"]),
    ]
    assert state["tokens"][2]["why"].startswith("190/467")
    assert [machine["name"] for machine in state["system_users"]] == ["Sandbox admin"]
    assert not any(text in json.dumps(state) for text in (*sandbox.world.tokens, sandbox.world.secret(APP)))


def test_the_controls_and_the_events_say_what_they_take() -> None:
    controls = Controls(Sandbox())
    assert "days" in tell(controls, "GET", "")["POST /_sandbox/clock"]
    assert all(tell(controls, "GET", "").values())
    events = tell(controls, "GET", "events")
    assert events["log_out"] == {
        "does": "The person's tokens die, of all apps or of one: 190/467.",
        "takes": ["person: str", "app_id: str = ''"],
    }
    assert events.keys() == EVENTS.keys()


WRONG: dict[str, tuple[str, str]] = {
    '{"event": "explode"}': ("events", "There is no event 'explode'"),
    '{"event": ["log_out"]}': ("events", "There is no event"),
    '{"event": "log_out"}': ("events", "'person'"),
    '{"event": "log_out", "person": 3}': ("events", "person: Expected `str`"),
    '{"event": "log_out", "person": "Nobody"}': ("events", "Mara Quay"),
    '{"event": "log_out", "person": "Mara Quay", "self": 1}': ("events", "self"),
    '{"event": "log_out", "person": "Mara Quay", "colour": 1}': ("events", "colour"),
    '{"event": "remove_permission", "person": "Mara Quay", "app_id": "", "permission": "ads_read"}': ("events", "not granted"),
    '{"event": "expire", "token": "EAA_SANDBOX_USER_0"}': ("events", "no token that this world"),
    '{"event": "expire", "token": [1]}': ("events", "token: Expected `str`"),
    '{"event": "assume", "calls_per_user": "many"}': ("events", "calls_per_user"),
    '{"event": "heal", "at": "yesterday"}': ("events", "at"),
    '{"event": "heal", "at": "2020-01-01T00:00:00Z"}': ("events", "lies ahead"),
    '{"event": "heal", "at": "0001-01-01T00:00:00+10:00"}': ("events", "lies ahead"),
    '{"event": "heal", "at": "2027-01-01T00:00:00Z", "after": {"days": 1}}': ("events", "one instant"),
    '{"event": "heal", "every": {"days": 1}}': ("events", "after"),
    '{"event": "heal", "after": {"days": 1}, "every": {}}': ("events", "more than no time"),
    '{"event": "heal", "after": {"days": 1}, "every": {"days": 1e99}}': ("events", "longer than time lasts"),
    '{"event": "heal", "after": {"weeks": 1}}': ("events", "weeks"),
    '{"what": 987654}': ("faults", "987654"),
    '{"what": 2, "chance": "often"}': ("faults", "chance: Expected"),
    '{"what": 2, "event": "heal"}': ("faults", "event"),
    '{"days": "2"}': ("clock", "Expected `float`"),
    '{"days": -1}': ("clock", "forward only"),
    "{}": ("clock", "not told how far"),
    '{"days": 3000000}': ("clock", "year 9000"),
    '{"days": 1e99}': ("clock", "longer than time lasts"),
    '{"days": NaN}': ("clock", "not a JSON object"),
    '{"years": 1}': ("clock", "years"),
    "[1]": ("clock", "not a JSON object"),
    "days=1": ("clock", "not a JSON object"),
    '"\ud800"': ("clock", "not a JSON object"),
    "[" * 100_000: ("clock", "not a JSON object"),
    '{"checkpoint": "7"}': ("rewind", "There are: none yet"),
    '{"checkpoint": []}': ("rewind", "no checkpoint"),
}


@pytest.mark.parametrize("clock_stands", [True, False])
def test_what_is_wrong_is_said_and_changes_nothing(clock_stands: bool) -> None:
    sandbox = Sandbox(frozen=clock_stands)
    controls, before = Controls(sandbox), sandbox.checkpoint()
    for body, (control, words) in WRONG.items():
        with pytest.raises(InputError) as caught:
            controls.answer("POST", control, body.encode("utf-8", "surrogatepass"))
        assert words in str(caught.value), body[:90]
        assert caught.value.remedy, body[:90]
        assert replace(sandbox.checkpoint(), now=before.now) == before, body[:90]
        assert sandbox.clock.now().year == 2026
