"""Augmentation of batches: what is drawn for each picture, and the pictures so changed.

What is drawn is a dictionary of small arrays. `changed` takes them in NumPy, or on a device with
Keras's operations, and gives the same pictures to the last bit.
"""

from typing import Any

import numpy as np


def augment(
    images: np.ndarray,
    settings: dict[str, Any],
    pca: dict[str, Any],
    generator: np.random.Generator,
) -> np.ndarray:
    """A randomly changed copy of `images` (uint8, N x H x W x 3); see `draw`."""
    drawn = draw(images.shape[:3], settings, pca, generator)
    return changed(np, images, {key: drawn[key] for key in drawn if key != "mix"})


def draw(
    shape: tuple[int, int, int],
    settings: dict[str, Any],
    pca: dict[str, Any],
    generator: np.random.Generator,
) -> dict[str, Any]:
    """What happens to each of `shape[0]` pictures of `shape[1]` x `shape[2]` pixels.

    `settings`: `flip` (bool: half of the pictures are reflected left to right), `translate`
    (pixels, int: each picture is shifted by up to so many in both directions, the border filled
    by reflection), `pca_colour` (float: see `draw_colours`), `cutmix` (float: see `draw_mix`).
    `pca` holds the eigenvalues and eigenvectors of the training pictures' colours, as fractions
    of 1.
    """
    count, most = shape[0], settings["translate"]
    drawn: dict[str, Any] = {}
    if most:
        offsets = generator.integers(0, 2 * most + 1, size=(2, count))
        drawn["offsets"] = (offsets - most).astype(np.int32)
    if settings["flip"]:
        drawn["flipped"] = generator.random(count) < 0.5
    if settings["pca_colour"]:
        drawn["colours"] = draw_colours(count, settings["pca_colour"], pca, generator)
    if settings["cutmix"]:
        drawn["mix"] = draw_mix(shape, settings["cutmix"], generator)
    return drawn


def draw_colours(
    count: int, deviation: float, pca: dict[str, Any], generator: np.random.Generator
) -> np.ndarray:
    """For each picture what is added to its colours (int16, `count` x 3).

    Random multiples of the colours' principal components (Krizhevsky et al. 2012, 4.1): normal with
    standard deviation `deviation`, times the eigenvalue.
    ASSUME: they are rounded to whole levels, so that batches stay uint8.
    """
    multiples = generator.normal(0, deviation, size=(count, 3))
    shifts = (multiples * np.asarray(pca["eigenvalues"])) @ np.asarray(pca["eigenvectors"]).T
    return np.rint(255 * shifts).astype(np.int16)


def draw_mix(
    shape: tuple[int, int, int], alpha: float, generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """The box that each picture has from another one (CutMix, Yun et al. 2019).

    `box`: top, left, bottom, right; `other`: whose it is; `share`: of the area, and so of the
    targets, drawn from Beta(`alpha`, `alpha`). The box's middle lies anywhere, so that it may be
    cut off. One box and one pairing for the batch, as in the paper's code.
    """
    count, height, width = shape
    side = np.sqrt(generator.beta(alpha, alpha))
    middle = generator.integers(0, (height, width))
    half = np.array((height, width)) * side / 2
    top, left = np.maximum(middle - half, 0).astype(int)
    bottom, right = np.minimum(middle + half, (height, width)).astype(int)
    return {
        "box": np.array([top, left, bottom, right], np.int32),
        "other": generator.permutation(count).astype(np.int32),
        "share": np.array((bottom - top) * (right - left) / (height * width), np.float32),
    }


def changed(xp: Any, images: Any, drawn: dict[str, Any]) -> Any:
    """`images` (uint8, N x H x W x 3) as `drawn` for them; `xp` is `numpy` or `keras.ops`."""
    if "offsets" in drawn or "flipped" in drawn:
        images = _moved(xp, images, drawn)
    if "colours" in drawn:
        levels = xp.add(images, drawn["colours"][:, None, None, :])
        images = xp.array(xp.clip(levels, 0, 255), dtype="uint8")
    if "mix" in drawn:
        images = _pasted(xp, images, drawn["mix"])
    return images


def mixed(xp: Any, targets: Any, mix: dict[str, Any]) -> Any:
    """The targets (float32, N x classes) of pictures that have boxes of others."""
    share = mix["share"]
    return (1 - share) * targets + share * xp.take(targets, mix["other"], axis=0)


def _moved(xp: Any, images: Any, drawn: dict[str, Any]) -> Any:
    """Each pixel from where the shift, reflected at the border, and the mirror have it."""
    count, height, width, depth = images.shape
    rows = xp.arange(height, dtype="int32")[None, :]
    columns = xp.arange(width, dtype="int32")[None, :]
    if "flipped" in drawn:
        columns = xp.where(drawn["flipped"][:, None], width - 1 - columns, columns)
    if "offsets" in drawn:
        down, right = drawn["offsets"][0], drawn["offsets"][1]
        rows = _reflected(xp, rows + down[:, None], height)
        columns = _reflected(xp, columns + right[:, None], width)
    first = xp.arange(count, dtype="int32")[:, None, None] * (height * width)
    pixels = first + rows[:, :, None] * width + columns[:, None, :]
    return xp.take(xp.reshape(images, (-1, depth)), pixels, axis=0)


def _reflected(xp: Any, places: Any, length: int) -> Any:
    return length - 1 - xp.abs(length - 1 - xp.abs(places))


def _pasted(xp: Any, images: Any, mix: dict[str, Any]) -> Any:
    _, height, width, _ = images.shape
    top, left, bottom, right = (mix["box"][side] for side in range(4))
    rows = xp.arange(height, dtype="int32")[:, None]
    columns = xp.arange(width, dtype="int32")[None, :]
    inside = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
    return xp.where(inside[None, :, :, None], xp.take(images, mix["other"], axis=0), images)
