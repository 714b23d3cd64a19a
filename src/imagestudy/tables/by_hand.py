"""AutoKeras against building by hand: what the original says, and what is measured here."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from imagestudy import latex, statistics
from imagestudy.data import SPLITS
from imagestudy.evidence import Evidence
from imagestudy.latex import LEFT, Table
from imagestudy.tables import links

TITLES = {"autokeras": "AutoKeras", "hand": "by hand"}
COMPARED = tuple(TITLES)
THOUSAND = 1000
# Device-seconds are added up and rounded to hundredths.
ROUNDING = 0.02

MeanAndSpread = tuple[float | None, float | None]
Value = Callable[[Evidence, str], Any]


def stated(evidence: Evidence) -> Table:
    """AutoKeras against building by hand, as the original's table has it."""
    rows = [
        [latex.escape(row[key]) for key in ("aspect", "autokeras", "hand")]
        for row in evidence.original["by_hand"]
    ]
    return Table(f"{latex.left(30)}{LEFT}{LEFT}", ["aspect", "AutoKeras", "by hand"], rows)


def measured(evidence: Evidence) -> Table:
    """The same comparison, measured: what each search spent and found, by data set."""
    found = compared(evidence)
    columns = [(key, name) for names in found.values() for key, name in names.items()]
    rows = [
        [label, *(_cell(evidence, name, value, shown) for _, name in columns)]
        for label, value, shown in MEASURED
    ]
    titles = [(latex.title(evidence.datasets[name]["title"]), len(COMPARED)) for name in found]
    headings = ["measured here", *(TITLES[key] for key, _ in columns)]
    return Table(LEFT + "l" * len(columns), headings, rows, [("", 1), *titles])


def _cell(evidence: Evidence, name: str | None, value: Value, shown: Callable[[Any], str]) -> str:
    return latex.MISSING if name is None else links.cell(name, shown(value(evidence, name)))


def measurements(evidence: Evidence) -> pd.DataFrame:
    """The same as numbers, a row for each: `dataset`, `proposer`, `measured`, `value`, `spread`."""
    rows = []
    for dataset, names in compared(evidence).items():
        for proposer, name in names.items():
            for label, value, _ in MEASURED if name else ():
                found = value(evidence, name)
                mean, spread = found if isinstance(found, tuple) else (found, None)
                rows.append((dataset, proposer, label, mean, spread))
    return pd.DataFrame(rows, columns=["dataset", "proposer", "measured", "value", "spread"])


def compared(evidence: Evidence) -> dict[str, dict[str, str | None]]:
    """By data set the experiment of each proposer compared; None where there is none."""
    found = {
        name: {key: evidence.with_proposer(key, name) for key in COMPARED}
        for name in evidence.datasets
    }
    return {name: own for name, own in found.items() if any(own.values())}


def _search(key: str) -> Value:
    return lambda evidence, name: evidence.experiments[name]["search"][key]


def _network(key: str) -> Value:
    return lambda evidence, name: (evidence.experiments[name]["network"] or {}).get(key)


def _accuracy(metric: str) -> Value:
    def value(evidence: Evidence, name: str) -> MeanAndSpread:
        found = evidence.estimate(name, metric)
        return found.mean, found.spread

    return value


def _retraining(evidence: Evidence, name: str) -> float:
    return evidence.experiments[name]["device_seconds"]["mean"]


def _tries_before(evidence: Evidence, name: str) -> float | None:
    tries = evidence.development
    return tries.loc[tries["experiment"] == name, "device_seconds"].sum() or None


def _in_all(evidence: Evidence, name: str) -> float:
    each = evidence.experiments[name]
    return each["search"]["device_seconds"] + each["device_seconds"]["mean"]


def _declared(evidence: Evidence, name: str) -> int:
    search = evidence.experiments[name]["search"]["search"]
    return _named_values(evidence.study["searches"][search]["declared"])


def _named_values(declared: Any) -> int:
    """How many values are named: a list of values counts once, a list of mappings each of them."""
    if isinstance(declared, dict):
        return sum(_named_values(value) for value in declared.values())
    if isinstance(declared, list) and any(isinstance(value, dict) for value in declared):
        return sum(_named_values(value) for value in declared)
    return 1


def _at_equal_cost(evidence: Evidence, name: str) -> float | None:
    search = evidence.experiments[name]["search"]
    dataset = evidence.experiments[name]["dataset"]
    return score_within(evidence, search, common_cost(evidence, dataset))


def common_cost(evidence: Evidence, dataset: str) -> float:
    """The device-seconds that both searches on a data set spent: those of the cheaper one."""
    names = [name for name in compared(evidence)[dataset].values() if name]
    return min(evidence.experiments[name]["search"]["device_seconds"] for name in names)


def score_within(evidence: Evidence, search: dict[str, Any], device_seconds: float) -> float | None:
    """The best selection accuracy among the trials of a search that ended within the time."""
    ledger = evidence.ledgers[search["search"]]
    ledger = ledger[ledger["seed"] == search["seed"]]
    ended = ledger["cumulative_device_seconds"] <= device_seconds + ROUNDING
    scores = ledger.loc[ended, "score"].dropna()
    return float(scores.max()) if len(scores) else None


def _seeds(evidence: Evidence, name: str) -> int:
    return evidence.estimate(name, "test_top1").seeds


def _searches(evidence: Evidence, name: str) -> int:
    return len(evidence.values_of_searches(name, "test_top1"))


def _over_searches(evidence: Evidence, name: str) -> MeanAndSpread:
    values = evidence.values_of_searches(name, "test_top1").values()
    return statistics.mean_and_spread(list(values))


def _evaluation(evidence: Evidence, name: str) -> float | None:
    """Seconds to evaluate a thousand pictures."""
    each = evidence.experiments[name]
    unlabelled = evidence.datasets[each["dataset"]]["unlabelled"]
    spent = [
        run["seconds"]["evaluation"]
        / (unlabelled + sum(run["metrics"][split]["pictures"] for split in SPLITS))
        for run in each["runs"]
        if run["metrics"]
    ]
    mean, _ = statistics.mean_and_spread(spent)
    return None if mean is None else mean * THOUSAND


def _spread(found: MeanAndSpread) -> str:
    return latex.spread(*found)


def _seconds(found: float | None) -> str:
    return latex.MISSING if found is None else rf"{found:.2f}\,s"


MEASURED: tuple[tuple[str, Value, Callable[[Any], str]], ...] = (
    ("trials", _search("trials"), latex.count),
    ("trials that completed", _search("completed"), latex.count),
    ("candidates that a person declared", _search("declared_candidates"), latex.count),
    ("values that a person wrote to declare the search", _declared, latex.count),
    ("device time of the search", _search("device_seconds"), latex.duration),
    ("device time of tries before it, not counted below", _tries_before, latex.duration),
    ("wall-clock time of the trials, one after another", _search("seconds"), latex.duration),
    ("best selection accuracy among the trials", _search("score"), latex.accuracy),
    ("the same within the device time of the cheaper search", _at_equal_cost, latex.accuracy),
    ("parameters of the network found", _network("parameters"), latex.count),
    ("layers", _network("layers"), latex.count),
    ("convolutions and dense layers among them", _network("weight_layers"), latex.count),
    ("floating-point operations for a picture", _network("flops"), latex.big),
    ("time to evaluate a thousand pictures, loading counted", _evaluation, _seconds),
    ("device time of training it again, a seed", _retraining, latex.duration),
    ("device time of the search and of training once again", _in_all, latex.duration),
    ("its selection accuracy", _accuracy("selection_top1"), _spread),
    ("its test accuracy", _accuracy("test_top1"), _spread),
    ("seeds", _seeds, str),
    ("searches whose networks were trained again", _searches, str),
    ("test accuracy over these searches", _over_searches, _spread),
)
