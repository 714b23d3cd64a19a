"""Text of a config that others print."""

from typing import Any


class Text(str):
    """Text whose `repr` holds no `<`: it could end the script of a page that it is printed in.

    Snakemake's HTML report prints the parameters of its jobs so.
    """

    def __repr__(self) -> str:
        return super().__repr__().replace("<", r"\x3c")


def guarded(value: Any) -> Any:
    """`value` with every text in its lists and dictionaries as `Text`."""
    if isinstance(value, dict):
        return {key: guarded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [guarded(each) for each in value]
    return Text(value) if isinstance(value, str) else value
