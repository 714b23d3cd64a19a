"""What a search space declares, as AutoKeras's own hyperparameters, without importing Keras.

A space is a block of the config. Whatever it leaves undeclared is as AutoKeras has it; one declared
value fixes a hyperparameter, several limit it to them:

    {"blocks": ["conv", "resnet"], "normalize": [true], "augment": [true, false],
     "augmentation": {"vertical_flip": [false]}, "conv": {"filters": [16, 32]},
     "resnet": {"version": ["resnet50"]}, "head": {"dropout": [0.0, 0.25]},
     "optimizers": ["adam", "sgd"], "learning_rates": [0.001, 0.01],
     "pretrained": "forbidden", "upsample": [false]}

`filters` may also be a list for each block: [[16, 32], [64]] has 64 in the second one's layers.

Pretrained weights are shut out, and so is enlarging to 224 pixels unless it is asked for. Xception
enlarges pictures below 71 pixels to 71 in any case: AutoKeras's own lower limit for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

BLOCKS = {"resnet": "resnet", "xception": "xception", "conv": "vanilla", "efficient": "efficient"}
# How the names of searches by hand begin that develop the recipe of the experiment named behind it.
DEVELOPS = "develop_"
# AutoKeras's names of the optimizers beside the study's
OPTIMIZERS = {"adam": "adam", "sgd": "sgd", "adam_weight_decay": "adamw"}
IMAGE_BLOCK, HEAD = "image_block_1", "classification_head_1"
_INNER = {
    "conv": "conv_block_1",
    "resnet": "res_net_block_1",
    "xception": "xception_block_1",
    "efficient": "efficient_net_block_1",
}
_FACTORS = ("translation_factor", "rotation_factor", "zoom_factor", "contrast_factor")


@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter: AutoKeras's name, its values in order, its default, what it hangs on.

    `key` is where a space declares it; `parents` are pairs of a hyperparameter's name and the value
    that it must have for this one to count. `declared` is False where it is as AutoKeras has it.
    """

    key: str
    name: str
    values: tuple[Any, ...]
    default: Any
    parents: tuple[tuple[str, Any], ...] = ()
    declared: bool = False

    @property
    def boolean(self) -> bool:
        """Whether it is a yes or no."""
        return isinstance(self.values[0], bool)


def _stock() -> list[Hyperparameter]:
    """AutoKeras 3.0.0's own hyperparameters of an image classifier (`autokeras/blocks`)."""
    yes_no = (True, False)
    rows = [
        Hyperparameter("blocks", f"{IMAGE_BLOCK}/block_type", tuple(BLOCKS.values()), "resnet"),
        Hyperparameter("normalize", f"{IMAGE_BLOCK}/normalize", yes_no, False),
        Hyperparameter("augment", f"{IMAGE_BLOCK}/augment", yes_no, False),
    ]
    tenth = (0.0, 0.1)
    flips = [(name, yes_no, True) for name in ("horizontal_flip", "vertical_flip")]
    shifts = [(name, tenth, 0.0) for name in _FACTORS]
    for name, values, default in [shifts[0], *flips, *shifts[1:]]:
        path = f"{IMAGE_BLOCK}/image_augmentation_1/{name}"
        parent = ((f"{IMAGE_BLOCK}/augment", True),)
        rows.append(Hyperparameter(f"augmentation.{name}", path, values, default, parent))
    resnets = tuple(f"resnet{depth}{v}" for v in ("", "_v2") for depth in (50, 101, 152))
    inner = [
        ("resnet.version", resnets, "resnet50"),
        ("conv.kernel_size", (3, 5, 7), 3),
        ("conv.separable", yes_no, False),
        ("conv.max_pooling", yes_no, True),
        ("conv.num_blocks", (1, 2, 3), 2),
        ("conv.num_layers", (1, 2), 2),
        ("conv.filters", (16, 32, 64, 128, 256, 512), 32),
        ("conv.dropout", (0.0, 0.25, 0.5), 0.0),
        ("efficient.version", tuple(f"b{size}" for size in range(8)), "b0"),
    ]
    for block in ("resnet", "xception", "efficient"):
        inner.append((f"{block}.pretrained", yes_no, False))
        inner.append((f"{block}.imagenet_size", yes_no, False))
    for key, values, default in inner:
        block, _, name = key.partition(".")
        path = f"{IMAGE_BLOCK}/{_INNER[block]}/{name}"
        parent = ((f"{IMAGE_BLOCK}/block_type", BLOCKS[block]),)
        rows.append(Hyperparameter(key, path, values, default, parent))
    reductions = ("flatten", "global_max", "global_avg")
    reduction = f"{HEAD}/spatial_reduction_1/reduction_type"
    rates = (1e-1, 1e-2, 1e-3, 1e-4, 2e-5, 1e-5)
    return [
        *rows,
        Hyperparameter("head.reduction_type", reduction, reductions, "flatten"),
        Hyperparameter("head.dropout", f"{HEAD}/dropout", (0.0, 0.25, 0.5), 0.0),
        Hyperparameter("optimizers", "optimizer", tuple(OPTIMIZERS), "adam"),
        Hyperparameter("learning_rates", "learning_rate", rates, 1e-3),
    ]


STOCK = {row.key: row for row in _stock()}


def declared_values(space: dict[str, Any], key: str) -> list[Any] | None:
    """What `space` declares for `key`, in AutoKeras's words; None where it is left to AutoKeras."""
    section, _, name = key.partition(".")
    if name == "pretrained":
        return [False]
    if name == "imagenet_size":
        return space.get("upsample") or [False]
    found = (space.get(section) or {}).get(name) if name else space.get(section)
    if found is None:
        return None
    if key == "blocks":
        return [BLOCKS[block] for block in found]
    if key == "optimizers":
        words = {study: autokeras for autokeras, study in OPTIMIZERS.items()}
        return [words[optimizer] for optimizer in found]
    kind = type(STOCK[key].values[0])
    return [list(map(kind, each)) if isinstance(each, list) else kind(each) for each in found]


def hyperparameters(space: dict[str, Any]) -> list[Hyperparameter]:
    """All hyperparameters that a network of `space` can have, parents before children.

    A parent with one value is no condition. AutoKeras's `filters` are one row for each layer.
    """
    rows, fixed = [], {}
    for key, stock in STOCK.items():
        declared = declared_values(space, key)
        values = stock.values if declared is None else tuple(declared)
        if any(fixed.get(name, value) != value for name, value in stock.parents):
            continue
        blocks = declared_values(space, "blocks")
        if any(n.endswith("/block_type") and blocks and v not in blocks for n, v in stock.parents):
            continue
        if len(values) == 1:
            fixed[stock.name] = values[0]
        parents = tuple(parent for parent in stock.parents if parent[0] not in fixed)
        for name, allowed in _by_layer(space, stock, values):
            default = stock.default if stock.default in allowed else allowed[0]
            rows.append(Hyperparameter(key, name, allowed, default, parents, declared is not None))
    return rows


def _by_layer(
    space: dict[str, Any], row: Hyperparameter, values: tuple[Any, ...]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if row.key != "conv.filters":
        yield row.name, values
        return
    for block in range(_most(space, "conv.num_blocks")):
        allowed = tuple(values[block]) if _has_lists(values) else values
        for layer in range(_most(space, "conv.num_layers")):
            yield f"{row.name}_{block}_{layer}", allowed


def _has_lists(values: Sequence[Any] | None) -> bool:
    return values is not None and isinstance(values[0], list)


def _most(space: dict[str, Any], key: str) -> int:
    return max(declared_values(space, key) or STOCK[key].values)


def describe(space: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each hyperparameter of `space` for a table: name, kind, values, default, declared.

    `kind` is `fixed`, `yes or no` or `choice`; blocks and optimizers are in the study's words; the
    layers' numbers of filters are one row, or one for each block that has its own.
    """
    table, seen = [], set()
    for row in hyperparameters(space):
        name = _shown(space, row)
        if name in seen:
            continue
        seen.add(name)
        choice = "yes or no" if row.boolean else "choice"
        words = {word: study for study, word in BLOCKS.items()} | OPTIMIZERS
        table.append(
            {
                "name": name,
                "kind": "fixed" if len(row.values) == 1 else choice,
                "values": [words.get(value, value) for value in row.values],
                "default": words.get(row.default, row.default),
                "declared": row.declared,
            }
        )
    return table


def _shown(space: dict[str, Any], row: Hyperparameter) -> str:
    by_block = row.key == "conv.filters" and _has_lists(declared_values(space, row.key))
    return f"{row.key}, block {int(row.name.split('_')[-2]) + 1}" if by_block else row.key
