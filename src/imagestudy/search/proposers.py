"""What a round of a search tries: put forward from the settings and the earlier results alone."""

from typing import Any

from imagestudy.errors import StudyError
from imagestudy.search import hand, trials

SCHEMA = 1
BUDGET, NO_CANDIDATE, EXHAUSTED = "budget", "no candidate left", "space exhausted"


def with_data(search: dict[str, Any], dataset: dict[str, Any]) -> dict[str, Any]:
    """The settings of `search` with `image_shape` and `classes` of a `dataset.json`."""
    size = dataset["image_size"]
    return {**search, "image_shape": [size, size, 3], "classes": len(dataset["classes"])}


def propose(
    search: dict[str, Any], round_number: int, earlier: list[dict[str, Any]]
) -> dict[str, Any]:
    """The trials of round `round_number`, from 1, given all results of the rounds before it.

    The same arguments give the same trials. Once the earlier trials have used up the search's
    `device_seconds`, those that remain are skipped.
    """
    rounds = _by_round(search, round_number, earlier)
    spent = sum(result["device_seconds"] for result in earlier)
    budget = search.get("device_seconds")
    count = search["trials_per_round"]
    if budget is not None and spent >= budget:
        found, reason = [None] * count, BUDGET
    elif search["proposer"] == "hand":
        found, reason = hand.put_forward(search, round_number), NO_CANDIDATE
    elif search["proposer"] == "default":
        found, reason = _default(search, round_number), NO_CANDIDATE
    else:
        found, reason = _ask(search, rounds), EXHAUSTED
    return {
        "schema": SCHEMA,
        "search": search["search"],
        "proposer": search["proposer"],
        "seed": search["seed"],
        "round": round_number,
        "trials": [
            {"trial": number, **_entry(each, reason)} for number, each in enumerate(found, start=1)
        ],
    }


def _entry(found: dict[str, Any] | None, reason: str) -> dict[str, Any]:
    if found is None:
        return {"status": "skipped", "reason": reason, "network": {}, "training": {}}
    return {"status": "proposed", "reason": None, **found}


def _by_round(
    search: dict[str, Any], round_number: int, earlier: list[dict[str, Any]]
) -> list[list[dict[str, Any]]]:
    """The earlier results in order, a list for each round."""
    found = {trials.position(result): result for result in earlier}
    numbers = range(1, search["trials_per_round"] + 1)
    wanted = [(r, t) for r in range(1, round_number) for t in numbers]
    if sorted(found) != wanted or len(found) != len(earlier):
        raise StudyError(
            f"search {search['search']}: round {round_number} wants the results of the rounds "
            f"before it, once each: {wanted}. Received: {sorted(found)}"
        )
    return [[found[r, t] for t in numbers] for r in range(1, round_number)]


def _default(search: dict[str, Any], round_number: int) -> list[dict[str, Any] | None]:
    from imagestudy.search import space as spaces

    count = search["trials_per_round"]
    if round_number > 1:
        return [None] * count
    shape = tuple(search["image_shape"])
    values = spaces.default_hyperparameters(search["space"], shape, search["classes"])
    return [_proposal(search, values)] + [None] * (count - 1)


def _ask(search: dict[str, Any], rounds: list[list[dict[str, Any]]]) -> list[dict[str, Any] | None]:
    """Ask a rebuilt oracle again all it was asked, tell it what came of it, then ask for more.

    An answer that is not the recorded one is refused, but of the Bayesian oracle only where it drew
    at random: what it found behind that is taken over, since to find it again takes too long.
    """
    from imagestudy.search.oracle import rebuilt

    with rebuilt(search) as oracle:
        for results in rounds:
            asked = []
            for number, result in enumerate(results):
                if result["status"] == "skipped":
                    continue
                values = trials.proposal(result)["network"]["hyperparameters"]
                trial = oracle.ask(f"tuner{number}", values)
                _check_replay(search, result, trial)
                asked.append((trial, result))
            for trial, result in asked:
                oracle.tell(trial, trials.score(result))
        found: list[dict[str, Any] | None] = []
        for number in range(search["trials_per_round"]):
            exhausted = bool(found) and found[-1] is None
            trial = None if exhausted else oracle.ask(f"tuner{number}")
            found.append(trial and _proposal(search, trial.hyperparameters.values))
    return found


def _check_replay(search: dict[str, Any], result: dict[str, Any], trial: Any) -> None:
    again = trial and _proposal(search, trial.hyperparameters.values)
    recorded = trials.proposal(result)
    if again != {key: recorded[key] for key in ("network", "training")}:
        number = "{}, trial {}".format(*trials.position(result))
        raise StudyError(
            f"search {search['search']}, round {number}: the recorded proposal is not the one that "
            f"these settings give ({recorded} instead of {again}); remove the search's results and "
            "run again"
        )


def _proposal(search: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    from imagestudy.search.space import training_settings

    return {
        "network": {"space": search["space"], "hyperparameters": dict(values)},
        "training": training_settings(values),
    }
