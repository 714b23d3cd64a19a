"""A study of a person's own pictures: one block of config, and the example in examples/."""

import json
import subprocess
import sys

import pypdf
import pytest
import yaml
from conftest import ROOT, SIZES, StudyCopy

from imagestudy.errors import StudyError
from imagestudy.origins import COMMAND
from imagestudy.settings import Study

OWN = {"name": "flowers", "path": "flowers"}
# What the example runs as it does elsewhere (test_workflow), and what no line here asks about.
LESS = {
    "experiments": dict.fromkeys(["alexnet_own", "alexnet", *SIZES]),
    "searches": dict.fromkeys(["random", "default"]),
}


def study_of(scale, **own):
    return Study.load(ROOT, {"scale": scale, "own": OWN | own})


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The example, with few pictures at the tests' scale, run to its PDF."""
    study = StudyCopy.new(tmp_path_factory.mktemp("digits"))
    script = [sys.executable, "examples/digits.py", "resources/digits", "10"]
    subprocess.run(script, cwd=study.folder, check=True)
    (study.folder / "less.yaml").write_text(yaml.safe_dump(LESS))
    ended = study.snakemake("report.pdf", "--configfile", "examples/digits.yaml", "less.yaml")
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-4000:]
    return study


@pytest.mark.parametrize("scale", ["demo", "cpu", "full"])
def test_all_experiments_are_made_on_the_pictures_alone(scale):
    study = study_of(scale)
    blocks = [*study.experiments.values(), *study.searches.values()]
    assert {block["dataset"] for block in blocks} == {"flowers"} == study.datasets.keys()
    assert study.datasets["flowers"]["title"] == "Flowers"
    assert {"keras_cnn", "autokeras", "alexnet", "vgg16"} <= study.experiments.keys()
    # Elsewhere they start from a network that would have learned from the same pictures.
    assert ({"vgg16_transfer", "vgg16_fine_tune"} <= study.experiments.keys()) == (scale == "full")
    assert {block["role"] for block in study.experiments.values()} <= {"own", "control"}
    assert study.folder == f"{scale}-flowers"


def test_what_is_the_same_on_one_data_set_is_made_once():
    study = study_of("full")
    assert "vgg16_from_scratch" not in study.experiments
    assert not {"keras_cnn_cifar10", "autokeras_cifar10"} & study.experiments.keys()
    assert not {"hand_cifar10", "autokeras_cifar10"} & study.searches.keys()
    assert "autokeras_search_2" in study.experiments


def test_transfer_can_start_from_imagenet_at_any_scale():
    own_start = {"start": "imagenet", "network": {"width": 1.0, "batch_normalization": False}}
    over = {"experiments": {"vgg16_transfer": own_start}}
    study = Study.load(ROOT, {"scale": "cpu", "own": OWN} | over)
    assert study.experiments["vgg16_transfer"]["start"] == "imagenet"
    assert "vgg16_fine_tune" not in study.experiments
    pairs = [pair for each in study.report_settings()["families"].values() for pair in each]
    assert not any("vgg16_fine_tune" in pair for pair in pairs)


def test_the_block_may_say_more():
    block = study_of("demo", title="My flowers", format="csv", image_size=64).datasets["flowers"]
    assert (block["title"], block["format"], block["image_size"]) == ("My flowers", "csv", 64)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"path": "flowers"}, f"{COMMAND}: own lacks name"),
        ({"name": "my flowers", "path": "f"}, f"{COMMAND}: own.name: 'my flowers' does not match"),
        (OWN | {"size": 3}, f"{COMMAND}: own has the unknown key 'size'; it may have: format, "),
        (OWN | {"format": "cifar10"}, "own.format is 'cifar10'; it must be one of folder, csv"),
    ],
)
def test_a_wrong_block_is_refused(own, message):
    with pytest.raises(StudyError, match=message.replace("(", r"\(")):
        Study.load(ROOT, {"scale": "demo", "own": own})


def test_pictures_that_are_not_there_are_named():
    with pytest.raises(StudyError, match=f"{COMMAND}: own.path is 'flowers'; nothing is there"):
        study_of("demo").find_sources()


def test_the_example_ends_in_a_report_without_the_original(digits):
    text = " ".join(
        page.extract_text() for page in pypdf.PdfReader(digits.folder / "report.pdf").pages
    )
    text = " ".join(text.split())
    assert "Handwritten digits" in text
    assert "All classifiers" in text
    assert "generated data" not in text
    assert "replicated" not in text
    originals = yaml.safe_load((ROOT / "report" / "original.yaml").read_text())["rows"]
    for row in originals.values():
        assert row["train"] not in text or len(row["train"]) < 6
    folder = digits.folder / "results" / "demo-digits"
    claims = json.loads((folder / "claims.json").read_text())
    assert "autokeras_better_digits" in {claim["name"] for claim in claims}
    assert "0.5432" not in (folder / "summary.md").read_text()
    log = (folder / "report.log").read_text(errors="replace")
    assert "undefined" not in log
    assert "LaTeX Warning: Reference" not in log
