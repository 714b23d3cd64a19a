"""What paths must be like for the jobs of a cluster."""

from collections.abc import Iterable

from imagestudy.errors import StudyError


def require_quotable(paths: Iterable[str]) -> None:
    """Raise a `StudyError` for a path that Snakemake cannot hand to the jobs of a cluster.

    It writes them into commands as Python would print them, which a shell reads as the path alone
    where that has neither apostrophes, backslashes, nor what cannot be printed.
    """
    for path in paths:
        if repr(path) != f"'{path}'":
            raise StudyError(
                f"{path!r} cannot be handed to the jobs of a cluster: it has an apostrophe, a "
                "backslash or a character that cannot be printed. Name the folder otherwise, or "
                "run the study without the cluster"
            )
