"""What of a network is trained, and the arrays that it is trained and scored on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imagestudy import frozen
from imagestudy.data import Dataset, Split
from imagestudy.lean import keras


@dataclass
class Inputs:
    """`trained`: the network, or what follows its frozen beginning.

    `train` and `selection` are what it is fitted with: views of the inputs, or the inputs, and int
    labels. `scored`, for each split, are what `scorer` is evaluated on in the end.
    """

    trained: keras.Model
    train: tuple[list[np.ndarray], np.ndarray]
    selection: tuple[np.ndarray, np.ndarray]
    scorer: keras.Model
    scored: dict[str, tuple[np.ndarray, np.ndarray]]
    features: frozen.Features | None = None


def whole(network: keras.Model, splits: dict[str, Split], settings: dict[str, Any]) -> Inputs:
    """The whole network and the pictures themselves."""
    pictures = {name: (split.images, split.labels) for name, split in splits.items()}
    images, labels = pictures["train"]
    most = settings["train_evaluation_pictures"]
    scored = pictures | {"train": (images[:most], labels[:most])}
    return Inputs(network, ([images], labels), pictures["selection"], network, scored)


def inputs_of(
    network: keras.Model,
    splits: dict[str, Split],
    settings: dict[str, Any],
    data: Dataset,
    seed: int,
    folder: Path,
) -> Inputs:
    """The inputs for a training with `settings`.

    Where the network begins with frozen layers, their outputs are computed once, in files in
    `folder`, which is for this training alone: of the pictures as they are; or where they are
    augmented, of `settings["views"]` augmented copies, and without that number not at all. With
    `settings["flip_test"]` or `["shift_test"]` the whole network is scored, on other pictures.
    """
    found = whole(network, splits, settings)
    augmented = any(settings["augmentation"].values())
    cut = frozen.cut(network) if settings["views"] or not augmented else None
    if cut is None:
        return found
    beginning, found.trained = cut
    made = found.features = frozen.Features(beginning, folder, data.digest)
    (images,), labels = found.train
    if augmented:
        pca = data.description["pca"]
        views = made.of_views(images, settings["views"], settings["augmentation"], pca, seed)
    else:
        views = [made.of("train", images)]
    found.train = (views, labels)
    found.selection = (made.of("selection", found.selection[0]), found.selection[1])
    if not (settings["flip_test"] or settings["shift_test"]):
        found.scorer = found.trained
        seen = found.scored.pop("train")
        # Those it is trained on are scored too, where they are as they are.
        still = made.of("train", seen[0]) if augmented else views[0][: len(seen[1])]
        found.scored = {
            name: (made.of(name, each[0]), each[1]) for name, each in found.scored.items()
        } | {"train": (still, seen[1])}
    return found
