"""Shapes and textures of the generated data, as functions of coordinates; a shape has radius 1."""

import numpy as np

SHAPES = (
    "disc",
    "square",
    "triangle",
    "ring",
    "cross",
    "star",
    "bar",
    "crescent",
    "hexagon",
    "flower",
    "corner",
    "hourglass",
)
TEXTURES = ("plain", "striped", "checked", "dotted", "rippled", "marbled", "barred", "shaded")


def _soft(distance: np.ndarray) -> np.ndarray:
    """1 where the distance to the edge is positive, 0 where negative, a short ramp between."""
    return np.clip(distance * 12 + 0.5, 0, 1)


def _polygon(x: np.ndarray, y: np.ndarray, corners: int) -> np.ndarray:
    """Distance inward from a regular polygon's edge, one corner at the top."""
    angle = np.arctan2(x, -y)
    sector = 2 * np.pi / corners
    inner = (angle + sector / 2) % sector - sector / 2
    return np.cos(np.pi / corners) - np.hypot(x, y) * np.cos(np.abs(inner) - np.pi / corners)


def _star(x: np.ndarray, y: np.ndarray, points: int, depth: float) -> np.ndarray:
    wave = np.abs((np.arctan2(x, -y) * points / (2 * np.pi)) % 1 - 0.5) * 2
    return (1 - depth) + depth * wave - np.hypot(x, y)


def _wave(value: np.ndarray) -> np.ndarray:
    return np.clip(np.sin(value) * 3 + 0.5, 0, 1)


# Each takes x, y and two free numbers of [0, 1] per picture, and returns the covered share.
SHAPE_FUNCTIONS = (
    lambda x, y, a, b: _soft(0.9 - np.hypot(x, y)),
    lambda x, y, a, b: _soft(0.75 - np.maximum(np.abs(x), np.abs(y))),
    lambda x, y, a, b: _soft(_polygon(x, y + 0.1, 3)),
    lambda x, y, a, b: _soft(0.28 + 0.06 * a - np.abs(np.hypot(x, y) - 0.65)),
    lambda x, y, a, b: _soft(
        np.minimum(
            0.95 - np.maximum(np.abs(x), np.abs(y)),
            0.28 + 0.08 * a - np.minimum(np.abs(x), np.abs(y)),
        )
    ),
    lambda x, y, a, b: _soft(_star(x, y, 5, 0.6)),
    lambda x, y, a, b: _soft(np.minimum(1 - np.abs(x), 0.33 + 0.1 * a - np.abs(y))),
    lambda x, y, a, b: _soft(
        np.minimum(0.9 - np.hypot(x, y), np.hypot(x - 0.5, y) - 0.6 - 0.1 * a)
    ),
    lambda x, y, a, b: _soft(_polygon(x, y, 6)),
    lambda x, y, a, b: _soft(0.62 + 0.28 * np.cos(np.arctan2(y, x) * 4) - np.hypot(x, y)),
    lambda x, y, a, b: _soft(
        np.minimum(0.8 - np.maximum(np.abs(x), np.abs(y)), np.maximum(-x, y) - 0.2 - 0.15 * a)
    ),
    lambda x, y, a, b: _soft(np.minimum(0.85 - np.abs(y), 0.12 + np.abs(y) * 0.8 - np.abs(x))),
)
TEXTURE_FUNCTIONS = (
    lambda x, y, a, b: np.zeros_like(x),
    lambda x, y, a, b: _wave((x + y) * (7 + 5 * a) + 6.3 * b),
    lambda x, y, a, b: np.clip(
        np.sin(x * (7 + 4 * a) + 6.3 * b) * np.sin(y * (7 + 4 * a) + 6.3 * b) * 6 + 0.5, 0, 1
    ),
    lambda x, y, a, b: np.clip(
        (np.sin(x * (8 + 4 * a) + 6.3 * b) + np.sin(y * (8 + 4 * a) + 6.3 * b) - 1) * 4 + 0.5, 0, 1
    ),
    lambda x, y, a, b: _wave(np.hypot(x, y) * (12 + 6 * a) + 6.3 * b),
    lambda x, y, a, b: _wave(
        x * (4 + 2 * a) + 2.4 * np.sin(y * (5 + 2 * a) + 6.3 * b) + 1.5 * np.sin(x * 9 + 6.3 * a)
    ),
    lambda x, y, a, b: _wave(y * (11 + 5 * a) + 6.3 * b),
    lambda x, y, a, b: np.clip(0.5 + (x * (a - 0.5) + y) * 0.7, 0, 1),
)
