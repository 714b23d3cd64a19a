"""Of what a probe has measured, small differences decide nothing."""

import json

import pytest

from imagestudy.engine import choice, read_engine
from imagestudy.errors import StudyError
from imagestudy.provenance import hardware


def speeds(*found):
    keys = ("threads", "precision", "compiled", "pictures_per_second")
    return [dict(zip(keys, each, strict=True)) for each in found]


@pytest.mark.parametrize(
    ("rates", "expected"), [((100, 104, 90), 0), ((100, 200, 90), 1), ((100, 110, 230), 2)]
)
def test_the_simplest_of_the_fast_is_chosen(rates, expected):
    ways = [(2, "float32", False), (2, "mixed_bfloat16", False), (1, "float32", False)]
    measured = speeds(*((*way, rate) for way, rate in zip(ways, rates, strict=True)))
    threads, precision, compiled = ways[expected]
    assert choice(measured) == {"precision": precision, "compiled": compiled, "threads": threads}


@pytest.mark.parametrize(
    "found",
    [
        [],
        {"precision": "float32"},
        {"precision": "float32", "compiled": 1, "threads": 2, "hardware": {}},
        {"precision": "float32", "compiled": False, "threads": 2},
    ],
)
def test_what_another_version_probed_is_refused(tmp_path, found):
    (tmp_path / "engine.json").write_text(json.dumps(found))
    with pytest.raises(StudyError, match=r"engine.json was made by another version"):
        read_engine(tmp_path / "engine.json")


def test_a_probe_of_another_processor_is_told(tmp_path, capsys):
    found = {"precision": "mixed_bfloat16", "compiled": True, "threads": 2}
    for processor, said in [("Another", True), (hardware()["cpu"], False)]:
        written = json.dumps(found | {"hardware": {"cpu": processor}})
        (tmp_path / "engine.json").write_text(written)
        read_engine(tmp_path / "engine.json")
        expected = f"was measured on Another, this is {hardware()['cpu']}: precision mixed_bfloat16"
        assert (expected in capsys.readouterr().out) == said
