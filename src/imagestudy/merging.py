"""Settings laid over settings."""

from typing import Any


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`base` with `over` laid on it: mappings are merged key by key, all else is replaced."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def without_left_out(config: dict[str, Any], *known: dict[str, Any]) -> dict[str, Any]:
    """`config` without the blocks that are null in it, and not in one of `known` that made it.

    A block is what stands by its name under a key of `config`. Null in place of a block that is not
    known is left for the schema to refuse: most likely its name is misspelt.
    """
    result = dict(config)
    for layer in known:
        for key, blocks in layer.items():
            if isinstance(blocks, dict) and isinstance(result.get(key), dict):
                result[key] = {
                    name: block
                    for name, block in result[key].items()
                    if block is not None or not isinstance(blocks.get(name), dict)
                }
    return result
