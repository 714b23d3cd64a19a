"""How many cases of a property are tried: few on every day, many in `make test-thorough`."""

import contextlib
import faulthandler
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

LONGEST = 120  # seconds of a case; then the tests end, and say where it hung


def tried(few: int, many: int) -> pytest.MarkDecorator:
    """Parametrize a test with the number of `cases`."""
    thorough = pytest.param(many, marks=pytest.mark.thorough)
    return pytest.mark.parametrize("cases", [few, thorough])


def holds(cases: int, seed_free: Callable[[], None]) -> None:
    """Try a `given` property on so many cases; the few are the same every day."""
    settings(
        max_examples=cases,
        derandomize=cases < 1000,
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
