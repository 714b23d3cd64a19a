"""What SIGTERM costs a training of VGG-16: seconds until it has ended, and seconds to go on.

A worker of its own is ended in the middle of its training, and started again.
"""

import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from workers import ALTERNATIONS, ROOT, limit

END = 10.0  # seconds from the signal to the end of the process
RESUME = 15.0  # seconds from the start of the process to its first new step
ENVIRONMENT = {
    "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'benchmarks'}",
    "KERAS_BACKEND": "tensorflow",  # as jobs have it
}
CODE = """
import sys
from pathlib import Path
import numpy as np
from imagestudy import device, training
from imagestudy.checkpoints import Checkpoint
device.prepare(2, "float32", seed=1)
from ours import CLASSES, NETWORKS, SETTINGS
train = training._Fit._train
def told(one, batches):
    train(one, batches)
    print(one.now.step, flush=True)
training._Fit._train = told
pictures = np.random.default_rng(1).integers(0, 256, (12800, 32, 32, 3), dtype=np.uint8)
labels = np.arange(len(pictures), dtype=np.int32) % CLASSES
more = {"epochs": 5, "label_smoothing": 0.0, "schedule": "constant", "warmup": 0.0,
        "seconds": None, "flops": None, "memory_mb": None}
training.fit(NETWORKS["vgg16"](), ([pictures], labels), (pictures[:500], labels[:500]),
             SETTINGS | more, {}, 1, Checkpoint(Path(sys.argv[1]), "key"))
"""


def measure() -> list[dict]:
    """Limits over the median seconds to end and to go on."""
    with tempfile.TemporaryDirectory() as folder:
        _interrupted(folder)  # the first has nothing to go on from
        found = [_interrupted(folder) for _ in range(ALTERNATIONS)]
    ended, resumed = (statistics.median(each) for each in zip(*found, strict=True))
    return [
        limit("interruption: SIGTERM to the end, VGG-16", ended, END, "seconds"),
        limit("interruption: start to the first step again, VGG-16", resumed, RESUME, "seconds"),
    ]


def _interrupted(folder: str) -> tuple[float, float]:
    resumes = any(Path(folder).iterdir())
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=ENVIRONMENT,
    )
    steps = (json.loads(line) for line in process.stdout if line.strip().isdigit())
    assert (next(steps) > 1) == resumes
    started = time.monotonic() - began
    next(steps)
    process.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    process.wait()
    took = time.monotonic() - asked
    assert process.returncode == 128 + signal.SIGTERM
    assert list(Path(folder).glob("*.npz"))
    return took, started
