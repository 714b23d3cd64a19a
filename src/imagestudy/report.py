"""The report: the LaTeX template filled with the evidence."""

from pathlib import Path
from typing import Any

import jinja2
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from imagestudy import conclusions, latex, replication, statistics, wording
from imagestudy.claims import SEEDS_NEEDED
from imagestudy.errors import StudyError
from imagestudy.evidence import Evidence
from imagestudy.tables import ROLES, networks

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
    "listing": wording.listing,
}


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
    made.globals |= {"plural": wording.plural, "spread": _spread}
    return made


def render(evidence: Evidence, template: Path) -> str:
    """The LaTeX source of the report, from `template` and the templates beside it.

    Figures and tables are named as they lie beside it: `figures/<name>.pdf`, `tables/<name>.tex`.
    """
    try:
        return environment(template.parent).get_template(template.name).render(context(evidence))
    except jinja2.TemplateError as error:
        place, line = template, ""
        if isinstance(error, jinja2.TemplateSyntaxError):
            place, line = error.filename or template, f", line {error.lineno}"
        raise StudyError(
            f"{place}{line}: {error}; a template may use only what `report.context` gives"
        ) from error


def context(evidence: Evidence) -> dict[str, Any]:
    """All that the templates can name."""
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
        "rows": {name: evidence.row(name) for name in evidence.experiments},
        "verdicts": replication.verdicts(evidence),
        "claims": conclusions.claims(evidence),
        "verdict_words": _verdicts(evidence),
        "odd_runs": odd_runs(evidence),
        "vgg16_differences": networks.differing_parts(evidence),
        "by_hand": {key: evidence.with_proposer(key) for key in ("hand", "autokeras")},
        "chance": {
            name: statistics.chance(len(d["classes"])) for name, d in evidence.datasets.items()
        },
        "original_test": original_test(evidence.original),
        "seeds": evidence.study["seeds"],
        "seeds_needed": SEEDS_NEEDED,
        "confidence": statistics.CONFIDENCE,
    }


def original_test(original: dict[str, Any]) -> statistics.Comparison | None:
    """The original's AutoKeras against its network by hand, by their published accuracies."""
    rows = original["rows"]
    first, second = rows["autokeras"], rows["keras_cnn"]
    pictures = original["data"][first["dataset"]]["test_pictures"]
    return statistics.two_proportions(
        float(first["validation"]), float(second["validation"]), pictures
    )


def odd_runs(evidence: Evidence) -> list[str]:
    """Runs that did not end as a trained network should, each in words (LaTeX)."""
    words = {"diverged": "diverged", "at_chance": "did not learn", "failed": "failed"}
    return [
        f"{latex.escape(each['title'])}, seed {run['seed']}, {words[run['status']]}"
        for each in evidence.experiments.values()
        for run in each["runs"]
        if run["status"] in words
    ]


def _verdicts(evidence: Evidence) -> list[str]:
    """How many published cells have each verdict, in words."""
    found = [each.verdict for each in replication.verdicts(evidence)]
    order = (
        replication.REPLICATED,
        replication.HIGHER,
        replication.LOWER,
        replication.NOT_COMPARABLE,
    )
    return [f"{wording.word(found.count(word))} {word}" for word in order if word in found]


def _spread(found: statistics.Estimate) -> str:
    return latex.spread(found.mean, found.spread)
