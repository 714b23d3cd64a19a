# Searches: rounds of trials put forward by a proposer, all on one ledger.

# The second attempt records what the first crashed of, and the search goes on. On a cluster the
# profile says how many there are, and inside an allocation there is one.
RETRIES_OF_TRIAL = 1 if workflow.local_exec and workflow.is_main_process else None


rule propose:
    input:
        data=lambda wildcards: data_of(study.searches[wildcards.search]),
        earlier=lambda wildcards: trials(
            wildcards.search, wildcards.seed, range(1, int(wildcards.round))
        ),
    output:
        proposals=at_scale("searches/{search}/seed-{seed}/round-{round}/proposals.json"),
    log:
        at_scale("logs/propose/{search}-{seed}-{round}.log"),
    benchmark:
        at_scale("benchmarks/propose/{search}-{seed}-{round}.tsv")
    conda:
        "../envs/keras.yaml"
    resources:
        mem_mb=memory_of_trial,
        gpu=0,
        runtime=growing(10),
    params:
        settings=lambda wildcards: study.search_settings(
            wildcards.search, int(wildcards.seed)
        ),
        code=code("propose.py"),
    message:
        with_needs(
            "propose",
            "Search {wildcards.search}, seed {wildcards.seed}: putting forward round {wildcards.round}",
        )
    script:
        "../scripts/propose.py"


rule trial:
    input:
        unpack(inputs_of_search),
        proposals=at_scale("searches/{search}/seed-{seed}/round-{round}/proposals.json"),
    output:
        result=at_scale(
            "searches/{search}/seed-{seed}/round-{round}/trial-{trial}/result.json"
        ),
    log:
        at_scale("logs/trial/{search}-{seed}-{round}-{trial}.log"),
    benchmark:
        at_scale("benchmarks/trial/{search}-{seed}-{round}-{trial}.tsv")
    retries: RETRIES_OF_TRIAL
    conda:
        "../envs/keras.yaml"
    threads: TRAINING_THREADS
    resources:
        mem_mb=memory_of_trial,
        gpu=TRAINING_GPUS,
        runtime=growing(120),
    params:
        run=lambda wildcards: dict(
            settings=study.trial_settings(
                wildcards.search,
                int(wildcards.seed),
                int(wildcards.round),
                int(wildcards.trial),
            ),
            code=code_of(study.searches[wildcards.search]),
            checkpoints=at_scale(
                f"checkpoints/trial/{wildcards.search}-{wildcards.seed}-{wildcards.round}-{wildcards.trial}"
            ),
        ),
        script=lambda wildcards: study.searches[wildcards.search]["script"],
    message:
        with_needs(
            "trial",
            "Search {wildcards.search}, seed {wildcards.seed}: round {wildcards.round}, trial {wildcards.trial}",
        )
    script:
        "../scripts/experiments/{params.script}.py"


rule export:
    input:
        unpack(inputs_of_search),
        best=at_scale("searches/{search}/seed-{seed}/best.json"),
    output:
        network=at_scale("searches/{search}/seed-{seed}/best.keras"),
    log:
        at_scale("logs/export/{search}-{seed}.log"),
    benchmark:
        at_scale("benchmarks/export/{search}-{seed}.tsv")
    conda:
        "../envs/keras.yaml"
    resources:
        mem_mb=memory_of_trial,
        gpu=0,
        runtime=growing(10),
    params:
        run=lambda wildcards: dict(
            settings=study.searching_settings(wildcards.search, int(wildcards.seed)),
            code=code_of(study.searches[wildcards.search]),
            checkpoints=at_scale(
                f"checkpoints/export/{wildcards.search}-{wildcards.seed}"
            ),
        ),
        script=lambda wildcards: study.searches[wildcards.search]["script"],
    message:
        with_needs(
            "export",
            "Search {wildcards.search}, seed {wildcards.seed}: saving the best network, untrained",
        )
    script:
        "../scripts/experiments/{params.script}.py"


rule develop:
    input:
        [at_scale(f"searches/{name}/ledger.csv") for name in study.development],
    localrule: True
