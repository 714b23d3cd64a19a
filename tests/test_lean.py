import os
import subprocess
import sys

from conftest import ROOT

CODE = """
import importlib, sys
from imagestudy import lean, runs
found = [name for name in lean.UNUSED if name in sys.modules]
assert not found, found
for name in lean.UNUSED:
    importlib.import_module(name)
"""


def test_a_job_imports_nothing_that_it_does_not_use():
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "KERAS_BACKEND": "tensorflow"}
    subprocess.run([sys.executable, "-c", CODE], env=environment, check=True)


def test_keras_is_imported_in_one_place():
    places = [*(ROOT / "src").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]
    importing = {
        path.name
        for path in places
        for line in path.read_text().splitlines()
        if line.split() == ["import", "keras"]
    }
    assert importing == {"lean.py"}
