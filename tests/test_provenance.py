import io
import tokenize

import pytest
from conftest import ROOT

from imagestudy.provenance import TEXT_OR_COMMENT, code_digests, normalised

CODE = [
    path
    for folder in ("src", "scripts", "tests", "envs", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def package(folder, **modules):
    source = folder / "src"
    (source / "imagestudy").mkdir(parents=True, exist_ok=True)
    (source / "imagestudy" / "__init__.py").touch()
    for name, text in modules.items():
        (source / "imagestudy" / f"{name}.py").write_text(text)
    return source


def test_comments_docstrings_and_blank_lines_do_not_count():
    plain = 'def f(x):\n    return x + "# no comment"\n'
    dressed = (
        '"""A module."""\n\ndef f(x):\n    """One."""\n    # why\n'
        '    return x + "# no comment"  # so\n'
    )
    assert normalised(dressed) == normalised(plain)
    assert normalised(plain) != normalised(plain.replace("+", "-"))


@pytest.mark.parametrize("path", CODE, ids=[str(path.relative_to(ROOT)) for path in CODE])
def test_comments_are_those_of_pythons_tokenizer(path):
    code = path.read_text()
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    expected = [token.string for token in tokens if token.type == tokenize.COMMENT]
    found = [each[0] for each in TEXT_OR_COMMENT.finditer(code) if each[0].startswith("#")]
    assert found == expected


def test_exactly_the_imported_modules_are_digested(tmp_path):
    source = package(tmp_path, a="from imagestudy import b\n", b="X = 1\n", c="Y = 1\n")
    script = tmp_path / "script.py"
    script.write_text("import numpy\n\n\ndef f():\n    from imagestudy.a import f\n")
    found = code_digests((script,), source)
    assert set(found["modules"]) == {
        "script.py",
        "imagestudy/__init__.py",
        "imagestudy/a.py",
        "imagestudy/b.py",
    }


def test_an_edit_of_an_import_changes_the_digest(tmp_path):
    digests = []
    for number, text in enumerate(("X = 1\n", "X = 1  # one\n", "X = 2\n")):
        source = package(tmp_path / str(number), a="from imagestudy import b\n", b=text)
        script = tmp_path / str(number) / "script.py"
        script.write_text("from imagestudy import a\n")
        digests.append(code_digests((script,), source)["digest"])
    assert digests[0] == digests[1] != digests[2]
