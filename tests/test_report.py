import json
import re
import subprocess
from pathlib import Path

import pytest
import sample_results
import yaml
from matplotlib import style
from matplotlib.figure import Figure
from pypdf import PdfReader

from imagestudy import report
from imagestudy.errors import StudyError
from imagestudy.evidence import Evidence
from imagestudy.figures.saving import save
from imagestudy.tables.fragments import fragments

TEMPLATE = Path("report/report.tex.jinja")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    root = sample_results.write(tmp_path_factory.mktemp("demo"))
    fail(root / "experiments" / "vgg16_fine_tune.json")
    return root


def fail(path: Path) -> None:
    """Make both runs of an experiment failed ones."""
    summary = json.loads(path.read_text())
    for run in summary["runs"]:
        run |= {"status": "failed", "metrics": None, "best_epoch": 0, "epochs": 0}
    for metric in summary["metrics"].values():
        metric |= {"mean": None, "spread": None, "n": 0, "values": [], "pictures": 0}
    summary |= {"network": None, "statuses": {"failed": 2}}
    sample_results.write_json(path, summary)


@pytest.fixture(scope="module")
def source(demo):
    return report.render(Evidence.read(**sample_results.inputs(demo)), TEMPLATE)


@pytest.fixture(scope="module")
def compiled(demo, source):
    """The report compiled by latexmk, with blank figures."""
    evidence = Evidence.read(**sample_results.inputs(demo))
    (demo / "tables").mkdir()
    for name, text in fragments(evidence).items():
        (demo / "tables" / f"{name}.tex").write_text(text)
    with style.context("report/report.mplstyle"):
        for name in re.findall(r"\\plot\{(\w+)\}", source):
            figure = Figure(figsize=(5.9, 2))
            figure.text(0.5, 0.5, name)
            save(figure, demo / "figures" / f"{name}.pdf", demo / "figures" / f"{name}.png")
    (demo / "report.tex").write_text(source)
    (demo / "references.bib").write_text(Path("report/references.bib").read_text())
    command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error"]
    command += ["-no-shell-escape", "report.tex"]
    done = subprocess.run(command, cwd=demo, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]
    return demo / "report.pdf"


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
    log = compiled.with_suffix(".log").read_text(errors="replace")
    too_wide = [float(width) for width in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert [width for width in too_wide if width > 1] == []
    assert "undefined" not in log


def test_real_data_have_no_banner(tmp_path):
    sample_results.write(tmp_path, source="official", seeds=(1,))
    evidence = Evidence.read(**sample_results.inputs(tmp_path, (1,)))
    source = report.render(evidence, TEMPLATE)
    assert "Demo: generated" not in source
    assert r"\textpm" not in fragments(evidence)["summary_original"]


def test_a_name_that_is_not_given_is_an_error_that_names_it(tmp_path, demo):
    template = tmp_path / "report.tex.jinja"
    template.write_text("<< study.nothing_of_this_name >>")
    with pytest.raises(StudyError, match="nothing_of_this_name"):
        report.render(Evidence.read(**sample_results.inputs(demo)), template)


def test_the_prose_has_no_typed_number():
    names = r"VGG-16|CIFAR-10|top-1|top-5|utf8|T1"
    for path in sorted(Path("report").rglob("*.tex.jinja")):
        text = path.read_text()
        text = re.sub(r"<<.*?>>|<%.*?%>|<#.*?#>", "", text, flags=re.S)
        text = re.sub(r"\\(?:label|ref|plot|fragment|citep|input|setlength)\{[^}]*\}", "", text)
        text = re.sub(r"\\renewcommand\{[^}]*\}\{[^}]*\}|\\\\\[\w+\]|black!\d+", "", text)
        text = re.sub(names, "", text)
        assert not re.findall(r"\d[\d.]*", text), path
