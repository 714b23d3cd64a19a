"""What a machine trains fastest with is measured, and small differences decide nothing."""

from pathlib import Path

import pytest

from imagestudy import device
from imagestudy.engine import choice, probe


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


def test_a_probe_measures_every_way_on_this_machine(monkeypatch):
    # As the rules set it for every job.
    monkeypatch.setenv("PYTHONPATH", str(Path(device.__file__).parent.parent))
    found = probe(2)
    assert {each["threads"] for each in found["measured"]} == {1, 2}
    assert {each["precision"] for each in found["measured"]} == set(device.PRECISIONS)
    assert {each["compiled"] for each in found["measured"]} == {False, True}
    assert all(each["pictures_per_second"] > 0 for each in found["measured"])
    assert found["hardware"]["cpu"]
