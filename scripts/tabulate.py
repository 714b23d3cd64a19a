"""Write the report's tables, and for programs and people what they hold."""

from pathlib import Path

import pandas as pd

from imagestudy.argument import claims
from imagestudy.claims import as_json
from imagestudy.evidence import Evidence, summary_frame
from imagestudy.jobs import logged
from imagestudy.plausibility import anchors_frame
from imagestudy.replication import Verdict, verdicts
from imagestudy.results import write_json
from imagestudy.tables import markdown
from imagestudy.tables.by_hand import measurements
from imagestudy.tables.fragments import fragments

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        evidence = Evidence.read(snakemake.params.settings, snakemake.input)
        made = fragments(evidence)
        for path in snakemake.output.tables:
            Path(path).write_text(made[Path(path).stem])
        summary_frame(evidence).to_csv(snakemake.output.summary, index=False)
        Path(snakemake.output.markdown).write_text(markdown.summary(evidence))
        write_json(Path(snakemake.output.claims), as_json(claims(evidence)))
        replicated = pd.DataFrame(verdicts(evidence), columns=Verdict._fields)
        replicated.to_csv(snakemake.output.replication, index=False)
        anchors_frame(evidence).to_csv(snakemake.output.anchors, index=False)
        measurements(evidence).to_csv(snakemake.output.by_hand, index=False)
