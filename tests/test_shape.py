"""The shape of the whole: floors, four places, one home per dependency, and nothing heavy until it is used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "fbnb"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Who may import whom: a module imports only from its own floor's folder-mates or from floors below.
FLOORS = [
    {"redact", "clock", "resources", "exercise", "usage"},
    {"rules", "pasted", "codes"},
    {"errors"},
    {"tokens", "settings", "catalogue", "diagnosis", "lab", "letter", "smtp"},
    {"answers", "wire", "retries", "explain", "mail", "time_left"},
    {"client", "snippets", "token_facts"},
    {"flows"},
    {"sandbox", "store"},
    {"catcher", "verdicts", "inquiry", "which_token"},
    {"errand", "renewal", "notices"},
    {"pace", "assurance"},
    {"auditor"},
    {"walk", "tables", "browser", "journey", "kit"},
    {"walks", "store_walks", "store_tables", "typed"},
    {"plots"},
    {"widgets"},
    {"commands", "fire_drill"},
    {"cli"},
    {"pytest_plugin"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
HOMES = {
    "httpx": {"client", "sandbox.transport"},
    "pandas": {"tables", "store_tables", "fire_drill.tables"},
    "ipywidgets": {f"widgets.{name}" for name in "answer_view connect explainer explorer fields login_dialog pasting".split()}
    | {f"widgets.{name}" for name in "pickers press stepper time_travel token_card token_debugger view which_token".split()},
    "anywidget": {"widgets.time_slider"},
    "traitlets": {"widgets.time_slider"},
    "dotenv": {"settings"},
    "msgspec": {"sandbox.facts", "sandbox.seed", "sandbox.defaults", "sandbox.controls", "sandbox.encodings", "sandbox.messages"}
    | {"answers", "store.records", "store.kinship"},
    "starlette": {"sandbox.serve", "sandbox.doors"},
    "uvicorn": {"sandbox.serve"},
    "jinja2": {"sandbox.pages"},
    "python_multipart": {"sandbox.encodings"},
    "pytest": {"pytest_plugin"},
    "jwt": {"flows.oidc", "sandbox.oidc"},
    "cryptography": {"sandbox.oidc", "store.keys", "store.key_text", "store.vault"},
    "keyring": {"store.key_ring"},
    "platformdirs": {"store.key_file", "store.token_store"},
    "smtplib": {"smtp"},
    "sqlalchemy": {
        *(f"store.{name}" for name in ("address", "database", "faults", "hold", "inventory")),
        *(f"store.{name}" for name in ("runs", "schema", "token_store", "vault")),
    },
    "segno": {"plots.picture"},
    "tenacity": {"retries"},
    "tqdm": {"flows.device_login", "retries", "browser", "auditor", "fire_drill.rounds"},
}
FLOWS = set(
    "login debug_token long_lived page_tokens client_code app_tokens system_user revoke device_login session_info sdk_refresh"
    " business_login oidc find_pages page_reading marketing test_users".split()
)
COMPOSED = {"find_pages"}  # of other flows, so without a twin
LESSONS = set(
    "start_here when_tokens_die the_190_detective limits_and_faults store_and_watch the_fire_drill".split()
)  # that cut across flows


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "__init__"


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def own(path: Path) -> set[str]:
    """The modules of the package that a module imports, without `fbnb.`."""
    known = {name_of(module) for module in MODULES}
    return {found for name in imports(path) if (found := name.removeprefix("fbnb.")) in known and name.startswith("fbnb.")}


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path) != "__init__"], ids=name_of)
def test_imports_run_downwards(path: Path) -> None:
    here = name_of(path).partition(".")[0]
    for imported in own(path):
        there = imported.partition(".")[0]
        assert there == here or FLOOR[there] < FLOOR[here], f"{name_of(path)} imports {imported}"


def test_every_module_has_a_floor() -> None:
    assert {name_of(path).partition(".")[0] for path in MODULES} - {"__init__"} == set(FLOOR)


def test_a_flow_never_imports_the_sandbox_and_a_twin_never_its_flow() -> None:
    for path in (PACKAGE / "flows").glob("*.py"):
        assert not any(name.startswith("sandbox") for name in own(path)), path
    for path in (PACKAGE / "sandbox").glob("*.py"):
        own_names = own(path) - ({"wire"} if path.stem == "ledger" else set())  # which is asked about what a client saw
        assert not any(name.startswith(("flows", "client", "wire", "kit")) for name in own_names), path


def test_one_name_four_places() -> None:
    assert {path.stem for path in (PACKAGE / "flows").glob("*.py")} - {"__init__"} == FLOWS
    twins = {path.stem for path in (PACKAGE / "sandbox").glob("*.py")}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    notebooks = {path.stem[3:] for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert twins >= FLOWS - COMPOSED
    assert not twins & COMPOSED
    assert tests >= FLOWS
    assert notebooks - LESSONS == FLOWS


@pytest.mark.parametrize("dependency", HOMES)
def test_one_home_per_dependency(dependency: str) -> None:
    users = {name_of(path) for path in MODULES if any(name.partition(".")[0] == dependency for name in imports(path))}
    assert users == HOMES[dependency]


def test_dependencies_are_the_ones_with_a_home() -> None:
    allowed = {"fbnb", *HOMES, *sys.stdlib_module_names}
    for path in MODULES:
        assert {name.partition(".")[0] for name in imports(path)} <= allowed, path


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = (
        "httpx pandas ipywidgets msgspec dotenv jwt cryptography segno tenacity tqdm starlette uvicorn jinja2 python_multipart"
        " sqlalchemy keyring platformdirs smtplib anywidget traitlets"
    )
    program = f"import sys, fbnb; print([name for name in '{heavy}'.split() if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_public_name_is_there_and_documented() -> None:
    import fbnb

    for name in fbnb.__all__:
        value = getattr(fbnb, name)
        assert name == "NEVER" or value.__doc__, name
    with pytest.raises(AttributeError, match="fbnb has no 'nonsense'"):
        fbnb.nonsense  # noqa: B018


def test_no_module_reads_the_system_clock_or_keeps_state() -> None:
    for path in MODULES:
        text = path.read_text()
        if name_of(path) != "clock":
            assert not re.search(r"datetime\.now|time\.time\(|time\.sleep", text), path
        assert not re.search(r"^\s+global ", text, re.MULTILINE), path


def test_files_and_functions_stay_small() -> None:
    lengths = sorted(len(path.read_text().splitlines()) for path in MODULES)
    functions = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    )
    assert lengths[len(lengths) // 2] < 100
    assert functions[len(functions) // 2] < 10
    assert not {"utils", "common", "helpers", "base", "manager"} & {path.stem for path in MODULES}
