# The study: raw archives -> arrays -> searches and runs -> result files -> report.pdf
import gc

from snakemake.utils import min_version

min_version("9.0")


include: "rules/common.smk"


if bundle:

    include: "rules/bundle.smk"

else:

    include: "rules/data.smk"
    include: "rules/search.smk"
    include: "rules/runs.smk"


include: "rules/results.smk"
include: "rules/report.smk"
include: "rules/examination.smk"


localrules:
    all,
    select,
    enter,
    export_submission,
    summarize,
    verify,
    pack,
    plot_learning_curves,
    plot_samples,
    plot_class_counts,
    plot_accuracy,
    plot_cost,
    plot_anytime,
    plot_found,
    plot_errors,
    plot_classes,
    plot_calibration,
    examine,
    tabulate,
    render_report,
    compile_report,
    copy_report,


rule all:
    default_target: True
    input:
        "report.pdf",


for experiment in study.experiments:
    if workflow.is_rule(experiment):
        raise WorkflowError(
            f"config.yaml: experiments.{experiment} has the name of a rule, and an experiment's "
            "result is asked for by its name: give it another"
        )

    rule:
        name:
            experiment
        input:
            at_scale(f"experiments/{experiment}.json"),
        localrule: True


# What is loaded by now stays: while the DAG grows, the garbage collector need not look at it again
# and again (a sixth of a dry run of 500 runs).
gc.freeze()
