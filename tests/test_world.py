"""The sandbox's world: the same every time, restored exactly, judged from dated facts; and its file, checked."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fbnb.client import GraphClient
from fbnb.errors import InputError, TokenMalformed, TokenRevoked, WorldError
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.kit import sandbox_client
from fbnb.redact import Secret
from fbnb.resources import folder
from fbnb.sandbox import Sandbox
from fbnb.sandbox.seed import load_seed
from fbnb.sandbox.versions import usable
from fbnb.tokens import NEVER, AccessToken


def story(client: GraphClient) -> list[str]:
    """Everything that could differ between runs: tokens, answers and trace ids."""
    long = extend_user_token(client, log_in(client, ["pages_show_list"]))
    pages = [page.token for page in list_pages(client, long) if page.token]
    said = [exchange.answer_text for exchange in client.wire.exchanges]
    return [token.value.reveal() for token in (long, *pages)] + said


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = (story(sandbox_client(Sandbox())) for _ in range(2))
    assert first == second


def test_another_seed_gives_other_tokens(tmp_path: Path) -> None:
    world = json.loads((folder("data") / "world.json").read_text()) | {"seed": "another"}
    (tmp_path / "world.json").write_text(json.dumps(world))
    assert story(sandbox_client(Sandbox(tmp_path / "world.json")))[0] != story(sandbox_client(Sandbox()))[0]


def test_rewinding_restores_the_whole_world_again_and_again(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    before = sandbox.checkpoint()
    client.wire.exchanges.clear()
    told = story(client)
    for _ in range(2):
        sandbox.change_password("Mara Quay")
        sandbox.clock.advance(days=100)
        assert not debug_token(client, short).is_valid
        sandbox.rewind(before)
        assert sandbox.checkpoint() == before
        client.wire.exchanges.clear()
        assert story(client) == told


def test_a_checkpoint_hides_its_tokens(sandbox: Sandbox, short: AccessToken) -> None:
    assert short.value.reveal() not in f"{sandbox.checkpoint()!r} {sandbox!r} {sandbox.world!r} {sandbox.world.tokens.values()!r}"


def test_every_token_knows_parent_and_call(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    long = extend_user_token(client, short)
    page = list_pages(client, long)[0].token
    assert page
    records = [sandbox.world.tokens[token.value.reveal()] for token in (page, long, short)]
    assert [record.parent for record in records] == [long.value.reveal(), short.value.reveal(), ""]
    assert [record.call for record in records] == [
        "GET /me/accounts or /{page}",
        "oauth/access_token, fb_exchange_token",
        "oauth/access_token, code",
    ]
    assert sandbox.world.root(records[0]) == records[2]


@pytest.mark.parametrize(
    ("event", "subcode"),
    [
        (lambda s: s.change_password("Mara Quay"), 460),
        (lambda s: s.log_out("Mara Quay"), 467),
        (lambda s: s.remove_app("Mara Quay", "1000000000001"), 458),
        (lambda s: s.invalidate("Mara Quay", "1000000000001"), 466),
    ],
)
def test_what_ends_a_session_kills_old_tokens_and_no_new_ones(
    event: Callable[[Sandbox], None], subcode: int, sandbox: Sandbox, client: GraphClient, short: AccessToken
) -> None:
    event(sandbox)
    with pytest.raises(TokenRevoked) as caught:
        client.get("me", short)
    assert caught.value.subcode == subcode
    assert client.get("me", log_in(client))["name"] == "Mara Quay"


def test_another_apps_removal_leaves_ours_alone(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    sandbox.remove_app("Mara Quay", "1000000000002")
    sandbox.change_password("Ben Tide")
    assert client.get("me", short)["name"] == "Mara Quay"


def test_a_secret_reset_kills_the_app_token_and_no_other(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    sandbox.reset_secret("1000000000001")
    with pytest.raises(TokenMalformed, match="signature"):
        debug_token(client, short)
    fresh = Secret(sandbox.world.secret("1000000000001"))
    renewed = replace(client, settings=replace(client.settings, app_secret=fresh))
    assert debug_token(renewed, short).is_valid


def test_a_page_that_will_be_deleted_is_there_until_then(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    page = next(page for page in list_pages(client, extend_user_token(client, short)) if page.name == "Regatta 2026")
    assert page.token
    assert debug_token(client, page.token).expires_at is NEVER
    sandbox.clock.advance(days=43)
    assert debug_token(client, page.token).is_valid
    sandbox.clock.advance(hours=4)
    assert not debug_token(client, page.token).is_valid


def test_a_page_deleted_today_is_not_listed(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    sandbox.delete_page("Harbour Bakery")
    sandbox.change_role("Mara Quay", "Tide Museum")
    names = [page.name for page in list_pages(client, short)]
    assert "Harbour Bakery" not in names
    assert "Tide Museum" not in names
    assert len(names) == 6


def test_many_threads_share_one_world(client: GraphClient, sandbox: Sandbox) -> None:
    """Tokens and states stay apart, no moment is lost and the wire can be read, with threads switched as often as can be."""
    given: list[str] = []

    def work() -> None:
        for _ in range(100):
            given.append(log_in(client).value.reveal())
            given.append(sandbox.nonce())
            sandbox.clock.advance(seconds=0.1)  # in all less than a call may take: a thread may have to wait for all others
            client.wire.since(client.wire.count - 5)

    interval, start = sys.getswitchinterval(), sandbox.clock.now()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert len(set(given)) == 1600
    assert sandbox.clock.now() - start == timedelta(seconds=80)
    assert client.wire.count == 1600


def test_no_time_passes_while_a_request_is_answered(sandbox: Sandbox) -> None:
    with sandbox.world.still() as now:
        sandbox.clock.advance(hours=1)
        assert sandbox.world.now() == now
    assert sandbox.world.now() == now + timedelta(hours=1)


def test_rewinding_restores_the_named_defaults_too(sandbox: Sandbox) -> None:
    before = sandbox.checkpoint()
    sandbox.world.defaults = msgspec.structs.replace(sandbox.world.defaults, code_exchange="long")
    sandbox.rewind(before)
    assert sandbox.world.defaults.code_exchange == "short"


def test_ninety_days_with_ten_thousand_tokens(sandbox: Sandbox, client: GraphClient, short: AccessToken) -> None:
    for _ in range(10_000):
        sandbox.world.issue(
            next(iter(sandbox.world.tokens.values())).kind, "1000000000001", person="2000000000001", expires_at=NEVER, call="test"
        )
    before = dict(sandbox.world.tokens)
    sandbox.clock.advance(days=90)
    assert sandbox.world.tokens == before
    assert not debug_token(client, short).is_valid


def test_usable_versions_come_oldest_first(sandbox: Sandbox) -> None:
    assert usable(sandbox.clock.now()) == ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"]


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda s: s.person("Mara"), "no person 'Mara'.*Mara Quay, Ben Tide"),
        (lambda s: s.person("Mara Quay", pages=["Bakery"]), "no Page 'Bakery'.*Harbour Bakery"),
        (lambda s: s.change_password("Nobody"), "no person 'Nobody'"),
        (lambda s: s.delete_page("Nowhere"), "no Page 'Nowhere'"),
        (lambda s: s.reset_secret("nope"), "no app 'nope'.*1000000000001"),
        (lambda s: s.remove_app("Mara Quay", "nope"), "no app 'nope'"),
        (lambda s: s.change_role("Mara Quay", "Harbour Bakery", "boss"), "no role 'boss'.*admin"),
        (lambda s: s.person(decline="emial"), "no permission 'emial'.*email"),
    ],
)
def test_a_name_that_is_not_in_the_world_changes_nothing(call: Callable[[Sandbox], Any], names: str, sandbox: Sandbox) -> None:
    before = sandbox.checkpoint()
    with pytest.raises(InputError, match=names):
        call(sandbox)
    assert sandbox.checkpoint() == before


def world_with(change: Callable[[dict[str, Any]], object]) -> str:
    world = json.loads((folder("data") / "world.json").read_text())
    change(world)
    return json.dumps(world, indent=1)


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ('{\n "start": "2026-11-02T09:00:00Z",\n "seed" "x"\n}', "line 3, column 9", "Expecting ':'"),
        ("", "line 1, column 1", "Expecting value"),
        (world_with(lambda w: w["apps"][1].update(id=7)), "$.apps[1].id", "Expected `str`, got `int`"),
        (world_with(lambda w: w.update(start="yesterday")), "$.start", "Invalid RFC3339"),
        (world_with(lambda w: w.update(start="2026-11-02T09:00:00")), "$.start", "needs a time zone"),
        (world_with(lambda w: w.pop("people")), "$", "missing required field `people`"),
        (world_with(lambda w: w["pages"][0].update(colour="red")), "$.pages[0]", "unknown field `colour`"),
        (world_with(lambda w: w["pages"][2]["roles"].update({"Mara Quay": "boss"})), "$.pages[2].roles", "no role 'boss'"),
        (world_with(lambda w: w["pages"][2]["roles"].update({"Mary": "admin"})), "$.pages[2].roles", "no person 'Mary'"),
        (world_with(lambda w: w["pages"][3].update(id="3000000000001")), "$.pages[3].id", "is there twice"),
        (world_with(lambda w: w["apps"][0].update(id="one")), "$.apps[0].id", "'one' is not a number"),
        (
            world_with(lambda w: w["people"][0]["app_scoped_ids"].pop("1000000000002")),
            "$.people[0].app_scoped_ids",
            "no id for app",
        ),
        (world_with(lambda w: w["defaults"].update(code_exchange="forever")), "$.defaults.code_exchange", "Invalid enum value"),
        (world_with(lambda w: w.update(apps=[])), "$.apps", "at least one"),
        (
            world_with(lambda w: w["pages"][9].update(deleted_at="2026-12-15T12:00:00")),
            "$.pages[9].deleted_at",
            "needs a time zone",
        ),
        (world_with(lambda w: w.update(start="2009-11-02T09:00:00Z")), "$.start", "between 2018 and 2100"),
        (world_with(lambda w: w["apps"][0].update(secret="abc")), "$.apps[0].secret", "32 characters"),
        (world_with(lambda w: w["apps"][0].update(id="7")), "$.apps[0].id", "5 to 20 digits"),
        (world_with(lambda w: w["pages"][1].update(name="Harbour Bakery")), "$.pages[1].name", "is there twice"),
        (world_with(lambda w: w["defaults"].update(page_size=0)), "$.defaults.page_size", ">= 1"),
        (world_with(lambda w: w.update(business={})), "$", "unknown field `business`"),
        (world_with(lambda w: w["businesses"][0].update(admins=["Mary"])), "$.businesses[0].admins", "no person 'Mary'"),
        (world_with(lambda w: w["businesses"][0].update(apps=["7"])), "$.businesses[0].apps", "no app '7'"),
        (world_with(lambda w: w["businesses"][0].update(client_pages=["X"])), "$.businesses[0]", "no Page 'X'"),
        (world_with(lambda w: w["businesses"][1].update(id="5000000000001")), "$.businesses[1].id", "is there twice"),
        (world_with(lambda w: w["ad_accounts"][0].update(roles={"Mary": "analyst"})), "$.ad_accounts[0].roles", "'Mary'"),
        (
            world_with(lambda w: w["ad_accounts"][0].update(timezone_name="Mars")),
            "$.ad_accounts[0].timezone_name",
            "no time zone",
        ),
        (world_with(lambda w: w["pages"][0]["posts"][0].update(created_time="2026-10-30T06:05:00")), "$.pages[0]", "time zone"),
        (world_with(lambda w: w["apps"][0]["configurations"][0].update(token="page")), "configurations[0].token", "enum value"),
        (
            world_with(lambda w: w["apps"][0]["configurations"][0].update(scopes=["pages"])),
            "configurations",
            "no permission 'pages'",
        ),
        ("[" * 200_000, "my-world.json", "nested too deep"),
    ],
)
def test_a_wrong_world_file_names_file_place_and_remedy(text: str, where: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "my-world.json"
    path.write_text(text)
    with pytest.raises(WorldError) as caught:
        load_seed(path)
    for part in ("my-world.json", where, what):
        assert part in str(caught.value)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_world_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="No such file"):
        load_seed(tmp_path / "missing.json")
    (tmp_path / "latin.json").write_bytes(b"\xff\xfe")
    with pytest.raises(WorldError, match="not UTF-8"):
        load_seed(tmp_path / "latin.json")


def test_the_seed_shows_no_secret() -> None:
    seed = load_seed()
    assert all(app.secret not in repr(seed) for app in seed.apps)


def test_our_own_world_has_what_the_lessons_need() -> None:
    seed = load_seed()
    assert (len(seed.apps), len(seed.people), len(seed.pages)) == (2, 3, 10)
    mara = {page.name: page.roles.get("Mara Quay") for page in seed.pages}
    classic = {"admin", "editor", "moderator", "advertiser", "analyst", "jobs_manager", "live_contributor"}
    assert classic | {"full_control"} <= set(mara.values())
    assert sum(page.through_business for page in seed.pages) == sum(page.deleted_at is not None for page in seed.pages) == 1
