"""What is measured on prepared pictures: digests, colour statistics, duplicates."""

import hashlib
from collections import defaultdict
from typing import Any

import numpy as np

CHUNK = 1024  # pictures held at a time


def split_digest(images: np.ndarray, labels: np.ndarray) -> str:
    """SHA-256 over the shape, the pixels and the labels (int32, little endian)."""
    state = hashlib.sha256(repr(images.shape).encode())
    for start in range(0, len(images), CHUNK):
        state.update(np.ascontiguousarray(images[start : start + CHUNK]))
    state.update(np.ascontiguousarray(labels, "<i4"))
    return state.hexdigest()


def colour_statistics(images: np.ndarray) -> dict[str, Any]:
    """Mean, standard deviation and principal components of all pixels' RGB, as fractions of 1.

    The eigenvectors are the columns, the largest eigenvalue first, the largest component of each
    positive. The sums are of whole numbers, so they are exact.
    """
    count, total, products = 0, np.zeros(3), np.zeros((3, 3))
    for start in range(0, len(images), CHUNK):
        pixels = images[start : start + CHUNK].reshape(-1, 3).astype(np.float64)
        count += len(pixels)
        total += pixels.sum(axis=0)
        products += pixels.T @ pixels
    mean = total / count
    covariance = (products / count - np.outer(mean, mean)) / 255**2
    eigenvalues, eigenvectors = np.linalg.eigh(covariance)
    eigenvalues, eigenvectors = eigenvalues[::-1], eigenvectors[:, ::-1]
    largest = np.abs(eigenvectors).argmax(axis=0)
    eigenvectors = eigenvectors * np.sign(eigenvectors[largest, range(3)])
    return {
        "mean": (mean / 255).tolist(),
        "std": np.sqrt(np.diag(covariance)).tolist(),
        "pca": {
            "eigenvalues": np.maximum(eigenvalues, 0).tolist(),
            "eigenvectors": eigenvectors.tolist(),
        },
    }


def duplicates(splits: dict[str, tuple[np.ndarray, list[str]]]) -> dict[str, Any]:
    """Groups of pictures whose pixels are equal; `splits` gives images and sources by name.

    `across` lists the groups that lie in more than one split, `within_count` counts the others.
    """
    groups: dict[bytes, list[tuple[str, str]]] = defaultdict(list)
    for split, (images, sources) in splits.items():
        for image, source in zip(images, sources, strict=True):
            key = hashlib.blake2b(np.ascontiguousarray(image), digest_size=16).digest()
            groups[key].append((split, source))
    equal = [group for group in groups.values() if len(group) > 1]
    across = [group for group in equal if len({split for split, _ in group}) > 1]
    return {
        "across": [
            {
                "splits": sorted({split for split, _ in group}, key=list(splits).index),
                "sources": [list(member) for member in group],
            }
            for group in across
        ],
        "across_count": len(across),
        "within_count": len(equal) - len(across),
    }
