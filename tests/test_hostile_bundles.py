"""Bundles made to do harm by what their files hold, each file with a digest that fits."""

import hashlib
import io
import json
import shutil
import tracemalloc
import zipfile

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from odd_values import changed
from properties import damaged, ends, holds, tried

from imagestudy.bundle import MANIFEST, open_bundle, run_place
from imagestudy.errors import StudyError
from imagestudy.packing import unpack
from imagestudy.provenance import digest
from imagestudy.results import gather, write_json
from imagestudy.verification import verified

CONFIG = ROOT / "config.schema.yaml"
RUN = "runs/alexnet/seed-1"
DATA = "data/tiny_imagenet"


@pytest.fixture(scope="module")
def files(packed):
    """The content of each file of the tiny study's bundle."""
    with zipfile.ZipFile(packed) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sealed(target, files, changes):
    """A bundle of `files` with other content of some, whose digests fit."""
    files = files | changes
    manifest = json.loads(files[MANIFEST])
    if MANIFEST not in changes:
        found = {name: hashlib.sha256(files[name]).hexdigest() for name in manifest["files"]}
        manifest["files"] = found
    manifest["digest"] = digest({key: value for key, value in manifest.items() if key != "digest"})
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in (files | {MANIFEST: json.dumps(manifest).encode()}).items():
            archive.writestr(name, data)
    return target


def used(path, folder):
    """All that is made of a bundle's runs and predictions before the report."""
    shutil.rmtree(folder, ignore_errors=True)
    bundle = open_bundle(path, CONFIG)
    unpack(bundle, folder)
    study, runs = bundle.study, []
    for name, block in study.experiments.items():
        places = [folder / run_place(name, seed) for seed in study.seeds(name)]
        runs += places
        if "search" in block:
            continue
        made = bundle.made_with("experiments", name)
        gathered = gather(
            study.experiment_labels(name),
            made["expected"],
            made["made_by"],
            [place / "result.json" for place in places],
            [place / "history.csv" for place in places],
            folder / "data" / block["dataset"] / "dataset.json",
            best=[],
            starts=[],
        )
        write_json(folder / "gathered.json", gathered)
    verified(
        [place / "result.json" for place in runs], [place / "predictions.npz" for place in runs]
    )


def edited(files, name, change):
    """The JSON file changed by a function."""
    found = json.loads(files[name])
    change(found)
    return json.dumps(found).encode()


def npz(compression=zipfile.ZIP_STORED, **arrays):
    """An npz file of arrays, or of what stands in place of one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, array in arrays.items():
            archive.writestr(f"{name}.npy", array if isinstance(array, bytes) else npy(array))
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def header(shape, kind="<f2"):
    """An array that says its shape, and has nothing."""
    buffer = io.BytesIO()
    described = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, described)
    return buffer.getvalue()


def test_as_it_is_it_is_used(tmp_path, files):
    used(sealed(tmp_path / "b.zip", files, {}), tmp_path / "results")


LABELS = np.zeros(12, np.int32)
TABLE = np.zeros((12, 3), np.float16)
NONE = np.zeros(6, np.int32)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(TABLE), "cannot be read as predictions (File is not a zip file)"),
        (npz(log_probabilities=TABLE, labels=LABELS), "no item named 'unlabelled.npy'"),
        (npz(log_probabilities=header((10**15,)), labels=LABELS, unlabelled=NONE), "cannot be"),
        (npz(log_probabilities=header((10**9,), "|V0"), labels=LABELS, unlabelled=NONE),
         "log_probabilities.npy has elements without content"),
        (npz(log_probabilities=LABELS, labels=LABELS, unlabelled=NONE), "are not a table of"),
        (npz(log_probabilities=TABLE[:5], labels=LABELS, unlabelled=NONE),
         "it has 5 predictions and 12 labels"),
        (npz(log_probabilities=TABLE, labels=LABELS + 3, unlabelled=NONE), "from 0 to 2"),
        (npz(log_probabilities=TABLE, labels=LABELS, unlabelled=NONE - 1), "from 0 to 2"),
        (npz(log_probabilities=TABLE[:, :2], labels=LABELS, unlabelled=NONE),
         "holds 12 predictions among 2 classes, and 6 for unlabelled pictures; its data want 12"),
        (npz(log_probabilities=TABLE, labels=LABELS, unlabelled=NONE[1:]), "and 5 for unlabelled"),
        (npz(zipfile.ZIP_DEFLATED, log_probabilities=TABLE, labels=LABELS, unlabelled=NONE),
         "log_probabilities.npy is compressed, it must be as numpy.savez writes it"),
    ],
)  # fmt: skip
def test_predictions_that_are_none(tmp_path, files, content, message):
    path = sealed(tmp_path / "b.zip", files, {f"{RUN}/predictions.npz": content})
    with pytest.raises(StudyError) as error:
        used(path, tmp_path / "results")
    assert message in str(error.value)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "9" * 400])
def test_a_number_that_is_not_finite(tmp_path, files, number):
    name = f"{RUN}/result.json"
    text = edited(files, name, lambda found: found.update(device_seconds="here"))
    content = text.replace(b'"here"', number.encode())
    path = sealed(tmp_path / "b.zip", files, {name: content})
    with pytest.raises(StudyError, match=r"result.json is not JSON \(.* is no finite number\)"):
        used(path, tmp_path / "results")


def test_a_run_that_ended_in_a_network_and_has_no_metrics(tmp_path, files):
    name = f"{RUN}/result.json"
    content = edited(files, name, lambda found: found.update(metrics=None))
    path = sealed(tmp_path / "b.zip", files, {name: content})
    with pytest.raises(StudyError, match="result.json: metrics: None is not of type 'object'"):
        used(path, tmp_path / "results")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("dataset.json", lambda found: found.update(image_size=513), "image_size: 513 is greater"),
        ("dataset.json", lambda found: found["splits"]["train"].update(pictures=10**8),
         "train holds pictures of shape"),
        ("dataset.json", lambda found: found["classes"].pop(),
         "the labels of train are not all whole numbers from 0 to 1"),
        ("dataset.json", lambda found: found["splits"]["test"]["per_class"].pop(),
         "per_class of test has the shape (2,); with its 12 pictures of 3 classes it must be (3,)"),
        ("train_labels.npy", header((10**15,), "<i4"), "train_labels.npy cannot be read"),
        ("train_labels.npy", b"", "train_labels.npy cannot be read"),
        ("sources.npz", npz(train=np.array(["a"])), "names of train has the shape (1,)"),
        ("boxes.npz", b"", "boxes.npz cannot be read"),
        ("pictures.npz", npz(zipfile.ZIP_DEFLATED, train_rows=NONE), "rows.npy is compressed"),
        ("pictures.npz", npz(train_rows=NONE + 99, train_images=TABLE), "pictures.npz cannot be"),
    ],
)  # fmt: skip
def test_data_that_does_not_fit(tmp_path, files, name, content, message):
    if callable(content):
        content = edited(files, f"{DATA}/{name}", content)
    path = sealed(tmp_path / "b.zip", files, {f"{DATA}/{name}": content})
    with pytest.raises(StudyError) as error:
        used(path, tmp_path / "results")
    assert message in str(error.value)


@pytest.mark.parametrize("content", [b"\xff", b"epoch\nx\n", b"epoch\n1,2\n", b"epoch\n\0\n"])
def test_a_history_that_is_no_table_of_numbers(tmp_path, files, content):
    path = sealed(tmp_path / "b.zip", files, {f"{RUN}/history.csv": content})
    with pytest.raises(StudyError, match="history.csv is no table of numbers"):
        used(path, tmp_path / "results")


def test_what_unpacks_to_much_within_takes_no_memory(tmp_path, files):
    bomb = npz(zipfile.ZIP_DEFLATED, log_probabilities=np.zeros(200_000_000, np.uint8))
    path = sealed(tmp_path / "b.zip", files, {f"{RUN}/predictions.npz": bomb})
    tracemalloc.start()
    with pytest.raises(StudyError, match="log_probabilities.npy is compressed"):
        used(path, tmp_path / "results")
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


@tried(40, 1000)
def test_any_damage_under_a_digest_that_fits_is_used_or_refused(cases, tmp_path, files):
    @given(st.data())
    def check(data):
        name = data.draw(st.sampled_from(sorted(files)))
        if name.endswith(".json") and data.draw(st.booleans()):
            content = json.dumps(data.draw(changed(json.loads(files[name]))), default=str).encode()
        else:
            content = data.draw(damaged(files[name]))
        try:
            path = sealed(tmp_path / "b.zip", files, {name: content})
        except (ValueError, TypeError, KeyError, AttributeError):
            return  # a manifest that is none cannot be sealed
        with ends():
            try:
                used(path, tmp_path / "results")
            except StudyError as error:
                assert len(str(error)) < 6000

    holds(cases, check)
