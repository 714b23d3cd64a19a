import pickle
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from imagestudy.datasets.patterns import SHAPE_FUNCTIONS, SHAPES, TEXTURE_FUNCTIONS, TEXTURES
from imagestudy.datasets.scenes import draw
from imagestudy.datasets.synthetic import (
    MISLABELLED,
    generate,
    pairs,
    write_cifar10,
    write_tiny_imagenet,
)
from imagestudy.errors import StudyError


def test_a_seed_gives_the_same_bytes(tmp_path):
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        write_tiny_imagenet(tmp_path / f"{name}.zip", 2, 3, 2, 1, seed)
        write_cifar10(tmp_path / f"{name}.tar.gz", 2, 1, seed)
    for suffix in (".zip", ".tar.gz"):
        one, two, three = (
            (tmp_path / f"{name}{suffix}").read_bytes() for name in ("one", "two", "three")
        )
        assert one == two != three


def test_tiny_imagenet_has_the_official_layout(tmp_path):
    path = tmp_path / "tiny-imagenet-200.zip"
    write_tiny_imagenet(path, classes=2, train=30, val=20, test=10, seed=1)
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        top = "tiny-imagenet-200"
        wnids = archive.read(f"{top}/wnids.txt").decode().split()
        words = archive.read(f"{top}/words.txt").decode().splitlines()
        boxes = archive.read(f"{top}/train/{wnids[0]}/{wnids[0]}_boxes.txt").decode().splitlines()
        modes = set()
        for name in names:
            if name.endswith(".JPEG"):
                with archive.open(name) as file:
                    picture = Image.open(file)
                    modes.add(picture.mode)
                    assert picture.size == (64, 64)
    assert [line.split("\t")[0] for line in words] == wnids
    assert f"{top}/train/{wnids[1]}/images/{wnids[1]}_29.JPEG" in names
    assert f"{top}/val/images/val_39.JPEG" in names
    assert f"{top}/test/images/test_19.JPEG" in names
    assert modes == {"L", "RGB"}
    name, *corners = boxes[0].split("\t")
    x0, y0, x1, y1 = map(int, corners)
    assert name == f"{wnids[0]}_0.JPEG"
    assert 0 <= x0 < x1 <= 63
    assert 0 <= y0 < y1 <= 63


def test_cifar10_has_the_official_layout(tmp_path):
    path = tmp_path / "cifar-10-python.tar.gz"
    write_cifar10(path, train=5, test=2, seed=1)
    with tarfile.open(path) as archive:
        files = {
            member.name: pickle.load(archive.extractfile(member), encoding="bytes")
            for member in archive
        }
    batch = files["cifar-10-batches-py/data_batch_5"]
    assert batch[b"data"].shape == (10, 3072)
    assert batch[b"data"].dtype == np.uint8
    assert len(batch[b"labels"]) == len(batch[b"filenames"]) == 10
    assert batch[b"batch_label"] == b"training batch 5 of 5"
    assert files["cifar-10-batches-py/test_batch"][b"data"].shape == (20, 3072)
    assert len(files["cifar-10-batches-py/batches.meta"][b"label_names"]) == 10


def test_the_archives_share_shapes_and_textures_but_no_class():
    assert len(SHAPES) == len(SHAPE_FUNCTIONS)
    assert len(TEXTURES) == len(TEXTURE_FUNCTIONS)
    assert len(set(pairs())) == len(pairs()) == len(SHAPES) * len(TEXTURES)
    cifar, tiny = pairs()[:10], pairs()[10:20]
    for column in range(2):
        one, two = ({pair[column] for pair in group} for group in (cifar, tiny))
        assert one == two
        assert len(one) == 5


def test_every_shape_and_texture_is_seen():
    generator = np.random.default_rng(1)
    shapes, textures = np.array(pairs()).T
    images, boxes = draw(shapes, textures, 32, generator)
    assert images.shape == (96, 32, 32, 3)
    assert (images.std(axis=(1, 2, 3)) > 5).all()
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    assert (width > 6).all()
    assert (height > 6).all()


def test_some_labels_are_wrong():
    assert 0.02 < MISLABELLED < 0.1


def test_generate_refuses_what_it_cannot(tmp_path):
    settings = {"format": "folder", "classes": 2, "train": 1, "test": 1, "unlabelled": 1, "seed": 1}
    with pytest.raises(StudyError, match="'folder'; it must be tiny_imagenet or cifar10"):
        generate(settings, tmp_path / "x")
    with pytest.raises(StudyError, match="500 generated classes; there can be 2 to 86"):
        generate(settings | {"format": "tiny_imagenet", "classes": 500}, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []
