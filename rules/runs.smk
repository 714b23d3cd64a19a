# Runs: one network trained with one experiment's settings and one seed.


rule probe_engine:
    output:
        engine=at_scale("engine.json"),
    log:
        at_scale("logs/probe_engine.log"),
    benchmark:
        at_scale("benchmarks/probe_engine.tsv")
    conda:
        "../envs/keras.yaml"
    threads: TRAINING_THREADS
    resources:
        mem_mb=growing(4000),
        gpu=TRAINING_GPUS,
        runtime=growing(30),
    # No digest of the code: it is made once. Were it made again, Snakemake would look at nothing
    # that takes it as `ancient`, and an edit of the code or a setting would train nothing.
    message:
        with_needs(
            "probe_engine",
            "Finding out which precision, compilation and number of threads are fastest here",
        )
    script:
        "../scripts/probe_engine.py"


rule run:
    input:
        unpack(inputs_of_run),
    output:
        result=at_scale("runs/{experiment}/seed-{seed}/result.json"),
        history=at_scale("runs/{experiment}/seed-{seed}/history.csv"),
        predictions=at_scale("runs/{experiment}/seed-{seed}/predictions.npz"),
        network=at_scale("runs/{experiment}/seed-{seed}/model.keras"),
    log:
        at_scale("logs/run/{experiment}-{seed}.log"),
    benchmark:
        at_scale("benchmarks/run/{experiment}-{seed}.tsv")
    conda:
        "../envs/keras.yaml"
    threads: TRAINING_THREADS
    resources:
        mem_mb=memory_of_run,
        gpu=TRAINING_GPUS,
        runtime=growing(600),
    params:
        run=lambda wildcards: dict(
            settings=study.run_settings(wildcards.experiment, int(wildcards.seed)),
            code=code_of(study.experiments[wildcards.experiment]),
            checkpoints=at_scale(
                f"checkpoints/run/{wildcards.experiment}-{wildcards.seed}"
            ),
        ),
        script=lambda wildcards: study.experiments[wildcards.experiment]["script"],
    message:
        with_needs("run", "Experiment {wildcards.experiment}, seed {wildcards.seed}")
    script:
        "../scripts/experiments/{params.script}.py"


rule export_submission:
    input:
        data=lambda wildcards: data_of(study.experiments[wildcards.experiment]),
        summary=at_scale("experiments/{experiment}.json"),
        predictions=lambda wildcards: runs_of(wildcards.experiment, "predictions.npz"),
    output:
        submission=at_scale("submissions/{experiment}.txt"),
    log:
        at_scale("logs/export_submission/{experiment}.log"),
    benchmark:
        at_scale("benchmarks/export_submission/{experiment}.tsv")
    conda:
        "../envs/keras.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("export_submission.py"),
    message:
        "Predictions of {wildcards.experiment} for the unlabelled pictures, as the challenge wants"
    script:
        "../scripts/export_submission.py"


rule enter_development:
    input:
        published=str(FOLDER / "published" / "development.csv"),
    output:
        tries=at_scale("development.csv"),
    log:
        at_scale("logs/enter_development.log"),
    benchmark:
        at_scale("benchmarks/enter_development.tsv")
    localrule: True
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        experiments=study.tried_before,
        code=code("enter_development.py"),
    message:
        "Entering how the recipes were developed"
    script:
        "../scripts/enter_development.py"
