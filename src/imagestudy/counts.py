"""How many pictures and classes a data set has, before it is prepared."""

from pathlib import Path
from typing import Any

from imagestudy.data import SPLITS
from imagestudy.datasets.pictures import SUFFIXES
from imagestudy.results import read_json

# Of each class in the official archives: what is not generated, nor a person's own.
OFFICIAL = {
    "tiny_imagenet": {"classes": 200, "train": 500, "test": 50, "unlabelled": 50},
    "cifar10": {"classes": 10, "train": 5000, "test": 1000, "unlabelled": 0},
}
TEST_FRACTION = 0.2


def picture_counts(block: dict[str, Any], prepared: Path) -> dict[str, int]:
    """`classes`, `image_size`, and the pictures of `train`, `selection`, `test` and `unlabelled`.

    They are read from the description `prepared` (dataset.json) where that exists. Else `block`,
    the data set's in the config, tells: exactly for official and generated data; of a person's own
    pictures the files are counted, and each folder of pictures is taken for a class.
    """
    if prepared.exists():
        data = read_json(prepared)
        counts = {name: data["splits"][name]["pictures"] for name in SPLITS}
        return counts | {
            "classes": len(data["classes"]),
            "unlabelled": data["unlabelled"],
            "image_size": data["image_size"],
        }
    if "path" in block:
        files = [p for p in Path(block["path"]).rglob("*") if p.suffix.lower() in SUFFIXES]
        classes = max(2, len({file.parent.name for file in files}))
        test = round(TEST_FRACTION * len(files))
        train, unlabelled = len(files) - test, 0
    else:
        each = OFFICIAL[block["format"]] | block.get("generate", {})
        classes = each["classes"]
        train, test = (
            classes * min(each[name], block.get(f"{name}_pictures_per_class") or each[name])
            for name in ("train", "test")
        )
        unlabelled = classes * each["unlabelled"]
    selection = round(block["selection_fraction"] * train)
    return {
        "classes": classes,
        "train": train - selection,
        "selection": selection,
        "test": test,
        "unlabelled": unlabelled,
        "image_size": block["image_size"],
    }
