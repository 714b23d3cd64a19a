"""Names made to do harm go through the whole study to its reports, and do nothing."""

import io
import json
import os
import re
import runpy
import subprocess
from pathlib import Path

import pypdf
import pytest
from conftest import ROOT
from hostile_names import CLASSES, HARM, printed
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from properties import ends, holds, tried

from imagestudy import latex
from imagestudy.bundle import Bundle
from imagestudy.figures.text import plain
from imagestudy.latex import Table
from imagestudy.settings import Study
from imagestudy.tables import markdown
from imagestudy.text import guarded


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(scope="module")
def pdf(finished_study):
    reader = pypdf.PdfReader(finished_study.folder / "report.pdf")
    return squeezed("".join(page.extract_text() for page in reader.pages))


@pytest.mark.parametrize("name", HARM)
def test_the_report_prints_them_as_they_are(pdf, name):
    assert squeezed(printed(name))[:60] in pdf.replace("‘", "`").replace("’", "'")


def test_nothing_was_read_written_or_called(finished_study, pdf):
    assert "root:" not in pdf
    names = {path.name for path in finished_study.folder.rglob("*")}
    assert "touched" not in names
    assert not {"x", "y"} & names
    log = finished_study.folder / "results" / "demo" / "report.log"
    assert r"\write18 enabled" not in log.read_text(errors="replace")
    data = finished_study.folder / "results" / "demo" / "data" / "own" / "dataset.json"
    assert {each["name"] for each in json.loads(data.read_text())["classes"]} == set(CLASSES)


def test_markdown_shows_them_in_one_cell(finished_study):
    lines = (finished_study.folder / "results" / "demo" / "summary.md").read_text().splitlines()
    bare = {re.sub(r"\\.", "", line).count("|") for line in lines if line.startswith("|")}
    assert len(bare) == 1
    for special in "<>[]`*":
        shown = re.sub(r"\\.", "", "".join(line for line in lines if line.startswith("|")))
        assert special not in shown


# Characters that mean something somewhere, among any others.
TEXTS = st.text(st.sampled_from("\\{}$&#^_%~<>|\"'`-,;[]*=@!?/: \n") | st.characters(codec="utf-8"))


@tried(2, 30)
def test_latex_takes_any_text(cases, tmp_path):
    @given(st.lists(TEXTS, min_size=100, max_size=100))
    def check(texts):
        rows = [[latex.title(text), latex.code(text), latex.escape(text)] for text in texts]
        for folder in ("tables", "figures"):
            (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / "report.tex").write_text(
            "\n".join(
                [
                    PREAMBLE,
                    rf"\hypersetup{{pdftitle={{{latex.escape(texts[0])}}}}}",
                    r"\begin{document}",
                    rf"\section{{\texorpdfstring{{{rows[1][0]}}}{{{latex.escape(texts[1])}}}}}",
                    latex.longtable(Table("p{30mm}p{30mm}p{30mm}", ["a", "b", "c"], rows)),
                    latex.tabular(Table(f"{latex.LEFT}ll", ["a", "b", "c"], rows[:20])),
                    *(rf"\par\emph{{{row[0]}}}" for row in rows),
                    r"\end{document}",
                ]
            )
        )
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape"]
        with ends():
            done = subprocess.run(
                [*command, "report.tex"], cwd=tmp_path, capture_output=True, check=False
            )
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
        assert not (tmp_path / "touched").exists()

    holds(cases, check)


@tried(10, 300)
def test_a_figure_takes_any_text(cases):
    @given(TEXTS)
    def check(text):
        figure = Figure(figsize=(2, 2))
        axis = figure.subplots()
        axis.plot([0, 1], label=plain(text))
        axis.set_title(plain(text))
        axis.set_xticks([0], [plain(text)])
        if text.strip():
            assert figure.legend().get_texts()
        with ends():
            figure.savefig(io.BytesIO(), format="pdf")

    holds(cases, check)


@tried(50, 2000)
def test_a_parameter_ends_no_script(cases):
    @given(st.dictionaries(st.text(max_size=3), st.lists(TEXTS)))
    def check(value):
        shown = repr(guarded({"settings": list(value.values())}))
        assert "<" not in shown
        assert eval(shown) == {"settings": list(value.values())}  # a `repr` is still one
        assert guarded(value) == value

    holds(cases, check)


@tried(50, 2000)
def test_markdown_takes_any_text(cases):
    @given(TEXTS)
    def check(text):
        shown = markdown.escape(text)
        assert len(shown.splitlines()) <= 1
        assert not set(re.sub(r"\\.", "", shown)) & set(markdown.SPECIAL)

    holds(cases, check)


def test_the_reports_settings_can_be_printed_in_a_page():
    study = Study.load(ROOT, {"scale": "demo", "title": HARM[10], "authors": HARM})
    shown = repr(study.report_settings()) + repr(study.experiment_labels("alexnet"))
    assert "<" not in shown
    assert study.report_settings()["title"] == HARM[10]


def test_where_a_bundle_comes_from_can_be_printed_in_a_page():
    origin = Bundle(Path(), dict.fromkeys(("commit", "packed", "digest"), HARM[10])).origin
    assert set(origin.values()) == {HARM[10]}
    assert "<" not in repr(origin)


COMMANDS = [
    r"{\catcode`\_=12 \input{/etc/passwd}}",
    r"\input{../secret}",
    r"\pdffiledump length 8 {../secret.tex}",
    r"\newwrite\w\immediate\openout\w=../touched \immediate\write\w{x}",
    r'\newwrite\w\immediate\openout\w="|touch touched" \immediate\closeout\w',
    r"\immediate\write18{touch touched}",
]
# What LaTeX may read holds none of these back.
OBJECTS = [
    r"\immediate\pdfobj stream file{../secret.tex}\pdfrefobj\pdflastobj",
    r"\immediate\pdfprimitive\pdfobj stream file{../secret.tex}\pdfrefobj\pdflastobj",
    r"\immediate\csname tex_pdfobj:D\endcsname stream file{../secret.tex}\pdfrefobj\pdflastobj",
]
ALLOWED = {"openin_any": "a", "openout_any": "a", "shell_escape": "t"}
PREAMBLE = (ROOT / "report" / "preamble.tex").read_text()


@pytest.mark.parametrize("command", [*COMMANDS, *OBJECTS])
def test_should_text_come_through_as_a_command_it_finds_nothing(tmp_path, command):
    assert not found(compiled(tmp_path, PREAMBLE, command))


@pytest.mark.parametrize(
    ("command", "allowed"),
    [*((each, ALLOWED) for each in COMMANDS), *((each, None) for each in OBJECTS)],
)
def test_without_what_we_forbid_it_would_find_something(tmp_path, command, allowed):
    assert found(compiled(tmp_path, r"\documentclass{article}", command, allowed))


def compiled(folder, preamble, command, allowed=None):
    """The folder of a document with the command and of a secret beside it; as the report's is made,
    where nothing else is `allowed`.
    """
    script = runpy.run_path(str(ROOT / "scripts" / "compile_report.py"))
    (folder / "secret.tex").write_text("a secret")
    (folder / "report").mkdir()
    report = folder / "report" / "report.tex"
    report.write_text(rf"{preamble}\begin{{document}}x{command} x\end{{document}}")
    latexmk = [each for each in script["LATEXMK"] if not allowed or each != "-no-shell-escape"]
    environment = os.environ | script["SETTINGS"] | (allowed or {})
    with ends():
        subprocess.run([*latexmk, report], env=environment, capture_output=True, check=False)
    return folder


def found(folder):
    """Whether what is forbidden was read, also as hexadecimal, or written."""
    read = re.search(b"root:|secret|6120736563726574", all_of(folder / "report" / "report.pdf"))
    return bool(read) or "touched" in {path.stem for path in folder.rglob("*")}


def all_of(path):
    """The text on the pages of a PDF, if it is there, and the content of all its streams."""
    if not path.exists():
        return b""
    reader = pypdf.PdfReader(path)
    text = "".join(page.extract_text() for page in reader.pages).encode()
    objects = [reader.get_object(number) for number in reader.xref[0]]
    return text + b"".join(each.get_data() for each in objects if hasattr(each, "get_data"))


def test_a_label_of_a_figure_is_neither_hidden_nor_broken():
    assert plain("_hidden") == " _hidden"
    assert plain("two\nlines") == "two lines"
