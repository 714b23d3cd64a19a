import hashlib
import json
import tracemalloc
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from hypothesis import given
from keras.src.legacy.saving import legacy_h5_format
from properties import damaged, ends, holds, tried

from imagestudy.errors import StudyError
from imagestudy.files import sha256
from imagestudy.networks.vgg16 import convolutional_base, vgg16
from imagestudy.weights import load_start

STATISTICS = {"mean": [0.5, 0.4, 0.3], "std": [0.25, 0.25, 0.25]}
SHAPE = (32, 32, 3)


def base(width=1.0, start="imagenet"):
    return convolutional_base(SHAPE, STATISTICS, width, False, start)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A file laid out as Keras's published one, with random values, and the network it is of."""
    network = keras.applications.VGG16(weights=None, include_top=False, input_shape=SHAPE)
    path = tmp_path_factory.mktemp("weights") / "vgg16_notop.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, network)
    return path, network


def test_imagenets_weights_see_pictures_as_they_were_trained_on(published):
    path, network = published
    ours = base()
    found = load_start(ours, "imagenet", path, hashlib.md5(path.read_bytes()).hexdigest())
    assert found == {"provenance": "imagenet", "name": "imagenet", "digest": sha256(path)}
    pictures = np.random.default_rng(1).integers(0, 256, (2, *SHAPE), dtype=np.uint8)
    prepared = keras.applications.vgg16.preprocess_input(pictures.astype("float32"))
    np.testing.assert_allclose(
        ours.predict(pictures, verbose=0), network.predict(prepared, verbose=0), rtol=1e-3
    )


def test_a_run_of_the_study_is_a_start(tmp_path):
    keras.utils.set_random_seed(1)
    parent = vgg16(SHAPE, 5, STATISTICS, 0.05, 0.5, False)
    parent.save(tmp_path / "model.keras")
    child = base(0.05, "vgg16")
    found = load_start(child, "vgg16", tmp_path / "model.keras")
    assert (found["provenance"], found["name"]) == ("study", "vgg16")
    for layer in child.layers:
        for own, theirs in zip(
            layer.get_weights(), parent.get_layer(layer.name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(own, theirs)


def test_weights_of_another_width_are_refused(tmp_path):
    vgg16(SHAPE, 5, STATISTICS, 0.05, 0.5, False).save(tmp_path / "model.keras")
    with pytest.raises(StudyError, match="its weights do not fit vgg16_base"):
        load_start(base(0.1, "vgg16"), "vgg16", tmp_path / "model.keras")


def test_a_broken_file_of_weights_is_refused(tmp_path):
    (tmp_path / "weights.h5").write_bytes(b"no weights")
    md5 = hashlib.md5(b"no weights").hexdigest()
    with pytest.raises(StudyError, match=r"weights.h5: its weights do not fit"):
        load_start(base(), "imagenet", tmp_path / "weights.h5", md5)


def test_other_weights_than_the_published_ones_are_refused(published):
    with pytest.raises(StudyError, match="official file's is 6d6bbae143d832006294945121d1f1fc"):
        load_start(base(), "imagenet", published[0])


# Of a function Keras saves the name, of a lambda the code.
TOUCH = lambda pictures: [__import__("os").system("touch touched"), pictures][1]  # noqa: E731


def with_config(path: Path, change) -> None:
    """The `.keras` file at `path` with its config changed."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"])
    change(config)
    files["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def foreign(module, name, arguments):
    """A change of the config: its second layer is made by a function that is no layer."""

    def change(config):
        layer = config["config"]["layers"][1]
        layer |= {"module": module, "class_name": name, "config": arguments}

    return change


@pytest.mark.parametrize(
    "change",
    [
        None,
        foreign("os", "system", "touch touched"),
        foreign("builtins", "exec", {"source": "import os; os.system('touch touched')"}),
        foreign("subprocess", "Popen", {"args": ["touch", "touched"]}),
        foreign("keras.utils", "get_file", {"fname": "touched", "origin": "file:///etc/passwd"}),
        foreign("keras.config", "enable_unsafe_deserialization", {}),
        foreign("keras.layers", "TFSMLayer", {"filepath": "/etc/passwd"}),
        lambda config: config["config"].pop("layers"),
        lambda config: config.update(module="os", class_name="system", config="touch touched"),
    ],
)
def test_a_keras_file_made_to_do_harm_runs_nothing(tmp_path, monkeypatch, change):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.keras"
    network = vgg16(SHAPE, 5, STATISTICS, 0.05, 0.5, False)
    if change is None:
        network = keras.Sequential([*network.layers, keras.layers.Lambda(TOUCH)])
        (tmp_path / "touched").unlink()
    network.save(path)
    if change:
        with_config(path, change)
    child = base(0.05, "vgg16")
    with ends():
        load_start(child, "vgg16", path)
    assert [each.name for each in tmp_path.iterdir()] == ["model.keras"]
    np.testing.assert_array_equal(
        child.get_layer("block5_conv3").get_weights()[0],
        network.get_layer("block5_conv3").get_weights()[0],
    )


def test_without_safe_mode_a_layer_would_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = keras.Sequential([keras.Input(SHAPE), keras.layers.Lambda(TOUCH)])
    network.save(tmp_path / "model.keras")
    (tmp_path / "touched").unlink()
    keras.saving.load_model(tmp_path / "model.keras", safe_mode=False)
    assert (tmp_path / "touched").exists()


def test_a_network_without_the_layers_is_refused(tmp_path):
    keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten()]).save(tmp_path / "model.keras")
    with pytest.raises(StudyError, match=r"model.keras: its weights do not fit"):
        load_start(base(0.05, "vgg16"), "vgg16", tmp_path / "model.keras")


def test_a_keras_file_that_unpacks_to_much_is_not_unpacked(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 50_000_000)
    tracemalloc.start()
    with pytest.raises(StudyError, match="do not fit .*config.json is compressed, it must not be"):
        load_start(base(0.05, "vgg16"), "vgg16", path)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


@tried(5, 100)
def test_a_damaged_keras_file(cases, tmp_path):
    path = tmp_path / "model.keras"
    convolutional_base(SHAPE, STATISTICS, 0.01, False, "vgg16").save(path)
    child = base(0.01, "vgg16")

    @given(damaged(path.read_bytes()))
    def check(data):
        path.write_bytes(data)
        with ends():
            try:
                load_start(child, "vgg16", path)
            except StudyError as error:
                assert str(error).startswith(f"{path}: its weights do not fit")

    holds(cases, check)
