"""Write the report's tables, the summary as CSV and as Markdown, and the claims."""

from pathlib import Path

from imagestudy.argument import claims
from imagestudy.claims import as_json
from imagestudy.evidence import Evidence, summary_frame
from imagestudy.jobs import logged
from imagestudy.results import write_json
from imagestudy.tables import markdown
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
