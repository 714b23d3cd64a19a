import os
import re
import subprocess
import sys

from conftest import ROOT

CODE = """
import importlib, sys
from imagestudy import lean, runs
from imagestudy.search import oracle, stock
found = [name for name in lean.UNUSED if name in sys.modules]
assert not found, found
for name in lean.UNUSED:
    if name != "torch":  # only `make benchmark` installs it
        importlib.import_module(name)
bayesian = oracle.Bayesian(objective="val_accuracy", max_trials=2, num_initial_points=1)
assert bayesian.gpr.kernel.nu == 2.5
"""

WITHOUT = """
import runpy, sys
from pathlib import Path
import imagestudy.search.hand, imagestudy.search.ledger, imagestudy.settings
for path in Path("scripts").glob("*.py"):
    runpy.run_path(str(path))
found = {"keras", "autokeras", "tensorflow", "jax"} & set(sys.modules)
assert not found, found
"""

DRAWS = """
import runpy, sys
from pathlib import Path
for path in Path("scripts").glob("plot_*.py"):
    if path.stem not in ("plot_accuracy", "plot_cost"):  # which draw intervals
        runpy.run_path(str(path))
assert "statsmodels" not in sys.modules
"""


def test_what_does_not_train_imports_no_keras():
    environment = os.environ | {"PYTHONPATH": "src"}
    subprocess.run([sys.executable, "-c", WITHOUT], cwd=ROOT, env=environment, check=True)


def test_what_only_draws_imports_no_statistics():
    """They take as long as all else that a figure needs."""
    environment = os.environ | {"PYTHONPATH": "src"}
    subprocess.run([sys.executable, "-c", DRAWS], cwd=ROOT, env=environment, check=True)


def test_a_job_imports_nothing_that_it_does_not_use():
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "KERAS_BACKEND": "tensorflow"}
    subprocess.run([sys.executable, "-c", CODE], env=environment, check=True)


def test_keras_is_imported_in_one_place():
    """But for parts of it that are imported where it is there already."""
    places = [*(ROOT / "src").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]
    importing = {
        path.name
        for path in places
        if re.search(r"^\s*(import|from) keras\b", path.read_text(), re.MULTILINE)
    }
    assert importing == {"lean.py", "device.py", "space.py"}
