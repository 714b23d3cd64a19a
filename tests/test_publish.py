import json
import re
import shutil
import statistics
import subprocess
import sys
import zipfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest

PUBLISH = Path(__file__).parents[1] / "envs/publish.py"
README = "# A study\n<!-- results:begin -->\nold\n<!-- results:end -->\nthe rest\n"


@pytest.fixture
def folder(tmp_path):
    results = tmp_path / "results/cpu"
    results.mkdir(parents=True)
    for name in ("bundle.zip", "summary.csv", "claims.json"):
        (results / name).write_bytes(f"what {name} holds".encode())
    (results / "summary.md").write_text("| # |\n| --- |\n| \\1 |\n")
    figure = plt.figure(figsize=(2, 3))
    figure.savefig(results / "report.pdf")
    plt.close(figure)
    (tmp_path / "README.md").write_text(README)
    return tmp_path


def publish(folder, *arguments):
    command = [sys.executable, PUBLISH, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_a_study_is_published_and_replaces_an_earlier_one(folder):
    for _ in range(2):
        assert publish(folder, "cpu").returncode == 0
    for name in ("bundle.zip", "report.pdf", "summary.csv", "claims.json"):
        expected = (folder / "results/cpu" / name).read_bytes()
        assert (folder / "published/cpu" / name).read_bytes() == expected
    assert (folder / "README.md").read_text() == (
        "# A study\n<!-- results:begin -->\n| # |\n| --- |\n| \\1 |\n\n"
        "The whole report: [published/cpu/report.pdf](published/cpu/report.pdf).\n\n"
        "<!-- results:end -->\nthe rest\n"
    )


@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="pdftoppm (poppler-utils) is not here")
def test_pages_are_pictured(folder):
    assert publish(folder, "cpu", "1").returncode == 0
    png = (folder / "published/cpu/page-1.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert "![Page 1 of the report](published/cpu/page-1.png)" in (folder / "README.md").read_text()


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (lambda folder: None, ["demo"], "the demo's pictures are made up: publish SCALE=cpu"),
        (
            lambda folder: (folder / "results/cpu/bundle.zip").unlink(),
            ["cpu"],
            "results/cpu/bundle.zip is missing; let the study and `make bundle` end",
        ),
        (
            lambda folder: (folder / "README.md").write_text("# A study\n"),
            ["cpu"],
            "README.md must have <!-- results:begin --> and <!-- results:end --> once each",
        ),
    ],
)
def test_what_cannot_be_published_is_refused(folder, change, arguments, message):
    change(folder)
    found = publish(folder, *arguments)
    assert found.returncode == 1
    assert message in found.stderr


def test_the_readme_has_the_numbers_of_what_is_published():
    root = PUBLISH.parents[1]
    lines = (root / "README.md").read_text(encoding="utf-8").splitlines()
    summary = pd.read_csv(root / "published/cpu/summary.csv")
    assert len(summary) >= 6
    for row in summary.to_dict("records"):
        (line,) = (each for each in lines if f"| {row['title']} " in each)
        cells = [cell.strip() for cell in line.split("|")]
        for metric in ("train_top1", "test_top1", "test_top5"):
            assert any(cell.startswith(f"{row[metric]:.3f}") for cell in cells), (line, metric)


def test_the_readme_has_the_accuracies_that_were_reached_on_a_gpu():
    root = PUBLISH.parents[1]
    readme = (root / "README.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"At scale `full` the modern (.*?)\n\n", readme, re.DOTALL)
    found = dict(re.findall(r"[:,] ([A-Z][^,:;]*?) (0\.\d{3})", " ".join(told.split())))
    assert len(found) == 9
    published = sorted((root / "published").glob("gpu*/summary.csv"))
    rows = pd.concat([pd.read_csv(path) for path in published])
    for title, accuracy in found.items():
        of_title = rows[rows["title"].str.split(r",| \(", regex=True).str[0] == title]
        assert accuracy in [f"{value:.3f}" for value in of_title["test_top1"]], title


FOUR = [
    ("by hand", "hand", "keras_cnn"),
    ("AutoKeras, Bayesian", "autokeras", "autokeras"),
    ("AutoKeras, greedy", "autokeras_greedy", "autokeras_greedy"),
    ("random", "random", "random_search"),
    ("default of the space", "default", None),
]


@pytest.mark.parametrize(("title", "search", "experiment"), FOUR)
def test_the_readme_of_the_four_searches_has_their_numbers(title, search, experiment):
    published = PUBLISH.parents[1] / "published/four_searches"
    readme = (published / "README.md").read_text(encoding="utf-8").splitlines()
    tables = [line.strip("| ").split(" | ") for line in readme if line.startswith("| ")]
    found, took = (row for row in tables if row[0] == title)
    trials = _results(published, f"searches/{search}/")
    trained = [each for each in trials if each["status"] != "skipped"]
    starts = [each["seconds"]["start"] for each in trained]
    assert found[1].split()[0] == str(len(trained))
    assert found[2] == f"{sum(each['device_seconds'] for each in trained):.0f}"
    assert found[3] == f"{max(each['score'] for each in trained):.3f}"
    assert took[1:3] == [f"{statistics.median(starts):.1f}", f"{max(starts):.1f}"]
    assert took[5] == f"{max(each['peak_memory_mb'] for each in trained):.0f} MB"
    if experiment:
        (result,) = _results(published, f"runs/{experiment}/")
        assert found[4].startswith(f"{result['metrics']['test']['top1']:.3f} (")
        assert found[5] == f"{result['device_seconds']:.0f}"


def _results(published, place):
    with zipfile.ZipFile(published / "bundle.zip") as bundle:
        names = [name for name in bundle.namelist() if name.startswith(place)]
        return [json.loads(bundle.read(name)) for name in names if name.endswith("/result.json")]
