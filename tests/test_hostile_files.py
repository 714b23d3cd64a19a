"""Archives, pickles, pictures and tables made to do harm: each is refused, by one sentence."""

import errno
import gzip
import io
import os
import pickle
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin
from small_archives import (
    cifar10_folder,
    class_folder,
    save_picture,
    settings,
    tiny_imagenet_folder,
    zip_of,
)

from imagestudy.datasets import archives, pickles
from imagestudy.datasets.archives import open_place, read_file, tar_files
from imagestudy.datasets.pictures import decode
from imagestudy.errors import StudyError
from imagestudy.preparation import prepare

DEEP = 200_000


def refused(source: Path, match: str, form: str = "folder") -> None:
    with pytest.raises(StudyError, match=match) as caught:
        prepare(source, settings(format=form, source="own"), {}, source.parent / "data", workers=1)
    assert str(source) in str(caught.value)
    assert not (source.parent / "data").exists()


class Touch:
    """Pickled, it makes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("wrap", [lambda it: it, lambda it: {b"data": it}, lambda it: {it: 1}])
def test_a_pickle_executes_nothing(tmp_path, protocol, wrap):
    source = cifar10_folder(tmp_path)
    evil = pickle.dumps(wrap(Touch(tmp_path / "touched")), protocol=protocol)
    (source / "batches.meta").write_bytes(evil)
    refused(source, "batches.meta: the pickle .* which this format never needs", "cifar10")
    assert not (tmp_path / "touched").exists()
    pickle.loads(evil)
    assert (tmp_path / "touched").exists(), "the pickle would have done it"


@pytest.mark.parametrize(
    ("content", "match"),
    [
        # a key whose hash takes for ever, and one whose hash overflows the stack
        (b"\x80\x02}(K\x01" + b"q\x00h\x00\x86" * 40 + b"K\x01u.", "of type tuple out of place"),
        (b"\x80\x02}(K\x01" + b"\x85" * DEEP + b"K\x01u.", "of type tuple out of place"),
        # a text of a kilobyte that becomes bytes again and again
        (
            b"\x80\x02c_codecs\nencode\nq\x00]("
            + b"h\x00X\x00\x04\x00\x00" + b"x" * 1024 + b"q\x01X\x06\x00\x00\x00latin1q\x02\x86R"
            + b"h\x00h\x01h\x02\x86R" * 1000 + b"e.",
            "would unpack to more bytes than it has",
        ),
        (b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7ft\x85R.", "calls numpy ndarray"),
        (b"\x80\x02cnumpy\ndtype\nU\x02O8\x85R.", "an array of type b'O8'; the format has 'u1'"),
        (b"\x80\x02cbuiltins\neval\n.", "asks for builtins.eval"),
        (b"cos\nsystem\n(S'true'\ntR.", "asks for os.system"),
        (b"\x80\x02P1\n.", "the opcode PERSID"),
        (b"\x80\x02\x82\x01.", "the opcode EXT1"),
        (b"\x80\x02K\x01K\x02\x81.", "the opcode NEWOBJ"),
        (b"\x80\x02}K\x01b.", "of type int out of place"),
    ],
)  # fmt: skip
def test_a_pickle_that_is_a_trap(content, match):
    with pytest.raises(StudyError, match=match):
        pickles.read(content)


BATCH = {b"data": b"pixels", b"labels": [1], b"filenames": [b"x"]}


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({b"labels": [[1]] * 3}, "data_batch_1: its labels must be a list of whole numbers"),
        ({b"labels": [True]}, "its labels must be a list of whole numbers"),
        ({b"labels": b"abc"}, "its labels must be a list of whole numbers"),
        ({b"labels": [2**40]}, "the opcode LONG1"),
        ({b"filenames": [1]}, "its filenames must be a list of byte strings"),
        ({b"filenames": [b"\xff"]}, "its filenames are not UTF-8 text"),
        ({b"filenames": []}, "must be an array of bytes, 1 rows of 3072; received: bytes"),
    ],
)
def test_a_batch_of_other_things(tmp_path, changes, match):
    source = cifar10_folder(tmp_path)
    (source / "data_batch_1").write_bytes(pickle.dumps(BATCH | changes, protocol=2))
    refused(source, match, "cifar10")


def test_a_name_in_whose_length_all_would_be_stored(tmp_path):
    source = cifar10_folder(tmp_path)
    batch = pickle.loads((source / "data_batch_1").read_bytes(), encoding="bytes")
    batch[b"filenames"][0] = b"x" * 1_000_000
    (source / "data_batch_1").write_bytes(pickle.dumps(batch, protocol=2))
    match = "the picture 'data_batch_1/x.* has a name of 1,000,013 letters, .*rename it"
    refused(source, match, "cifar10")


def test_zip_entries_that_are_no_files(tmp_path):
    for kind, match in ((0o120777, "is a link"), (0o060666, "is a device"), (0o010666, "a pipe")):
        info = zipfile.ZipInfo("a/0.png")
        info.external_attr = kind << 16
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
            archive.writestr(info, "/etc/passwd")
        refused(tmp_path / "bad.zip", f"a/0.png {match}|a/0.png is .*{match}")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_unpacks_in_one_step(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w", method) as archive:
        archive.writestr("a/0.png", b"\0" * 100_000)
    refused(tmp_path / "bad.zip", "a/0.png is compressed by method .*only stored and deflated")


def test_a_zip_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "LARGEST_FILE", 1_000_000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/0.png", b"\0" * 1_000_001)
    refused(tmp_path / "bomb.zip", "a/0.png would unpack to 1,000,001 bytes; at most 1,000,000")


def test_a_zip_that_lies_about_a_size(tmp_path):
    with zipfile.ZipFile(tmp_path / "lie.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in range(10):
            archive.writestr(f"{name % 2}/{name}.png", b"\0" * 1_000_000)
    data = (tmp_path / "lie.zip").read_bytes()
    lied = data.replace(struct.pack("<I", 1_000_000), struct.pack("<I", 99))
    (tmp_path / "lie.zip").write_bytes(lied)
    refused(tmp_path / "lie.zip", ".png cannot be read .*CRC")


def test_a_zip_that_lies_about_a_size_takes_no_memory(tmp_path):
    with zipfile.ZipFile(tmp_path / "lie.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * 50_000_000)
    data = (tmp_path / "lie.zip").read_bytes()
    lied = data.replace(struct.pack("<I", 50_000_000), struct.pack("<I", 99))
    (tmp_path / "lie.zip").write_bytes(lied)
    place = open_place(tmp_path / "lie.zip")
    tracemalloc.start()
    with pytest.raises(StudyError, match=r"a cannot be read .*CRC"):
        place.read("a")
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_zip_with_one_name_twice(tmp_path):
    with (
        zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive,
        pytest.warns(UserWarning, match="Duplicate"),
    ):
        archive.writestr("a/0.png", b"1")
        archive.writestr("a/0.png", b"2")
    refused(tmp_path / "bad.zip", "a/0.png is in it twice")


@pytest.mark.parametrize("name", ["a/0\n.png", "a\x1b[31m/0.png", "a/\x7f.png", "..\n\\/0.png"])
def test_names_that_cannot_be_shown(tmp_path, name):
    refused(zip_of(tmp_path / "bad.zip", {name: b""}), "has a control character")
    picture = tmp_path / "own" / name
    picture.parent.mkdir(parents=True)
    picture.touch()
    refused(tmp_path / "own", "has a control character")


def test_a_file_name_that_is_no_text(tmp_path):
    class_folder(tmp_path / "own", {"a": 1})
    try:
        (tmp_path / "own" / "a").rename(os.fsdecode(os.fsencode(tmp_path / "own") + b"/\xff"))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    refused(tmp_path / "own", r"the name '\\udcff/0.png' has .* is no UTF-8; rename it")


def tar_of(path: Path, *members: tarfile.TarInfo, **options) -> Path:
    with tarfile.open(path, "w:gz", **options) as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        (tarfile.SYMTYPE, "is a link"),
        (tarfile.LNKTYPE, "is a link"),
        (tarfile.CHRTYPE, "is no ordinary file"),
        (tarfile.BLKTYPE, "is no ordinary file"),
        (tarfile.FIFOTYPE, "is no ordinary file"),
    ],
)
def test_tar_entries_that_are_no_files(tmp_path, kind, match):
    refused(tar_of(tmp_path / "bad.tar.gz", member("x", kind)), f"x {match}", "cifar10")


def test_a_sparse_tar_entry(tmp_path):
    sparse = member("x", size=1024)
    sparse.pax_headers = {
        "GNU.sparse.map": "0,1", "GNU.sparse.size": str(10**9), "GNU.sparse.name": "x",
    }  # fmt: skip
    source = tar_of(tmp_path / "bad.tar.gz", sparse, format=tarfile.PAX_FORMAT)
    refused(source, "x is no ordinary file", "cifar10")


def test_tar_bombs(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "LARGEST_TAR", 10_000_000)
    source = tmp_path / "bomb.tar.gz"
    with gzip.open(source, "wb") as packed:
        # of a header: it would be read whole before anything is looked at
        head = member("pax", tarfile.XHDTYPE, 20_000_000)
        packed.write(head.tobuf(tarfile.USTAR_FORMAT) + b"0" * 20_000_000)
    assert source.stat().st_size < 100_000
    refused(source, "unpacks to more than 10,000,000 bytes", "cifar10")
    monkeypatch.setattr(archives, "LARGEST_FILE", 1000)
    refused(
        tar_of(tmp_path / "large.tar.gz", member("x", size=1001)),
        "x would unpack to 1,001 bytes; at most 1,000",
        "cifar10",
    )


def test_a_tar_with_one_name_twice(tmp_path):
    name = "cifar-10-batches-py/test_batch"
    source = tar_of(tmp_path / "bad.tar.gz", member(name), member(name))
    with pytest.raises(StudyError, match="test_batch is in it twice"):
        tar_files(source, [name])


def test_pipes_and_devices_are_not_waited_for(tmp_path):
    source = class_folder(tmp_path / "own", {"a": 8, "b": 8})
    os.mkfifo(source / "b" / "9.png")
    refused(source, "b/9.png is a device or a pipe; only files are read")
    (source / "b" / "9.png").unlink()
    (source / "b" / "9.png").symlink_to("/dev/zero")
    refused(source, "b/9.png is a device or a pipe; only files are read")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "there is no such archive or folder")


def test_links_in_a_folder_lead_to_pictures_or_nowhere(tmp_path):
    source = class_folder(tmp_path / "own", {"a": 8, "b": 8})
    (source / "b" / "9.png").symlink_to("/etc/passwd")
    refused(source, r"b/9.png does not decode \(no JPEG or PNG file\)")
    (source / "b" / "9.png").unlink()
    (source / "b" / "9.png").symlink_to("9.png")
    refused(source, r"b/9.png cannot be read \(Too many levels of symbolic links\); it must be")


def test_a_linked_class_is_not_left_out_without_a_word(tmp_path):
    source = class_folder(tmp_path / "own", {"a": 8, "b": 8})
    (source / "c").symlink_to(source / "a")
    refused(source, "own/c is a link to a folder, which is not followed")
    (source / "c").unlink()
    (source / "c").symlink_to(".")
    refused(source, "own/c is a link to a folder, which is not followed")


def test_a_class_that_cannot_be_read_is_not_left_out_without_a_word(tmp_path, monkeypatch):
    source = class_folder(tmp_path / "own", {"a": 8, "b": 8})
    scan = os.scandir

    def refusing(path):
        """Root may read everything, so `chmod` would not do."""
        if path == str(source / "b"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    refused(source, r"own/b cannot be read \(Permission denied\)")


SMALL = Image.new("RGB", (8, 8))
NOISE = Image.effect_noise((32, 32), 90).convert("RGB")


def saved(picture: Image.Image, form: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("further", [{}, {"save_all": True, "append_images": [NOISE]}])
def test_a_picture_of_many_scans_is_not_decoded(further):
    whole = saved(NOISE, "MPO" if further else "JPEG", **further)
    place = whole.rindex(b"\xff\xda")
    scan = whole[place:-2]
    with pytest.raises(StudyError, match="here has more than 100 scans"):
        decode(whole[:place] + scan * 101 + whole[-2:], "here")


def test_a_file_too_large_is_not_read(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(archives.LARGEST_FILE + 1)
    with pytest.raises(StudyError, match="here would unpack to 268,435,457 bytes"):
        read_file(tmp_path / "large", "here")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and has nothing."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


TEXT_BOMB = PngImagePlugin.PngInfo()
TEXT_BOMB.add_text("comment", "x" * 50_000_000, zip=True)


@pytest.mark.filterwarnings("ignore:Image size")
@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", r"\(no JPEG or PNG file\)"),
        (saved(NOISE)[:150], r"does not decode"),
        (saved(NOISE, "JPEG")[:-200], r"does not decode"),
        (saved(SMALL)[:40], r"does not decode"),
        (saved(SMALL, "GIF"), r"\(no JPEG or PNG file\)"),
        (saved(SMALL, "TIFF"), r"\(no JPEG or PNG file\)"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", r"\(no JPEG or PNG file\)"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", r"\(no JPEG or PNG file\)"),
        (png_header(10_000, 10_000), "has 10000x10000 pixels; at most 50,000,000 are read"),
        (png_header(2**31 - 1, 2**31 - 1), "does not decode .*decompression bomb"),
        (png_header(0, 5), "does not decode"),
        (saved(SMALL.convert("CMYK"), "JPEG"), r"channels C\+M\+Y\+K .*RGB or grey: convert it"),
        (saved(Image.new("I;16", (8, 8))), r"channels I \(mode I;16\)"),
        (saved(SMALL.convert("P")), r"channels P \(mode P\)"),
        (saved(SMALL.convert("1")), r"channels 1 \(mode 1\)"),
        (saved(SMALL.convert("LA")), r"channels L\+A"),
        (
            saved(SMALL, save_all=True, append_images=[Image.new("RGB", (8, 8), "red")]),
            r"holds 2 pictures; it must hold one: convert it",
        ),
        (saved(SMALL, pnginfo=TEXT_BOMB), "does not decode"),
    ],
)
def test_a_picture_that_is_a_trap(data, match):
    with pytest.raises(StudyError, match=f"^here.*{match}"):
        decode(data, "here")


def test_of_a_phones_file_the_picture_is_read_and_not_what_is_behind_it():
    behind = Image.new("RGB", (4, 4), "white")
    data = saved(SMALL, "MPO", save_all=True, append_images=[behind])
    assert decode(data, "here").tobytes() == SMALL.tobytes()


def test_a_picture_with_much_beside_it_is_read():
    exif = b"Exif\0\0" + b"x" * 65_000
    picture = saved(SMALL, "JPEG", exif=exif)
    many = picture[:2] + (b"\xff\xe1\xff\xff" + b"y" * 65_533) * 200 + picture[2:]
    for data in (picture, many):
        assert decode(data, "here").size == (8, 8)


def test_sixteen_bits_of_colour_become_eight():
    size = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" + struct.pack(">HHH", 0xFF00, 0x8000, 0))
    data = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
    assert decode(data, "here").getpixel((0, 0)) == (255, 128, 0)


def csv_of(folder: Path, *labels: str) -> Path:
    folder.mkdir()
    lines = []
    for label in labels:
        for row in range(8):
            name = f"{len(lines)}.png"
            save_picture(folder / name, row)
            lines.append(f'{name},"{label}"\n')
    (folder / "labels.csv").write_text("file,label\n" + "".join(lines), encoding="utf-8")
    return folder


def test_a_csv_with_a_cell_too_large(tmp_path):
    refused(
        csv_of(tmp_path / "own", "a", "x" * 200_000), r"line 10 is no CSV \(field larger", "csv"
    )


NAMED = "the name .*x1b.0;owned.x07.* has a control character"


@pytest.mark.parametrize("header", ["file,label", "file,label,\x1b]0;owned\x07"])
def test_a_table_writes_nothing_to_the_terminal_but_text(tmp_path, header):
    source = csv_of(tmp_path / "own", "a", "b" if "owned" in header else "b\x1b]0;owned\x07")
    table = source / "labels.csv"
    table.write_text(table.read_text().replace("file,label", header, 1))
    refused(source, f"labels.csv: {NAMED}", "csv")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("wnids.txt", f"wnids.txt: {NAMED}"),
        ("val/val_annotations.txt", "gives 'b.x1b.0;owned.x07' the class 'x1y'; it must be one"),
    ],
)
def test_a_list_of_classes_writes_nothing_to_the_terminal_but_text(tmp_path, name, match):
    source = tiny_imagenet_folder(tmp_path)
    with (source / name).open("a") as file:
        file.write("b\x1b]0;owned\x07\tx1y\t0\t0\t1\t1\n")
    refused(source, match, "tiny_imagenet")


def test_a_class_in_a_pickle_writes_nothing_to_the_terminal_but_text(tmp_path):
    source = cifar10_folder(tmp_path)
    names = {b"label_names": [b"b\x1b]0;owned\x07"] * 10}
    (source / "batches.meta").write_bytes(pickle.dumps(names, protocol=2))
    refused(source, f"batches.meta: {NAMED}", "cifar10")


LABELS = ["9" * 5000, r"\input{/etc/passwd}", "../../x", "中" * 300, "=1+1", "$(touch x)"]


def test_a_label_may_be_anything_that_can_be_shown(tmp_path):
    source = csv_of(tmp_path / "own", *LABELS)
    prepare(source, settings(format="csv", source="own"), {}, tmp_path / "data", workers=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "own"]


def test_a_folder_and_its_name_may_be_called_anything(tmp_path):
    parts = dict.fromkeys([r"\input{x}", "$(touch x)", "a_b%c&d#", "中文", "😀", "y" * 250], 8)
    source = class_folder(tmp_path / "$(touch x) {y}", parts)
    prepare(source, settings(format="folder", source="own"), {}, tmp_path / "data", workers=1)
    assert open_place(source).names()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["$(touch x) {y}", "data"]
