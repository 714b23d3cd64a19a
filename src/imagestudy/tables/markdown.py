"""The summary as plain Markdown, to be pasted into a README or an issue."""

from imagestudy import wording
from imagestudy.evidence import Evidence

LEFT = 3  # columns of text; the others hold numbers
HEADINGS = ("#", "data", "experiment")
THEIRS = ("original: train", "val.")
OURS = ("here: train", "test", "top-5", "seeds", "device time of a run")
SPECIAL = "\\`*_{}[]<>#|"


def summary(evidence: Evidence) -> str:
    """A table of all experiments and what its columns mean; the original's cells where repeated."""
    repeated = bool(evidence.of_role("original"))
    headings = [*HEADINGS, *(THEIRS if repeated else ()), *OURS]
    rows = [_row(evidence, name, repeated) for name in evidence.experiments]
    ruler = ["---"] * LEFT + ["---:"] * (len(headings) - LEFT)
    lines = [f"| {' | '.join(cells)} |" for cells in (headings, ruler, *rows)]
    seeds = wording.plural(len(evidence.study["seeds"]), "seed")
    made_up = " **The data are made up; nothing compares with the original.**"
    about = (
        f"Scale `{evidence.study['scale']}`, {seeds} unless the row says otherwise. Accuracies are "
        "fractions, ± the sample standard deviation over seeds; *train* is evaluated"
        + (", *test* is what the original calls validation" if repeated else "")
        + ". Device time is seconds times cores or GPUs."
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
        escape(each["title"]),
        *([row.get("train") or "", row.get("validation") or ""] if repeated else []),
        *(wording.spread(found.mean, found.spread) for found in (train, test, top5)),
        str(test.seeds),
        wording.duration(each["device_seconds"]["mean"]),
    ]


def escape(text: str) -> str:
    """`text` as Markdown shows it: on one line, no character of it meaning anything."""
    return "".join(f"\\{each}" if each in SPECIAL else each for each in " ".join(text.split()))
