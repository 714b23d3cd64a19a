"""The environment's files agree with each other, and the words about them are true."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
CONDA_FILES = sorted((ROOT / "envs").glob("*.yaml"))
LOCK = ROOT / "envs" / "requirements.lock"


def locked(path: Path = LOCK) -> list[Requirement]:
    entries = re.findall(r"^(\S+==[^\\\n]+?) \\$", path.read_text(), re.MULTILINE)
    return [Requirement(entry) for entry in entries]


def conda_file(path: Path) -> tuple[str, list[Requirement]]:
    """The Python version and the pip requirements of a conda environment."""
    dependencies = yaml.safe_load(path.read_text())["dependencies"]
    python = next(each for each in dependencies if str(each).startswith("python="))
    pip = [each["pip"] for each in dependencies if isinstance(each, dict)]
    return python.removeprefix("python="), [Requirement(line) for lines in pip for line in lines]


def platforms(python: str) -> list[dict[str, str]]:
    common = {"python_version": python, "python_full_version": f"{python}.0"}
    return [
        common | {"sys_platform": system, "platform_machine": machine}
        for system, machine in [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")]
    ]


def applies(requirement: Requirement, platform: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(platform)


def tracked_files() -> list[Path]:
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", CONDA_FILES, ids=lambda path: path.name)
def test_conda_file_pins_what_the_lock_pins(path: Path) -> None:
    python, requirements = conda_file(path)
    for platform in platforms(python):
        pins = {canonicalize_name(r.name): r.specifier for r in locked() if applies(r, platform)}
        for requirement in requirements:
            if applies(requirement, platform):
                assert pins[canonicalize_name(requirement.name)] == requirement.specifier


def test_conda_files_hold_all_that_is_imported() -> None:
    distributions = importlib.metadata.packages_distributions()
    declared = {
        canonicalize_name(requirement.name)
        for path in CONDA_FILES
        for requirement in conda_file(path)[1]
    }
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            for name in {name.split(".")[0] for name in names}:
                if name != "imagestudy" and name not in sys.stdlib_module_names:
                    owners = {canonicalize_name(owner) for owner in distributions[name]}
                    assert owners & declared, f"{path.relative_to(ROOT)} imports {name}"


def test_every_lock_entry_has_hashes() -> None:
    entries = re.split(r"\n(?=\S)", LOCK.read_text().strip())
    assert len(entries) == len(locked())
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_lock_holds_the_versions_that_are_asked_for() -> None:
    names = ("common.in", "requirements.in")
    lines = [line for name in names for line in (ROOT / "envs" / name).read_text().splitlines()]
    pins = {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in locked()}
    for line in lines:
        if line and not line.startswith(("#", "-r")):
            requirement = Requirement(line)
            assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


def test_no_file_names_a_package_registry() -> None:
    # In pieces, so that this file does not hold them.
    words = ["--index" + "-url", "--extra-index" + "-url", "pypi" + ".org", "python" + "hosted."]
    for path in tracked_files():
        content = path.read_bytes()
        assert [word for word in words if word.encode() in content] == [], path


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_make_targets_that_are_named_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    # In code only: prose may make other things.
    text = (ROOT / name).read_text()
    code = text if name == ".ci/run" else "\n".join(re.findall(r"```.*?```|`[^`]+`", text, re.S))
    named = set(re.findall(r"(?:^|[`\s])make ([a-z-]+)", code))
    assert named
    assert named <= targets


@pytest.mark.parametrize("profile", ["default", "slurm"])
def test_profiles_hold_options_that_snakemake_knows(profile: str) -> None:
    settings = yaml.safe_load((ROOT / "profiles" / profile / "config.yaml").read_text())
    known = subprocess.run(
        [sys.executable, "-m", "snakemake", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert [key for key in settings if f"--{key}" not in known] == []


def test_setup_is_up_to_date_with_the_lock() -> None:
    """Every package of the lock is installed in the locked version."""
    python = ".".join(map(str, sys.version_info[:2]))
    for requirement in locked():
        if requirement.marker is None or requirement.marker.evaluate({"python_version": python}):
            assert importlib.metadata.version(requirement.name) in requirement.specifier
