# A finished study instead of data, searches and runs: everything that these would make.


rule unpack:
    input:
        bundle=str(bundle.path),
    output:
        files=[at_scale(name) for name in bundle.files],
        pictures=[
            at_scale(f"data/{name}/{array}")
            for name in study.datasets
            for array in ARRAYS
            if array.endswith("_images.npy")
        ],
    log:
        at_scale("logs/unpack.log"),
    benchmark:
        at_scale("benchmarks/unpack.tsv")
    localrule: True
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        folder=at_scale(""),
        schema=str(FOLDER / "config.schema.yaml"),
        code=code("unpack.py"),
    message:
        "Unpacking {input.bundle}"
    script:
        "../scripts/unpack.py"
