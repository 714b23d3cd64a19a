"""What a network's builder takes, read from its source: a config is checked without Keras."""

import ast
import functools
from pathlib import Path

NETWORKS = Path(__file__).with_name("networks")
# What every builder is told of the data.
SHAPE = ("image_shape", "classes", "statistics")


@functools.cache
def sizes(script: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The sizes that the builder named like `script` needs, and those that it takes besides.

    None where no network is named so, as for a script that builds on another's.
    """
    path = NETWORKS / f"{script}.py"
    if not path.is_file():
        return None
    functions = (node for node in ast.parse(path.read_text()).body if is_function(node, script))
    builder = next(functions, None)
    if builder is None:
        return None
    names = [each.arg for each in builder.args.args]
    needed = len(names) - len(builder.args.defaults)
    own = [name for name in names[:needed] if name not in SHAPE]
    return tuple(own), tuple(names[needed:])


def is_function(node: ast.stmt, name: str) -> bool:
    """Whether the statement defines the function `name`."""
    return isinstance(node, ast.FunctionDef) and node.name == name
