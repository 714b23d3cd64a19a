# Figures, tables, the LaTeX source and the PDF of it; the root's copy is of the scale asked for last.
from imagestudy.tables import names as table_names

REPORT = FOLDER / "report"
STYLE = str(REPORT / "report.mplstyle")
REPORT_SETTINGS = study.report_settings() | {"bundle": bundle and bundle.origin}
EVIDENCE = dict(
    summaries=[at_scale(f"experiments/{name}.json") for name in study.experiments],
    data=[at_scale(f"data/{name}/dataset.json") for name in study.datasets],
    ledgers=[at_scale(f"searches/{name}/ledger.csv") for name in study.searches],
    best=[
        best_of(name, seed)
        for name, block in study.searches.items()
        for seed in block["seeds"]
    ],
    histories=[
        path for name in study.experiments for path in runs_of(name, "history.csv")
    ],
    examination=at_scale("examination.json"),
    original=str(REPORT / "original.yaml"),
    anchors=str(REPORT / "anchors.yaml"),
)
# Networks that a search found are drawn.
FOUND = [
    at_scale(f"experiments/{name}.json")
    for name, block in study.experiments.items()
    if "search" in block
]
FIGURES = [
    *["accuracy", "cost", "class_counts", "calibration"],
    *["anytime" for _ in study.searches][:1],
    *["found" for _ in FOUND][:1],
    *[
        f"{kind}_{name}"
        for kind in ("samples", "errors", "classes")
        for name in study.datasets
    ],
    *[f"learning_curves_{name}" for name in study.experiments],
]


rule plot_learning_curves:
    input:
        style=STYLE,
        summary="results/{scale}/experiments/{experiment}.json",
        data=lambda wildcards: data_of(study.experiments[wildcards.experiment]),
        histories=lambda wildcards: runs_of(wildcards.experiment, "history.csv"),
    output:
        figure="results/{scale}/figures/learning_curves_{experiment}.pdf",
        preview=report(
            "results/{scale}/figures/learning_curves_{experiment}.png",
            caption="../report/captions/learning_curves.rst",
            category="Learning curves",
            labels={"experiment": "{experiment}"},
        ),
    log:
        "results/{scale}/logs/plot_learning_curves/{experiment}.log",
    benchmark:
        "results/{scale}/benchmarks/plot_learning_curves/{experiment}.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("plot_learning_curves.py"),
    message:
        "Drawing the learning curves of {wildcards.experiment}"
    script:
        "../scripts/plot_learning_curves.py"


rule plot_samples:
    input:
        style=STYLE,
        data="results/{scale}/data/{dataset}/dataset.json",
        arrays=[f"results/{{scale}}/data/{{dataset}}/{name}" for name in ARRAYS],
    output:
        figure="results/{scale}/figures/samples_{dataset}.pdf",
        preview=report(
            "results/{scale}/figures/samples_{dataset}.png",
            caption="../report/captions/samples.rst",
            category="Data",
            labels={"figure": "sample pictures", "data": "{dataset}"},
        ),
    log:
        "results/{scale}/logs/plot_samples/{dataset}.log",
    benchmark:
        "results/{scale}/benchmarks/plot_samples/{dataset}.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("plot_samples.py"),
    message:
        "Drawing sample pictures of {wildcards.dataset}"
    script:
        "../scripts/plot_samples.py"


rule plot_class_counts:
    input:
        style=STYLE,
        data=EVIDENCE["data"],
    output:
        figure="results/{scale}/figures/class_counts.pdf",
        preview=report(
            "results/{scale}/figures/class_counts.png",
            caption="../report/captions/class_counts.rst",
            category="Data",
            labels={"figure": "class counts", "data": "all"},
        ),
    log:
        "results/{scale}/logs/plot_class_counts.log",
    benchmark:
        "results/{scale}/benchmarks/plot_class_counts.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=REPORT_SETTINGS,
        code=code("plot_class_counts.py"),
    message:
        "Drawing how many pictures each class has"
    script:
        "../scripts/plot_class_counts.py"


rule plot_accuracy:
    input:
        **EVIDENCE,
        style=STYLE,
    output:
        figure="results/{scale}/figures/accuracy.pdf",
        preview=report(
            "results/{scale}/figures/accuracy.png",
            caption="../report/captions/accuracy.rst",
            category="Results",
            labels={"figure": "accuracy"},
        ),
    log:
        "results/{scale}/logs/plot_accuracy.log",
    benchmark:
        "results/{scale}/benchmarks/plot_accuracy.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=REPORT_SETTINGS,
        code=code("plot_accuracy.py"),
    message:
        "Drawing the accuracies of all experiments"
    script:
        "../scripts/plot_accuracy.py"


rule plot_cost:
    input:
        **EVIDENCE,
        style=STYLE,
    output:
        figure="results/{scale}/figures/cost.pdf",
        preview=report(
            "results/{scale}/figures/cost.png",
            caption="../report/captions/cost.rst",
            category="Results",
            labels={"figure": "accuracy against cost"},
        ),
    log:
        "results/{scale}/logs/plot_cost.log",
    benchmark:
        "results/{scale}/benchmarks/plot_cost.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=REPORT_SETTINGS,
        code=code("plot_cost.py"),
    message:
        "Drawing accuracy against cost"
    script:
        "../scripts/plot_cost.py"


rule plot_anytime:
    input:
        style=STYLE,
        ledgers=EVIDENCE["ledgers"],
    output:
        figure="results/{scale}/figures/anytime.pdf",
        preview=report(
            "results/{scale}/figures/anytime.png",
            caption="../report/captions/anytime.rst",
            category="Results",
            labels={"figure": "searches over time"},
        ),
    log:
        "results/{scale}/logs/plot_anytime.log",
    benchmark:
        "results/{scale}/benchmarks/plot_anytime.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=REPORT_SETTINGS,
        code=code("plot_anytime.py"),
    message:
        "Drawing the searches' best scores over time"
    script:
        "../scripts/plot_anytime.py"


rule plot_found:
    input:
        style=STYLE,
        summaries=FOUND,
    output:
        figure="results/{scale}/figures/found.pdf",
        preview=report(
            "results/{scale}/figures/found.png",
            caption="../report/captions/found.rst",
            category="Results",
            labels={"figure": "networks found"},
        ),
    log:
        "results/{scale}/logs/plot_found.log",
    benchmark:
        "results/{scale}/benchmarks/plot_found.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("plot_found.py"),
    message:
        "Drawing the networks that searches found"
    script:
        "../scripts/plot_found.py"


rule tabulate:
    input:
        **EVIDENCE,
    output:
        tables=[
            f"results/{{scale}}/tables/{name}.tex"
            for name in table_names(study.experiments)
        ],
        summary=report(
            "results/{scale}/summary.csv",
            caption="../report/captions/summary.rst",
            category="Results",
            labels={"figure": "summary table"},
        ),
        markdown="results/{scale}/summary.md",
        claims="results/{scale}/claims.json",
    log:
        "results/{scale}/logs/tabulate.log",
    benchmark:
        "results/{scale}/benchmarks/tabulate.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=REPORT_SETTINGS,
        code=code("tabulate.py"),
    message:
        "Writing the report's tables"
    script:
        "../scripts/tabulate.py"


rule render_report:
    input:
        **EVIDENCE,
        template=str(REPORT / "report.tex.jinja"),
        parts=[
            str(path)
            for pattern in ("*/*.jinja", "preamble.tex")
            for path in sorted(REPORT.glob(pattern))
        ],
        bibliography=str(REPORT / "references.bib"),
    output:
        report="results/{scale}/report.tex",
        bibliography="results/{scale}/references.bib",
    log:
        "results/{scale}/logs/render_report.log",
    benchmark:
        "results/{scale}/benchmarks/render_report.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=REPORT_SETTINGS,
        code=code("render_report.py"),
    message:
        "Filling the report with the results"
    script:
        "../scripts/render_report.py"


rule compile_report:
    input:
        report="results/{scale}/report.tex",
        bibliography="results/{scale}/references.bib",
        figures=[f"results/{{scale}}/figures/{name}.pdf" for name in FIGURES],
        tables=rules.tabulate.output.tables,
    output:
        pdf=report(
            "results/{scale}/report.pdf",
            caption="../report/captions/report.rst",
            category="Report",
            labels={"figure": "report"},
        ),
    log:
        "results/{scale}/logs/compile_report.log",
    benchmark:
        "results/{scale}/benchmarks/compile_report.tsv"
    conda:
        "../envs/latex.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("compile_report.py"),
    message:
        "Compiling the report"
    script:
        "../scripts/compile_report.py"


rule copy_report:
    input:
        pdf=at_scale("report.pdf"),
        submissions=submissions(),
        exports=exports(),
        verified=[at_scale("verified.csv")] if bundle else [],
    output:
        "report.pdf",
    log:
        at_scale("logs/copy_report.log"),
    benchmark:
        at_scale("benchmarks/copy_report.tsv")
    conda:
        "../envs/latex.yaml"
    params:
        scale=study.scale,
    message:
        "The report: {output}"
    shell:
        "cp {input.pdf} {output} 2> {log}"
