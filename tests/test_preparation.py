import hashlib
import json
import multiprocessing
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_archives import (
    CODE,
    cifar10_archive,
    cifar10_folder,
    class_folder,
    save_picture,
    settings,
    tiny_imagenet_folder,
    tiny_imagenet_zip,
)

from imagestudy.data import open_dataset
from imagestudy.datasets import pictures
from imagestudy.datasets.exports import export_csv, export_submission
from imagestudy.errors import StudyError
from imagestudy.preparation import prepare
from imagestudy.results import SUMMARY_SCHEMA, write_json
from imagestudy.stored import Stored, write_stored

FILES = {
    "boxes.npz",
    "dataset.json",
    "selection_images.npy",
    "selection_labels.npy",
    "sources.npz",
    "test_images.npy",
    "test_labels.npy",
    "train_images.npy",
    "train_labels.npy",
    "unlabelled_images.npy",
}


def prepared(archive: Path, target: Path, **changes):
    prepare(archive, settings(**changes), CODE, target, workers=1)
    return open_dataset(target)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    return tiny_imagenet_zip(folder), prepared(tiny_imagenet_zip(folder), folder / "data")


def test_all_files_are_written_and_nothing_else(tiny):
    _, dataset = tiny
    assert {path.name for path in dataset.folder.iterdir()} == FILES
    assert {path.name for path in dataset.folder.parent.iterdir()} == {
        "data",
        "tiny-imagenet-200.zip",
    }


def test_splits_are_stratified_and_share_no_picture(tiny):
    _, dataset = tiny
    counts = {name: dataset.description["splits"][name]["per_class"] for name in dataset_splits()}
    assert counts == {"train": [6, 6, 6], "selection": [2, 2, 2], "test": [4, 4, 4]}
    sources = [source for name in dataset_splits() for source in dataset.sources(name)]
    assert len(set(sources)) == len(sources) == 36
    assert dataset.unlabelled.shape == (6, 32, 32, 3)
    assert dataset.sources("unlabelled")[1] == "test/images/test_1.JPEG"


def dataset_splits():
    return ("train", "selection", "test")


def test_pixels_labels_and_boxes_are_those_of_the_archive(tiny):
    path, dataset = tiny
    with zipfile.ZipFile(path) as archive:
        annotations = archive.read("tiny-imagenet-200/val/val_annotations.txt").decode()
        for name in ("train", "test"):
            split = dataset.split(name)
            for image, label, source in zip(
                split.images, split.labels, dataset.sources(name), strict=True
            ):
                with archive.open(f"tiny-imagenet-200/{source}") as file:
                    picture = Image.open(file).convert("RGB").resize((32, 32), Image.BOX)
                assert (np.asarray(picture) == image).all()
                if name == "train":
                    assert source.split("/")[1] == dataset.classes[label]
    rows = [line.split("\t") for line in annotations.splitlines()]
    assert [f"val/images/{row[0]}" for row in rows] == list(dataset.sources("test"))
    assert [dataset.classes.index(row[1]) for row in rows] == list(dataset.split("test").labels)
    assert [list(map(int, row[2:])) for row in rows] == dataset.boxes("test").tolist()
    assert (dataset.boxes("train") >= 0).all()


def test_train_is_shuffled(tiny):
    labels = tiny[1].split("train").labels
    assert (np.diff(labels) < 0).any()


def test_colour_statistics_are_those_of_train(tiny):
    _, dataset = tiny
    pixels = dataset.split("train").images.reshape(-1, 3) / 255
    found = dataset.description
    assert np.allclose(found["mean"], pixels.mean(axis=0))
    assert np.allclose(found["std"], pixels.std(axis=0))
    values, vectors = np.array(found["pca"]["eigenvalues"]), np.array(found["pca"]["eigenvectors"])
    assert (np.diff(values) <= 0).all()
    assert np.allclose(vectors * values @ vectors.T, np.cov(pixels.T, bias=True))


def test_zip_and_folder_prepare_to_the_same_arrays(tiny, tmp_path):
    other = prepared(tiny_imagenet_folder(tmp_path), tmp_path / "data")
    assert other.digest == tiny[1].digest
    assert list(other.sources("train")) == list(tiny[1].sources("train"))


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_processes_change_nothing(tiny, tmp_path, monkeypatch, start):
    context = multiprocessing.get_context(start)
    monkeypatch.setattr(multiprocessing.context._default_context, "_actual_context", context)
    monkeypatch.setattr(pictures, "FEW", 0)
    monkeypatch.setattr(pictures, "BLOCK", 5)
    prepare(tiny[0], settings(), CODE, tmp_path / "data", workers=2)
    assert open_dataset(tmp_path / "data").digest == tiny[1].digest


def test_seed_changes_the_selection_split(tiny, tmp_path):
    other = prepared(tiny[0], tmp_path / "data", seed=2)
    assert set(other.sources("selection")) != set(tiny[1].sources("selection"))
    assert other.digest != tiny[1].digest


def test_cifar10_archive_and_folder(tmp_path):
    one = prepared(cifar10_archive(tmp_path), tmp_path / "one", format="cifar10")
    two = prepared(cifar10_folder(tmp_path), tmp_path / "two", format="cifar10")
    assert one.digest == two.digest
    assert one.description["splits"]["train"]["per_class"] == [6] * 10
    assert one.description["source_size"] == [32, 32]
    assert len(one.unlabelled) == 0
    assert (one.boxes("train") == -1).all()


def test_cifar10_is_resized_where_asked(tmp_path):
    dataset = prepared(cifar10_archive(tmp_path), tmp_path / "d", format="cifar10", image_size=16)
    assert dataset.split("train").images.shape == (60, 16, 16, 3)


def test_caps_per_class(tiny, tmp_path):
    caps = {"train_pictures_per_class": 4, "test_pictures_per_class": 2}
    dataset = prepared(tiny[0], tmp_path / "data", **caps)
    counts = [dataset.description["splits"][name]["per_class"] for name in dataset_splits()]
    assert counts == [[3, 3, 3], [1, 1, 1], [2, 2, 2]]
    rows = [int(source.split("_")[1].split(".")[0]) for source in dataset.sources("test")]
    assert rows == sorted(rows)


def test_duplicates_are_reported(tmp_path):
    source = class_folder(tmp_path / "own", {"train/a": 8, "train/b": 8, "test/a": 2, "test/b": 2})
    for copy in ("train/a/20.png", "train/a/21.png", "test/b/20.png"):
        save_picture(source / copy, 99)
    for copy in ("test/a/30.png", "test/a/31.png"):
        save_picture(source / copy, 98)
    found = prepared(source, tmp_path / "d", format="folder", source="own").description
    assert found["duplicates"]["across_count"] == 1
    assert found["duplicates"]["within_count"] == 1
    (group,) = found["duplicates"]["across"]
    assert "test" in group["splits"]
    assert sorted(name for _, name in group["sources"]) == [
        "test/b/20.png",
        "train/a/20.png",
        "train/a/21.png",
    ]


def test_digest_is_over_pixels_and_labels(tiny):
    split = tiny[1].split("test")
    digest = hashlib.sha256(repr(split.images.shape).encode())
    digest.update(np.ascontiguousarray(split.images))
    digest.update(split.labels.astype("<i4"))
    assert tiny[1].description["splits"]["test"]["digest"] == digest.hexdigest()


def test_a_selection_split_too_small_is_refused(tiny, tmp_path):
    with pytest.raises(StudyError, match=r"selection_fraction is 0.01.* at least 1"):
        prepared(tiny[0], tmp_path / "data", selection_fraction=0.01)
    assert not (tmp_path / "data").exists()


def test_unknown_format_and_filter_are_refused(tiny, tmp_path):
    with pytest.raises(StudyError, match="'parquet'; it must be one of tiny_imagenet"):
        prepared(tiny[0], tmp_path / "data", format="parquet")
    with pytest.raises(StudyError, match="'sharp'; it must be one of nearest"):
        prepared(tiny[0], tmp_path / "data", resize_filter="sharp")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_earlier_data(tiny, tmp_path):
    dataset = prepared(tiny[0], tmp_path / "data")
    before = {path.name: path.stat().st_mtime_ns for path in dataset.folder.iterdir()}
    with pytest.raises(StudyError):
        prepared(tiny[0], tmp_path / "data", selection_fraction=0.01)
    assert {path.name: path.stat().st_mtime_ns for path in dataset.folder.iterdir()} == before


def test_export_as_csv_and_back_gives_identical_data(tiny, tmp_path):
    export_csv(tiny[1].folder, tmp_path / "csv")
    again = prepared(tmp_path / "csv", tmp_path / "data", format="csv", source="own")
    for name in dataset_splits():
        one, two = tiny[1].split(name), again.split(name)
        order = np.argsort(again.sources(name)) if name == "train" else slice(None)
        assert (one.images == two.images[order]).all()
        assert [tiny[1].classes[label] for label in one.labels] == [
            again.classes[label] for label in two.labels[order]
        ]


def submit(folder, prepared, runs):
    """The submission of an experiment whose runs have these scores and predictions."""
    summary, target = folder / "experiment.json", folder / "submission.txt"
    write_json(summary, {"schema": SUMMARY_SCHEMA, "runs": [{"score": score} for score, _ in runs]})
    predictions = [folder / f"predictions-{number}.npz" for number in range(len(runs))]
    for path, (_, stored) in zip(predictions, runs, strict=True):
        write_stored(path, stored)
    export_submission(prepared.folder, summary, predictions, target)
    return target.read_text()


def test_submission_of_the_run_with_the_best_score(tiny, tmp_path):
    given = np.zeros((3, 3), np.float16), np.zeros(3, np.int32)
    every, one = np.array([0, 1, 2, 0, 1, 2], np.int32), np.array([0], np.int32)
    good, worse = (0.5, Stored(*given, every)), (0.2, Stored(*given, one))
    lines = submit(tmp_path, tiny[1], [worse, good]).splitlines()
    assert lines[:2] == ["test_0.JPEG n00000001", "test_1.JPEG n00000002"]
    with pytest.raises(StudyError, match="predictions-0.npz holds 1 predictions .* has 6"):
        submit(tmp_path, tiny[1], [worse])


def test_runs_without_a_network_submit_nothing(tiny, tmp_path):
    none = np.zeros(0, np.int32)
    stored = Stored(np.zeros((0, 3), np.float16), none, none)
    assert submit(tmp_path, tiny[1], [(None, stored)]) == ""


def test_first_per_class(tiny):
    part = tiny[1].split("train").first_per_class(2)
    assert np.bincount(part.labels).tolist() == [2, 2, 2]
    labels = tiny[1].split("train").labels
    rows = sorted(row for c in range(3) for row in np.flatnonzero(labels == c)[:2])
    assert (part.images == tiny[1].split("train").images[rows]).all()


def test_opening_what_is_missing_or_does_not_match_is_refused(tiny, tmp_path):
    with pytest.raises(StudyError, match="dataset.json cannot be read .*prepare"):
        open_dataset(tmp_path)
    dataset = prepared(tiny[0], tmp_path / "data")
    np.save(dataset.folder / "test_labels.npy", np.zeros(3, np.int32))
    with pytest.raises(StudyError, match="test holds .* 3 labels; dataset.json says 12"):
        open_dataset(dataset.folder)
    (dataset.folder / "test_images.npy").write_bytes(b"")
    with pytest.raises(StudyError, match="test_images.npy cannot be read"):
        open_dataset(dataset.folder)
    (dataset.folder / "test_images.npy").unlink()
    with pytest.raises(StudyError, match="test_images.npy cannot be read .No such file"):
        open_dataset(dataset.folder)
    with pytest.raises(StudyError, match="split 'val'; it must be one of"):
        tiny[1].split("val")


def test_dataset_json_follows_the_contract(tiny):
    found = json.loads((tiny[1].folder / "dataset.json").read_text())
    assert found["schema"] == 1
    assert found["settings"] == settings()
    assert found["code"] == CODE
    assert found["classes"][0]["name"] == "n00000001"
    assert found["classes"][0]["title"] == tiny[1].description["classes"][0]["title"]
    assert found["source_size"] == [64, 64]
    assert set(found["splits"]["train"]) == {"pictures", "per_class", "grey", "digest"}
    assert found["unlabelled"] == 6
