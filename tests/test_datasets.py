import io
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_archives import (
    cifar10_archive,
    cifar10_folder,
    class_folder,
    jpeg,
    rewritten_zip,
    save_picture,
    settings,
    tiny_imagenet_folder,
    tiny_imagenet_zip,
    zip_of,
)

from imagestudy.datasets import cifar10, csv_folder, folder, pictures, tiny_imagenet
from imagestudy.datasets.archives import open_place
from imagestudy.errors import StudyError
from imagestudy.preparation import prepare

TOP = "tiny-imagenet-200"
FIRST = f"{TOP}/train/n00000001"


def refused(archive: Path, match: str, **changes) -> None:
    """Preparing `archive` must stop with a message that matches, and leave nothing behind."""
    target = archive.parent / "prepared" / "data"
    with pytest.raises(StudyError, match=match) as caught:
        prepare(archive, settings(**changes), {}, target, workers=1)
    assert str(archive) in str(caught.value)
    assert not target.exists()
    assert not target.parent.exists() or list(target.parent.iterdir()) == []


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_imagenet_zip(tmp_path_factory.mktemp("tiny"))


def changed(tiny: Path, folder: Path, changes: dict[str, bytes | None]) -> Path:
    return rewritten_zip(tiny, folder / "changed.zip", changes)


def test_missing_archive(tmp_path):
    refused(tmp_path / "none.zip", "there is no such archive or folder")
    refused(tmp_path / "none.tar.gz", "there is no such archive or folder", format="cifar10")


@pytest.mark.parametrize(("form", "make"), [("tiny_imagenet", tiny_imagenet_zip),
                                            ("cifar10", cifar10_archive)])  # fmt: skip
def test_wrong_checksum(tmp_path, form, make):
    match = r"its MD5 is \w{32}; the official file's is \w{32}"
    refused(make(tmp_path), match, format=form, source="official")


def test_official_folder_with_other_counts(tmp_path):
    match = "classes: 3; the official data set has 200"
    refused(tiny_imagenet_folder(tmp_path), match, source="official")


def test_official_folder_with_another_batch(tmp_path):
    match = r"data_batch_1: its MD5 is \w{32}; the official file's is c99cafc1"
    refused(cifar10_folder(tmp_path), match, format="cifar10", source="official")


def test_truncated_archives(tiny, tmp_path):
    half = tmp_path / "half.zip"
    half.write_bytes(tiny.read_bytes()[: tiny.stat().st_size // 2])
    refused(half, "not a whole zip file .*fetch it again")
    whole = cifar10_archive(tmp_path)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    refused(whole, "not a whole tar.gz file .*fetch it again", format="cifar10")


def test_damaged_byte_in_zip(tiny, tmp_path):
    data = bytearray(tiny.read_bytes())
    with zipfile.ZipFile(tiny) as archive:
        start = archive.getinfo(f"{FIRST}/images/n00000001_3.JPEG").header_offset
    data[start + 300] ^= 0xFF
    (tmp_path / "damaged.zip").write_bytes(data)
    refused(tmp_path / "damaged.zip", "n00000001_3.JPEG cannot be read .*Bad CRC")


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"not a picture", r"n00000001_3.JPEG does not decode \(no JPEG or PNG file\)"),
        (jpeg()[:-30], r"n00000001_3.JPEG does not decode \(image file is truncated"),
        (jpeg("CMYK"), r"n00000001_3.JPEG has the channels C\+M\+Y\+K .*must be RGB or grey"),
    ],
)
def test_a_picture_that_is_none(tiny, tmp_path, data, match):
    refused(changed(tiny, tmp_path, {f"{FIRST}/images/n00000001_3.JPEG": data}), match)


def test_a_picture_with_transparency(tmp_path):
    source = class_folder(tmp_path / "own", {"a": 8, "b": 8})
    save_picture(source / "b" / "9.png", 1, "RGBA")
    match = r"b/9.png has the channels R\+G\+B\+A \(mode RGBA\)"
    refused(source, match, format="folder", source="own")


def test_a_picture_too_large(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "LARGEST_PICTURE", 4000)
    refused(tiny, "has 64x64 pixels; at most 4,000 are read")


def test_grey_pictures_become_rgb(tiny, tmp_path):
    picture = pictures.decode(jpeg("L"), "here")
    assert picture.mode == "L"
    listing = tiny_imagenet.read(tiny, settings())
    with pictures.Decoder(listing.place, 32, "box", 1) as decoder:
        blocks = list(decoder.blocks(listing.splits["train"], np.arange(24)))
    for block in blocks:
        equal = (block.images == block.images[..., :1]).all(axis=(1, 2, 3))
        assert (equal == block.grey).all()


def test_annotation_of_an_unknown_class(tiny, tmp_path):
    line = b"val_0.JPEG\tn99999999\t0\t0\t9\t9\n"
    source = changed(tiny, tmp_path, {f"{TOP}/val/val_annotations.txt": line})
    refused(source, "val_annotations.txt gives 'val_0.JPEG' the class 'n99999999'; it must be one")


def test_annotations_and_pictures_must_agree(tiny, tmp_path):
    line = b"val_99.JPEG\tn00000001\t0\t0\t9\t9\n"
    source = changed(tiny, tmp_path, {f"{TOP}/val/val_annotations.txt": line})
    refused(source, "names 'val_99.JPEG', which is not in val/images")
    source = changed(tiny, tmp_path, {f"{TOP}/val/images/val_77.JPEG": jpeg()})
    refused(source, "must name each picture of val/images once; it does not for .*val_77")


def test_box_that_is_none(tiny, tmp_path):
    source = changed(tiny, tmp_path, {f"{FIRST}/n00000001_boxes.txt": b"x.JPEG\t1\t2\tthree\t4\n"})
    refused(source, "n00000001_boxes.txt has the line .* four whole numbers")


def test_class_that_wnids_does_not_name(tiny, tmp_path):
    source = changed(tiny, tmp_path, {f"{TOP}/train/n7/images/n7_0.JPEG": jpeg()})
    refused(source, "train/n7 is a class that wnids.txt does not name")


def test_class_without_picture(tiny, tmp_path):
    gone = {f"{FIRST}/images/n00000001_{row}.JPEG": None for row in range(8)}
    refused(changed(tiny, tmp_path, gone), "class 'n00000001' has no picture in the train part")


def test_empty_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    for form in ("tiny_imagenet", "folder", "csv"):
        refused(tmp_path / "empty", "the folder is empty", format=form, source="own")
    refused(tmp_path / "empty", "there is no such file", format="cifar10", source="own")


def test_zip_without_what_makes_it_tiny_imagenet(tmp_path):
    refused(zip_of(tmp_path / "other.zip", {"a/b.txt": b""}), "there is no wnids.txt in it")


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside.png", "a/../../b.png", "C:/x.png"])
def test_zip_entries_outside(tmp_path, name):
    with pytest.raises(StudyError, match="points outside the archive"):
        open_place(zip_of(tmp_path / "bad.zip", {name: b""})).names()


def test_zip_link(tmp_path):
    info = zipfile.ZipInfo("link.png")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(StudyError, match="link.png is a link"):
        open_place(tmp_path / "bad.zip").names()


def test_tar_link_and_entry_outside(tmp_path):
    for name, kind, match in (
        ("cifar-10-batches-py/test_batch", tarfile.SYMTYPE, "is a link"),
        ("../test_batch", tarfile.REGTYPE, "points outside"),
    ):
        member = tarfile.TarInfo(name)
        member.type = kind
        with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as archive:
            archive.addfile(member)
        refused(tmp_path / "bad.tar.gz", match, format="cifar10")


def rewritten_batch(folder: Path, name: str, content: bytes) -> Path:
    source = cifar10_folder(folder)
    (source / name).write_bytes(content)
    return source


class Evil:
    def __reduce__(self):
        return (print, ("this must never be printed",))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (pickle.dumps(Evil(), protocol=2), "asks for __builtin__.print, which this format never"),
        (pickle.dumps(Evil()), "has the opcode FRAME, which this format never needs"),
        (b"\x80\x02", "data_batch_2: not a whole pickle"),
        (pickle.dumps([1], protocol=2), "a dictionary with the keys data, filenames, labels"),
        (
            pickle.dumps({b"data": np.zeros((1, 3072), "f4"), b"labels": [1], b"filenames": [b"x"]},
                         protocol=2),
            "an array of type .*f4",
        ),
        (
            pickle.dumps({b"data": np.zeros((1, 99), "u1"), b"labels": [1], b"filenames": [b"x"]},
                         protocol=2),
            "must be an array of bytes, 1 rows of 3072; received: uint8",
        ),
        (
            pickle.dumps({b"data": np.zeros((1, 3072), "u1"), b"labels": [12],
                          b"filenames": [b"x"]}, protocol=2),
            "labels run from 12 to 12; batches.meta names 10 classes",
        ),
    ],
)  # fmt: skip
def test_damaged_batches(tmp_path, capfd, content, match):
    source = rewritten_batch(tmp_path, "data_batch_2", content)
    refused(source, match, format="cifar10")
    assert "never be printed" not in capfd.readouterr().out


def test_cifar10_as_python_2_wrote_it(tmp_path):
    """The official pickles hold Python 2 strings; one such dictionary, by hand."""
    content = b"\x80\x02}q\x01U\x0blabel_namesq\x02]q\x03(U\x03catq\x04U\x03dogq\x05es."
    assert cifar10._load(content, "here", {b"label_names"}) == {b"label_names": [b"cat", b"dog"]}


def test_folder_with_train_and_val(tmp_path):
    parts = {"train/dog": 5, "train/cat": 4, "val/dog": 2, "val/cat": 1}
    listing = folder.read(class_folder(tmp_path / "own", parts), settings(format="folder"))
    assert listing.classes == [("cat", "cat"), ("dog", "dog")]
    assert np.bincount(listing.splits["train"].labels).tolist() == [4, 5]
    assert np.bincount(listing.splits["test"].labels).tolist() == [1, 2]


def test_folder_of_classes_alone_is_split(tmp_path):
    source = class_folder(tmp_path / "own", {"class 2": 10, "class 10": 5})
    listing = folder.read(source, settings(format="folder"))
    assert [name for name, _ in listing.classes] == ["class 2", "class 10"]
    assert np.bincount(listing.splits["test"].labels).tolist() == [2, 1]
    whole = listing.splits["train"].sources + listing.splits["test"].sources
    assert len(set(whole)) == 15
    again = folder.read(source, settings(format="folder"))
    assert again.splits["test"].sources == listing.splits["test"].sources


def test_folder_in_a_zip(tmp_path):
    picture = io.BytesIO()
    Image.new("RGB", (9, 5)).save(picture, "PNG")
    files = {f"{name}/{row}.PNG": picture.getvalue() for name in "ab" for row in range(8)}
    files |= {"a/notes.txt": b"", "__MACOSX/a/0.png": b"", "b/.hidden.png": b""}
    source = zip_of(tmp_path / "own.zip", files)
    prepare(source, settings(format="folder", source="own"), {}, tmp_path / "data", workers=1)
    assert np.load(tmp_path / "data" / "train_images.npy").shape == (8, 32, 32, 3)


def test_folder_with_what_does_not_fit(tmp_path):
    source = class_folder(tmp_path / "one", {"train/a": 4, "train/b": 4, "test/c": 4})
    refused(source, "class 'c' has pictures in the test part", format="folder", source="own")
    source = class_folder(tmp_path / "two", {"train/a": 4, "test/a": 4, "val/a": 4})
    refused(source, r"it holds train/, test/ and val/", format="folder", source="own")
    source = class_folder(tmp_path / "three", {"a": 4, "": 1})
    refused(source, "0.png is in no class", format="folder", source="own")
    source = class_folder(tmp_path / "four", {"a": 1, "b": 9})
    refused(source, "a class of 1 pictures would give 0", format="folder", source="own")


def csv_source(target: Path, table: str) -> Path:
    class_folder(target, {"images": 12})
    (target / "labels.csv").write_text(table)
    return target


def lines(start: int = 0, end: int = 12) -> str:
    return "".join(f"images/{row}.png,{'ab'[row % 2]}\n" for row in range(start, end))


def test_csv_without_split(tmp_path):
    source = csv_source(tmp_path / "own", "file,label\n" + lines())
    listing = csv_folder.read(source, settings(format="csv"))
    assert [len(listing.splits[name]) for name in ("train", "test")] == [10, 2]
    for entries in listing.splits.values():
        for name, label in zip(entries.sources, entries.labels, strict=True):
            assert label == int(name.split("/")[1].split(".")[0]) % 2


def test_csv_with_split(tmp_path):
    table = "label,file,split\n" + "".join(
        f"{'ab'[row % 2]},images/{row}.png,{'train' if row < 8 else 'test'}\n" for row in range(12)
    )
    listing = csv_folder.read(csv_source(tmp_path / "own", table), settings(format="csv"))
    assert [len(listing.splits[name]) for name in ("train", "test")] == [8, 4]


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ("file,label\nimages/99.png,a\n" + lines(), r"images/99.png, .*\(1 of 13 are missing\)"),
        ("name,label\n" + lines(), "has the columns name, label; its first line must be file"),
        ("", "has the columns none"),
        ("file,label\n", "names no picture"),
        ("file,label\nimages/0.png\n", "has the line .*file and label are needed"),
        ("file,label\n" + lines() + lines(0, 1), "names images/0.png twice"),
        ("file,label,split\nimages/0.png,a,dev\n", "the split 'dev'; it must be one of train"),
        ("file,label,split\nimages/0.png,a,test\n", "no row whose split is train"),
    ],
)
def test_csv_with_what_does_not_fit(tmp_path, table, match):
    refused(csv_source(tmp_path / "own", table), match, format="csv", source="own")


def test_csv_folder_without_table(tmp_path):
    source = class_folder(tmp_path / "own", {"images": 3})
    refused(source, "it holds 0 .csv files; there must be one", format="csv", source="own")


def test_oblong_pictures_give_their_central_square():
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200
    fitted = pictures._fit(Image.fromarray(pixels), 5, Image.BOX)
    assert (np.asarray(fitted) == 200).all()
