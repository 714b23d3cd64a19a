"""Any archive, pickle, picture or table is read whole, or refused by one sentence that names it."""

import io
import json
import shutil
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from properties import damaged, ends, holds, tried
from small_archives import (
    cifar10_archive,
    cifar10_folder,
    class_folder,
    jpeg,
    settings,
    tiny_imagenet_zip,
)

from imagestudy.data import SPLITS, open_dataset
from imagestudy.datasets import pickles
from imagestudy.datasets.pictures import decode
from imagestudy.errors import StudyError
from imagestudy.preparation import prepare

pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name", "ignore:Image size")


def whole_or_refused(archive, **changes):
    """Prepare `archive`: all arrays fit their description, or the error names the archive."""
    target = archive.parent / "data"
    with ends():
        try:
            prepare(archive, settings(**changes), {}, target, workers=1)
        except StudyError as error:
            message = str(error)
            assert message.startswith((str(archive), "datasets.small.selection_fraction is"))
            assert "\n" not in message
            assert not target.exists()
        else:
            found = open_dataset(target)
            for split in SPLITS:
                labels = found.split(split).labels
                assert len(labels) and 0 <= labels.min() <= labels.max() < len(found.classes)
            json.dumps(found.description, allow_nan=False)
    shutil.rmtree(target, ignore_errors=True)
    assert {path.name for path in archive.parent.iterdir()} <= {archive.name, "whole"}


@tried(25, 1000)
@pytest.mark.parametrize("form", ["tiny_imagenet", "cifar10"])
def test_a_damaged_archive(cases, tmp_path, form):
    make = {"tiny_imagenet": tiny_imagenet_zip, "cifar10": cifar10_archive}[form]
    source = make(tmp_path)

    @given(damaged(source.read_bytes()))
    def check(data):
        source.write_bytes(data)
        whole_or_refused(source, format=form)

    holds(cases, check)


@tried(15, 1000)
@pytest.mark.parametrize("name", ["data_batch_2", "batches.meta"])
def test_a_damaged_pickle(cases, tmp_path, name):
    (tmp_path / "whole").mkdir()
    source = cifar10_folder(tmp_path / "whole").rename(tmp_path / "batches")

    @given(damaged((source / name).read_bytes()))
    def check(data):
        (source / name).write_bytes(data)
        whole_or_refused(source, format="cifar10")

    holds(cases, check)


OPCODES = st.sampled_from(
    [b"(", b"}", b"]", b"u", b"s", b"e", b"a", b"t", b"\x85", b"\x86", b"\x87", b"N", b"R", b"b"]
    + [b"K\x01", b"U\x01a", b"q\x00", b"q\x01", b"h\x00", b"h\x01", b"X\x01\x00\x00\x00a", b"2"]
    + [b"cnumpy\ndtype\n", b"cnumpy\nndarray\n", b"c_codecs\nencode\n", b"\x81", b"\x88", b"0"]
    + [b"cnumpy.core.multiarray\n_reconstruct\n", b"X\x06\x00\x00\x00latin1", b"cos\nsystem\n"]
)


def all_in(value):
    """The value and all that it holds, which may be itself."""
    met, left = {}, [value]
    while left:
        each = left.pop()
        if id(each) not in met:
            met[id(each)] = each
            left += [*each, *each.values()] if isinstance(each, dict) else []
            left += each if isinstance(each, list | tuple) else []
    return met.values()


def is_plain(value):
    kinds = (str, bytes, int, list, dict, tuple, np.ndarray, type(None))
    return type(value) in (*kinds, bool) or type(value).__module__ == pickles.__name__


@tried(200, 10000)
def test_any_opcodes(cases):
    """Of what a pickle may say nothing is called, and nothing but plain values comes out."""

    @given(st.lists(OPCODES, max_size=60))
    def check(opcodes):
        with ends():
            try:
                found = pickles.read(b"\x80\x02" + b"".join(opcodes) + b".")
            except Exception as error:  # the reader of CIFAR-10 calls them damaged
                assert isinstance(error, StudyError | LookupError | ValueError | TypeError)
            else:
                assert all(map(is_plain, all_in(found)))

    holds(cases, check)


def noise(form: str) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (24, 24, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


@tried(100, 3000)
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_damaged_picture(cases, form):
    @given(damaged(noise(form)) | st.binary(max_size=100))
    def check(data):
        with ends():
            try:
                picture = decode(data, "here")
            except StudyError as error:
                assert str(error).startswith("here ")
            else:
                assert picture.mode in ("RGB", "L")
                assert np.asarray(picture).size

    holds(cases, check)


NAMES = st.sampled_from(
    ["a/0.png", "a/1.jpg", "b/0.png", "../a.png", "/etc/x.png", "a\\b.png", "a/\n.png", "C:/x.png"]
    + ["train/a/0.png", "train/b/0.png", "test/a/0.png", "val/a/0.png", "a//0.png", "./a/0.png"]
    + ["labels.csv", "é/😀.png", "a/" + "9" * 5000 + ".png", "wnids.txt", "words.txt"]
) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
CONTENTS = st.sampled_from([jpeg(), jpeg("L"), noise("PNG"), b"", b"file,label\na/0.png,a\n"])


@tried(25, 1000)
@pytest.mark.parametrize("form", ["folder", "csv", "tiny_imagenet"])
def test_a_zip_of_anything(cases, tmp_path, form):
    source = tmp_path / "any.zip"

    @given(st.lists(st.tuples(NAMES, CONTENTS), max_size=12), st.integers(1, 6))
    def check(files, copies):
        with zipfile.ZipFile(source, "w") as archive:
            for name, content in files:
                for copy in range(copies):
                    stem, dot, suffix = name.rpartition(".")
                    archive.writestr(f"{stem}{copy or ''}{dot}{suffix}", content)
        whole_or_refused(source, format=form, source="own")

    holds(cases, check)


@tried(25, 1000)
def test_any_table(cases, tmp_path):
    source = class_folder(tmp_path / "own", {"images": 12})
    row = st.tuples(
        st.integers(0, 13).map("images/{}.png".format) | st.text(max_size=8),
        st.sampled_from(["a", "b", "9" * 5000, ""]) | st.text(max_size=8),
    )
    table = st.lists(row, max_size=20).map(
        lambda rows: "file,label\n" + "".join(f"{file},{label}\n" for file, label in rows)
    )

    @given(table.map(str.encode) | table.flatmap(lambda text: damaged(text.encode())))
    def check(data):
        (source / "labels.csv").write_bytes(data)
        whole_or_refused(source, format="csv", source="own")

    holds(cases, check)
