# What runs and trials amount to: best trials, ledgers, the result file of each experiment, and a
# bundle of all that they are made of.


rule select:
    input:
        data=lambda wildcards: data_of(study.searches[wildcards.search]),
        results=lambda wildcards: all_trials(wildcards.search, wildcards.seed),
    output:
        best=at_scale("searches/{search}/seed-{seed}/best.json"),
    log:
        at_scale("logs/select/{search}-{seed}.log"),
    benchmark:
        at_scale("benchmarks/select/{search}-{seed}.tsv")
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=lambda wildcards: study.search_settings(
            wildcards.search, int(wildcards.seed)
        ),
        made_with=lambda wildcards: made_with_of_search(
            wildcards.search, wildcards.seed
        ),
        code=code("select.py"),
    message:
        "Search {wildcards.search}, seed {wildcards.seed}: choosing the best trial"
    script:
        "../scripts/select.py"


rule enter:
    input:
        data=lambda wildcards: data_of(study.searches[wildcards.search]),
        results=lambda wildcards: every_trial(wildcards.search),
    output:
        ledger=at_scale("searches/{search}/ledger.csv"),
    log:
        at_scale("logs/enter/{search}.log"),
    benchmark:
        at_scale("benchmarks/enter/{search}.tsv")
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=lambda wildcards: study.search_labels(wildcards.search),
        made_with=lambda wildcards: made_with("searches", wildcards.search),
        code=code("enter.py"),
    message:
        "Search {wildcards.search}: entering all trials in the ledger"
    script:
        "../scripts/enter.py"


rule summarize:
    input:
        unpack(lambda wildcards: gathered(wildcards.experiment)),
    output:
        summary=at_scale("experiments/{experiment}.json"),
    log:
        at_scale("logs/summarize/{experiment}.log"),
    benchmark:
        at_scale("benchmarks/summarize/{experiment}.tsv")
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=lambda wildcards: dict(
            experiment=study.experiment_labels(wildcards.experiment),
            **made_with("experiments", wildcards.experiment),
        ),
        code=code("summarize.py"),
    message:
        "Gathering the seeds of {wildcards.experiment}"
    script:
        "../scripts/summarize.py"


rule verify:
    input:
        results=lambda wildcards: of_all_runs("result.json"),
        predictions=lambda wildcards: of_all_runs("predictions.npz"),
    output:
        metrics=at_scale("verified.csv"),
    log:
        at_scale("logs/verify.log"),
    benchmark:
        at_scale("benchmarks/verify.tsv")
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("verify.py"),
    message:
        "Computing all test metrics again from the predictions"
    script:
        "../scripts/verify.py"


rule pack:
    input:
        summaries=[at_scale(f"experiments/{name}.json") for name in study.experiments],
        verified=rules.verify.output.metrics,
        examination=at_scale("examination.json"),
        data=[at_scale(f"data/{name}/dataset.json") for name in study.datasets],
        files=lambda wildcards: [at_scale(path) for path in packed_files(study)],
        environment=str(FOLDER / "envs" / "requirements.lock"),
    output:
        bundle=at_scale("bundle.zip"),
    log:
        at_scale("logs/pack.log"),
    benchmark:
        at_scale("benchmarks/pack.tsv")
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        study=lambda wildcards: manifest_of_study(),
        code=code("pack.py"),
    message:
        "Packing the study into {output.bundle}"
    script:
        "../scripts/pack.py"
