"""A finished study in one file: the same report from it, and what was changed in it is named."""

import hashlib
import io
import json
import re
import zipfile

import numpy as np
import pypdf
import pytest
from conftest import ROOT, StudyCopy

from imagestudy import bundle
from imagestudy.bundle import MANIFEST, bundle_of, open_bundle
from imagestudy.errors import StudyError
from imagestudy.packing import unpack
from imagestudy.provenance import digest

TRAINERS = ("keras", "tensorflow", "autokeras", "keras_tuner", "jax")
DERIVED = ("experiments/*.json", "searches/*/ledger.csv", "searches/*/*/best.json", "tables/*.tex",
           "figures/*.png", "*.csv", "summary.md", "claims.json")  # fmt: skip
CONFIG = ROOT / "config.schema.yaml"
RESULT = "runs/alexnet/seed-1/result.json"
PREDICTIONS = "runs/alexnet/seed-1/predictions.npz"
DATA = "data/cifar10/dataset.json"
TRIAL = "searches/hand/seed-1/round-1/trial-1/result.json"


@pytest.fixture(scope="module")
def derived(packed, tmp_path_factory):
    """A copy of the study without data, and without what trains, in which the bundle was used."""
    study = without_training(StudyCopy.new(tmp_path_factory.mktemp("derived")))
    ended = study.snakemake("report.pdf", "--config", f"bundle={packed}")
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-4000:]
    return study


def without_training(study):
    """The study where no library that trains can be imported: its jobs look here first."""
    for name in TRAINERS:
        (study.folder / "src" / f"{name}.py").write_text("raise ImportError('this trains')\n")
    for picture in (study.folder / "own").rglob("*.png"):
        picture.unlink()
    return study


def changed(packed, target, changes):
    """A copy of the bundle with other content of some files; None leaves a file out."""
    with zipfile.ZipFile(packed) as archive:
        content = {name: archive.read(name) for name in archive.namelist()} | changes
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in content.items():
            if data is not None:
                archive.writestr(name, data)
    return target


def content(packed, name):
    with zipfile.ZipFile(packed) as archive:
        return archive.read(name)


def recorded(packed, target, changes):
    """A changed copy whose manifest records the changed files' digests."""
    manifest = json.loads(content(packed, MANIFEST))
    manifest["files"] |= {name: hashlib.sha256(data).hexdigest() for name, data in changes.items()}
    return changed(packed, target, {MANIFEST: resealed(manifest), **changes})


def resealed(manifest):
    manifest["digest"] = digest({key: value for key, value in manifest.items() if key != "digest"})
    return json.dumps(manifest).encode()


def with_another_prediction(packed):
    """The predictions with one picture's log-probabilities exchanged."""
    with np.load(io.BytesIO(content(packed, PREDICTIONS))) as arrays:
        found = dict(arrays)
    own, other = found["labels"][0], (found["labels"][0] + 1) % 3
    row = found["log_probabilities"][0]
    row[own], row[other] = row[other] - 1, row[own]
    buffer = io.BytesIO()
    np.savez(buffer, **found)
    return buffer.getvalue()


def test_everything_is_derived_again_without_data_and_training(finished_study, derived):
    ours, theirs = (
        study.folder / "results" / name
        for study, name in ((derived, "demo-bundle"), (finished_study, "demo"))
    )
    for pattern in DERIVED:
        paths = sorted(theirs.glob(pattern))
        assert paths
        for path in paths:
            found = (ours / path.relative_to(theirs)).read_bytes()
            assert found == path.read_bytes(), path


def test_the_report_names_both_commits(derived, packed):
    pages = pypdf.PdfReader(derived.folder / "report.pdf").pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    manifest = open_bundle(packed, CONFIG).manifest
    assert manifest["packed"][:10] in text
    assert manifest["digest"] in text.replace(" ", "").replace("\n", "")
    assert "This document was written at commit" in text


def test_nothing_is_made_twice(derived, packed):
    assert derived.planned("report.pdf", "--config", f"bundle={packed}") == {}


def test_a_bundle_holds_no_path_of_the_machine_it_was_made_on(finished_study, packed):
    with zipfile.ZipFile(packed) as archive:
        for name in archive.namelist():
            assert str(finished_study.folder).encode() not in archive.read(name), name


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (RESULT, '"momentum": 0.9', '"momentum": 0.8',
         f"{RESULT}: settings.training.momentum is 0.8, expected 0.9"),
        (TRIAL, '"learning_rate": 0.01', '"learning_rate": 0.02',
         f"{TRIAL}: settings.training.learning_rate is 0.02, expected 0.01"),
        (RESULT, '"status": "', '"status": "not ', f"{RESULT}: its content is another"),
        ("runs/alexnet/seed-1/history.csv", "epoch", "epochs", "history.csv: its content is"),
    ],
)  # fmt: skip
def test_a_changed_setting_is_named(packed, tmp_path, name, old, new, message):
    text = content(packed, name).decode()
    assert old in text
    path = changed(packed, tmp_path / "b.zip", {name: text.replace(old, new, 1).encode()})
    with pytest.raises(StudyError) as error:
        unpack(open_bundle(path, CONFIG), tmp_path / "results")
    assert message in str(error.value)
    assert not (tmp_path / "results").exists()


def test_a_changed_setting_of_the_study_is_named(packed, tmp_path):
    manifest = json.loads(content(packed, MANIFEST))
    manifest["config"]["experiments"]["alexnet"]["training"]["epochs"] = 2
    path = changed(packed, tmp_path / "b.zip", {MANIFEST: json.dumps(manifest).encode()})
    with pytest.raises(StudyError, match=r"experiments.alexnet.training.epochs is 2, expected 1"):
        open_bundle(path, CONFIG)


@pytest.mark.parametrize(
    ("change", "block"),
    [
        (lambda config: config["statistics"].update(margin=0.5), "statistics"),
        (lambda config: config.update(title="Another"), "title"),
        (lambda config: config.update(seeds=[1, 2, 3]), "seeds"),
        (lambda config: config.pop("paper"), "paper"),
    ],
)
def test_a_changed_block_of_the_config_is_named(packed, tmp_path, change, block):
    manifest = json.loads(content(packed, MANIFEST))
    change(manifest["config"])
    path = changed(packed, tmp_path / "b.zip", {MANIFEST: json.dumps(manifest).encode()})
    with pytest.raises(StudyError, match=rf"packed: {block} in its config is another than was rec"):
        open_bundle(path, CONFIG)


def test_a_changed_prediction_is_named(packed, tmp_path):
    path = changed(packed, tmp_path / "b.zip", {PREDICTIONS: with_another_prediction(packed)})
    with pytest.raises(StudyError, match=rf"{PREDICTIONS}: test loss of alexnet, seed 1, is rec"):
        unpack(open_bundle(path, CONFIG), tmp_path / "results")


def test_a_missing_and_an_added_file_are_named(packed, tmp_path):
    path = changed(packed, tmp_path / "b.zip", {RESULT: None, "added.txt": b""})
    with pytest.raises(StudyError) as error:
        unpack(open_bundle(path, CONFIG), tmp_path / "results")
    assert f"{RESULT}: it is missing or damaged" in str(error.value)
    assert "added.txt: it was not packed" in str(error.value)


def test_a_changed_prediction_is_found_though_its_digest_is_right(packed, tmp_path_factory):
    study = without_training(StudyCopy.new(tmp_path_factory.mktemp("changed")))
    prediction = {PREDICTIONS: with_another_prediction(packed)}
    path = recorded(packed, study.folder / "b.zip", prediction)
    ended = study.snakemake("verify", "--config", f"bundle={path}")
    assert ended.returncode != 0
    shown = ended.stdout + ended.stderr
    assert "runs/alexnet/seed-1/result.json: test loss of alexnet, seed 1, is recorded as" in shown


def test_a_changed_setting_is_found_though_its_digest_is_right(packed, tmp_path_factory):
    study = without_training(StudyCopy.new(tmp_path_factory.mktemp("changed")))
    text = content(packed, RESULT).decode().replace('"batch_size": 12', '"batch_size": 13')
    path = recorded(packed, study.folder / "b.zip", {RESULT: text.encode()})
    target = "results/demo-bundle/experiments/alexnet.json"
    ended = study.snakemake(target, "--config", f"bundle={path}")
    assert ended.returncode != 0
    assert "settings.training.batch_size is 13, expected 12" in ended.stdout + ended.stderr


def test_settings_beside_a_bundle_are_refused():
    with pytest.raises(StudyError, match="scale is given beside bundle; .* leave scale, seeds out"):
        bundle_of({"bundle": "b.zip", "seeds": [1], "scale": "cpu"}, CONFIG)


def test_what_is_no_bundle_is_refused(packed, tmp_path):
    with pytest.raises(StudyError, match="nothing is there. `make bundle` makes one"):
        open_bundle(tmp_path / "nowhere.zip", CONFIG)
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(StudyError, match="text.zip is no bundle of this version"):
        open_bundle(tmp_path / "text.zip", CONFIG)
    manifest = json.loads(content(packed, MANIFEST))
    old = changed(
        packed, tmp_path / "old.zip", {MANIFEST: json.dumps(manifest | {"schema": 0}).encode()}
    )
    with pytest.raises(StudyError, match="schema is 0, it must be 3"):
        open_bundle(old, CONFIG)


def with_width(config, made_with):
    for block in (config["experiments"]["alexnet"], made_with["experiments"]["alexnet"]):
        for settings in block.get("expected", [block]):
            settings["network"]["width"] = "\\immediate\\pdfobj stream file{/etc/passwd}1"


def with_many_rounds(config, made_with):
    config["searches"]["hand"] |= {"rounds": 1000, "trials_per_round": 1000}


def with_a_name(config, made_with):
    for blocks in (config["experiments"], made_with["experiments"]):
        blocks["$(touch touched)"] = blocks["alexnet"]


def with_another_setting(config, made_with):
    made_with["experiments"]["alexnet"]["expected"][0]["training"]["batch_size"] = 13


HARM = [
    ({"files": {"../outside": "0"}}, "'../outside' is no file of such a study"),
    ({"files": {"/etc/passwd": "0"}}, "'/etc/passwd' is no file of such a study"),
    ({"files": {"booktabs.sty": "0"}}, "'booktabs.sty' is no file of such a study"),
    ({"commit": "</script><script>alert(1)</script>"}, "commit is '</script>"),
    ({"commit": 7}, "commit is 7, it must be a commit of git or null"),
    ({"packed": "\x1b]0;x\x07"}, r"packed is '\x1b]0;x\x07', it must be a time such as 2026-01-31"),
    ({"packed": "2026-01-31</script>"}, "packed is '2026-01-31</script>', it must be a time"),
    ({"files": ["runs"]}, "settings cannot be read"),
    ({"files": {"development.csv": 1}}, "a digest is no text"),
    ({"files": {}}, "'data/cifar10/boxes.npz' is missing"),
    ({"made_with": []}, "settings cannot be read"),
    ({"made_with": {}}, "made_with has not the experiments and searches of its config"),
    ({"config": {}}, "the top level lacks title"),
    ({"config": []}, "is not of type 'object'"),
    ({"config": 7}, "is not of type 'object'"),
    ({"config": {"scale": "$(touch touched)"}}, "scale: '$(touch touched)' does not match"),
    ({"config": {"scale": "../../x"}}, "scale: '../../x' does not match"),
    (with_a_name, "'$(touch touched)' does not match"),
    ({"config": {"backend": "os"}}, "backend is 'os'; it must be one of tensorflow, jax"),
    ({"config": {"statistics": {"margin": 0.1, "families": 7}}}, "statistics.families: 7 is not"),
    (with_width, "is not of type 'number'"),
    (with_many_rounds, "searches.hand has 1,000,000 trials"),
    (with_another_setting, "its results were not made with its settings"),
]


@pytest.mark.parametrize(("change", "message"), HARM)
def test_a_bundle_made_to_do_harm_is_refused(packed, tmp_path, change, message):
    manifest = json.loads(content(packed, MANIFEST))
    if callable(change):
        change(manifest["config"], manifest["made_with"])
    else:
        for key, value in change.items():
            more = isinstance(value, dict) and value
            manifest[key] = manifest[key] | value if more else value
    harmful = changed(packed, tmp_path / "harm.zip", {MANIFEST: resealed(manifest)})
    with pytest.raises(StudyError, match=re.escape(message)):
        open_bundle(harmful, CONFIG)


def row(result):
    """The first row of the table of a result's network."""
    return result["network"]["table"][0]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (DATA, lambda found: found.update(source_size=["\\input{/etc/passwd}", 8]), "source_size"),
        (DATA, lambda found: found.update(unlabelled=-1), "unlabelled"),
        (DATA, dict.clear, "the top level: 'schema' is a required property"),
        (RESULT, lambda found: found.update(seed="\\input{x}"), "seed: "),
        (RESULT, lambda found: found["seconds"].update(total="\\input{x}"), "seconds.total: "),
        (RESULT, lambda found: row(found).update(output=["\\input{x}"]), "table.0.output.0: "),
        (RESULT, lambda found: row(found).update(more=1), "network.table.0: Additional"),
        (RESULT, lambda found: found["network"].update(flops="x"), "network.flops: 'x' is not of"),
    ],
)
def test_a_file_that_breaks_its_contract_is_refused(packed, tmp_path, name, change, message):
    found = json.loads(content(packed, name))
    change(found)
    path = recorded(packed, tmp_path / "b.zip", {name: json.dumps(found).encode()})
    with pytest.raises(StudyError, match=re.escape(message)):
        unpack(open_bundle(path, CONFIG), tmp_path / "results")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("data", [b"[", b"\xff", b"[" * 100_000])
def test_a_file_that_is_not_json_is_refused(packed, tmp_path, data):
    path = recorded(packed, tmp_path / "b.zip", {RESULT: data})
    with pytest.raises(StudyError, match="seed-1/result.json is not JSON"):
        unpack(open_bundle(path, CONFIG), tmp_path / "results")


def test_pictures_that_cannot_be_read_are_refused(packed, tmp_path):
    path = recorded(packed, tmp_path / "b.zip", {"data/cifar10/pictures.npz": b"PK nothing"})
    with pytest.raises(StudyError, match="pictures.npz cannot be read"):
        unpack(open_bundle(path, CONFIG), tmp_path / "results")


def test_a_bundle_packed_in_another_way_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(MANIFEST, b"{}")
    with pytest.raises(StudyError, match="packed in a way that we do not pack"):
        open_bundle(tmp_path / "b.zip", CONFIG)


def test_what_names_no_bundle_is_refused():
    with pytest.raises(StudyError, match="bundle is 5; nothing is there"):
        bundle_of({"bundle": 5}, CONFIG)


@pytest.mark.parametrize("cases", [30, pytest.param(1000, marks=pytest.mark.thorough)])
def test_a_bundle_damaged_at_any_byte_is_as_it_was_or_refused(packed, tmp_path, cases):
    whole = packed.read_bytes()
    generator = np.random.default_rng(cases)
    path = tmp_path / "b.zip"
    for _ in range(cases):
        damaged = bytearray(whole)
        # Half of them where the manifest is, which comes first.
        end = len(damaged) if generator.random() < 0.5 else 20_000
        for place in generator.integers(0, end, generator.integers(1, 4)):
            damaged[place] ^= int(generator.integers(1, 256))
        path.write_bytes(damaged)
        try:
            unpack(open_bundle(path, CONFIG), tmp_path / "results")
        except StudyError as error:
            assert str(error).startswith(str(path))


def test_a_bundle_that_unpacks_to_too_much_is_refused(packed, tmp_path, monkeypatch):
    path = changed(packed, tmp_path / "b.zip", {"more": b"0" * 1000})
    monkeypatch.setattr(bundle, "LARGEST_FILE", 999)
    with pytest.raises(StudyError, match="bytes, at most 999 are read"):
        open_bundle(path, CONFIG)
    monkeypatch.undo()
    monkeypatch.setattr(bundle, "LARGEST_BUNDLE", 999)
    with pytest.raises(StudyError, match="it unpacks to more than 999 bytes"):
        open_bundle(path, CONFIG)


@pytest.mark.parametrize(
    "published", sorted(ROOT.glob("published/*/bundle.zip")), ids=lambda path: path.parent.name
)
def test_what_is_published_is_verified_by_this_code(published, fresh_study):
    scale = bundle_of({"bundle": str(published)}, CONFIG).study.scale
    verified = f"results/{scale}-bundle/verified.csv"
    ended = fresh_study.snakemake(verified, "--config", f"bundle={published}")
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-4000:]
    assert (fresh_study.folder / verified).exists()
