"""Augmentation of a batch of raw pictures, vectorised over the batch."""

from typing import Any

import numpy as np


def augment(
    images: np.ndarray,
    settings: dict[str, Any],
    pca: dict[str, Any],
    generator: np.random.Generator,
) -> np.ndarray:
    """A randomly changed copy of `images` (uint8, N x H x W x 3).

    `settings`: `flip` (bool: half of the pictures are reflected left to right), `translate`
    (pixels, int: each picture is shifted by up to so many in both directions, the border filled
    by reflection), `pca_colour` (float: standard deviation of the multiples of the principal
    components). `cutmix` concerns the targets too: see there. `pca` holds the eigenvalues and
    eigenvectors of the training pictures' colours, as fractions of 1.
    """
    if settings["translate"]:
        images = translate(images, settings["translate"], generator)
    if settings["flip"]:
        images = flip(images, generator)
    if settings["pca_colour"]:
        images = pca_colour(images, settings["pca_colour"], pca, generator)
    return images


def flip(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Reflect each picture left to right with probability one half."""
    chosen = generator.random(len(images)) < 0.5
    return np.where(chosen[:, None, None, None], images[:, :, ::-1], images)


def translate(images: np.ndarray, pixels: int, generator: np.random.Generator) -> np.ndarray:
    """Shift each picture by up to `pixels` rows and columns, reflecting at the border."""
    count, height, width, _ = images.shape
    border = ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0))
    padded = np.pad(images, border, mode="reflect")
    offsets = generator.integers(0, 2 * pixels + 1, size=(2, count))
    rows = offsets[0][:, None] + np.arange(height)
    columns = offsets[1][:, None] + np.arange(width)
    return padded[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def pca_colour(
    images: np.ndarray, deviation: float, pca: dict[str, Any], generator: np.random.Generator
) -> np.ndarray:
    """Add random multiples of the colours' principal components (Krizhevsky et al. 2012, 4.1).

    The multiples are normal with standard deviation `deviation`, times the eigenvalue.
    ASSUME: the result is rounded to whole levels, so that batches stay uint8.
    """
    multiples = generator.normal(0, deviation, size=(len(images), 3))
    shifts = (multiples * np.asarray(pca["eigenvalues"])) @ np.asarray(pca["eigenvectors"]).T
    changed = images + np.rint(255 * shifts).astype(np.int16)[:, None, None, :]
    return np.clip(changed, 0, 255).astype(np.uint8)


def cutmix(
    images: np.ndarray, targets: np.ndarray, alpha: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Paste a box of one picture into another, and mix their targets by area (Yun et al. 2019).

    `images`: uint8, N x H x W x 3; `targets`: float32, N x classes. The box's share of the picture
    is drawn from Beta(`alpha`, `alpha`); its middle lies anywhere, so that it may be cut off. One
    box and one pairing for the batch, as in the paper's code.
    """
    count, height, width, _ = images.shape
    side = np.sqrt(generator.beta(alpha, alpha))
    middle = generator.integers(0, (height, width))
    half = np.array((height, width)) * side / 2
    top, left = np.maximum(middle - half, 0).astype(int)
    bottom, right = np.minimum(middle + half, (height, width)).astype(int)
    other = generator.permutation(count)
    mixed = images.copy()
    mixed[:, top:bottom, left:right] = images[other, top:bottom, left:right]
    share = np.float32((bottom - top) * (right - left) / (height * width))
    return mixed, (1 - share) * targets + share * targets[other]
