"""Trees of JSON or YAML changed in places, by values that nobody expects there."""

import copy
import datetime

from hostile_names import HARM
from hypothesis import strategies as st

ODD = [
    *(None, True, False, 0, 1, -1, 2, 0.5, 1e-300, 1e300, float("nan"), float("inf"), 10**30, ""),
    *("imagenet", "null", "nan", "1e400", "2020-13-45", "9" * 5000, "[" * 2000, "a\n", "\0"),
    *(HARM[0], HARM[5], HARM[8], HARM[10], HARM[16], "x" * 5000, "/dev/zero", "/" + "y" * 300),
    *({}, [], [[]], {"a": None}, [None], [1, 1], {"": 1}, {"a b": {}}, datetime.date(2020, 1, 1)),
    *({1: 2, "a": 3}, {None: 1}, b"bytes", {"title": HARM[0]}, list(range(300))),
]
NAMES = ["alexnet", "vgg16", "start", "search", "title", "path", "space", "x", "a b", "\n", "é", 1]
VALUES = st.sampled_from(ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@st.composite
def changed(draw, config):
    """The config with one to three places replaced, removed, added to, or swapped."""
    config = copy.deepcopy(config)
    for _ in range(draw(st.integers(1, 3))):
        here, depth = config, draw(st.integers(0, 4))
        for _ in range(depth):
            inner = [each for each in _children(here) if isinstance(each, dict | list) and each]
            if not inner:
                break
            here = draw(st.sampled_from(inner))
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        what = draw(st.sampled_from(["replace", "remove", "add", "swap"]))
        key, value = draw(st.sampled_from(keys)), copy.deepcopy(draw(VALUES))
        if what == "remove":
            del here[key]
        elif what == "swap":
            other = draw(st.sampled_from(keys))
            here[key], here[other] = here[other], here[key]
        elif what == "add" and isinstance(here, dict):
            here[draw(st.sampled_from(NAMES))] = value
        else:
            here[key] = value
        if not config:
            break
    return config


def _children(value):
    return list(value.values()) if isinstance(value, dict) else value
