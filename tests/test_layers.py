"""Who may import whom: the contracts of `pyproject.toml`, and rules that strings could cheat."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.imports import packages_imported_by

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = sorted(found.parent.name for found in ROOT.glob("*/__init__.py"))
NOT_ON_THE_LINE = {"bench", "tests"}
"""They start and measure everything, the simulator too."""
OURS = [name for name in PACKAGES if name not in {*NOT_ON_THE_LINE, "simulator"}]
JOB = re.compile(r"^([a-z]+)\.jobs\.[a-z_]+$")


def modules(package: str) -> list[Path]:
    """Its modules; a migration is written once and stays as it was."""
    return sorted(
        found for found in (ROOT / package).rglob("*.py") if found.parent.name != "versions"
    )


def test_the_layers_hold() -> None:
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-1000:]


def test_the_contracts_cover_every_package() -> None:
    covered = set(PYPROJECT["tool"]["importlinter"]["root_packages"])
    assert covered == set(PACKAGES) - NOT_ON_THE_LINE


def test_root_modules_build_the_web_application_and_nothing_imports_them() -> None:
    """The contracts see packages only; these modules stand above them all."""
    roots = {module.stem for module in ROOT.glob("*.py")}
    assert roots == set(PYPROJECT["tool"]["setuptools"]["py-modules"]) == {"app", "wsgi"}
    for module in ROOT.glob("*.py"):
        assert not packages_imported_by(module) & {"twilio", "rq", "vosk", "simulator"}, module
    for package in [*OURS, "simulator"]:
        for module in modules(package):
            assert not packages_imported_by(module) & roots, module


@pytest.mark.parametrize("package", OURS)
def test_a_package_names_only_its_own_jobs(package: str) -> None:
    for module in modules(package):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = JOB.match(node.value)
                assert named is None or named[1] == package, f"{module}: {node.value}"


@pytest.mark.parametrize("package", [*OURS, "simulator"])
def test_only_the_entry_points_and_the_command_look_at_the_environment(package: str) -> None:
    allowed = {
        "config/settings.py",
        "ops/cli.py",
        "ops/rehearsal.py",
        "ops/setup.py",
        "ops/supervisor.py",
    }
    for module in modules(package):
        name = str(module.relative_to(ROOT))
        if package == "simulator" or name in allowed:
            continue
        assert "os.environ" not in module.read_text(), name


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    for package in (*OURS, "simulator"):
        for module in modules(package):
            assert len(module.read_text().splitlines()) <= 400, module


def test_work_in_redis_is_json_and_templates_escape() -> None:
    for package in OURS:
        for module in modules(package):
            assert "import pickle" not in module.read_text(), module
            assert "yaml.load(" not in module.read_text(), module
    for template in ROOT.glob("*/**/templates/**/*.html"):
        assert "|safe" not in template.read_text().replace(" ", ""), template
