"""A built wheel holds every file of the three rooms, and works from any folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.version import Version

from tests.reports.making import JAX, TORCH, make, oracle, record

ROOT = Path(__file__).parents[1]
ROOMS = ("cases", "adapters", "reports")
OLDEST = Version("77")
"""The first setuptools that reads ``pyproject.toml`` as it is written here."""

IMPORT_ALL = """
import importlib, sys
for name in sys.stdin.read().split():
    print(importlib.import_module(name).__file__)
"""


def tracked() -> set[str]:
    """The paths of all files of the repository that are there and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"git can't tell which files belong to the repository: {done.stderr.strip()}")
    return {path for path in done.stdout.splitlines() if (ROOT / path).exists()}


def run(*command: str, folder: Path, site: Path | None = None, given: str = "") -> str:
    """Run Python in ``folder``, with ``site`` in front of all that is installed, and return what it prints."""
    environment = os.environ | ({"PYTHONPATH": str(site)} if site else {})
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def setuptools_version() -> Version:
    try:
        return Version(version("setuptools"))
    except PackageNotFoundError:
        return Version("0")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built of a copy: setuptools leaves a folder ``build`` behind, and takes what is in it."""
    if setuptools_version() < OLDEST:
        pytest.skip(f"building a wheel needs setuptools {OLDEST} or later: pip install -e '.[tests]'")
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in tracked():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, source / path)
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(made)]
    run("-m", "pip", "wheel", str(source), *options, folder=source)
    (found,) = made.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the wheel is installed, to stand in front of all others."""
    folder = tmp_path_factory.mktemp("site")
    run("-m", "pip", "install", "--no-deps", "--quiet", "--target", str(folder), str(wheel), folder=folder)
    return folder


def test_a_wheel_holds_every_file_of_the_rooms_and_no_other(wheel: Path) -> None:
    """READMEs apart, which are read where the code is."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {path for path in tracked() if path.partition("/")[0] in ROOMS and not path.endswith("README.md")}
    assert names == wanted, "package-data in pyproject.toml lists the files that are no code"


def test_every_module_of_a_wheel_can_be_imported(site: Path, tmp_path: Path) -> None:
    paths = [path.relative_to(site) for room in ROOMS for path in sorted((site / room).rglob("*.py"))]
    modules = [".".join(path.with_suffix("").parts) for path in paths if path.stem not in {"__init__", "__main__"}]
    places = run("-c", IMPORT_ALL, folder=tmp_path, site=site, given="\n".join(modules)).splitlines()
    assert places == [str(site / path) for path in paths if path.stem not in {"__init__", "__main__"}]


def test_a_wheel_lists_cases_and_adapters_from_another_folder(site: Path, tmp_path: Path) -> None:
    cases = run("-m", "cases", "list", "cases/conv/strides*", folder=tmp_path, site=site)
    assert "cases/conv/strides.yaml::valid-i9x10-k7-s4\n" in cases
    adapters = run("-m", "adapters", "list", folder=tmp_path, site=site)
    names = ["oracle", "tensorflow", "torch", "jax", "flax", "keras", "onnx", "onnxruntime", "document"]
    assert [line.split()[0] for line in adapters.splitlines()] == names


def test_a_wheel_renders_a_run_from_another_folder(site: Path, tmp_path: Path) -> None:
    """The pages read templates, claims, known differences and recorded behaviours."""
    case, _, outcome = oracle(make("conv"))
    wrong = make("conv", "wrong", strides=0, invalid={"rule": "stride", "reason": "a stride of 0 leads nowhere"})
    answers = [oracle(case), (case, TORCH, outcome), (case, JAX, outcome), (wrong, TORCH, outcome)]
    run_path = record(tmp_path, answers).path
    pages = run("-m", "reports", "render", str(run_path), "--to", str(tmp_path / "pages"), folder=tmp_path, site=site)
    assert {"conformance.md", "differences.md", "shape_errors.html"} <= {Path(page).name for page in pages.splitlines()}
