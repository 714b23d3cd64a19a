"""Whether the files of an unpacked study fit each other."""

from pathlib import Path
from typing import Any

from imagestudy.bundle import run_place
from imagestudy.data import SPLITS, Dataset, open_dataset
from imagestudy.errors import StudyError
from imagestudy.settings import Study
from imagestudy.stored import read_stored


def require_fitting(study: Study, folder: Path) -> None:
    """Refuse data and predictions in `folder` that do not fit their description."""
    datasets = {name: open_dataset(folder / "data" / name) for name in study.datasets}
    for data in datasets.values():
        _require_columns(data)
    for name, block in study.experiments.items():
        for seed in study.seeds(name):
            path = folder / run_place(name, seed) / "predictions.npz"
            _require_predictions(path, datasets[block["dataset"]].description)


def _require_columns(data: Dataset) -> None:
    description = data.description
    for split in SPLITS:
        pictures, classes = description["splits"][split]["pictures"], len(data.classes)
        found = {
            "names": (data.sources(split).shape, (pictures,)),
            "boxes": (data.boxes(split).shape, (pictures, 4)),
            "per_class": ((len(description["splits"][split]["per_class"]),), (classes,)),
        }
        for what, (shape, right) in found.items():
            if shape != right:
                raise StudyError(
                    f"{data.folder}: {what} of {split} has the shape {shape}; with its "
                    f"{pictures} pictures of {classes} classes it must be {right}: pack again"
                )


def _require_predictions(path: Path, description: dict[str, Any]) -> None:
    stored = read_stored(path)
    # A run without a network has predicted nothing.
    pictures = description["splits"]["test"]["pictures"] if len(stored.labels) else 0
    unlabelled = description["unlabelled"] if len(stored.labels) else 0
    right = (pictures, len(description["classes"]), unlabelled)
    found = (*stored.log_probabilities.shape, len(stored.unlabelled))
    if found != right:
        raise StudyError(
            f"{path} holds {found[0]} predictions among {found[1]} classes, and {found[2]} for "
            f"unlabelled pictures; its data want {right[0]}, {right[1]} and {right[2]}: pack again"
        )
