# What the test pictures tell: every network's answers measured, compared, taken apart, and drawn.


rule examine:
    input:
        summaries=EVIDENCE["summaries"],
        data=EVIDENCE["data"],
        predictions=lambda wildcards: of_all_runs("predictions.npz"),
    output:
        examination=at_scale("examination.json"),
    log:
        at_scale("logs/examine.log"),
    benchmark:
        at_scale("benchmarks/examine.tsv")
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=dict(
            experiments=list(study.experiments), families=REPORT_SETTINGS["families"]
        ),
        code=code("examine.py"),
    message:
        "Comparing what all networks say of the test pictures"
    script:
        "../scripts/examine.py"


rule plot_errors:
    input:
        style=STYLE,
        examination=rules.examine.output.examination,
        data=at_scale("data/{dataset}/dataset.json"),
        arrays=[at_scale(f"data/{{dataset}}/{name}") for name in ARRAYS],
    output:
        figure=at_scale("figures/errors_{dataset}.pdf"),
        preview=report(
            at_scale("figures/errors_{dataset}.png"),
            caption="../report/captions/errors.rst",
            category="Pictures",
            labels={"figure": "errors shown", "data": "{dataset}"},
        ),
    log:
        at_scale("logs/plot_errors/{dataset}.log"),
    benchmark:
        at_scale("benchmarks/plot_errors/{dataset}.tsv")
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=REPORT_SETTINGS,
        code=code("plot_errors.py"),
    message:
        "Drawing the pictures of {wildcards.dataset} that are missed"
    script:
        "../scripts/plot_errors.py"


rule plot_classes:
    input:
        style=STYLE,
        examination=rules.examine.output.examination,
        data=at_scale("data/{dataset}/dataset.json"),
    output:
        figure=at_scale("figures/classes_{dataset}.pdf"),
        preview=report(
            at_scale("figures/classes_{dataset}.png"),
            caption="../report/captions/classes.rst",
            category="Pictures",
            labels={"figure": "classes", "data": "{dataset}"},
        ),
    log:
        at_scale("logs/plot_classes/{dataset}.log"),
    benchmark:
        at_scale("benchmarks/plot_classes/{dataset}.tsv")
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=REPORT_SETTINGS,
        code=code("plot_classes.py"),
    message:
        "Drawing the classes of {wildcards.dataset}, and what is confused"
    script:
        "../scripts/plot_classes.py"


rule plot_calibration:
    input:
        style=STYLE,
        examination=rules.examine.output.examination,
    output:
        figure=at_scale("figures/calibration.pdf"),
        preview=report(
            at_scale("figures/calibration.png"),
            caption="../report/captions/calibration.rst",
            category="Pictures",
            labels={"figure": "calibration", "data": "all"},
        ),
    log:
        at_scale("logs/plot_calibration.log"),
    benchmark:
        at_scale("benchmarks/plot_calibration.tsv")
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=REPORT_SETTINGS,
        code=code("plot_calibration.py"),
    message:
        "Drawing how sure the networks are, and how right"
    script:
        "../scripts/plot_calibration.py"
