"""What paths and settings must be like for the jobs of a cluster."""

from collections.abc import Iterable

from imagestudy.errors import StudyError


def require_quotable(words: Iterable[str]) -> None:
    """Raise a `StudyError` for a word that Snakemake cannot hand to the jobs of a cluster.

    Words are paths, and what follows `--config`. Snakemake writes them into commands as Python
    would print them, which a shell reads as the word alone where that has neither apostrophes,
    backslashes, nor what cannot be printed.
    """
    for word in words:
        if repr(word) != f"'{word}'":
            raise StudyError(
                f"{word!r} cannot be handed to the jobs of a cluster: it has an apostrophe, a "
                "backslash or a character that cannot be printed. Name the folder otherwise; "
                "say in a file, given by --configfile, what is said by --config; or run the study "
                "without the cluster"
            )
