"""How many cases of a property are tried, few on every day and many in `make test-thorough`."""

import contextlib
import faulthandler
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

LONGEST = 120  # seconds of a case; then the tests end, and say where it hung


class Many(int):
    """A number of cases that are drawn anew each time."""


def tried(few: int, many: int) -> pytest.MarkDecorator:
    """Parametrize a test with the number of `cases`."""
    thorough = pytest.param(Many(many), marks=pytest.mark.thorough)
    return pytest.mark.parametrize("cases", [few, thorough])


def holds(cases: int, seed_free: Callable[[], None]) -> None:
    """Try a `given` property on so many cases; the few are the same every day."""
    settings(
        max_examples=cases,
        derandomize=not isinstance(cases, Many),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )(seed_free)()


@contextlib.contextmanager
def ends() -> Iterator[None]:
    """A hang inside ends all tests."""
    faulthandler.dump_traceback_later(LONGEST, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@st.composite
def damaged(draw, whole: bytes) -> bytes:
    """`whole` with some bytes changed, cut out, doubled or put in, or the rest cut off."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.integers(1, 40))
        what = draw(st.sampled_from(["change", "cut", "double", "put", "end", "flip"]))
        if what == "change":
            data[start : start + length] = draw(st.binary(min_size=length, max_size=length))
        elif what == "cut":
            del data[start : start + length]
        elif what == "double":
            data[start:start] = data[start : start + length]
        elif what == "put":
            data[start:start] = draw(st.binary(max_size=length))
        elif what == "flip" and data:
            data[start] ^= 1 << draw(st.integers(0, 7))
        elif what == "end":
            del data[start:]
    return bytes(data)
