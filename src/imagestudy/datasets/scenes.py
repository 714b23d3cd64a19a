"""Scenes for the generated data: a textured shape before clutter, drawn many at a time.

What a class does not fix varies: place, size, angle, stretch, colours, light, texture's scale and
phase, clutter behind, an occluder before, blur of the ground, noise.
"""

from collections.abc import Callable

import numpy as np

from imagestudy.datasets.patterns import SHAPE_FUNCTIONS, SHAPES, TEXTURE_FUNCTIONS, TEXTURES

LEAN = 0.5  # of a colour is fixed by the class
BLOCK = 128  # pictures drawn at a time


def draw(
    shapes: np.ndarray, textures: np.ndarray, size: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One picture for each pair of numbers: uint8 (N, size, size, 3), boxes int16 (N, 4).

    A box holds x0 y0 x1 y1 of the shape's outermost pixels.
    """
    images = np.empty((len(shapes), size, size, 3), np.uint8)
    boxes = np.empty((len(shapes), 4), np.int16)
    for start in range(0, len(shapes), BLOCK):
        part = slice(start, start + BLOCK)
        images[part], boxes[part] = _block(shapes[part], textures[part], size, generator)
    return images, boxes


def _block(
    shapes: np.ndarray, textures: np.ndarray, size: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    count = len(shapes)
    images = _ground(count, size, generator)
    # Clutter: a piece of any shape and texture, smaller than the object.
    clutter = generator.integers(0, len(SHAPES), count)
    fill = generator.integers(0, len(TEXTURES), count)
    _paint(images, clutter, fill, generator, radius=(0.12, 0.24), reach=0.9)
    boxes = _paint(images, shapes, textures, generator, radius=(0.6, 0.92), reach=0.15)
    _occlude(images, generator)
    light = generator.normal(0, 0.08, (count, 1, 1, 1)) + generator.normal(
        0, 0.04, (count, 1, 1, 3)
    )
    noise = generator.standard_normal(images.shape, np.float32)
    noise *= generator.uniform(0.02, 0.06, (count, 1, 1, 1)).astype(np.float32)
    images = images * generator.uniform(0.8, 1.1, (count, 1, 1, 1)) + light + noise
    return (np.clip(images, 0, 1) * 255).round().astype(np.uint8), boxes


def _paint(
    images: np.ndarray,
    shapes: np.ndarray,
    textures: np.ndarray,
    generator: np.random.Generator,
    radius: tuple[float, float],
    reach: float,
) -> np.ndarray:
    """Paint one shape into each picture, in place; return the boxes."""
    count, size = images.shape[:2]
    x, y = _coordinates(count, size, generator, radius, reach)
    mask = _choose(SHAPE_FUNCTIONS, shapes, x, y, generator)
    pattern = _choose(TEXTURE_FUNCTIONS, textures, x, y, generator)[..., None]
    one, two = _colours(shapes, textures, generator)
    images += (one + (two - one) * pattern - images) * mask[..., None]
    inside = mask > 0.5
    rows, columns = inside.any(axis=2), inside.any(axis=1)
    last = size - 1
    boxes = (
        columns.argmax(axis=1),
        rows.argmax(axis=1),
        last - columns[:, ::-1].argmax(axis=1),
        last - rows[:, ::-1].argmax(axis=1),
    )
    return np.stack(boxes, axis=1).astype(np.int16)


def _coordinates(
    count: int,
    size: int,
    generator: np.random.Generator,
    radius: tuple[float, float],
    reach: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates in which the shape is upright and of radius 1, per picture."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) * 2 / size - 1

    def draws(low: float, high: float) -> np.ndarray:
        return generator.uniform(low, high, (count, 1, 1)).astype(np.float32)

    scale, stretch, angle = draws(*radius), draws(0.85, 1.18), draws(-0.4, 0.4)
    u, v = axis[None, None, :] - draws(-reach, reach), axis[None, :, None] - draws(-reach, reach)
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    return (u * cosine + v * sine) * stretch, (v * cosine - u * sine) / stretch


def _choose(
    functions: tuple[Callable[..., np.ndarray], ...],
    numbers: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    generator: np.random.Generator,
) -> np.ndarray:
    """Values of each picture's function at its coordinates."""
    result = np.empty_like(x)
    freedom = generator.uniform(0, 1, (len(numbers), 2, 1, 1)).astype(np.float32)
    for number in np.unique(numbers):
        rows = numbers == number
        result[rows] = functions[number](x[rows], y[rows], freedom[rows, 0], freedom[rows, 1])
    return result


def _ground(count: int, size: int, generator: np.random.Generator) -> np.ndarray:
    """Smooth blotches of a few colours: coarse noise, enlarged linearly."""
    coarse = generator.uniform(-0.2, 0.2, (count, 5, 5, 3)).astype(np.float32)
    coarse += generator.uniform(0.2, 0.8, (count, 1, 1, 3)).astype(np.float32)
    place = np.linspace(0, 3.999, size)
    low, share = place.astype(int), (place % 1).astype(np.float32)
    rows = coarse[:, low] * (1 - share)[None, :, None, None]
    rows += coarse[:, low + 1] * share[None, :, None, None]
    result = rows[:, :, low] * (1 - share)[:, None]
    result += rows[:, :, low + 1] * share[:, None]
    return result


def _colours(
    shapes: np.ndarray, textures: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Two colours per picture that differ in brightness, (N, 1, 1, 3) each.

    Each pair of shape and texture leans to a hue of its own, as things do, and weakly.
    """
    count = len(shapes)
    hue = 2 * np.pi * ((0.382 * shapes + 0.236 * textures) % 1)
    lean = 0.5 + 0.5 * np.cos(hue[:, None] - 2 * np.pi / 3 * np.arange(3))
    one = generator.uniform(0, 1, (count, 3)) * (1 - LEAN) + lean * LEAN
    one = one[:, None, None].astype(np.float32)
    step = generator.uniform(0.35, 0.6, (count, 1, 1, 1)).astype(np.float32)
    tint = generator.normal(0, 0.12, (count, 1, 1, 3)).astype(np.float32)
    bright = one.mean(axis=-1, keepdims=True) > 0.5
    return one, np.clip(one + np.where(bright, -step, step) + tint, 0, 1)


def _occlude(images: np.ndarray, generator: np.random.Generator) -> None:
    """A strip of one colour across a third of the pictures, in place."""
    count, size = images.shape[:2]
    x, y = _coordinates(count, size, generator, (0.1, 0.2), 0.7)
    turned = generator.random((count, 1, 1)) < 0.5
    covered = np.abs(np.where(turned, x, y)) < generator.uniform(0.3, 1, (count, 1, 1))
    covered &= generator.random((count, 1, 1)) < 0.33
    colour = generator.uniform(0, 1, (count, 1, 1, 3)).astype(np.float32)
    images[...] = np.where(covered[..., None], colour, images)
