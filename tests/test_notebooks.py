"""The committed notebooks: really run, fit to read, free of secrets, and the same on any machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fbnb.widgets

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECRETS = (
    r"[EX]AA_SANDBOX_|EAA[A-Za-z0-9]{10,}",
    r"eyJ[A-Za-z0-9_-]{10}",
    r"AQ_SANDBOX",
    r"decafbad|c0ffee",
    r"\d{13}\|[0-9a-f]",
    r"ipykernel_",
    r"/(home|root|tmp)/",
)
SET_UP = '# client, sandbox = connect(target="live")'


def cells(path: Path, kind: str = "code") -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_was_run_from_top_to_bottom(path: Path) -> None:
    code = cells(path)
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert all(cell["outputs"] for cell in code), "each cell ends in something to look at"
    untold = [cell for cell in code if any(o["output_type"] == "error" for o in cell["outputs"]) and not _tagged(cell)]
    assert not untold


def _tagged(cell: dict[str, Any]) -> bool:
    return "raises-exception" in cell["metadata"].get("tags", [])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_reads_as_a_lesson(path: Path) -> None:
    code, prose = cells(path), cells(path, "markdown")
    assert 8 <= len(code) <= 14
    assert all(len(source(cell).splitlines()) <= 8 for cell in code)
    lines = sum(len([line for line in source(cell).splitlines() if line.strip()]) for cell in code)
    assert sum(len(source(cell).split()) for cell in prose) >= 8 * lines
    assert SET_UP in source(code[0])
    text = "\n".join(map(source, prose))
    for beat in ("**In:**", "**Out:**", "Set up", "On the wire", "When it refuses", "Drive it", "Your turn", "**Solution.**"):
        assert beat in text, beat
    assert not any(re.search(r"\bprint\(", source(cell)) for cell in code)


# The table that each picture was drawn from.
BESIDE = {
    "sequence_diagram(": "wire_table(",
    "family_tree(": "family_table(",
    "lifetimes(": "family_table(",
    "task_map(": "task_table(",
    "usage_chart(": "usage_table(",
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_beside_each_picture_stands_its_table(path: Path) -> None:
    drawn = [(picture, source(cell)) for cell in cells(path) for picture in BESIDE if picture in source(cell)]
    assert drawn
    assert not [picture for picture, code in drawn if BESIDE[picture] not in code]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_driven_with_a_widget(path: Path) -> None:
    shown = {output["data"]["text/plain"][0] for cell in cells(path) for output in cell["outputs"] if "data" in output}
    assert shown & set(fbnb.widgets.__all__)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_error_is_one_line(path: Path) -> None:
    errors = [output for cell in cells(path) for output in cell["outputs"] if output["output_type"] == "error"]
    assert all(output["traceback"] == [f"{output['ename']}: {output['evalue']}"] for output in errors)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_holds_no_secret_no_widget_state_and_no_trace_of_a_machine(path: Path) -> None:
    text = path.read_text()
    assert "widgets" not in json.loads(text)["metadata"]
    assert "widget-view" not in text
    for secret in SECRETS:
        assert not re.search(secret, text), secret
    titles = [output["data"] for cell in cells(path) for output in cell["outputs"] if "image/svg+xml" in output.get("data", {})]
    assert titles
    assert all("<title>" in "".join(data["image/svg+xml"]) for data in titles)


def test_cells_that_only_the_sandbox_can_do_name_nothing_that_later_cells_need() -> None:
    for path in NOTEBOOKS:
        code = cells(path)
        for number, cell in enumerate(code):
            if "sandbox." in source(cell):
                assert _tagged(cell), f"{path.stem} cell {number}"
                made = set(re.findall(r"^(\w+) = ", source(cell), re.MULTILINE))
                later = "\n".join(map(source, code[number + 1 :]))
                assert not [name for name in made if re.search(rf"\b{name}\b", later)], path.stem


def run_elsewhere(tmp_path: Path, **environ: str) -> None:
    """Run copies of all notebooks in a folder of their own, and compare the bytes."""
    copies = shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    paths = sorted(map(str, copies.glob("*.ipynb")))
    command = [sys.executable, str(ROOT / "tests" / "run_notebooks.py"), *paths]
    done = subprocess.run(command, env=dict(os.environ) | environ, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for path in NOTEBOOKS:
        assert (copies / path.name).read_bytes() == path.read_bytes(), path.name


def test_another_run_in_tokyo_gives_the_same_bytes(tmp_path: Path) -> None:
    run_elsewhere(tmp_path, TZ="Asia/Tokyo", LANG="C", LC_ALL="C")


def test_a_notebook_that_fails_is_left_as_it_was(tmp_path: Path) -> None:
    broken = json.loads(NOTEBOOKS[0].read_text())
    broken["cells"] = [broken["cells"][0] | {"cell_type": "code", "source": "1 / 0", "outputs": [], "execution_count": None}]
    path = tmp_path / "broken.ipynb"
    path.write_text(json.dumps(broken))
    before = path.read_bytes()
    command = [sys.executable, str(ROOT / "tests" / "run_notebooks.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "was left as it was" in done.stderr
    assert path.read_bytes() == before


def test_a_changed_output_fails_under_nbval(tmp_path: Path) -> None:
    text = NOTEBOOKS[2].read_text()
    assert "2 hours" in text
    (tmp_path / "changed.ipynb").write_text(text.replace("2 hours", "3 hours"))
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    done = subprocess.run([*command, str(tmp_path / "changed.ipynb")], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "2 hours" in done.stdout
