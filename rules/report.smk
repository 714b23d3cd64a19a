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
    examination=at_scale("examination.json"),
    development=at_scale("development.csv"),
    original=str(REPORT / "original.yaml"),
    anchors=str(REPORT / "anchors.yaml"),
    earlier=str(REPORT / "earlier.yaml"),
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
        summary=at_scale("experiments/{experiment}.json"),
        data=lambda wildcards: data_of(study.experiments[wildcards.experiment]),
    output:
        figure=at_scale("figures/learning_curves_{experiment}.pdf"),
        preview=report(
            at_scale("figures/learning_curves_{experiment}.png"),
            caption="../report/captions/learning_curves.rst",
            category="Learning curves",
            labels={"experiment": "{experiment}"},
        ),
    log:
        at_scale("logs/plot_learning_curves/{experiment}.log"),
    benchmark:
        at_scale("benchmarks/plot_learning_curves/{experiment}.tsv")
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
        data=at_scale("data/{dataset}/dataset.json"),
        arrays=[at_scale(f"data/{{dataset}}/{name}") for name in ARRAYS],
    output:
        figure=at_scale("figures/samples_{dataset}.pdf"),
        preview=report(
            at_scale("figures/samples_{dataset}.png"),
            caption="../report/captions/samples.rst",
            category="Data",
            labels={"figure": "sample pictures", "data": "{dataset}"},
        ),
    log:
        at_scale("logs/plot_samples/{dataset}.log"),
    benchmark:
        at_scale("benchmarks/plot_samples/{dataset}.tsv")
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
        figure=at_scale("figures/class_counts.pdf"),
        preview=report(
            at_scale("figures/class_counts.png"),
            caption="../report/captions/class_counts.rst",
            category="Data",
            labels={"figure": "class counts", "data": "all"},
        ),
    log:
        at_scale("logs/plot_class_counts.log"),
    benchmark:
        at_scale("benchmarks/plot_class_counts.tsv")
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
        figure=at_scale("figures/accuracy.pdf"),
        preview=report(
            at_scale("figures/accuracy.png"),
            caption="../report/captions/accuracy.rst",
            category="Results",
            labels={"figure": "accuracy"},
        ),
    log:
        at_scale("logs/plot_accuracy.log"),
    benchmark:
        at_scale("benchmarks/plot_accuracy.tsv")
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
        figure=at_scale("figures/cost.pdf"),
        preview=report(
            at_scale("figures/cost.png"),
            caption="../report/captions/cost.rst",
            category="Results",
            labels={"figure": "accuracy against cost"},
        ),
    log:
        at_scale("logs/plot_cost.log"),
    benchmark:
        at_scale("benchmarks/plot_cost.tsv")
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
        figure=at_scale("figures/anytime.pdf"),
        preview=report(
            at_scale("figures/anytime.png"),
            caption="../report/captions/anytime.rst",
            category="Results",
            labels={"figure": "searches over time"},
        ),
    log:
        at_scale("logs/plot_anytime.log"),
    benchmark:
        at_scale("benchmarks/plot_anytime.tsv")
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
        figure=at_scale("figures/found.pdf"),
        preview=report(
            at_scale("figures/found.png"),
            caption="../report/captions/found.rst",
            category="Results",
            labels={"figure": "networks found"},
        ),
    log:
        at_scale("logs/plot_found.log"),
    benchmark:
        at_scale("benchmarks/plot_found.tsv")
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
            at_scale(f"tables/{name}.tex") for name in table_names(study.experiments)
        ],
        summary=report(
            at_scale("summary.csv"),
            caption="../report/captions/summary.rst",
            category="Results",
            labels={"figure": "summary table"},
        ),
        markdown=at_scale("summary.md"),
        claims=at_scale("claims.json"),
        replication=at_scale("replication.csv"),
        anchors=at_scale("anchors.csv"),
        by_hand=at_scale("by_hand.csv"),
    log:
        at_scale("logs/tabulate.log"),
    benchmark:
        at_scale("benchmarks/tabulate.tsv")
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
        report=at_scale("report.tex"),
        bibliography=at_scale("references.bib"),
    log:
        at_scale("logs/render_report.log"),
    benchmark:
        at_scale("benchmarks/render_report.tsv")
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
        report=at_scale("report.tex"),
        bibliography=at_scale("references.bib"),
        figures=[at_scale(f"figures/{name}.pdf") for name in FIGURES],
        tables=rules.tabulate.output.tables,
    output:
        pdf=report(
            at_scale("report.pdf"),
            caption="../report/captions/report.rst",
            category="Report",
            labels={"figure": "report"},
        ),
    log:
        at_scale("logs/compile_report.log"),
    benchmark:
        at_scale("benchmarks/compile_report.tsv")
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
        "cp {input.pdf:q} {output:q} 2> {log:q}"
