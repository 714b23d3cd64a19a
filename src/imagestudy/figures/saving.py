"""Figures as files."""

from pathlib import Path

from matplotlib.figure import Figure


def save(figure: Figure, path: str, preview: str) -> None:
    """Write `figure` as a PDF for print and as a PNG for the screen, without a date."""
    for target in (path, preview):
        Path(target).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"CreationDate": None, "Creator": None, "Producer": None})
    figure.savefig(preview, metadata={"Software": None})
