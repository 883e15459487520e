"""The Explorer, clicked without a browser: it sends once, shows what came, goes back, and keeps no secret."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from time import perf_counter

import httpx
import ipywidgets as w
import pytest
from capture import Capture, Failing
from hands import SECRET, bare, click, everything, live_client, shown

from fbnb.client import GraphClient
from fbnb.flows.page_tokens import list_pages
from fbnb.sandbox import Sandbox
from fbnb.settings import Target
from fbnb.tokens import AccessToken, TokenKind
from fbnb.widgets.answer_view import about, table, tree
from fbnb.widgets.explorer import Explorer
from fbnb.widgets.login_dialog import LoginDialog
from fbnb.widgets.view import View

CANARY = "EAA" + "CanaryUser" * 6
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def explorer(client: GraphClient, short: AccessToken) -> Explorer:
    return Explorer(client, [short])


def send(explorer: Explorer, path: str = "me", fields: str = "", parameters: str = "", method: str = "GET") -> None:
    explorer.method.value, explorer.path.value = method, path
    explorer.fields.value, explorer.parameters.value = fields, parameters
    explorer.send_button.click()


def on_screen(explorer: Explorer) -> dict[str, object]:
    """All that is shown but the message."""
    widgets = [widget for widget in everything(explorer.view) if widget is not explorer.message]
    return {f"{n} {type(widget).__name__}": getattr(widget, "value", None) for n, widget in enumerate(widgets)}


def states(explorer: Explorer) -> str:
    return "".join(str(widget.get_state()) for widget in everything(explorer.view))


def test_a_call_is_sent_and_all_of_its_answer_shown(explorer: Explorer) -> None:
    send(explorer, fields="id,name")
    assert explorer.result.reply
    assert explorer.result.reply.exchange.answer == {"id": "2100000000001", "name": "Mara Quay"}
    assert "name: <code>&quot;Mara Quay&quot;</code>" in explorer.result.answer.value
    assert "<th scope=row>facebook-api-version</th>" in bare(explorer.result.about.value)
    assert "not told with this answer</td>" in bare(explorer.result.about.value)
    assert bare(explorer.message.value) == '<div role="status" aria-live="polite">Answered 200: 2 fields.</div>'
    assert explorer.result.code.value.startswith('curl "https://graph.facebook.com/v26.0/me?fields=id,name')


def test_usage_is_told_beside_it(explorer: Explorer) -> None:
    for _ in range(20):
        send(explorer)
    told = r"<caption>Usage</caption><tr><th scope=row>app</th><td>calls [1-9]\d* %, processor \d+ %, time \d+ %</td>"
    assert re.search(told, bare(explorer.result.about.value))
    usage = {"x-app-usage": '{"call_count":95,"total_time":3}', "x-business-use-case-usage": "{\"7\":[{\"type\":\"pages\","
             '"call_count":100,"estimated_time_to_regain_access":9}]}', "retry-after": "<b>"}  # fmt: skip
    assert explorer.result.reply
    exchange = replace(explorer.result.reply.exchange, headers=usage)
    told = bare(about(replace(explorer.result.reply, exchange=exchange)))
    assert "calls 95 %, time 3 %</td>" in told
    assert "<th scope=row>pages 7</th>" in told
    assert "calls 100 %; wait 9 minutes</td>" in told
    assert "&lt;b&gt;</td>" in told


def test_before_the_first_call_no_part_of_an_answer_is_shown(explorer: Explorer) -> None:
    assert "Code" not in shown(explorer)
    assert "Nothing was sent yet." in shown(explorer)
    send(explorer)
    assert "Code" in shown(explorer)


def test_the_token_that_is_picked_acts(explorer: Explorer, client: GraphClient, short: AccessToken) -> None:
    page = list_pages(client, short)[0].token
    assert page
    explorer.picker.add(page)
    send(explorer, fields="name")
    assert "Harbour Bakery" in explorer.result.answer.value
    explorer.picker.menu.value = short.fingerprint
    send(explorer, fields="name")
    assert "Mara Quay" in explorer.result.answer.value


def test_the_apps_own_token_is_among_them(explorer: Explorer, client: GraphClient) -> None:
    assert [token.kind for token in explorer.picker.tokens] == [TokenKind.USER, TokenKind.APP]
    assert Explorer(client.without_secret()).picker.tokens == []


def test_without_a_token_graph_is_asked_and_says_so(client: GraphClient) -> None:
    explorer = Explorer(client.without_secret())
    send(explorer)
    assert "An active access token must be used" in explorer.message.value
    explorer.info_button.click()
    assert "There is no token to look at. Generate one." in explorer.message.value


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_other_methods_are_sent_too(method: str) -> None:
    transport = Capture([{"success": True}])
    explorer = Explorer(live_client(transport), [AccessToken.of(CANARY)])
    send(explorer, "123/feed", "", "message=a & b", method)
    assert transport.last[:3] == (method, "graph.facebook.com", "/v26.0/123/feed")
    assert transport.last[3]["message"] == "a & b"
    assert explorer.result.code.value.startswith(f"curl -X {method} ")
    assert "success: <code>true</code>" in explorer.result.answer.value
    assert "Answered 200: 1 field." in explorer.message.value


def test_a_double_click_sends_one_request() -> None:
    transport = Capture()
    explorer = Explorer(live_client(transport), [AccessToken.of(CANARY)])
    for _ in range(2):
        click(explorer.send_button)
    assert len(transport.requests) == 1
    assert len(explorer.replies) == 1


def test_a_refusal_is_explained_with_its_numbers(explorer: Explorer, sandbox: Sandbox) -> None:
    sandbox.clock.advance(hours=3)
    send(explorer)
    reply = explorer.result.reply
    assert reply
    told = bare(explorer.result.about.value)
    assert 'role="alert"' in explorer.message.value
    assert "Graph refused (190/463)" in explorer.message.value
    assert "<th scope=row>numbers</th>" in told
    assert "190/463</td>" in told
    assert f"{reply.exchange.answer['error']['fbtrace_id']}</td>" in told
    assert "<th scope=row>cause</th>" in told
    assert "expired. " in told
    assert "Log in again for a new one" in told
    assert "status</th>" in told
    assert "error_subcode: <code>463</code>" in explorer.result.answer.value


def test_no_answer_is_explained_too() -> None:
    explorer = Explorer(
        live_client(Failing(lambda request: httpx.ConnectError("down", request=request))), [AccessToken.of(CANARY)]
    )
    send(explorer)
    assert "No answer from graph.facebook.com" in explorer.message.value
    assert "nothing came back" in bare(explorer.result.about.value)
    assert "Check the network" in bare(explorer.result.about.value)
    assert "numbers" not in bare(explorer.result.about.value)
    assert explorer.history.label == "1: GET me, no answer"


@pytest.mark.parametrize(
    "typed",
    [
        {"path": ""},
        {"path": "https://evil.example/v26.0/me"},
        {"path": "v26/me"},
        {"parameters": "limit"},
        {"parameters": "{"},
        {"parameters": "input_token=x"},
    ],
)
def test_an_error_leaves_nothing_half_updated(explorer: Explorer, client: GraphClient, typed: dict[str, str]) -> None:
    send(explorer, fields="id,name")
    reply, sent = explorer.result.reply, client.wire.count
    explorer.path.value = typed.get("path", "me")
    explorer.parameters.value = typed.get("parameters", "")
    before = on_screen(explorer)
    explorer.send_button.click()
    assert 'role="alert"' in explorer.message.value
    assert on_screen(explorer) == before
    assert (explorer.result.reply, client.wire.count, len(explorer.replies)) == (reply, sent, 1)
    send(explorer, fields="id")
    assert client.wire.count == sent + 1
    assert 'role="alert"' not in explorer.message.value


def test_several_are_read_by_their_ids(explorer: Explorer) -> None:
    send(explorer, "?ids=2100000000001&fields=name")
    assert "Mara Quay" in explorer.result.answer.value
    assert (explorer.path.value, explorer.parameters.value) == ("", "ids=2100000000001")
    assert explorer.history.label.endswith("GET ?ids, 200")
    explorer.send_button.click()
    assert len(explorer.replies) == 2


def test_a_pasted_address_is_taken_apart_into_the_fields(explorer: Explorer) -> None:
    send(explorer, f"https://graph.facebook.com/v25.0/me/accounts?fields=name&limit=2&access_token={CANARY}", "id,name")
    assert explorer.path.value == "me/accounts"
    assert explorer.fields.value == "name"
    assert explorer.parameters.value == "limit=2"
    assert explorer.version.value == "v25.0"
    assert "Answered 200: 2 rows." in explorer.message.value


@pytest.mark.parametrize("name", ["path", "fields", "parameters", "version"])
def test_a_secret_in_a_field_is_hidden_at_once(explorer: Explorer, name: str) -> None:
    field = getattr(explorer, name)
    field.set_state({"value": f"https://graph.facebook.com/me?access_token={CANARY}"})  # as the browser does
    assert "Canary" not in field.value
    assert "Canary" not in shown(explorer) + states(explorer)
    explorer.send_button.click()
    assert "Canary" not in shown(explorer) + states(explorer)


def test_no_secret_is_anywhere(client: GraphClient, short: AccessToken) -> None:
    explorer = Explorer(client, [short])
    secrets = [short.value.reveal(), *(page.token.value.reveal() for page in list_pages(client, short) if page.token)]
    assert client.settings.app_secret
    secrets.append(client.settings.app_secret.reveal())
    for form in explorer.result.form.options:
        for code in explorer.result.code_for.options:
            explorer.result.form.value, explorer.result.code_for.value = form[1], code[1]
            send(explorer, "me/accounts", "id,access_token", "limit=2")
            explorer.info_button.click()
            told = shown(explorer) + states(explorer) + repr(explorer.replies) + str(explorer._repr_mimebundle_())
            assert "access_token" in told
            assert not [secret for secret in secrets if secret in told]
    assert len(explorer.picker.tokens) == 2, "an answer brings no token in"


def test_live_no_secret_is_anywhere() -> None:
    answer = {"data": [{"access_token": CANARY, "note": f"{CANARY} {SECRET}", CANARY[:3]: "x"}]}
    explorer = Explorer(
        live_client(Capture([answer, (400, {"error": {"message": CANARY, "code": 190}})])), [AccessToken.of(CANARY)]
    )
    send(explorer, "me/accounts")
    told = shown(explorer) + states(explorer)
    send(explorer)
    told += shown(explorer) + states(explorer) + repr(explorer.replies)
    assert "EAA…User" in told
    assert CANARY not in told
    assert SECRET not in told


def test_what_comes_from_outside_is_escaped() -> None:
    answer = {"data": [{"id": EVIL, EVIL: [EVIL], f"{EVIL} once more": 1}], EVIL: {"name": EVIL}}
    refusal = {"error": {"message": EVIL, "type": EVIL, "code": 100, "fbtrace_id": EVIL}}
    explorer = Explorer(live_client(Capture([answer, answer, (400, refusal)])), [AccessToken.of(CANARY, label=EVIL)])
    for form in ("Tree", "Table"):
        explorer.result.form.label = form
        send(explorer, EVIL.replace(" ", ""), EVIL, f"{EVIL}={EVIL}")
        assert "&lt;script&gt;" in explorer.result.answer.value
        assert "<script" not in shown(explorer)
        assert "<img" not in shown(explorer)
    send(explorer)
    assert "&lt;script&gt;" in bare(explorer.result.about.value)
    assert "<script" not in shown(explorer)
    assert "<img" not in shown(explorer)


def test_the_answer_is_a_tree_or_a_table(explorer: Explorer) -> None:
    send(explorer, "me/accounts", "id,name,category_list", "limit=2")
    assert explorer.result.answer.value.startswith("<details open><summary>answer: 2 fields</summary>")
    assert "<details open><summary>data: list of 2</summary>" in explorer.result.answer.value
    assert "<details><summary>0: 3 fields, Harbour Bakery</summary>" in explorer.result.answer.value
    explorer.result.form.label = "Table"
    assert "<caption>Rows: 2</caption>" in bare(explorer.result.answer.value)
    assert "<th scope=col>category_list</th>" in bare(explorer.result.answer.value)
    assert "<details" not in explorer.result.answer.value


def test_the_code_is_written_out_in_each_of_three_ways(explorer: Explorer) -> None:
    send(explorer, "me/accounts", "id", "limit=2")
    for name, begins in (
        ("httpx", 'httpx.get("https://graph.facebook.com/v26.0/me/accounts"'),
        ("fbnb", 'client.get("me/accounts", token'),
    ):
        explorer.result.code_for.label = name
        assert explorer.result.code.value.startswith(begins)


class Balance(HTMLParser):
    """Which tags are open; a tag that closes another than the last fails."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("answer", [{}, [], None, "x", 1, True, {"data": []}, [[1, [2]]], {"a": {"b": {"c": {"d": 1}}}}])
def test_every_answer_can_be_drawn(answer: object) -> None:
    for drawn in (tree(answer), table(answer)):
        balance = Balance()
        balance.feed(drawn)
        assert balance.open == []


def test_of_what_is_wide_a_first_part_is_shown() -> None:
    many = {f"{a}": {f"{b}": {f"{c}": {"id": "1"} for c in range(50)} for b in range(50)} for a in range(50)}
    assert tree(many).count("<details") + tree(many).count("<code>") == 2001, "of all 130 001"
    assert "… and 49 more" in tree(many)
    wide = {"data": [{f"c{number}": "x" for number in range(5000)}]}
    assert table(wide).count("<td") == 50
    assert "Rows: 1; columns: first 50 of 5000" in table(wide)


def test_of_what_is_long_or_deep_a_first_part_is_shown() -> None:
    long = {"data": [{"id": n} for n in range(1000)]}
    assert tree(long).count("<code>") == 50
    assert "… and 950 more" in tree(long)
    assert "data: list of 1000" in tree(long)
    assert "Rows: first 50 of 1000" in table(long)
    deep: object = "end"
    for _ in range(400):
        deep = {"in": deep}
    assert tree(deep).count("<details") == 21
    assert len(tree("x" * 100_000)) < 1200


def test_history_goes_back_to_a_call_and_its_reply(explorer: Explorer, client: GraphClient) -> None:
    assert explorer.history.label == "none yet"
    send(explorer, "me/accounts", "name", "limit=2")
    first = explorer.result.answer.value
    send(explorer, "nonsense/path", "id", "a=b", "POST")
    assert "refused" in explorer.message.value
    labels = [label for label, _ in explorer.history.options]
    assert [label.partition(": ")[2] for label in labels] == ["POST nonsense/path, 400", "GET me/accounts, 200"]
    assert explorer.history.index == 0
    sent = client.wire.count
    explorer.history.index = 1
    assert (explorer.method.value, explorer.path.value) == ("GET", "me/accounts")
    assert (explorer.fields.value, explorer.parameters.value) == ("name", "limit=2")
    assert explorer.result.answer.value == first
    assert "Answered 200: 2 rows." in explorer.message.value
    assert client.wire.count == sent, "nothing is sent for it"
    send(explorer, "me")
    assert (explorer.history.index, len(explorer.history.options)) == (0, 3)
    assert explorer.path.value == "me"


def test_history_keeps_the_last_fifty() -> None:
    explorer = Explorer(live_client(Capture()), [AccessToken.of(CANARY)])
    for number in range(1, 53):
        send(explorer, f"{number}")
    assert len(explorer.replies) == len(explorer.history.options) == 50
    assert explorer.history.options[0][0] == "52: GET 52, 200"
    assert explorer.history.options[-1][0] == "3: GET 3, 200"
    explorer.history.index = 49
    assert explorer.path.value == "3"


def test_the_info_button_hands_the_token_to_the_debugger(explorer: Explorer, short: AccessToken) -> None:
    explorer.info_button.click()
    assert explorer.opened is explorer.debugger
    assert explorer.debugger.info
    assert explorer.debugger.info.user_id == "2100000000001"
    assert f"What Graph says of {short.hint}" in shown(explorer)
    explorer.picker.menu.index = 1
    explorer.info_button.click()
    assert explorer.picker.token
    assert f"What Graph says of {explorer.picker.token.hint}" in shown(explorer)
    assert explorer.debugger.info.kind is TokenKind.APP
    explorer.info_button.click()
    assert explorer.opened is None
    assert "What Graph says of" not in shown(explorer)


def test_a_token_extended_in_the_debugger_can_be_acted_with(explorer: Explorer) -> None:
    explorer.info_button.click()
    explorer.debugger.extend_button.click()
    assert explorer.debugger.extended
    extended = explorer.debugger.extended.fingerprint
    assert explorer.picker.token
    assert explorer.picker.token.fingerprint == extended
    assert explorer.picker.token.data_access_until, "with what the debugger was told of it"
    assert len(explorer.picker.tokens) == 3
    explorer.debugger.picker.menu.index = 0
    explorer.debugger.debug_button.click()
    assert explorer.picker.token.fingerprint == extended, "one that is there already is only looked at"


def test_refresh_looks_again_at_the_token_beside(explorer: Explorer, sandbox: Sandbox, client: GraphClient) -> None:
    send(explorer)
    sandbox.clock.advance(hours=3)
    before = on_screen(explorer), client.wire.count
    explorer.refresh()
    assert (on_screen(explorer), client.wire.count) == before
    explorer.info_button.click()
    sandbox.clock.advance(days=1)
    table = explorer.debugger.table.value
    explorer.refresh()
    assert explorer.debugger.table.value != table


def test_a_token_is_generated_with_the_permissions_ticked(client: GraphClient, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer, focused = Explorer(client), list[str]()
    monkeypatch.setattr(w.Button, "focus", lambda self: focused.append(self.description))
    explorer.generate_button.click()
    assert explorer.opened is explorer.scopes
    explorer.scopes.boxes["email"].value = True
    explorer.login_button.click()
    dialog = explorer.opened
    assert isinstance(dialog, LoginDialog)
    dialog.continue_button.click()
    assert dialog.token
    assert explorer.picker.token == dialog.token
    assert [token.kind for token in explorer.picker.tokens] == [TokenKind.APP, *[TokenKind.PAGE] * 8, TokenKind.USER]
    assert "is the token to act with" in explorer.message.value
    assert focused == ["Send"], "the button that was pressed is gone"
    assert explorer.opened is None
    assert explorer.beside.children == ()
    send(explorer, "me/permissions")
    assert "email" in explorer.result.answer.value
    assert dialog.token.value.reveal() not in shown(explorer) + states(explorer)


def test_other_permissions_make_another_login(client: GraphClient) -> None:
    explorer = Explorer(client)
    explorer.generate_button.click()
    dialog: View | None = None
    for name, ticked in (("email", True), ("pages_show_list", False)):
        explorer.scopes.boxes[name].value = ticked
        explorer.login_button.click()
        dialog = explorer.opened
        assert isinstance(dialog, LoginDialog)
        assert dialog.scopes == explorer.scopes.scopes
        assert [child for child in explorer.beside.children if not isinstance(child, w.HBox)] == [
            explorer.scopes.view,
            dialog.view,
        ]
        assert explorer.login_button in everything(explorer.view), "the keyboard keeps its place"
    explorer.scopes.boxes["pages_show_list"].value = True
    assert isinstance(dialog, LoginDialog)
    dialog.continue_button.click()
    assert [token.kind for token in explorer.picker.tokens] == [TokenKind.APP, TokenKind.USER], "what the login asked for counts"


def test_a_login_that_is_replaced_or_done_is_closed(client: GraphClient) -> None:
    explorer = Explorer(client)
    explorer.generate_button.click()
    explorer.generate_button.click()
    before = len(w.Widget.get_manager_state()["state"])
    for _ in range(2):
        explorer.generate_button.click()
        for _ in range(3):
            explorer.login_button.click()
        explorer.generate_button.click()
        assert len(w.Widget.get_manager_state()["state"]) == before
    explorer.generate_button.click()
    explorer.login_button.click()
    assert isinstance(explorer.opened, LoginDialog)
    click(explorer.opened.continue_button)
    assert "is the token to act with" in explorer.message.value
    assert len(w.Widget.get_manager_state()["state"]) == before


def test_without_the_permission_no_pages_are_asked_for(client: GraphClient) -> None:
    explorer = Explorer(client)
    explorer.generate_button.click()
    explorer.scopes.boxes["pages_show_list"].value = False
    explorer.scopes.boxes["email"].value = True
    explorer.login_button.click()
    assert isinstance(explorer.opened, LoginDialog)
    explorer.opened.continue_button.click()
    assert [token.kind for token in explorer.picker.tokens] == [TokenKind.APP, TokenKind.USER]
    assert not [exchange for exchange in client.wire.last(5) if exchange.path.endswith("accounts")]


def test_a_login_that_is_cancelled_adds_nothing(client: GraphClient) -> None:
    explorer = Explorer(client)
    explorer.generate_button.click()
    explorer.login_button.click()
    assert isinstance(explorer.opened, LoginDialog)
    explorer.opened.cancel_button.click()
    assert [token.kind for token in explorer.picker.tokens] == [TokenKind.APP]
    assert "LoginCancelled" in shown(explorer)
    explorer.generate_button.click()
    assert explorer.beside.children == ()


def test_the_choice_of_permissions_opens_and_closes(explorer: Explorer) -> None:
    explorer.generate_button.click()
    assert "pages_show_list" in shown(explorer)
    explorer.generate_button.click()
    assert "pages_show_list" not in shown(explorer)


def test_a_token_whose_pages_are_refused_is_added_all_the_same(explorer: Explorer) -> None:
    failing = Capture([(400, {"error": {"message": "no", "code": 200}})])
    explorer.client = live_client(failing)
    token = AccessToken.of(CANARY)
    explorer._logged_in(token, ["pages_show_list"])
    assert explorer.picker.token == token
    assert "Its Pages were not told: Graph refused (200)" in explorer.message.value


def test_every_input_has_a_label(explorer: Explorer) -> None:
    send(explorer)
    for press in (explorer.info_button, explorer.generate_button):
        press.click()
        for widget in everything(explorer.view):
            if isinstance(widget, w.Text | w.Password | w.Textarea | w.Dropdown | w.Checkbox | w.Button):
                assert widget.description


def test_a_pressed_button_stays_pressable(explorer: Explorer) -> None:
    for press in (explorer.send_button, explorer.info_button, explorer.generate_button):
        press.click()
        assert not press.disabled


def test_it_is_built_and_updated_in_thirty_milliseconds(client: GraphClient, short: AccessToken) -> None:
    def milliseconds(act: object) -> float:
        assert callable(act)
        taken = []
        for _ in range(7):
            start = perf_counter()
            act()
            taken.append((perf_counter() - start) * 1000)
        return sorted(taken)[3]

    explorer = Explorer(client, [short])
    explorer.path.value, explorer.fields.value = "me/accounts", ""
    built = milliseconds(lambda: Explorer(client, [short]))
    sent = milliseconds(explorer.send_button.click)
    assert len(explorer.replies) == 7
    informed = milliseconds(explorer.info_button.click)
    print(f"built {built:.1f} ms, sent and shown {sent:.1f} ms, information {informed:.1f} ms")
    assert max(built, sent) <= 30


def test_a_served_sandbox_is_where_the_copied_call_goes(client: GraphClient, short: AccessToken) -> None:
    settings = replace(client.settings, target=Target.SERVED, served="http://127.0.0.1:8765")
    explorer = Explorer(replace(client, settings=settings), [short])
    explorer.send_button.click()
    for way in ("curl", "httpx"):
        explorer.result.code_for.label = way
        assert '"http://127.0.0.1:8765/v26.0/me' in explorer.result.code.value
