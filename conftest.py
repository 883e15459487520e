"""What holds for every test, of the package and of the notebooks."""

from __future__ import annotations

import os
import runpy
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parent
_GUARD = str(_ROOT / "tests" / "guard")


def pytest_configure(config: pytest.Config) -> None:
    _plain_environment()
    config.add_cleanup(lambda: shutil.rmtree(os.environ["IPYTHONDIR"], ignore_errors=True))
    runpy.run_path(f"{_GUARD}/sitecustomize.py")  # this process started without it, and Debian's Python has one of its own

    if config.getoption("nbval", default=False):
        _keep_history()


def _plain_environment() -> None:
    """Nobody's own settings change a result: no FBNB_ or PG variable, no keyring, no IPython profile, no route out."""
    for name in [name for name in os.environ if name.startswith(("FBNB_", "PG")) and name != "FBNB_TEST_ALL"]:
        del os.environ[name]
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    os.environ["IPYTHONDIR"] = tempfile.mkdtemp(prefix="fbnb-ipython-")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [_GUARD, os.environ.get("PYTHONPATH")]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With FBNB_TEST_ALL=1, a test that is skipped has failed."""
    report = yield
    if report.skipped and os.environ.get("FBNB_TEST_ALL") == "1":
        report.outcome = "failed"
    return report


def _keep_history() -> None:
    """Run notebook cells as JupyterLab does, with history: without it nbval shows what a trailing `;` silences."""
    from nbval.kernel import RunningKernel

    def execute(self: Any, source: str, allow_stdin: bool | None = None) -> str:
        return str(self.kc.execute(source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False))

    RunningKernel.execute_cell_input = execute


def pytest_collectstart(collector: Any) -> None:
    # What a kernel mutters on stderr is its own; a dependency's new warning is no change of ours.
    if type(collector).__name__ == "IPyNbFile":
        collector.skip_compare += ("stderr",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The notebook that takes as long as ten others comes first: begun last, it would run on alone.
    items.sort(key=lambda item: "22_the_fire_drill.ipynb" not in item.nodeid)
