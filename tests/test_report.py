import re
import subprocess
from pathlib import Path

import pytest
import sample_results
import yaml
from matplotlib import style
from matplotlib.figure import Figure
from pypdf import PdfReader

from imagestudy import argument, report
from imagestudy.errors import StudyError
from imagestudy.evidence import Evidence
from imagestudy.figures.saving import save
from imagestudy.tables.fragments import fragments

TEMPLATE = Path("report/report.tex.jinja")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    root = sample_results.write(tmp_path_factory.mktemp("demo"))
    sample_results.end(root / "experiments" / "vgg16_fine_tune.json", "failed", "out_of_memory")
    return root


@pytest.fixture(scope="module")
def source(demo):
    return report.render(Evidence.read(**sample_results.inputs(demo)), TEMPLATE)


@pytest.fixture(scope="module")
def compiled(demo, source):
    return compile_pdf(demo, Evidence.read(**sample_results.inputs(demo)), source)


@pytest.fixture(scope="module")
def awkward(tmp_path_factory):
    """Real data of 200 classes, one seed, every status, networks of hundreds of layers."""
    root = sample_results.write(tmp_path_factory.mktemp("awkward"), "official", (1,), 200)
    ends = ("stopped", "stopped", "at_chance", "diverged", "failed", "stopped", "failed", "skipped")
    for name, status in zip(sample_results.TITLES, ends, strict=True):
        sample_results.end(root / "experiments" / f"{name}.json", status)
    evidence = Evidence.read(**sample_results.inputs(root, (1,)))
    evidence.experiments["autokeras"]["network"]["table"] = [
        sample_results.layer(f"conv{n}_block{n}_3_bn_with_a_long_name", "BatchNormalization",
                             [8, 8, n], 4 * n, trainable=n > 9)
        for n in range(1, 300)
    ]  # fmt: skip
    evidence.datasets["cifar10"]["source_size"] = None
    evidence.datasets["tiny_imagenet"]["settings"]["train_pictures_per_class"] = 200
    return root, evidence


def compile_pdf(root: Path, evidence: Evidence, source: str) -> Path:
    """The report compiled by latexmk, with blank figures."""
    (root / "tables").mkdir()
    for name, text in fragments(evidence).items():
        (root / "tables" / f"{name}.tex").write_text(text)
    with style.context("report/report.mplstyle"):
        for name in re.findall(r"\\plot(?:\[[\w:]+\])?\{(\w+)\}", source):
            figure = Figure(figsize=(5.9, 2))
            figure.text(0.5, 0.5, name)
            save(figure, root / "figures" / f"{name}.pdf", root / "figures" / f"{name}.png")
    (root / "report.tex").write_text(source)
    (root / "references.bib").write_text(Path("report/references.bib").read_text())
    command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error"]
    command += ["-no-shell-escape", "report.tex"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]
    return root / "report.pdf"


def test_the_pdf_has_every_published_number_and_a_banner_on_every_page(compiled):
    pdf = PdfReader(compiled)
    pages = [page.extract_text() for page in pdf.pages]
    assert all("generated data" in page for page in pages)
    rows = yaml.safe_load(Path("report/original.yaml").read_text())["rows"].values()
    for row in rows:
        assert any(row["train"] in page and row["validation"] in page for page in pages), row
    assert any("[U+4E2D]" in page for page in pages)
    assert pdf.metadata.title
    assert pdf.metadata.author


def test_nothing_sticks_out_and_every_reference_is_known(compiled):
    check_log(compiled.with_suffix(".log"))


def check_log(path: Path) -> None:
    log = path.read_text(errors="replace")
    too_wide = [float(width) for width in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert [width for width in too_wide if width > 1] == []
    assert "undefined" not in log


def test_one_seed_and_runs_that_went_wrong_are_said(awkward):
    root, evidence = awkward
    source = report.render(evidence, TEMPLATE)
    check_log(compile_pdf(root, evidence, source).with_suffix(".log"))
    text = " ".join(source.split())
    assert "every run completed" not in text
    assert "mean\\,\\textpm" not in text
    assert "one run of AlexNet did no better than guessing" in text
    assert "one run of VGG-16 diverged" in text
    assert "No run of it ended in a network" in text
    assert "cut to 200 of each class" in text
    assert "Neighbours that are alike share a row" in text


def test_a_message_of_a_failed_run_is_in_the_appendix(compiled):
    assert any("out_of_memory" in page.extract_text() for page in PdfReader(compiled).pages)


def test_real_data_have_no_banner(tmp_path):
    sample_results.write(tmp_path, source="official", seeds=(1,))
    evidence = Evidence.read(**sample_results.inputs(tmp_path, (1,)))
    source = report.render(evidence, TEMPLATE)
    assert "Demo: generated" not in source
    assert r"\textpm" not in fragments(evidence)["summary_original"]


def test_the_abstract_answers_the_title(tmp_path):
    evidence = Evidence.read(**sample_results.inputs(sample_results.write(tmp_path, "official")))
    text = " ".join(report.render(evidence, TEMPLATE).split())
    abstract, _, rest = text.partition(r"\end{abstract}")
    made = {claim.name: claim for claim in argument.claims(evidence)}
    names = ("highest_tiny_imagenet", "highest_cifar10", "autokeras_better")
    for name in (*names, "transfer_fast", "transfer_accurate"):
        assert report.latex.title(made[name].measured[1:]) in abstract, name
    assert "Beside them stand one modern recipe and one control" in abstract
    _, _, conclusions = rest.partition(r"\section{Conclusions}")
    conclusions, _, _ = conclusions.partition(r"\section{Limitations}")
    assert conclusions.count("needs three") == 1
    assert "decide nothing" not in conclusions
    assert conclusions.count("here transfer starts from our VGG-16") == 1
    for name in ("choice_tiny_imagenet", "choice_cifar10"):
        assert report.latex.title(made[name].sentence) in conclusions


def test_on_a_persons_own_pictures_nothing_is_said_of_the_original(tmp_path):
    evidence = Evidence.read(**sample_results.inputs(sample_results.write(tmp_path, "official")))
    for each in evidence.experiments.values():
        each |= {"number": None, "improves": None}
        each["role"] = "control" if each["role"] == "control" else "own"
    evidence.datasets["tiny_imagenet"]["format"] = "folder"
    source = report.render(evidence, TEMPLATE)
    check_log(compile_pdf(tmp_path, evidence, source).with_suffix(".log"))
    made = {claim.name: claim for claim in argument.claims(evidence)}
    assert {"transfer_fast", "transfer_accurate", "transfer_beats_fine_tuning"} <= made.keys()
    assert not any(claim.statement for claim in made.values())
    before, _, rest = source.partition(r"\section{Introduction}")
    _, _, after = rest.partition(r"\section{Data}")
    assert "original" not in before + after + fragments(evidence)["claims"]
    best = report.latex.title(made["highest_cifar10"].measured[1:])
    assert best in " ".join(before.split())


def test_what_is_looked_at_more_than_once_is_said(tmp_path):
    root = sample_results.write(tmp_path / "demo")
    evidence = Evidence.read(**sample_results.inputs(root))

    def text() -> str:
        return " ".join(report.render(evidence, TEMPLATE).split())

    assert "Probabilities of" not in text()
    own = {name: each["settings"]["training"] for name, each in evidence.experiments.items()}
    own["keras_cnn"].update(flip_test=True, shift_test=2)
    own["autokeras"].update(shift_test=1)
    for name in own.keys() - {"keras_cnn", "autokeras"}:
        own[name].update(flip_test=True)
    assert "Those of the others" not in text()
    own["vgg16"].update(flip_test=False)
    found = text()
    assert "each picture, the same shifted by two pixels towards each corner, and the" in found
    shifted = "each picture and the same shifted by one pixel towards each corner."
    assert f"{shifted} Those of the others" in found
    assert "each picture and its mirror image." in found
    assert found.count("Probabilities of") == 3


def test_without_a_space_and_declared_pairs_nothing_refers_to_them(tmp_path):
    evidence = Evidence.read(**sample_results.inputs(sample_results.write(tmp_path, "official")))
    evidence.study["families"] = {}
    for search in evidence.study["searches"].values():
        search |= {"proposer": "hand", "oracle": None, "initial_points": None}
        search["declared"] = {k: v for k, v in search["declared"].items() if k != "space"}
    source = report.render(evidence, TEMPLATE)
    labels = set(re.findall(r"\\label\{([\w:]+)\}", source))
    labels |= {f"tab:{name}" for name in re.findall(r"\\longfragment\{(\w+)\}", source)}
    assert set(re.findall(r"\\ref\{([\w:]+)\}", source)) <= labels
    assert not {"sec:comparisons", "tab:spaces"} & labels
    assert "AutoKeras's own space" not in source


def test_a_residual_network_is_described_by_its_settings(tmp_path):
    evidence = Evidence.read(**sample_results.inputs(sample_results.write(tmp_path)))
    each = evidence.experiments["long_name"]
    each["script"] = "residual_cnn"
    each["settings"]["network"] = {"maps": [24, 48, 96], "dropout": 0.2}
    more = {"schedule": "triangular", "label_smoothing": 0}
    each["settings"]["training"] |= more
    each["settings"]["training"]["augmentation"] |= {"cutmix": 0.0}
    text = " ".join(report.render(evidence, TEMPLATE).split())
    assert "a convolution with 24 maps, then two stages with 48 and 96 maps" in text
    assert "It is a modern recipe of Keras CNN by hand" in text
    assert "on pictures reflected at random." in text
    assert "CutMix" not in text


def stock_run(run, pretrained):
    failed = {"status": "failed", "error": "ValueError: no weights"}
    own = {
        "trials": [{"status": "completed", "error": None}, failed],
        "best_trial": 1,
        "pretrained": pretrained,
        "final_fit": False,
        "device_seconds": 7205.0,
    }
    return run | {"own_search": own}


@pytest.mark.parametrize("pretrained", [True, False])
def test_a_search_of_its_own_that_took_imagenets_weights_is_flagged(tmp_path, pretrained):
    evidence = Evidence.read(**sample_results.inputs(sample_results.write(tmp_path)))
    each = evidence.experiments["vgg16_cifar10"]
    each |= {
        "script": "autokeras_stock",
        "dataset": "tiny_imagenet",
        "settings": each["settings"] | {"device_seconds": 7200},
        "start": {"provenance": "imagenet" if pretrained else "scratch", "name": "", "digest": ""},
        "runs": [stock_run(run, pretrained) for run in each["runs"]],
    }
    each["metrics"]["test_top1"] = sample_results.metric_of([0.99, 0.99], 72)
    source = report.render(evidence, TEMPLATE)
    check_log(compile_pdf(tmp_path, evidence, source).with_suffix(".log"))
    text = " ".join(source.split())
    assert "it made two trials, of which one failed, in" in text
    assert ("its best network started from ImageNet's weights" in text) is pretrained
    assert ("which have seen these pictures" in text) is pretrained
    assert (r"\textdagger" in fragments(evidence)["summary_control"]) is pretrained
    abstract = text.partition(r"\end{abstract}")[0]
    assert ("0.990" in abstract) != pretrained


def test_a_name_that_is_not_given_is_an_error_that_names_it(tmp_path, demo):
    template = tmp_path / "report.tex.jinja"
    template.write_text("<< study.nothing_of_this_name >>")
    with pytest.raises(StudyError, match="nothing_of_this_name"):
        report.render(Evidence.read(**sample_results.inputs(demo)), template)


def test_names_in_tables_lead_to_their_runs_and_outcomes_to_their_evidence(compiled):
    pdf = PdfReader(compiled)
    targets = set(pdf.named_destinations)
    links = [
        note.get_object()["/A"]["/D"]
        for page in pdf.pages
        for note in page.get("/Annots", [])
        if "/A" in note.get_object() and "/D" in note.get_object()["/A"]
    ]
    assert {str(link) for link in links} <= targets
    source = compiled.with_suffix(".tex").read_text()
    tables = "".join(path.read_text() for path in (compiled.parent / "tables").glob("*.tex"))
    for name in sample_results.TITLES:
        assert f"\\hyperref[run:{name}]" in tables
        assert f"\\label{{run:{name}}}" in tables
    for name in sample_results.SEARCHES:
        assert f"\\hyperref[search:{name}]" in tables
        assert f"\\label{{search:{name}}}" in tables
    led = re.findall(r"\\hyperref\[claim:(\w+)\]", source)
    assert "transfer_accurate" in led
    assert all(f"\\label{{claim:{name}}}" in tables for name in led)


def test_the_paper_is_as_asked_for(compiled, tmp_path):
    box = PdfReader(compiled).pages[0].mediabox
    assert (round(box.width), round(box.height)) == (595, 842)
    evidence = Evidence.read(**sample_results.inputs(sample_results.write(tmp_path)))
    evidence.study["paper"] = "letter"
    letter = compile_pdf(tmp_path, evidence, report.render(evidence, TEMPLATE))
    check_log(letter.with_suffix(".log"))
    box = PdfReader(letter).pages[0].mediabox
    assert (round(box.width), round(box.height)) == (612, 792)


def test_the_prose_has_no_typed_number():
    names = r"VGG-16|CIFAR-10|top-1|top-5|utf8|T1"
    for path in sorted(Path("report").rglob("*.tex.jinja")):
        text = path.read_text()
        text = re.sub(r"<<.*?>>|<%.*?%>|<#.*?#>", "", text, flags=re.S)
        text = re.sub(r"\\(?:label|ref|plot|fragment|citep|input|setlength)\{[^}]*\}", "", text)
        text = re.sub(r"\\renewcommand\{[^}]*\}\{[^}]*\}|\\\\\[\w+\]|black!\d+", "", text)
        text = re.sub(names, "", text)
        assert not re.findall(r"\d[\d.]*", text), path
