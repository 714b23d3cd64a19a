"""Where a result comes from: the code, the software, the machine."""

import datetime
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGE = "imagestudy"
# Not Python's tokenizer and parser, which take several times as long: every dry run, and every job,
# does this for all modules.
TEXT_OR_COMMENT = re.compile(
    r"""(\"{3}|'{3}|"|')(?:[^"'\\]++|\\.|(?!\1).)*+\1|#[^\n]*""", re.DOTALL
)
# Behind the end of a definition's head, or nothing. ASSUME: no text holds such a definition itself.
DOCSTRING = re.compile(
    r"""(\A\s*|^[ \t]*(?:(?:async +)?def\b|class\b|\))[^\n]*:[ \t]*\n\s*)"""
    r"""[rR]?(\"{3}|'{3})(?:[^"'\\]++|\\.|(?!\2).)*+\2[ \t]*$""",
    re.DOTALL | re.MULTILINE,
)
IMPORT = re.compile(
    rf"\bfrom\s+({PACKAGE}[\w.]*)\s+import\s+(\([^)]*\)|(?:\\\n|[^\n;])*)|\bimport\s+([^\n;(]+)"
)
PACKAGES = (
    "keras",
    "tensorflow",
    "tensorflow-cpu",
    "jax",
    "jaxlib",
    "autokeras",
    "keras-tuner",
    "scikit-learn",
    "scipy",
    "numpy",
    "pillow",
)


def digest(value: Any) -> str:
    """SHA-256 of `value` as canonical JSON, 64 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def code_digests(scripts: tuple[Path, ...], source: Path) -> dict[str, Any]:
    """Digests of `scripts` and of exactly the modules of this package that they import.

    `source` is the folder that holds the package. Comments, docstrings and blank lines do not
    count. Returns `{"digest": ..., "modules": {name: digest}}`, names relative to their roots.
    """
    files: dict[str, Path] = {}
    queue = [(script.name, script) for script in scripts]
    while queue:
        name, path = queue.pop()
        if name in files:
            continue
        files[name] = path
        queue += _read(path, source)[1]
    modules = {name: _read(files[name], source)[0] for name in sorted(files)}
    return {"digest": digest(modules), "modules": modules}


@functools.cache
def _read(path: Path, source: Path) -> tuple[str, frozenset[tuple[str, Path]]]:
    """The digest of the file at `path`, and the files of this package that it imports."""
    code = normalised(path.read_text())
    imported = frozenset().union(*(_files(name, source) for name in imports(code)))
    return hashlib.sha256(code.encode()).hexdigest(), imported


def imports(code: str) -> set[str]:
    """What `code` may import of this package, by dotted names; others of them are no modules."""
    names = set()
    for package, parts, modules in IMPORT.findall(code):
        words = [each.strip(" \t\n\\()").split(" ")[0] for each in (parts or modules).split(",")]
        inner = {f"{package}.{word}" for word in words if word}
        names |= inner | {package} if package else set(words)
    return {name for name in names if name.split(".")[0] == PACKAGE}


@functools.cache
def _files(name: str, source: Path) -> frozenset[tuple[str, Path]]:
    """The files of this package that an import of `name` runs."""
    parts = name.split(".")
    places = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    found = [file for place in places for file in (f"{place}/__init__.py", f"{place}.py")]
    return frozenset((file, source / file) for file in found if file in _package(source))


@functools.cache
def _package(source: Path) -> frozenset[str]:
    """All files of this package, relative to `source`."""
    files = (source / PACKAGE).rglob("*.py")
    return frozenset(file.relative_to(source).as_posix() for file in files)


def normalised(code: str) -> str:
    """Python source without comments, docstrings, blank lines and trailing spaces."""
    code = TEXT_OR_COMMENT.sub(lambda found: found[0] * (found[0][0] != "#"), code)
    lines = DOCSTRING.sub(r"\1", code).splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip())


def software() -> dict[str, str]:
    """Versions of Python and of the packages that can change a number."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def hardware() -> dict[str, Any]:
    """The machine: processor, cores, memory in GB (10^9 bytes), operating system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB (10^6 bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


@functools.cache
def commit() -> str | None:
    """The commit of the code, `-dirty` behind it where files differ; None without git."""
    folder = Path(__file__).parent
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
