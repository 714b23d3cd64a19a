"""Write scikit-learn's handwritten digits as a folder of classes, as your own pictures may lie.

usage: python examples/digits.py FOLDER [PICTURES OF EACH CLASS]
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

BRIGHTEST = 16  # of scikit-learn's pictures


def write_digits(folder: Path, pictures: int | None = None) -> None:
    """Write `<folder>/<digit>/<number>.png`: of each class the first `pictures`, or all."""
    digits = load_digits()
    for label, name in enumerate(digits.target_names):
        (folder / str(name)).mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(digits.images[digits.target == label][:pictures]):
            pixels = (image * 255 / BRIGHTEST).round().astype(np.uint8)
            Image.fromarray(pixels).save(folder / str(name) / f"{number}.png")


if __name__ == "__main__":
    write_digits(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
