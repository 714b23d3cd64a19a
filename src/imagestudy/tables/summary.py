"""The summary table, a table for each role, and the errors that the original defines."""

from imagestudy import latex, statistics
from imagestudy.evidence import Evidence
from imagestudy.latex import LEFT, Table
from imagestudy.plausibility import label
from imagestudy.tables import links


def of_role(evidence: Evidence, role: str) -> Table:
    """Accuracies of the experiments of a role; those of role `original` beside the original's."""
    ours = ["running", "evaluated", "selection", "test", "test top-5", "seeds"]
    if role == "original":
        headings = [r"\#", "experiment", "train", "val.", *ours]
        align = f"r{LEFT}ll@{{\\quad}}llllll"
        groups = [("", 2), ("the original", 2), ("this study: training", 2), ("", 4)]
    else:
        headings, align = ["experiment", *ours], f"{LEFT}llllll"
        groups = [("", 1), ("training", 2), ("", 4)]
    rows, rules, dataset = [], [], None
    for name, each in evidence.of_role(role).items():
        if dataset != each["dataset"]:
            dataset = each["dataset"]
            rules.append(len(rows))
            heading = _dataset(evidence, dataset)
            rows.append([rf"\multicolumn{{{len(headings)}}}{{@{{}}l}}{{{heading}}}"])
        title = links.title(name, each["title"]) + _seen(evidence, name) + _label(evidence, name)
        cells = [title, *(links.cell(name, shown) for shown in _ours(evidence, name))]
        if role == "original":
            row = evidence.row(name) or {"train": None, "validation": None}
            cells[1:1] = [row[cell] or latex.MISSING for cell in ("train", "validation")]
            cells.insert(0, str(each["number"] or ""))
        rows.append(cells)
    return Table(align, headings, rows, groups, rules[1:])


def _dataset(evidence: Evidence, name: str) -> str:
    data = evidence.datasets[name]
    made_up = ", generated" if data["source"] == "generated" else ""
    title = latex.title(data["title"])
    pictures = latex.count(data["splits"]["test"]["pictures"])
    about = f"{len(data['classes'])} classes, {pictures} test pictures{made_up}"
    return rf"\emph{{{title}}} ({about})"


def _ours(evidence: Evidence, name: str) -> list[str]:
    cells = []
    for metric in ("running_train_top1", "train_top1", "selection_top1", "test_top1", "test_top5"):
        found = evidence.estimate(name, metric)
        cells.append(_stacked(found, metric == "test_top1"))
    count = str(evidence.estimate(name, "test_top1").seeds)
    return [*cells, count + _unfinished(evidence, name)]


def _stacked(found: statistics.Estimate, with_interval: bool) -> str:
    """The mean, and below it the spread over seeds; of one seed, where asked for, the interval."""
    if found.spread is not None:
        below = rf"\textpm\,{found.spread:.3f}"
    elif with_interval and found.mean is not None:
        below = latex.interval(found.low, found.high)
    else:
        return latex.accuracy(found.mean)
    lines = rf"{found.mean:.3f}\\[-3pt]{{\scriptsize {below}}}"
    return rf"\begin{{tabular}}[t]{{@{{}}l@{{}}}}{lines}\end{{tabular}}"


def _unfinished(evidence: Evidence, name: str) -> str:
    """A mark where not all runs completed; the text under the table explains it."""
    odd = evidence.experiments[name]["statuses"].keys() - {"completed"}
    return r"\textsuperscript{*}" if odd else ""


def _seen(evidence: Evidence, name: str) -> str:
    """A mark where the labels of the pictures were seen before; the caption explains it."""
    return r"\textsuperscript{\textdagger}" if evidence.has_seen(name) else ""


def _label(evidence: Evidence, name: str) -> str:
    """That a test accuracy is below what is believable of a network that learned."""
    found = label(evidence, name)
    return rf" {{\scriptsize\color{{warning}}({latex.escape(found)})}}" if found else ""


def errors(evidence: Evidence) -> Table:
    """Top-1 and top-5 error on test, which the original defines, log loss and calibration."""
    rows, rules, dataset = [], [], None
    for name, each in evidence.experiments.items():
        if dataset not in (None, each["dataset"]):
            rules.append(len(rows))
        dataset = each["dataset"]
        top1, top5 = (evidence.estimate(name, f"test_top{k}") for k in (1, 5))
        loss = evidence.experiments[name]["metrics"]["test_loss"]["mean"]
        chance = 1 - evidence.chance(each["dataset"])
        rows.append(
            [
                links.title(name, each["title"]) + _seen(evidence, name),
                links.cell(name, _error(top1)),
                links.cell(name, _error(top5)),
                links.cell(name, latex.accuracy(loss)),
                links.cell(name, latex.spread(*evidence.examined_mean(name, "calibration_error"))),
                latex.accuracy(chance),
            ]
        )
    headings = [
        "experiment",
        "top-1 error",
        "top-5 error",
        "log loss",
        "calibration error",
        "guessing",
    ]
    return Table(f"{LEFT}lllll", headings, rows, rules=rules)


def _error(found: statistics.Estimate) -> str:
    mean = None if found.mean is None else 1 - found.mean
    return latex.spread(mean, found.spread)
