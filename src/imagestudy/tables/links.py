"""Links inside the PDF: from what is reported to the runs and claims in the appendix."""

from imagestudy import latex


def target(kind: str, name: str) -> str:
    """A place that can be linked to, such as `run:alexnet`."""
    return rf"\phantomsection\label{{{kind}:{name}}}"


def title(experiment: str, text: str) -> str:
    """The title of an experiment, which leads to its runs in the appendix."""
    return runs(experiment, latex.title(text))


def cell(experiment: str, shown: str) -> str:
    """A cell that leads to the runs behind it, and does not look it."""
    return runs(experiment, rf"\textcolor{{black}}{{{shown}}}")


def runs(experiment: str, shown: str) -> str:
    """LaTeX that leads to the runs of an experiment in the appendix."""
    return rf"\hyperref[run:{experiment}]{{{shown}}}"


def trials(search: str, shown: str) -> str:
    """A cell that leads to the trials of a search in the appendix, and does not look it."""
    return rf"\hyperref[search:{search}]{{\textcolor{{black}}{{{shown}}}}}"
