"""Where a setting was given that a message is about: config.yaml, the scale, or the command."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imagestudy.errors import StudyError

CONFIG = "config.yaml"
COMMAND = "--config or --configfile"
# How a message about a setting begins.
SETTING = re.compile(
    rf"{re.escape(CONFIG)}: (?:the top level|(?P<path>[\w.\[\]]+))"
    r"(?: has the unknown key '(?P<unknown>[^']+)')?"
)


@contextmanager
def told(layers: dict[str, dict[str, Any]]) -> Iterator[None]:
    """Let a `StudyError` about a setting name its layer instead of config.yaml.

    `layers`: the settings by the name of where they were given, each laid over those before it.
    """
    try:
        yield
    except StudyError as error:
        raise StudyError(_told(str(error), layers)) from None


def _told(message: str, layers: dict[str, dict[str, Any]]) -> str:
    begins = SETTING.match(message)
    if not begins:
        return message
    keys = re.findall(r"\w+", begins["path"] or "") + [key for key in [begins["unknown"]] if key]
    given = [name for name, layer in layers.items() if keys and _has(layer, keys)]
    return message.replace(CONFIG, given[-1], 1) if given else message


def _has(layer: Any, keys: list[str]) -> bool:
    """Whether `keys` lead to a setting in `layer`, or into a list, which is never merged."""
    for key in keys:
        if isinstance(layer, list):
            return True
        if not isinstance(layer, dict) or key not in layer:
            return False
        layer = layer[key]
    return True
