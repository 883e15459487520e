"""The widgets in JupyterLab itself, at a real browser: by mouse, by keyboard alone, saved, as a still picture, in the dark.

What it sees is kept in build/screenshots, for people to look at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from shutil import copyfile

import pytest
from chromium import SCHEMES, NewContext, kept_near, launched, needs_chromium
from lab_page import Lab, Notebook, code_cells, faults, serving, write_notebook
from playwright.sync_api import Browser, Locator, Page, expect
from test_notebooks import SECRETS

from fbnb import plots, widgets
from fbnb.widgets.press import DOUBLE_CLICK

TYPED = "0123456789abcdef"  # twice it looks like an app secret
SET_UP = """from fbnb import connect, extend_user_token, list_pages, log_in, walk_login, walk_page_tokens
from fbnb.plots import *
from fbnb.widgets import *
client, sandbox = connect()
short = log_in(client, ["email", "pages_show_list", "pages_read_engagement", "pages_manage_posts"])
long = extend_user_token(client, short)
pages = list_pages(client, long)"""
# Each widget at work, and after a comma what else it may look like: cells that end in one.
WIDGETS = {
    "Connect": f"form = Connect(client)\nform.app_secret.value = '{TYPED}' * 2\nform",
    "Connect, wrong": """wrong = Connect(client)
wrong.app_id.value, wrong.version.value = "12", "26"
wrong.apply_button.click()
wrong""",
    "ErrorExplainer": """explainer = ErrorExplainer()
explainer.pasted.value = '{"error": {"code": 190, "error_subcode": 463, "message": "Session has expired"}}'
explainer.explain_button.click()
explainer""",
    "Explorer": "explorer = Explorer(client, [long])\nexplorer.send_button.click()\nexplorer",
    "Explorer, table": """explored = Explorer(client, [long])
explored.path.value, explored.fields.value = "me/accounts", "id,name,tasks"
explored.result.form.label = "Table"
explored.send_button.click()
explored.info_button.click()
explored""",
    "LoginDialog": "LoginDialog(connect()[0], ['email', 'pages_show_list', 'pages_messaging'])",
    "PagePicker": "PagePicker(pages)",
    "ScopePicker": "ScopePicker(['pages_manage_posts'])",
    "Stepper": """stepper = Stepper(walk_page_tokens(client, short))
stepper.next_button.click()
stepper""",
    "Stepper, done": """done = Stepper(walk_page_tokens(client, short))
for _ in range(3):
    done.next_button.click()
done""",
    "TimeTravel": """here, world = connect()
card = TokenCard(here, log_in(here, ['email']))
travel = TimeTravel(world, card)
travel.drop_button.click()
display(card)
travel""",
    "TokenCard": "TokenCard(client, long)",
    "TokenDebugger": """debugger = TokenDebugger(client, [short, long])
debugger.debug_button.click()
debugger""",
    "TokenPicker": "TokenPicker([short, long, *(page.token for page in pages)])",
    "WhichToken": "WhichToken()",
}
PICTURES = {
    "family_tree": "family_tree(sandbox.family(long))",
    "lifetimes": "lifetimes(sandbox.family(long), sandbox.happened, until=client.now())",
    "qr_code": "qr_code('https://www.facebook.com/device?user_code=A1NWZ9')",
    "sequence_diagram": "sequence_diagram(client.wire.exchanges)",
    "task_map": "task_map(pages)",
    "usage_chart": "usage_chart(client.usage)",
}
# Of each output with a picture in it: how wide the picture is, how much room it has, and how far the output scrolls.
WIDTHS = """outputs => outputs.map(output => [output.querySelector("img, svg").getBoundingClientRect().width,
    output.clientWidth, output.scrollWidth])"""

Press = Callable[[Locator], object]

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with serving(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def new_context(browser: Browser) -> Iterator[NewContext]:
    with kept_near(browser) as new_context:
        yield new_context


@pytest.fixture
def login(lab: Lab, new_context: NewContext, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """A copy of 01_login for this test alone, all of it run. An error in the browser's console fails the test."""
    folder, name = lab.root / "notebooks", request.node.name
    copyfile(folder / "01_login.ipynb", folder / f"{name}.ipynb")
    notebook = Notebook.opened(lab, name, new_context)
    notebook.runs_all()
    yield notebook
    assert not notebook.errors


@pytest.fixture(scope="module")
def gallery(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    """Every widget and picture, in a cell of its own, on a page so high that none is cut off."""
    write_notebook(lab.root / "notebooks" / "gallery.ipynb", [SET_UP, *WIDGETS.values(), *PICTURES.values()])
    with kept_near(browser) as new_context:
        notebook = Notebook.opened(lab, "gallery", new_context, height=2400)
        notebook.runs_all()
        yield notebook


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """An error in the gallery's console fails the test that it came in."""
    yield
    if "gallery" in request.fixturenames:
        errors = request.getfixturevalue("gallery").errors
        told = [*errors]
        errors.clear()
        assert not told


def by_mouse(button: Locator) -> None:
    button.click()


def by_keyboard() -> Press:
    """Presses a button that has the focus, by Enter and by Space in turn."""
    keys = cycle(["Enter", "Space"])

    def press(button: Locator) -> None:
        expect(button).to_be_focused()
        button.page.keyboard.press(next(keys))

    return press


def button(place: Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


def pressed(place: Locator, name: str, press: Press = by_mouse) -> None:
    """Press a button of a Stepper, and wait until it stands elsewhere, and takes the next press for another one."""
    where = place.get_by_role("status")
    before = where.inner_text()
    press(button(place, name))
    expect(where).not_to_have_text(before)
    rests(place)


def rests(place: Locator) -> None:
    expect(place.locator(".fa-hourglass")).to_have_count(0)
    place.page.wait_for_timeout(1000 * DOUBLE_CLICK + 200)  # nothing shows when a press is no part of a double click any more


def driven_to_its_end(stepper: Locator, press: Press) -> None:
    while button(stepper, "Next").is_enabled():
        pressed(stepper, "Next", press)
    expect(stepper.get_by_role("status")).to_have_text("Done: all 5 steps of the login.")
    expect(stepper.get_by_role("row", name="token")).to_contain_text("AccessToken(USER EAA…")


def tabs_to(goal: Locator) -> None:
    for _ in range(50):
        goal.page.keyboard.press("Tab")
        if goal.evaluate("goal => goal === document.activeElement"):
            return
    raise AssertionError("Tab never came there")


def tabs_out_of(place: Locator) -> None:
    for _ in range(50):
        if not place.evaluate("place => place.contains(document.activeElement)"):
            return
        place.page.keyboard.press("Tab")
    raise AssertionError("Tab never led out")


def holds_nothing_secret(text: str) -> None:
    """A saved notebook has no secret in it, and no state of a widget."""
    assert "widgets" not in json.loads(text)["metadata"]
    assert "widget-state" not in text
    assert [secret for secret in SECRETS if re.search(secret, text)] == []
    assert TYPED * 2 not in text


def snapshots(notebook: Notebook) -> list[str]:
    """What is saved for readers without a kernel: of each widget its masked snapshot."""
    outputs = [output for cell in code_cells(notebook.path) for output in cell["outputs"]]
    live = [output["data"] for output in outputs if "application/vnd.jupyter.widget-view+json" in output.get("data", {})]
    return ["".join(data["text/html"]) for data in live]


def preview(notebook: Notebook, new_context: NewContext) -> Page:
    """The saved notebook as a static page, where no script runs."""
    page = new_context(java_script_enabled=False).new_page()
    page.set_content(notebook.lab.get(f"nbconvert/html/notebooks/{notebook.name}.ipynb"))
    return page


def words_of(page: Page, places: str) -> list[str]:
    return [" ".join(words.split()) for words in page.locator(places).all_inner_texts()]


def shows_its_snapshots(notebook: Notebook, new_context: NewContext) -> str:
    """Each widget's snapshot is to be read on the static page; returns the words of all."""
    saved, page = snapshots(notebook), preview(notebook, new_context)
    shown = words_of(page, ".jp-RenderedHTMLCommon > div[style*='border-left']")
    page.set_content("".join(saved))
    assert shown == words_of(page, "body > div")
    assert all(shown)
    return "\n".join(shown)


def test_a_mouse_drives_the_login_to_its_end_and_the_saved_notebook_holds_no_secret(
    login: Notebook, new_context: NewContext
) -> None:
    stepper = login.output("stepper = Stepper(")
    expect(stepper.get_by_role("status")).to_contain_text("Next is step 3 of 5")
    driven_to_its_end(stepper, by_mouse)
    pressed(stepper, "Back")
    expect(stepper.get_by_role("status")).to_contain_text("Next is step 5 of 5")
    pressed(stepper, "Start over")
    driven_to_its_end(stepper, by_mouse)
    holds_nothing_secret(login.saved())
    shown = shows_its_snapshots(login, new_context)
    assert "Next is step 3 of 5" in shown
    assert "☑ pages_show_list" in shown


def test_a_keyboard_alone_drives_the_login_to_its_end(login: Notebook) -> None:
    stepper, press = login.output("stepper = Stepper("), by_keyboard()
    login.selects("stepper = Stepper(")
    tabs_to(button(stepper, "Next"))
    driven_to_its_end(stepper, press)
    tabs_to(button(stepper, "Back"))
    pressed(stepper, "Back", press)
    expect(stepper.get_by_role("status")).to_contain_text("Next is step 5 of 5")
    tabs_out_of(stepper)


def test_the_gallery_has_every_widget_and_every_picture() -> None:
    assert {name.partition(",")[0] for name in WIDGETS} == set(widgets.__all__)
    assert set(PICTURES) == set(plots.__all__) - {"Picture", "sequence_mermaid"}


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_widget_is_for_everyone(gallery: Notebook, root: Path, name: str, scheme: str) -> None:
    gallery.shines(scheme)
    output = gallery.output(WIDGETS[name])
    expect(output.locator(".jupyter-widgets").first).to_be_visible()
    output.screenshot(path=root / "build" / "screenshots" / f"{name}, {scheme}.png")
    assert not faults(gallery.page, output)


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_picture_is_drawn(gallery: Notebook, root: Path, name: str, scheme: str) -> None:
    gallery.shines(scheme)
    output = gallery.output(PICTURES[name])
    output.locator("img").hover()  # which waits until JupyterLab has come to rest: Run All scrolls to the last cell
    output.screenshot(path=root / "build" / "screenshots" / f"{name}, {scheme}.png")
    # No axe here: JupyterLab makes it an <img> without an alt, and what the picture says in words is lost on the way.


def test_every_picture_fits_a_narrow_window_and_a_phone(lab: Lab, new_context: NewContext) -> None:
    write_notebook(lab.root / "notebooks" / "pictures.ipynb", [SET_UP, *PICTURES.values()])
    notebook = Notebook.opened(lab, "pictures", new_context, height=4000, width=500)
    notebook.does("application:toggle-left-area")
    notebook.runs_all()
    expect(notebook.page.locator(".jp-OutputArea-output img")).to_have_count(len(PICTURES))
    fits(notebook.page)
    notebook.saved()
    still = preview(notebook, new_context)
    still.set_viewport_size({"width": 390, "height": 800})
    fits(still)
    assert still.evaluate("document.documentElement.scrollWidth") <= 390
    assert not notebook.errors


def fits(page: Page) -> None:
    """Each picture has the room it takes, and nothing scrolls sideways."""
    widths = page.locator(".jp-OutputArea-output:has(img, svg)").evaluate_all(WIDTHS)
    assert len(widths) == len(PICTURES)
    assert [(picture, room, across) for picture, room, across in widths if not 0 < picture <= room >= across] == []


def test_the_saved_gallery_holds_no_secret_and_its_preview_shows_each_widget_masked(
    gallery: Notebook, new_context: NewContext
) -> None:
    holds_nothing_secret(gallery.saved())
    assert len(snapshots(gallery)) == len(WIDGETS) + 1  # TimeTravel has a card beside it
    assert "App secret: ••••••••" in shows_its_snapshots(gallery, new_context)


def test_a_double_click_takes_one_step(gallery: Notebook) -> None:
    stepper = gallery.output(WIDGETS["Stepper"])
    expect(stepper.get_by_role("status")).to_contain_text("Next is step 2 of")
    pressed(stepper, "Next", lambda button: button.dblclick())
    expect(stepper.get_by_role("status")).to_contain_text("Next is step 3 of")


def test_a_wrong_secret_is_told_and_does_not_stay(gallery: Notebook) -> None:
    form = gallery.output(WIDGETS["Connect"])
    secret = form.get_by_label("App secret")
    form.get_by_label("App id").fill("1000000000001")
    secret.fill(TYPED * 2)
    secret.press("Tab")
    expect(secret).to_have_value("")
    expect(secret).to_have_attribute("placeholder", "taken, and not shown")
    button(form, "Test connection").click()
    beside = form.locator(".widget-hbox").filter(has=gallery.page.get_by_label("App secret"))
    expect(beside.get_by_role("alert")).to_contain_text("Error validating client secret")
    expect(form.get_by_role("alert").last).to_contain_text("Nothing was changed")
    expect(secret).to_have_value("")
    expect(secret).to_have_attribute("placeholder", "")
    holds_nothing_secret(gallery.saved())


def test_time_travel_changes_a_token_card(gallery: Notebook) -> None:
    travel = gallery.output(WIDGETS["TimeTravel"])
    card = travel.locator(".jp-OutputArea-child").first
    expect(card.get_by_role("status")).to_have_text("Live.")
    button(travel, "+1 day").click()
    expect(card.get_by_role("status")).to_contain_text("expired")
    slider = travel.get_by_role("slider", name="Day")
    slider.press("ArrowLeft")
    expect(card.get_by_role("status")).to_have_text("Live.")


def test_time_plays_and_the_slider_is_moved_by_mouse(gallery: Notebook) -> None:
    travel = gallery.output(WIDGETS["TimeTravel"])
    state = travel.locator(".jp-OutputArea-child").first.get_by_role("status")
    slider = travel.get_by_role("slider", name="Day")
    expect(state).to_have_text("Live.")
    button(travel, "Play").click()
    expect(state).to_contain_text("expired")
    button(travel, "Pause").click()
    day = stands(slider)
    assert 0 < day < int(slider.get_attribute("max") or 0)
    expect(travel.get_by_role("status").filter(has_text=f"Day {day}:")).to_be_visible()
    slider.click()  # in its middle
    expect(travel.get_by_role("status").filter(has_text=re.compile(r"Day (19|20)\d:"))).to_be_visible()
    slider.drag_to(slider, target_position={"x": 0, "y": 5})
    expect(slider).to_have_value("0")
    expect(state).to_have_text("Live.")


def stands(slider: Locator) -> int:
    """The day it stands at; AssertionError: it moves."""
    expect(slider.page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    day = slider.input_value()
    slider.page.wait_for_timeout(1500)  # six days long, if it still played
    assert slider.input_value() == day
    return int(day)
