# The settings, and what the rules ask of them.
import functools
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

FOLDER = Path(workflow.basedir)
SOURCE = FOLDER / "src"
sys.path.insert(0, str(SOURCE))
os.environ["PYTHONPATH"] = str(SOURCE)

from imagestudy.errors import StudyError
from imagestudy.provenance import code_digests
from imagestudy.settings import Study
from imagestudy.sources import ARCHIVES, IMAGENET, IMAGENET_WEIGHTS

try:
    study = Study.load(FOLDER, config)
except StudyError as error:
    raise WorkflowError(str(error))

os.environ["KERAS_BACKEND"] = study.config["backend"]
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"


wildcard_constraints:
    scale=study.scale,
    dataset="|".join(study.datasets),
    experiment="|".join(study.experiments),
    search="|".join(study.searches) or "none",
    seed="[0-9]+",
    round="[0-9]+",
    trial="[0-9]+",


# At demo the networks are so small that they train best side by side.
TRAINING_THREADS = 1 if study.scale == "demo" else 4
ARRAYS = [
    f"{split}_{kind}.npy"
    for split in ("train", "selection", "test")
    for kind in ("images", "labels")
] + ["unlabelled_images.npy", "boxes.npz", "sources.npz"]


@functools.cache
def code(script):
    """Digests of a script and of the library's modules that it imports."""
    return code_digests((FOLDER / "scripts" / script,), SOURCE)


def at_scale(path):
    """A path of this study's scale."""
    return f"results/{study.scale}/{path}"


def data_of(block):
    """The prepared data of an experiment or a search."""
    return at_scale(f"data/{block['dataset']}/dataset.json")
