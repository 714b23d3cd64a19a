import copy
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import sample_results

from imagestudy.differences import first_difference
from imagestudy.errors import StudyError
from imagestudy.evidence import Evidence
from imagestudy.recording import SECONDS
from imagestudy.results import choice_of, gather, read_json, read_record, write_json
from imagestudy.search.ledger import read_ledger

EXPERIMENT = {"experiment": "alexnet", "number": 3, "title": "AlexNet", "role": "original"}
CODE = {"digest": "c", "modules": {"imagestudy/training.py": "c"}}
DATA = {"name": "cifar10", "digest": "d", "source": "official"}
CHOICE = {"network": {}, "training": {}, "status": "proposed", "reason": None}


HARDWARE = ("cpu", "cores", "memory_gb", "platform", "device", "backend", "compiled")
SIZES = ("parameters", "trainable_parameters", "layers", "weight_layers", "flops", "table")


def settings(seed, learning_rate=0.1):
    shared = {
        "scale": "demo",
        "script": "alexnet",
        "dataset": {},
        "network": {},
        "start": "scratch",
    }
    return {"name": "alexnet", "seed": seed, "training": {"learning_rate": learning_rate}} | shared


def metrics(top1):
    split = {"pictures": 100, "top1": top1, "top5": 0.9, "loss": 1.0}
    return {"train": split, "selection": split, "test": split, "running_train_top1": top1}


def result(seed, top1, status="completed", **changes):
    return {
        "schema": 1,
        "kind": "run",
        "experiment": "alexnet",
        "seed": seed,
        "scale": "demo",
        "status": status,
        "error": None,
        "score": top1,
        "epochs": 1,
        "best_epoch": 1,
        "settings": settings(seed),
        "threads": 1,
        "threads_used": 1,
        "peak_memory_mb": 900.0,
        "software": {"python": "3.11", "keras": "3.12"},
        "hardware": dict.fromkeys(
            ("cpu", "cores", "memory_gb", "platform", "device", "backend", "compiled")
        ),
        "commit": None,
        "finished": "2026-01-01T00:00:00+00:00",
        "choice": CHOICE,
        "code": CODE,
        "data": DATA,
        "start": {"provenance": "scratch", "name": "scratch", "digest": None},
        "network": dict.fromkeys(SIZES, 5) | {"table": []},
        "metrics": None if status == "failed" else metrics(top1),
        "precision": "float32",
        "seconds": dict.fromkeys(SECONDS, 0.0) | {"total": 2.0},
        "device_seconds": 4.0,
    } | changes


@pytest.fixture
def study(tmp_path):
    """Two seeds' results on disk, and what `gather` is told of them."""
    data = tmp_path / "data" / "dataset.json"
    write_json(data, {"schema": 1, **DATA})
    paths = []
    for seed, top1 in ((1, 0.5), (2, 0.7)):
        paths.append(tmp_path / "runs" / "alexnet" / f"seed-{seed}" / "result.json")
        write_json(paths[-1], result(seed, top1))
        paths[-1].with_name("history.csv").write_text("epoch,train_loss\n1,0.5\n2,inf\n")
    expected = [read_json(path)["settings"] for path in paths]
    return {
        "experiment": EXPERIMENT,
        "expected": expected,
        "made_by": CODE,
        "paths": paths,
        "histories": [path.with_name("history.csv") for path in paths],
        "data": data,
        "best": [],
        "starts": [],
    }


def test_runs_of_different_precision_are_never_averaged(study):
    write_json(study["paths"][1], result(2, 0.5, precision="mixed_bfloat16"))
    with pytest.raises(StudyError, match='seed-2/result.json: precision is "mixed_bfloat16"'):
        gather(**study)


def test_seeds_are_gathered(study):
    found = gather(**study)
    assert found["metrics"]["test_top1"]["mean"] == pytest.approx(0.6)
    assert found["metrics"]["test_top1"]["spread"] == pytest.approx(np.std([0.5, 0.7], ddof=1))
    assert found["metrics"]["test_top1"]["n"] == 2
    assert found["metrics"]["test_top1"]["pictures"] == 100
    assert found["runs"][0]["path"] == "runs/alexnet/seed-1"
    assert found["runs"][0]["history"] == {"epoch": [1.0, 2.0], "train_loss": [0.5, None]}
    assert found["device_seconds"] == {"mean": 4.0, "total": 8.0}
    assert "seed" not in found["settings"]
    assert not found["generated"]


def test_runs_at_chance_are_counted_and_failed_ones_named(study):
    write_json(study["paths"][0], result(1, 0.1, status="at_chance"))
    write_json(study["paths"][1], result(2, 0.0, status="failed"))
    found = gather(**study)
    assert found["statuses"] == {"at_chance": 1, "failed": 1}
    assert found["metrics"]["test_top1"]["values"] == [0.1]
    assert found["metrics"]["test_top1"]["spread"] is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"settings": settings(1, 0.2)},
            "settings.training.learning_rate is 0.2, expected 0.1",
        ),
        ({"code": {"digest": "x", "modules": {}}}, 'code.digest is "x", expected "c"'),
        ({"data": DATA | {"digest": "x"}}, 'data.digest is "x", expected "d"'),
        ({"choice": CHOICE | {"network": {"maps": [1]}}}, "choice.network.maps is not in the st"),
        ({"schema": 0}, "schema: 1 was expected; this is no result of this version"),
        ({"status": "finished"}, "status: 'finished' is not one of ['completed'"),
        ({"metrics": {"train": {}}}, "metrics"),
    ],
)
def test_a_result_made_otherwise_is_refused(study, changes, message):
    write_json(study["paths"][0], result(1, 0.5, **changes))
    with pytest.raises(StudyError) as error:
        gather(**study)
    assert message in str(error.value)
    assert "seed-1/result.json" in str(error.value)


def test_a_result_from_another_start_is_refused(study, tmp_path):
    start = tmp_path / "model.keras"
    start.write_bytes(b"weights")
    for seed, path in enumerate(study["paths"], start=1):
        digest = hashlib.sha256(b"weights").hexdigest()
        write_json(
            path,
            result(seed, 0.5, start={"provenance": "study", "name": "vgg16", "digest": digest}),
        )
    gather(**study | {"starts": [start, start]})
    start.write_bytes(b"other weights")
    with pytest.raises(StudyError, match="digest is"):
        gather(**study | {"starts": [start, start]})


def test_a_searchs_winner_is_trained_at_the_experiments_own_length():
    best = {"trial": 1, "network": {"maps": [4]}, "training": {"epochs": 2, "optimizer": "sgd"}}
    assert choice_of(best)["training"] == {"optimizer": "sgd"}


def test_a_missing_or_broken_result_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"result.json does not exist"):
        read_json(tmp_path / "result.json")
    (tmp_path / "result.json").write_text("{")
    with pytest.raises(StudyError, match=r"result.json is not JSON"):
        read_json(tmp_path / "result.json")


def test_json_is_written_in_one_step(tmp_path):
    write_json(tmp_path / "a.json", {"a": 1})
    with pytest.raises(ValueError, match="Out of range"):
        write_json(tmp_path / "a.json", {"a": float("nan")})
    assert read_json(tmp_path / "a.json") == {"a": 1}


def test_first_difference_names_the_place():
    one = {"a": {"b": [1, 2]}, "c": 1}
    two = copy.deepcopy(one)
    assert first_difference(one, two) is None
    two["a"]["b"] = [1, 3]
    assert first_difference(one, two) == ".a.b is [1, 2], expected [1, 3]"


def test_a_seed_that_took_imagenets_weights_speaks_for_all(study):
    imagenet = {"provenance": "imagenet", "name": "imagenet", "digest": None}
    write_json(study["paths"][1], result(2, 0.7, start=imagenet))
    assert gather(**study)["start"] == imagenet


OLDER = "made by another version of the study|another version of the study made it"


@pytest.mark.parametrize(
    ("file", "match"),
    [
        ("data/tiny_imagenet/dataset.json", OLDER),
        ("experiments/alexnet.json", OLDER),
        ("searches/hand/seed-1/best.json", OLDER),
        ("searches/hand/ledger.csv", OLDER),
    ],
)
def test_a_results_folder_of_an_older_version_is_named(tmp_path, file, match):
    root = sample_results.write(tmp_path)
    (path,) = [each for each in root.rglob(Path(file).name) if str(each).endswith(file)]
    if path.suffix == ".json":
        path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 0}))
    else:
        path.write_text(path.read_text().replace("best_so_far", "best"))
    with pytest.raises(StudyError, match=match) as caught:
        Evidence.read(**sample_results.inputs(root))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 2}', "null"])
def test_a_record_that_is_none_is_named(tmp_path, text):
    (tmp_path / "best.json").write_text(text)
    with pytest.raises(StudyError, match=r"best.json (is not JSON|was made by another version)"):
        read_record(tmp_path / "best.json")
    with pytest.raises(StudyError, match=r"ledger.csv (is no ledger|has no column)"):
        (tmp_path / "ledger.csv").write_text(text)
        read_ledger(tmp_path / "ledger.csv")
