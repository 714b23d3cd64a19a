"""Prints what the jobs will cost that Snakemake would run now with the same arguments.

usage: PYTHONPATH=src .venv/bin/python envs/estimate.py ARGUMENTS OF SNAKEMAKE
"""

import datetime
import logging
import os
import sys
from pathlib import Path

from snakemake.cli import args_to_api, parse_args, parse_config
from snakemake.logging import logger
from snakemake.settings.types import ConfigSettings
from snakemake_interface_logger_plugins.common import LogEvent

from imagestudy.errors import StudyError
from imagestudy.estimates import Job, estimate, summed
from imagestudy.settings import Study

ROOT = Path(__file__).parent.parent
SHOWN = {"device_hours": "{:.3f}", "memory_mb": "{:.0f}", "disk_mb": "{:.1f}", "hours": "{:.3f}"}


class Noted(logging.Filter):
    """Notes the jobs that a dry run names, and keeps what it says of them from the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Job] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the terminal shall see it: what is more than a dry run's usual words."""
        if getattr(record, "event", None) == LogEvent.JOB_INFO:
            job = Job(
                record.rule_name,
                record.wildcards,
                record.threads,
                record.resources.get("gpu", 0),
                Path(record.benchmark or "none"),
                [Path(path) for path in record.output],
            )
            # Targets that only name other jobs do nothing.
            self.jobs += [job] if record.benchmark else []
        return record.levelno >= logging.WARNING


def main(arguments: list[str]) -> None:
    """Estimate the jobs of a dry run with these arguments, and print a table."""
    parser, parsed = parse_args([*arguments, "--dry-run"])
    noted = Noted()
    logger.addFilter(noted)
    if not args_to_api(parsed, parser):
        raise SystemExit(1)
    asked = ConfigSettings(
        config=parse_config(parsed.config), configfiles=[Path(p) for p in parsed.configfile or ()]
    ).overwrite_config
    # Where the study works, paths of its settings and its results start.
    os.chdir(parsed.directory or ".")
    try:
        study = Study.load(ROOT, dict(asked))
        table = estimate(noted.jobs, study, ROOT, Path("results") / study.folder)
    except StudyError as error:
        raise SystemExit(f"estimate: {error}") from None
    if table.empty:
        return print("Nothing would run.")
    cores = parsed.cores or 1
    limited = parsed.resources.get("gpu")
    gpus = limited.value if limited else 1
    found = summed(table, cores, gpus)
    shown = {key: form.format for key, form in SHOWN.items()}
    print(found.to_string(index=False, formatters=shown, na_rep=""))
    hours = found["hours"].iloc[-1]
    machine = f"{cores} cores"
    if table["gpus"].any():
        machine += f" and {gpus} GPU{'s' if gpus > 1 else ''}"
    end = datetime.datetime.now() + datetime.timedelta(hours=hours)
    print(f"\nOn {machine} it would be done at about {end:%Y-%m-%d %H:%M}.")
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
