# Raw archives, and the arrays made of them.
DOWNLOADS = {
    official.file: official for official in (*ARCHIVES.values(), IMAGENET_WEIGHTS)
}


rule generate:
    output:
        archive=f"resources/{RESULTS}/{{dataset}}/{{file}}",
    log:
        at_scale("logs/generate/{dataset}/{file}.log"),
    benchmark:
        at_scale("benchmarks/generate/{dataset}/{file}.tsv")
    localrule: True
    conda:
        "../envs/keras.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=lambda wildcards: study.generate_settings(wildcards.dataset),
        code=code("generate.py"),
    message:
        "Making up pictures for {wildcards.dataset}"
    script:
        "../scripts/generate.py"


rule download:
    output:
        file="resources/{file}",
    log:
        "resources/logs/{file}.log",
    benchmark:
        "resources/benchmarks/{file}.tsv"
    wildcard_constraints:
        file="|".join(DOWNLOADS),
    localrule: True
    conda:
        "../envs/keras.yaml"
    resources:
        mem_mb=500,
        runtime=120,
    params:
        url=lambda wildcards: DOWNLOADS[wildcards.file].url,
        md5=lambda wildcards: DOWNLOADS[wildcards.file].md5,
        size=lambda wildcards: DOWNLOADS[wildcards.file].size,
    message:
        "Downloading {wildcards.file}"
    script:
        "../scripts/download.py"


rule prepare:
    input:
        source=lambda wildcards: study.source(wildcards.dataset),
    output:
        data=at_scale("data/{dataset}/dataset.json"),
        arrays=[at_scale(f"data/{{dataset}}/{name}") for name in ARRAYS],
    log:
        at_scale("logs/prepare/{dataset}.log"),
    benchmark:
        at_scale("benchmarks/prepare/{dataset}.tsv")
    conda:
        "../envs/keras.yaml"
    threads: 2
    resources:
        mem_mb=growing(2000),
        gpu=0,
        runtime=growing(30),
    params:
        settings=lambda wildcards: study.dataset_settings(wildcards.dataset),
        folder=at_scale("data/{dataset}"),
        found=lambda wildcards: study.own_files(wildcards.dataset),
        code=modules("prepare.py"),
    message:
        with_needs("prepare", "Preparing the arrays of {wildcards.dataset}")
    script:
        "../scripts/prepare.py"


rule export_csv:
    input:
        data=at_scale("data/{dataset}/dataset.json"),
        arrays=rules.prepare.output.arrays,
    output:
        folder=directory(at_scale("csv/{dataset}")),
    log:
        at_scale("logs/export_csv/{dataset}.log"),
    benchmark:
        at_scale("benchmarks/export_csv/{dataset}.tsv")
    conda:
        "../envs/keras.yaml"
    resources:
        mem_mb=growing(1000),
        gpu=0,
        runtime=growing(30),
    params:
        code=code("export_csv.py"),
    message:
        with_needs(
            "export_csv",
            "Exporting {wildcards.dataset} as one folder of pictures and a CSV",
        )
    script:
        "../scripts/export_csv.py"
