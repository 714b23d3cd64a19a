"""The state of a training that has not finished, kept outside the outputs of its job."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np


class Checkpoint:
    """One training's state, in one file named by the training's key."""

    def __init__(self, folder: Path, key: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{key}.npz"
        self._partial = self._path.with_suffix(".part")

    def load(self) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """The saved state and arrays, or None where there are none."""
        if not self._path.exists():
            return None
        with np.load(self._path) as file:
            arrays = {name: file[name] for name in file.files if name != "state"}
            return json.loads(str(file["state"])), arrays

    def save(self, state: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Replace the saved state in one step, so that a kill leaves the old or the new one."""
        with self._partial.open("wb") as file:
            np.savez(file, state=np.array(json.dumps(state)), **arrays)
            file.flush()
            os.fsync(file.fileno())
        self._partial.replace(self._path)
