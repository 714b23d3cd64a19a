# The result file of each experiment, and a target of its name.


rule summarize:
    input:
        unpack(lambda wildcards: gathered(wildcards.experiment)),
    output:
        summary="results/{scale}/experiments/{experiment}.json",
    log:
        "results/{scale}/logs/summarize/{experiment}.log",
    benchmark:
        "results/{scale}/benchmarks/summarize/{experiment}.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=lambda wildcards: dict(
            experiment=study.experiment_labels(wildcards.experiment),
            expected=[
                study.run_settings(wildcards.experiment, seed)
                for seed in study.seeds(wildcards.experiment)
            ],
            made_by=code_of(study.experiments[wildcards.experiment]),
        ),
        code=code("summarize.py"),
    message:
        "Gathering the seeds of {wildcards.experiment}"
    script:
        "../scripts/summarize.py"


for experiment in study.experiments:

    rule:
        name:
            experiment
        input:
            at_scale(f"experiments/{experiment}.json"),
        localrule: True
