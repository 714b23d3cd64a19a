# The result file of each experiment, and a target of its name.


def runs_of(experiment, file):
    """One file of all seeds' runs of an experiment."""
    return [
        at_scale(f"runs/{experiment}/seed-{seed}/{file}") for seed in study.config["seeds"]
    ]


rule summarize:
    input:
        unpack(lambda wildcards: gathered(wildcards.experiment)),
    output:
        summary="results/{scale}/experiments/{experiment}.json",
    log:
        "results/{scale}/logs/summarize/{experiment}.log",
    benchmark:
        "results/{scale}/benchmarks/summarize/{experiment}.tsv"
    params:
        settings=lambda wildcards: dict(
            experiment=study.experiment_labels(wildcards.experiment),
            expected=[
                study.run_settings(wildcards.experiment, seed) for seed in study.config["seeds"]
            ],
            made_by=code(f"experiments/{study.experiments[wildcards.experiment]['script']}.py"),
        ),
        code=code("summarize.py"),
    resources:
        mem_mb=500,
        runtime=10,
    conda:
        "../envs/analysis.yaml"
    message:
        "Gathering the seeds of {wildcards.experiment}"
    script:
        "../scripts/summarize.py"


def gathered(experiment):
    """What the result file of an experiment is made of."""
    block = study.experiments[experiment]
    inputs = {"data": data_of(block), "results": runs_of(experiment, "result.json")}
    if "search" in block:
        inputs["best"] = at_scale(f"searches/{block['search']}/best.json")
    return inputs


for experiment in study.experiments:

    rule:
        name:
            experiment
        input:
            at_scale(f"experiments/{experiment}.json"),
        localrule: True
