"""AutoKeras against building by hand: what the original says, and what is measured here."""

from collections.abc import Callable
from typing import Any

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
        [label, *(_linked(evidence, name, cell) for _, name in columns)] for label, cell in MEASURED
    ]
    titles = [(latex.title(evidence.datasets[name]["title"]), len(COMPARED)) for name in found]
    headings = ["measured here", *(TITLES[key] for key, _ in columns)]
    return Table(LEFT + "l" * len(columns), headings, rows, [("", 1), *titles])


def _linked(evidence: Evidence, name: str | None, cell: Callable[[Evidence, str], str]) -> str:
    return latex.MISSING if name is None else links.cell(name, cell(evidence, name))


def compared(evidence: Evidence) -> dict[str, dict[str, str | None]]:
    """By data set the experiment of each proposer compared; None where there is none."""
    found = {
        name: {key: evidence.with_proposer(key, name) for key in COMPARED}
        for name in evidence.datasets
    }
    return {name: own for name, own in found.items() if any(own.values())}


def _search(key: str, shown: Callable[[Any], str]) -> Callable[[Evidence, str], str]:
    return lambda evidence, name: shown(evidence.experiments[name]["search"][key])


def _network(key: str, shown: Callable[[Any], str]) -> Callable[[Evidence, str], str]:
    return lambda evidence, name: shown((evidence.experiments[name]["network"] or {}).get(key))


def _accuracy(metric: str) -> Callable[[Evidence, str], str]:
    def cell(evidence: Evidence, name: str) -> str:
        found = evidence.estimate(name, metric)
        return latex.spread(found.mean, found.spread)

    return cell


def _retraining(evidence: Evidence, name: str) -> str:
    return latex.duration(evidence.experiments[name]["device_seconds"]["mean"])


def _in_all(evidence: Evidence, name: str) -> str:
    each = evidence.experiments[name]
    return latex.duration(each["search"]["device_seconds"] + each["device_seconds"]["mean"])


def _declared(evidence: Evidence, name: str) -> str:
    search = evidence.experiments[name]["search"]["search"]
    return latex.count(_named_values(evidence.study["searches"][search]["declared"]))


def _named_values(declared: Any) -> int:
    """How many values are named: a list of values counts once, a list of mappings each of them."""
    if isinstance(declared, dict):
        return sum(_named_values(value) for value in declared.values())
    if isinstance(declared, list) and any(isinstance(value, dict) for value in declared):
        return sum(_named_values(value) for value in declared)
    return 1


def _at_equal_cost(evidence: Evidence, name: str) -> str:
    search = evidence.experiments[name]["search"]
    dataset = evidence.experiments[name]["dataset"]
    return latex.accuracy(score_within(evidence, search, common_cost(evidence, dataset)))


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


def _seeds(evidence: Evidence, name: str) -> str:
    return str(evidence.estimate(name, "test_top1").seeds)


def _searches(evidence: Evidence, name: str) -> str:
    return str(len(evidence.values_of_searches(name, "test_top1")))


def _over_searches(evidence: Evidence, name: str) -> str:
    values = evidence.values_of_searches(name, "test_top1").values()
    return latex.spread(*statistics.mean_and_spread(list(values)))


def _evaluation(evidence: Evidence, name: str) -> str:
    """Seconds of a run's evaluation over the pictures evaluated."""
    each = evidence.experiments[name]
    unlabelled = evidence.datasets[each["dataset"]]["unlabelled"]
    spent = [
        run["seconds"]["evaluation"]
        / (unlabelled + sum(run["metrics"][split]["pictures"] for split in SPLITS))
        for run in each["runs"]
        if run["metrics"]
    ]
    mean, _ = statistics.mean_and_spread(spent)
    return latex.MISSING if mean is None else rf"{mean * THOUSAND:.2f}\,s"


MEASURED: tuple[tuple[str, Callable[[Evidence, str], str]], ...] = (
    ("trials", _search("trials", latex.count)),
    ("trials that completed", _search("completed", latex.count)),
    ("candidates that a person declared", _search("declared_candidates", latex.count)),
    ("values that a person wrote to declare the search", _declared),
    ("device time of the search", _search("device_seconds", latex.duration)),
    ("wall-clock time of the trials, one after another", _search("seconds", latex.duration)),
    ("best selection accuracy among the trials", _search("score", latex.accuracy)),
    ("the same within the device time of the cheaper search", _at_equal_cost),
    ("parameters of the network found", _network("parameters", latex.count)),
    ("layers", _network("layers", latex.count)),
    ("convolutions and dense layers among them", _network("weight_layers", latex.count)),
    ("floating-point operations for a picture", _network("flops", latex.big)),
    ("time to evaluate a thousand pictures, loading counted", _evaluation),
    ("device time of training it again, a seed", _retraining),
    ("device time of the search and of training once again", _in_all),
    ("its selection accuracy", _accuracy("selection_top1")),
    ("its test accuracy", _accuracy("test_top1")),
    ("seeds", _seeds),
    ("searches whose networks were trained again", _searches),
    ("test accuracy over these searches", _over_searches),
)
