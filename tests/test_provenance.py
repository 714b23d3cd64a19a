import ast
import io
import tokenize

import pytest
from conftest import ROOT

from imagestudy.provenance import TEXT_OR_COMMENT, code_digests, imports, normalised

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


def documented(node):
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, holders) and ast.get_docstring(node, clean=False) is not None


@pytest.mark.parametrize("path", CODE, ids=[str(path.relative_to(ROOT)) for path in CODE])
def test_docstrings_and_imports_are_those_of_pythons_parser(path):
    code = path.read_text()
    lines, imported = code.splitlines(), set()
    for node in ast.walk(ast.parse(code)):
        if documented(node):
            for row in range(node.body[0].lineno, node.body[0].end_lineno + 1):
                lines[row - 1] = ""
        elif isinstance(node, ast.Import):
            imported |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    assert normalised(code) == normalised("\n".join(lines))
    ours = {each for each in imported if each.split(".")[0] == "imagestudy"}
    # Of texts too: they may be code for another Python.
    assert imports(normalised(code)) >= ours


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("if x: import imagestudy.a as y, os", {"imagestudy.a"}),
        ("import os; from imagestudy import (\n    a as b,\n    c,\n)", {"a", "c"}),
        ("from imagestudy import a, \\\n    b; x = 1", {"a", "b"}),
        ("from imagestudy_more import a\nfrom os import path", set()),
    ],
)
def test_imports_are_found_wherever_they_stand(code, expected):
    names = {each if "." in each else f"imagestudy.{each}" for each in expected}
    assert imports(code) - {"imagestudy"} == names


def test_a_text_that_is_no_docstring_counts():
    for code in (
        'X = {\n    "a":\n    """b""",\n}',
        'f(\n    """b""",\n)',
        'if x:\n    y = """b"""',
    ):
        assert normalised(code) != normalised(code.replace("b", "c"))
    head = 'async def f(\n    x,\n) -> int:  # so\n    # why\n    r"""One.\n\n    "Two"\n    """\n'
    assert normalised(head + "    return 1") == "async def f(\n    x,\n) -> int:\n    return 1"


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
