"""Values as YAML gives them, held to what a config needs."""

import math
from collections.abc import Iterator
from typing import Any

from imagestudy.errors import StudyError

# Aliases can make a short file a tree without end.
MOST_VALUES = 100_000
DEEPEST = 40


def require_plain(config: dict[str, Any], where: str) -> None:
    """Refuse all but a tree of texts, finite numbers, truth values and nulls under text keys.

    `where` names the config in the message.
    """
    for number, (place, value) in enumerate(_values(config, ())):
        named = f"{where}: {'.'.join(map(_word, place)) or 'the top level'}"
        if len(place) > DEEPEST or number >= MOST_VALUES:
            raise StudyError(
                f"{where} is deeper than {DEEPEST} or has more than {MOST_VALUES:,} values; "
                "an alias may lead to itself"
            )
        if isinstance(value, dict):
            odd = next((key for key in value if not isinstance(key, str)), "")
            if odd != "":
                raise StudyError(f"{named} has the key {odd!r}; a key must be text: quote it")
        elif isinstance(value, float) and not math.isfinite(value):
            raise StudyError(f"{named} is {value}; it must be a finite number")
        elif isinstance(value, str) and not value.isascii() and not _is_utf8(value):
            raise StudyError(f"{named} is {value!a}; it must be text in UTF-8")
        elif value is not None and not isinstance(value, bool | int | float | str | list):
            kind = type(value).__name__
            raise StudyError(f"{named} is {value} ({kind}); if it is meant as text, quote it")


def _values(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value in `value`, itself first, with the keys that lead there."""
    yield place, value
    if isinstance(value, dict | list) and len(place) <= DEEPEST:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in pairs:
            yield from _values(each, (*place, key))


def _word(key: Any) -> str:
    """A key as a message names it: on one line, whatever it holds."""
    text = str(key)
    return text if text.isprintable() and text else ascii(text)


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in text)
