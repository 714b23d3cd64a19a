# The study: raw archives -> arrays -> searches and runs -> result files -> report.pdf
from snakemake.utils import min_version

min_version("9.0")


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/search.smk"
include: "rules/runs.smk"
include: "rules/results.smk"
include: "rules/report.smk"


localrules:
    all,
    copy_report,


rule all:
    input:
        "report.pdf",
    default_target: True
