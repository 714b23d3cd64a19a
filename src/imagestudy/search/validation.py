"""Bad settings of a search, found before anything runs, without importing Keras."""

from typing import Any

from imagestudy.errors import StudyError
from imagestudy.search.declaration import BLOCKS, OPTIMIZERS, STOCK
from imagestudy.search.trials import RECIPE

SCRIPT = "autokeras"  # which builds networks of a space
ORACLES = ("greedy", "bayesian")
_SPACE_KEYS = {key.partition(".")[0] for key in STOCK} - {"xception"} | {"pretrained", "upsample"}
_BELOW_ONE = ("conv.dropout", "head.dropout")
# Networks beyond are built before `max_parameters` can refuse them.
_MOST = {"conv.filters": 2048, "conv.kernel_size": 11, "conv.num_blocks": 5, "conv.num_layers": 8}
_OWN_WORDS = {"blocks": tuple(BLOCKS), "optimizers": tuple(OPTIMIZERS.values())}
_CLOSED = ("blocks", "optimizers", "resnet.version", "efficient.version", "head.reduction_type")


def check_search(name: str, search: dict[str, Any], training: dict[str, Any]) -> None:
    """Raise a `StudyError` where the block `searches.<name>` of the config cannot work.

    `search` fulfils the schema; `training` holds all settings of its trials' trainings.
    """
    where = f"config.yaml: searches.{name}"
    by_hand = search["proposer"] == "hand"
    for key in ("space", "oracle", "initial_points") if by_hand else ("candidates", "network"):
        if search.get(key) is not None:
            raise StudyError(
                f"{where}.{key} is given, but the proposer {search['proposer']!r} does not read "
                "it; remove it, or set it to null where another file gives it"
            )
    if by_hand:
        _check_candidates(where, search, training["epochs"])
    else:
        _check_space(f"{where}.space", search.get("space"))
        _one_of(where, "script", search["script"], (SCRIPT,))
    if search["proposer"] == "autokeras":
        _one_of(where, "oracle", search.get("oracle"), ORACLES)
    elif search.get("oracle") is not None:
        raise StudyError(
            f"{where}.oracle is {search['oracle']!r}; only the proposer 'autokeras' has one; "
            "remove it, or set it to null where another file gives it"
        )
    _check_initial_points(where, search)
    _check_budget(where, search["device_seconds"], training["seconds"])


def _check_initial_points(where: str, search: dict[str, Any]) -> None:
    points, trials = search.get("initial_points"), search["rounds"] * search["trials_per_round"]
    if points is None:
        return
    if search.get("oracle") != "bayesian":
        raise StudyError(
            f"{where}.initial_points is {points}; only the oracle 'bayesian' has them; remove it, "
            "or set it to null where another file gives it"
        )
    if points >= trials:
        raise StudyError(
            f"{where}.initial_points is {points}, so that all of its {trials} trials are drawn at "
            f"random; it must be below rounds × trials_per_round, or the proposer 'random'"
        )


def _check_candidates(where: str, search: dict[str, Any], epochs: int) -> None:
    candidates = search.get("candidates")
    if not candidates:
        raise StudyError(
            f"{where}.candidates is empty; the proposer 'hand' needs at least one, with `network` "
            "and `training`"
        )
    room = search["rounds"] * search["trials_per_round"]
    if room < len(candidates):
        raise StudyError(
            f"{where}: {search['rounds']} rounds of {search['trials_per_round']} trials are {room}"
            f"; there are {len(candidates)} candidates, so rounds × trials_per_round must be at "
            f"least {len(candidates)}"
        )
    for number, candidate in enumerate(candidates):
        if candidate in candidates[:number]:
            raise StudyError(
                f"{where}.candidates[{number}] is candidates[{candidates.index(candidate)}] again; "
                "each must be another"
            )
        allowed = ("epochs", *RECIPE)
        training = candidate.get("training") or {}
        others = sorted(training.keys() - set(allowed))
        if others:
            raise StudyError(
                f"{where}.candidates[{number}].training.{others[0]} is given, but a trial's limits "
                f"are the search's; a candidate may have {_words(allowed)}"
            )
        if training.get("epochs", epochs) > epochs:
            raise StudyError(
                f"{where}.candidates[{number}].training.epochs is {training['epochs']}, but every "
                f"trial of the search may have {epochs} at most (training.epochs); lower it here "
                "or raise it there"
            )


def _check_space(where: str, space: dict[str, Any] | None) -> None:
    if not space:
        raise StudyError(f"{where} is empty; declare at least its `blocks`: {_words(BLOCKS)}")
    for key, value in space.items():
        if key not in _SPACE_KEYS:
            raise StudyError(
                f"{where} has the unknown key {key!r}; it may have: {_words(_SPACE_KEYS)}"
            )
        if key == "pretrained":
            _one_of(where, key, value, ("forbidden",))
        elif key == "upsample":
            _check_values(where, key, value, "resnet.imagenet_size")
        elif key in STOCK:
            _check_values(where, key, value, key)
        else:
            _check_section(where, key, value)


def _check_section(where: str, section: str, found: Any) -> None:
    known = {key.partition(".")[2] for key in STOCK if key.startswith(f"{section}.")}
    known -= {"pretrained", "imagenet_size"}
    if not isinstance(found, dict):
        raise StudyError(f"{where}.{section} is {found!r}; it must have some of {_words(known)}")
    # The number of blocks before the filters of each
    for key, values in sorted(found.items(), key=lambda item: item[0] == "filters"):
        if key not in known:
            raise StudyError(
                f"{where}.{section} has the unknown key {key!r}; it may have: {_words(known)}"
            )
        if key == "filters" and isinstance(values, list) and list in map(type, values):
            _check_blocks(where, values, found.get("num_blocks"))
        else:
            _check_values(where, f"{section}.{key}", values, f"{section}.{key}")


def _check_blocks(where: str, filters: list[Any], num_blocks: list[int] | None) -> None:
    blocks = max(num_blocks or STOCK["conv.num_blocks"].values)
    if len(filters) != blocks:
        raise StudyError(
            f"{where}.conv.filters is {filters}, of {len(filters)} blocks, but a network may have "
            f"{blocks} (conv.num_blocks); it must be a list for each, or one of numbers for all"
        )
    for number, values in enumerate(filters):
        _check_values(where, f"conv.filters[{number}]", values, "conv.filters")


def _check_values(where: str, key: str, values: Any, stock_key: str) -> None:
    stock = STOCK[stock_key]
    if not isinstance(values, list) or not values or _has_equal(values):
        raise StudyError(
            f"{where}.{key} is {values!r}; it must be a list of one or more different values, such "
            f"as {list(_OWN_WORDS.get(stock_key, stock.values))}"
        )
    if stock_key in _CLOSED:
        for value in values:
            _one_of(where, key, value, _OWN_WORDS.get(stock_key, stock.values))
    for value in values:
        if not _fits(value, stock.values[0]):
            raise StudyError(f"{where}.{key} has {value!r}; each must be {_kind(stock.values[0])}")
        if stock_key in _BELOW_ONE and value >= 1:
            raise StudyError(f"{where}.{key} has {value!r}; each must be below 1: it is a fraction")
        if stock_key in _MOST and value > _MOST[stock_key]:
            most = _MOST[stock_key]
            raise StudyError(f"{where}.{key} has {value!r}; each must be at most {most}")
        if stock_key == "learning_rates" and value <= 0:
            raise StudyError(f"{where}.{key} has {value!r}; each must be above 0")


def _has_equal(values: list[Any]) -> bool:
    # 1 and 1.0 are equal; 1 and true are not, but are for Python.
    told = [value if type(value) in (int, float) else str(value) for value in values]
    return len(set(told)) < len(told)


def _fits(value: Any, example: Any) -> bool:
    if isinstance(example, bool | str):
        return isinstance(value, type(example))
    number = _whole(value) or (isinstance(example, float) and isinstance(value, float))
    return number and (value > 0 if isinstance(example, int) else value >= 0)


def _kind(example: Any) -> str:
    """What `_fits` wants of a value."""
    if isinstance(example, bool | str):
        return "true or false" if isinstance(example, bool) else "a text"
    return "a whole number above 0" if isinstance(example, int) else "a number from 0"


def _check_budget(where: str, budget: float | None, cap: float | None) -> None:
    if budget and not cap:
        raise StudyError(
            f"{where}.device_seconds is {budget}, but a trial has no training.seconds, so that it "
            "could take more than that; give it some"
        )
    if budget and cap > budget:
        raise StudyError(
            f"{where}.device_seconds is {budget}, less than one trial may take on one core "
            f"(training.seconds {cap}); raise it or lower training.seconds"
        )


def _one_of(where: str, key: str, value: Any, known: Any) -> None:
    if value not in known:
        raise StudyError(f"{where}.{key} is {value!r}; it must be one of {_words(known)}")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _words(known: Any) -> str:
    return ", ".join(sorted(map(str, known)))
