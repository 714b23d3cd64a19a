"""What of a network is trained, and the arrays that it is trained and scored on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from imagestudy import frozen
from imagestudy.data import Dataset, Split


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

    def remove(self) -> None:
        """Forget what was cached for the training: it has finished."""
        if self.features:
            self.features.remove()


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
    `folder`: of the pictures as they are; or where they are augmented, of `settings["views"]`
    augmented copies, and without that number not at all. With `settings["flip_test"]` the whole
    network is scored, since mirror images are wanted.
    """
    pictures = {name: (split.images, split.labels) for name, split in splits.items()}
    most = settings["train_evaluation_pictures"]
    scored = pictures | {"train": tuple(each[:most] for each in pictures["train"])}
    images, labels = pictures["train"]
    augmented = any(settings["augmentation"].values())
    cut = frozen.cut(network) if settings["views"] or not augmented else None
    if cut is None:
        return Inputs(network, ([images], labels), pictures["selection"], network, scored)
    beginning, rest = cut
    features = frozen.Features(beginning, folder, data.digest)
    if augmented:
        pca, views = data.description["pca"], settings["views"]
        train = features.of_views(images, views, settings["augmentation"], pca, seed)
    else:
        train = [features.of("train", images)]
    selection = (features.of("selection", pictures["selection"][0]), pictures["selection"][1])
    if settings["flip_test"]:
        return Inputs(rest, (train, labels), selection, network, scored, features)
    made = {name: (features.of(name, each[0]), each[1]) for name, each in scored.items()}
    return Inputs(rest, (train, labels), selection, rest, made, features)
