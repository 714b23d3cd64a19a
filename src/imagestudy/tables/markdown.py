"""The summary as plain Markdown, to be pasted into a README or an issue."""

from imagestudy import wording
from imagestudy.evidence import Evidence
from imagestudy.plausibility import label
from imagestudy.statistics import Estimate

LEFT = 3  # columns of text; the others hold numbers
HEADINGS = ("#", "data", "experiment")
THEIRS = ("original: train", "val.")
OURS = ("here: train", "test", "top-5", "seeds", "device time of a run")
SEEN = " † It starts from ImageNet's weights, which have seen these pictures: not comparable."
SPECIAL = "\\`*_{}[]<>#|"


def summary(evidence: Evidence) -> str:
    """A table of all experiments and what its columns mean; the original's cells where repeated."""
    repeated = bool(evidence.of_role("original"))
    headings = [*HEADINGS, *(THEIRS if repeated else ()), *OURS]
    rows = [_row(evidence, name, repeated) for name in evidence.experiments]
    ruler = ["---"] * LEFT + ["---:"] * (len(headings) - LEFT)
    lines = [f"| {' | '.join(cells)} |" for cells in (headings, ruler, *rows)]
    seeds = wording.plural(len(evidence.study["seeds"]), "seed")
    seen = any(evidence.has_seen(name) for name in evidence.experiments)
    made_up = " **The data are made up; nothing compares with the original.**"
    about = (
        f"Scale `{evidence.study['scale']}`, {seeds} unless the row says otherwise. Accuracies are "
        "fractions, ± the sample standard deviation over seeds, or of one seed with Wilson's "
        "interval over pictures; *train* is evaluated"
        + (", *test* is what the original calls validation" if repeated else "")
        + ". Device time is seconds times threads or GPUs."
        + (SEEN if seen else "")
    )
    return "\n".join([*lines, "", about + (made_up if evidence.generated else ""), ""])


def _row(evidence: Evidence, name: str, repeated: bool) -> list[str]:
    each, row = evidence.experiments[name], evidence.row(name) or {}
    train, test, top5 = (
        evidence.estimate(name, metric) for metric in ("train_top1", "test_top1", "test_top5")
    )
    return [
        str(each["number"] or ""),
        escape(evidence.datasets[each["dataset"]]["title"]),
        _title(evidence, name),
        *([row.get("train") or "", row.get("validation") or ""] if repeated else []),
        wording.spread(train.mean, train.spread),
        _test(test),
        wording.spread(top5.mean, top5.spread),
        str(test.seeds),
        wording.duration(each["device_seconds"]["mean"]),
    ]


def _title(evidence: Evidence, name: str) -> str:
    """An experiment's title, with what a reader must know of its accuracies."""
    known = label(evidence, name)
    seen = " †" if evidence.has_seen(name) else ""
    return escape(evidence.experiments[name]["title"]) + seen + (f" ({known})" if known else "")


def _test(found: Estimate) -> str:
    shown = wording.spread(found.mean, found.spread)
    if found.mean is None or found.spread is not None:
        return shown
    return f"{shown} ({found.low:.3f} to {found.high:.3f})"


def escape(text: str) -> str:
    """`text` as Markdown shows it: on one line, no character of it meaning anything."""
    return "".join(f"\\{each}" if each in SPECIAL else each for each in " ".join(text.split()))
