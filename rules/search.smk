# Searches: rounds of trials put forward by a proposer, all on one ledger.


rule propose:
    input:
        data=lambda wildcards: data_of(study.searches[wildcards.search]),
        earlier=lambda wildcards: trials(
            wildcards.search, range(1, int(wildcards.round))
        ),
    output:
        proposals="results/{scale}/searches/{search}/round-{round}/proposals.json",
    log:
        "results/{scale}/logs/propose/{search}-{round}.log",
    benchmark:
        "results/{scale}/benchmarks/propose/{search}-{round}.tsv"
    conda:
        "../envs/keras.yaml"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        settings=lambda wildcards: study.search_settings(wildcards.search),
        code=code("propose.py"),
    message:
        "Search {wildcards.search}: putting forward round {wildcards.round}"
    script:
        "../scripts/propose.py"


rule trial:
    input:
        data=lambda wildcards: data_of(study.searches[wildcards.search]),
        proposals="results/{scale}/searches/{search}/round-{round}/proposals.json",
    output:
        result="results/{scale}/searches/{search}/round-{round}/trial-{trial}/result.json",
    log:
        "results/{scale}/logs/trial/{search}-{round}-{trial}.log",
    benchmark:
        "results/{scale}/benchmarks/trial/{search}-{round}-{trial}.tsv"
    conda:
        "../envs/keras.yaml"
    threads: TRAINING_THREADS
    resources:
        mem_mb=3000,
        gpu=TRAINING_GPUS,
        runtime=120,
    params:
        run=lambda wildcards: dict(
            settings=study.trial_settings(
                wildcards.search, int(wildcards.round), int(wildcards.trial)
            ),
            code=code_of(study.searches[wildcards.search]),
            checkpoints=at_scale("checkpoints"),
        ),
        script=lambda wildcards: study.searches[wildcards.search]["script"],
    message:
        "Search {wildcards.search}: round {wildcards.round}, trial {wildcards.trial}"
    script:
        "../scripts/experiments/{params.script}.py"


rule select:
    input:
        data=lambda wildcards: data_of(study.searches[wildcards.search]),
        results=lambda wildcards: all_trials(wildcards.search),
    output:
        ledger="results/{scale}/searches/{search}/ledger.csv",
        best="results/{scale}/searches/{search}/best.json",
    log:
        "results/{scale}/logs/select/{search}.log",
    benchmark:
        "results/{scale}/benchmarks/select/{search}.tsv"
    conda:
        "../envs/keras.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=lambda wildcards: study.search_settings(wildcards.search),
        made_with=lambda wildcards: dict(
            expected=study.all_trial_settings(wildcards.search),
            made_by=code_of(study.searches[wildcards.search]),
        ),
        code=code("select.py"),
    message:
        "Search {wildcards.search}: writing the ledger and the best trial"
    script:
        "../scripts/select.py"
