"""The report: the LaTeX template filled with the evidence."""

import traceback
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from imagestudy import captions, latex, plausibility, provenance, replication, statistics, wording
from imagestudy.argument import claims
from imagestudy.claims import Claim
from imagestudy.earlier import seen_before
from imagestudy.errors import StudyError
from imagestudy.evidence import Evidence
from imagestudy.methods import HOLDS, OPPOSITE, SEEDS_NEEDED, UNDECIDED
from imagestudy.search.declaration import BLOCKS
from imagestudy.tables import ROLES, development, networks, vgg16

FILTERS = {
    "escape": latex.escape,
    "title": latex.title,
    "code": latex.code,
    "setting": latex.setting,
    "accuracy": latex.accuracy,
    "signed": latex.signed,
    "count": latex.count,
    "big": latex.big,
    "duration": latex.duration,
    "word": wording.word,
    "begin": wording.begin,
    "listing": wording.listing,
    "breakable": latex.breakable,
}
# Of a message of what went wrong; the rest is in the run's result file.
LONGEST_ERROR = 300


def environment(folder: Path) -> Environment:
    """Jinja with delimiters that are rare in LaTeX; an undefined name is an error."""
    made = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.filters |= FILTERS
    made.globals |= {
        "plural": wording.plural,
        "spread": _spread,
        "mean_and_spread": latex.spread,
    }
    return made


def render(evidence: Evidence, template: Path) -> str:
    """The LaTeX source of the report, from `template` and the templates beside it.

    Figures and tables are named as they lie beside it: `figures/<name>.pdf`, `tables/<name>.tex`.
    Refuses results that cannot be true.
    """
    plausibility.require_plausible(evidence)
    for surprise in plausibility.surprises(evidence):
        print(f"unexpected order: {surprise}")
    try:
        return environment(template.parent).get_template(template.name).render(context(evidence))
    except jinja2.TemplateError as error:
        place = f"{template}"
        for frame in traceback.extract_tb(error.__traceback__):
            if ".tex" in frame.filename:
                place = f"{frame.filename}, line {frame.lineno}"
        if isinstance(error, jinja2.TemplateSyntaxError):
            place = f"{error.filename or template}, line {error.lineno}"
        raise StudyError(
            f"{place}: {error}; a template may use only what `report.context` gives"
        ) from error


def context(evidence: Evidence) -> dict[str, Any]:
    """All that the templates can name."""
    made = claims(evidence)
    return {
        "study": evidence.study,
        "experiments": evidence.experiments,
        "roles": {role: evidence.of_role(role) for role in ROLES},
        "datasets": evidence.datasets,
        "searches": evidence.best,
        "original": evidence.original,
        "generated": evidence.generated,
        "estimates": {
            name: {
                metric: evidence.estimate(name, metric)
                for metric in each["metrics"]
                if not metric.endswith("_loss")
            }
            for name, each in evidence.experiments.items()
        },
        "seen": [name for name in evidence.experiments if evidence.has_seen(name)],
        "rows": {name: evidence.row(name) for name in evidence.experiments},
        "verdicts": replication.verdicts(evidence),
        "claims": made,
        "few_units": few_units(made),
        "decided": (HOLDS, OPPOSITE),
        "anchored": plausibility.anchored(evidence),
        "under_trained": under_trained(evidence),
        "examined": evidence.examined,
        "tries": development.together(evidence),
        "seen_before": seen_before(evidence),
        "with_space": any(
            "space" in each["declared"] for each in evidence.study["searches"].values()
        ),
        "with_xception": any(
            "xception" in each["declared"].get("space", {}).get("blocks", BLOCKS)
            for each in evidence.study["searches"].values()
            if "space" in each["declared"]
        ),
        "verdict_words": _verdicts(evidence),
        "odd_runs": odd_runs(evidence),
        "failures": failures(evidence),
        "tables": {name: network_table(evidence, name) for name in evidence.experiments},
        "vgg16_differences": vgg16.differences(evidence),
        "baselines": baselines(evidence),
        "train_evaluated": train_evaluated(evidence),
        "fewer_seeds": fewer_seeds(evidence),
        "looks": looks(evidence),
        "single_searches": any(len(found) < SEEDS_NEEDED for found in evidence.best.values()),
        "with_hand": any(
            each["proposer"] == "hand" for each in evidence.study["searches"].values()
        ),
        "with_proposer": evidence.with_proposer,
        "found": [name for name, each in evidence.experiments.items() if each["search"]],
        "chance": {name: evidence.chance(name) for name in evidence.datasets},
        "statuses": wording.STATUSES,
        "commit": provenance.commit(),
        "seeds": evidence.study["seeds"],
        "seeds_needed": SEEDS_NEEDED,
        "confidence": statistics.CONFIDENCE,
        "seen_in": captions.said(evidence),
    }


def few_units(made: list[Claim]) -> bool:
    """Whether some claim is undecided for want of seeds or searches alone."""
    return any(claim.outcome == UNDECIDED and claim.few for claim in made)


def under_trained(evidence: Evidence) -> list[str]:
    """Modern recipes below what they must beat, and what does no better than guessing (LaTeX)."""
    labels = {name: plausibility.label(evidence, name) for name in evidence.experiments}
    return [
        f"{latex.title(evidence.experiments[name]['title'])} ({label})"
        for name, label in labels.items()
        if label
    ]


def odd_runs(evidence: Evidence) -> list[str]:
    """Runs that did not end as a trained network should, in words (LaTeX)."""
    return [
        f"{wording.plural(number, 'run')} of {latex.title(each['title'])} "
        f"{wording.STATUSES[status]}"
        for each in evidence.experiments.values()
        for status, number in each["statuses"].items()
        if status in wording.STATUSES
    ]


def failures(evidence: Evidence) -> list[dict[str, Any]]:
    """The runs that left a message of what went wrong: `experiment`, `seed`, `error`."""
    return [
        {"experiment": name, "seed": run["seed"], "error": run["error"][:LONGEST_ERROR]}
        for name, each in evidence.experiments.items()
        for run in each["runs"]
        if run["error"]
    ]


def network_table(evidence: Evidence, name: str) -> dict[str, Any]:
    """About the table of an experiment's layers: `same` as whose, `frozen`, `shortened`.

    A control with the layers of another experiment needs no table of its own.
    """
    each = evidence.experiments[name]
    same = networks.same_layers(evidence, name) if each["role"] == "control" else None
    return {
        "same": same,
        "frozen": networks.frozen(each["network"]),
        "shortened": networks.too_long(each["network"]),
    }


def fewer_seeds(evidence: Evidence) -> list[str]:
    """Experiments trained with other seeds than the study's, with how many, in words (LaTeX)."""
    return [
        f"{latex.title(each['title'])} ({wording.plural(len(each['runs']), 'seed')})"
        for each in evidence.experiments.values()
        if len(each["runs"]) != len(evidence.study["seeds"])
    ]


def looks(evidence: Evidence) -> list[dict[str, Any]]:
    """How experiments look at a picture: `flip`, `shift`, `titles`; only as it is comes last."""
    found: dict[tuple[bool, int], list[str]] = {}
    for name, each in evidence.experiments.items():
        training = evidence.training(name)
        kind = (training["flip_test"], training["shift_test"])
        found.setdefault(kind, []).append(latex.title(each["title"]))
    return [
        {"flip": flip, "shift": shift, "titles": found[flip, shift]}
        for flip, shift in sorted(found, reverse=True)
    ]


def baselines(evidence: Evidence) -> list[dict[str, Any]]:
    """The searches of AutoKeras and of other proposers in the same space, on the same data.

    Each as `title`, `score` (mean and spread over its seeds), `searches`, `trials` and
    `device_seconds` (in all).
    Empty where AutoKeras has no score, or where there is nothing to compare with.
    """
    searches = evidence.study["searches"]
    own = [name for name, each in searches.items() if each["proposer"] == "autokeras"]
    if not own:
        return []
    same = [
        name
        for name, each in searches.items()
        if each["declared"].get("space") == searches[own[0]]["declared"]["space"]
        and evidence.best[name][0]["dataset"] == evidence.best[own[0]][0]["dataset"]
    ]
    found = [_baseline(evidence, name) for name in (own[0], *[n for n in same if n != own[0]])]
    scored = [each for each in found if each["score"][0] is not None]
    return scored if len(scored) > 1 and scored[0] is found[0] else []


def _baseline(evidence: Evidence, name: str) -> dict[str, Any]:
    best = evidence.best[name]
    scores = [each["score"] for each in best if each["score"] is not None]
    return {
        "title": evidence.study["searches"][name]["title"],
        "score": statistics.mean_and_spread(scores),
        "searches": len(best),
        "trials": sum(each["trials"] for each in best),
        "device_seconds": sum(each["device_seconds"] for each in best),
    }


def train_evaluated(evidence: Evidence) -> list[int]:
    """Numbers of training pictures that accuracy was evaluated on, where not on all."""
    numbers = set()
    for name, each in evidence.experiments.items():
        pictures = evidence.datasets[each["dataset"]]["splits"]["train"]["pictures"]
        numbers.add(min(evidence.estimate(name, "train_top1").pictures, pictures) % pictures)
    return sorted(numbers - {0})


def _verdicts(evidence: Evidence) -> list[str]:
    """How many published cells have each verdict, in words."""
    found = [each.verdict for each in replication.verdicts(evidence)]
    return wording.counted(found, replication.ORDER)


def _spread(found: statistics.Estimate) -> str:
    """A mean with its spread over seeds; of one seed with its interval over pictures (LaTeX)."""
    if found.mean is None or found.spread is not None:
        return latex.spread(found.mean, found.spread)
    return f"{latex.accuracy(found.mean)} {latex.interval(found.low, found.high)}"
