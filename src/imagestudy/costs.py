"""What results cost: device time to an equal accuracy, and in all."""

from imagestudy.evidence import Evidence, Pair
from imagestudy.sources import STUDY


def seconds_to_equal_accuracy(evidence: Evidence, pair: Pair) -> list[list[float]]:
    """Device-seconds of each side, paired by seed, until it has what both reach.

    That is the lower of the two runs' best selection accuracies. What a run spends before its
    first epoch, such as the features of frozen layers, counts.
    """
    runs = [
        {run["seed"]: run for run in evidence.experiments[name]["runs"] if run["epochs"]}
        for name in pair
    ]
    times: list[list[float]] = [[], []]
    for seed in sorted(runs[0].keys() & runs[1].keys()):
        histories = [evidence.histories[name][seed] for name in pair]
        reached = min(history["selection_top1"].max() for history in histories)
        for side, history, known in zip(times, histories, runs, strict=True):
            epoch = (history["selection_top1"] >= reached).idxmax()
            seconds = known[seed]["seconds"]["training"] - history["seconds"].iloc[-1]
            devices = known[seed]["device_seconds"] / known[seed]["seconds"]["total"]
            side.append(float((seconds + history["seconds"][epoch]) * devices))
    return times


def device_seconds_in_all(evidence: Evidence, name: str) -> float:
    """Device-seconds of a run of an experiment, of its search and of what it starts from.

    What others trained, such as ImageNet's weights, cost us nothing.
    """
    each = evidence.experiments[name]
    spent = each["device_seconds"]["mean"] + (each["search"] or {}).get("device_seconds", 0)
    if each["start"]["provenance"] != STUDY:
        return spent
    return spent + device_seconds_in_all(evidence, each["start"]["name"])
