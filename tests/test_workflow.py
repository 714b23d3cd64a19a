"""The workflow as a whole: from archives in the official formats to the PDF, and what reruns."""

import contextlib
import json
import os
import re
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pypdf
import pytest
from conftest import ROOT, TINY
from hostile_names import FOLDER, place, printed

from imagestudy.settings import Study
from imagestudy.stored import metrics, read_stored

DEMO = Study.load(ROOT, {"scale": "demo"})
EXPERIMENTS, SEARCHES = DEMO.experiments, DEMO.searches
REPORT = {"tabulate", "render_report", "compile_report", "copy_report"}
PLOTS_OF_TITLES = {
    "plot_accuracy", "plot_cost", "plot_anytime", "plot_class_counts", "plot_errors",
    "plot_classes", "plot_calibration",
}  # fmt: skip
TRAINING = {"generate", "prepare", "propose", "trial", "select", "run"}


@contextlib.contextmanager
def edited(path, old, new):
    """The file with `old` replaced by `new`, for a while."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    try:
        yield
    finally:
        path.write_text(text)


def results(study, experiment):
    return study.folder / "results" / "demo" / "runs" / experiment / "seed-1"


def test_the_study_ends_in_a_pdf(finished_study):
    reader = pypdf.PdfReader(finished_study.folder / "report.pdf")
    assert reader.metadata.title == printed(TINY["title"])
    assert reader.metadata.author == printed(", ".join(TINY["authors"]))
    pages = [page.extract_text() for page in reader.pages]
    for page in pages:
        assert "generated data" in page
    text = "\n".join(pages)
    for cell in ("0.5432", "0.3647", "0.55381", "0.3744", "0.3188", "0.2507", "0.8681", "0.33",
                 "0.999", "0.7034", "0.6755", "0.6559"):  # fmt: skip
        assert cell in text


def test_a_persons_own_pictures_are_studied_too(finished_study):
    result = json.loads((results(finished_study, "alexnet_own") / "result.json").read_text())
    assert result["data"] == result["data"] | {"name": "own", "source": "own"}


def test_an_edit_of_own_pictures_is_seen(finished_study):
    assert "prepare" not in finished_study.planned("alexnet_own")
    picture = finished_study.folder / FOLDER / place("#3") / "1.png"
    kept, changed = picture.read_bytes(), picture.stat().st_mtime_ns
    picture.write_bytes((picture.with_name("2.png")).read_bytes())
    assert finished_study.planned("alexnet_own")["prepare"] == 1
    picture.write_bytes(kept)
    os.utime(picture, ns=(changed, changed))


def test_every_claim_is_in_a_file_with_its_outcome(finished_study):
    claims = json.loads((finished_study.folder / "results" / "demo" / "claims.json").read_text())
    # The original's own numbers decide that one; made-up pictures decide nothing.
    outcomes = {each["outcome"] for each in claims if each["name"] != "original_overfits"}
    assert outcomes == {"undecided", "not comparable", "not testable"}
    stated = {each["name"] for each in claims if each["statement"]}
    assert stated == {
        "transfer_fast", "transfer_fast_to_equal_accuracy", "transfer_accurate",
        "transfer_best_of_all", "transfer_beats_fine_tuning", "autokeras_better",
        "autokeras_cost", "autokeras_converges", "autokeras_complex",
    }  # fmt: skip


def test_latex_had_nothing_to_say(finished_study):
    log = (finished_study.folder / "results" / "demo" / "report.log").read_text(errors="replace")
    assert "undefined" not in log
    assert "LaTeX Warning: Reference" not in log


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_has_a_result_that_explains_itself(finished_study, experiment):
    folder = results(finished_study, experiment)
    result = json.loads((folder / "result.json").read_text())
    assert result["status"] in ("completed", "at_chance")
    assert result["settings"]["name"] == experiment
    assert result["code"]["modules"].keys() >= {"imagestudy/training.py"}
    assert result["data"]["source"] == "generated"
    assert result["software"]["keras"] and result["hardware"]["cpu"]
    assert result["seconds"]["total"] > 0
    summary = finished_study.folder / "results" / "demo" / "experiments" / f"{experiment}.json"
    assert json.loads(summary.read_text())["metrics"]["test_top1"]["n"] == 1


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_metrics_can_be_recomputed_from_the_predictions(finished_study, experiment):
    folder = results(finished_study, experiment)
    stored = json.loads((folder / "result.json").read_text())["metrics"]["test"]
    found = read_stored(folder / "predictions.npz")
    assert metrics(found.log_probabilities, found.labels) == stored


def test_the_history_has_a_row_per_epoch(finished_study):
    history = pd.read_csv(results(finished_study, "alexnet") / "history.csv")
    assert list(history["epoch"]) == [1]


def test_saved_networks_predict_the_same_in_a_clean_process(finished_study):
    code = (
        "import keras, numpy as np, sys\n"
        "for network, images, found in zip(*[iter(sys.argv[1:])] * 3):\n"
        "    network = keras.saving.load_model(network)\n"
        "    np.save(found, network.predict(np.load(images), verbose=0))\n"
    )
    arguments, checked = [], {}
    for experiment in ("alexnet", "autokeras", "vgg16_transfer"):
        folder = results(finished_study, experiment)
        dataset = json.loads((folder / "result.json").read_text())["data"]["name"]
        data = finished_study.folder / "results" / "demo" / "data" / dataset
        found = finished_study.folder / f"{experiment}.npy"
        checked[found] = folder / "predictions.npz"
        arguments += [folder / "model.keras", data / "test_images.npy", found]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)
    for found, predictions in checked.items():
        with np.load(predictions) as arrays:
            expected = np.exp(arrays["log_probabilities"])
        np.testing.assert_allclose(np.load(found), expected, atol=2e-3)


def test_a_start_is_declared_and_its_weights_are_kept(finished_study):
    scratch = json.loads((results(finished_study, "vgg16") / "result.json").read_text())
    assert scratch["start"] == {"provenance": "scratch", "name": "scratch", "digest": None}
    transfer = json.loads((results(finished_study, "vgg16_transfer") / "result.json").read_text())
    assert transfer["start"]["provenance"] == "study"
    assert transfer["start"]["name"] == "vgg16"
    assert len(transfer["start"]["digest"]) == 64


def test_predictions_for_the_unlabelled_pictures_are_in_the_challenges_format(finished_study):
    target = "results/demo/submissions/alexnet.txt"
    lines = (finished_study.folder / target).read_text().splitlines()
    classes = finished_study.folder / "results" / "demo" / "data" / "tiny_imagenet" / "dataset.json"
    names = {each["name"] for each in json.loads(classes.read_text())["classes"]}
    assert len(lines) == 6
    assert lines[0].split()[0] == "test_0.JPEG"
    assert {line.split()[1] for line in lines} <= names


def test_every_search_has_a_ledger(finished_study):
    for search in SEARCHES:
        folder = finished_study.folder / "results" / "demo" / "searches" / search
        ledger = pd.read_csv(folder / "ledger.csv")
        # The first trial of the search at random takes more than all that the search may spend.
        ended = {"skipped"} if search == "random" else set()
        assert set(ledger["status"]) == {"completed"} | ended
        assert (ledger["status"] == "skipped").sum() == len(ended)
        best = json.loads((folder / "seed-1" / "best.json").read_text())
        found = ledger.loc[ledger["score"].idxmax()]
        assert [best[key] for key in ("round", "trial")] == [found["round"], found["trial"]]


def test_the_network_that_a_search_found_can_be_loaded(finished_study):
    folder = finished_study.folder / "results" / "demo" / "searches" / "autokeras" / "seed-1"
    network = keras.saving.load_model(folder / "best.keras")
    result = json.loads((results(finished_study, "autokeras") / "result.json").read_text())
    assert network.count_params() == result["network"]["parameters"]


def test_no_checkpoint_is_left(finished_study):
    left = (finished_study.folder / "results" / "demo" / "checkpoints").rglob("*")
    assert not [path for path in left if path.is_file()]


def test_nothing_reruns_when_nothing_changed(finished_study):
    assert finished_study.planned("report.pdf") == {}


def test_a_comment_reruns_nothing(finished_study):
    module = finished_study.folder / "src" / "imagestudy" / "training.py"
    with edited(module, "def fit(", "# why\ndef fit("):
        assert finished_study.planned("report.pdf") == {}


def test_an_edit_of_a_plot_trains_nothing(finished_study):
    script = finished_study.folder / "src" / "imagestudy" / "figures" / "results.py"
    with edited(script, "def cost(", "ANOTHER = 1\n\n\ndef cost("):
        planned = finished_study.planned("report.pdf")
    assert planned.keys() >= {"plot_cost", "compile_report", "copy_report"}
    assert not planned.keys() & TRAINING


def test_an_edit_of_the_prose_only_renders_again(finished_study):
    section = finished_study.folder / "report" / "sections" / "introduction.tex.jinja"
    with edited(section, "\\section", "An added sentence.\n\\section"):
        planned = finished_study.planned("report.pdf")
    assert planned.keys() == REPORT - {"tabulate"}


def test_one_setting_reruns_exactly_its_dependents(finished_study):
    changed = "experiments={alexnet: {training: {learning_rate: 0.02}}}"
    planned = finished_study.planned("report.pdf", "--config", changed)
    assert planned["run"] == 1
    assert planned["summarize"] == 1
    assert not planned.keys() & (TRAINING - {"run"})


def test_a_start_reruns_what_starts_from_it(finished_study):
    changed = "experiments={vgg16: {training: {learning_rate: 0.02}}}"
    assert finished_study.planned("report.pdf", "--config", changed)["run"] == 3


def test_an_edit_of_one_network_reruns_exactly_its_runs(finished_study):
    module = finished_study.folder / "src" / "imagestudy" / "networks" / "alexnet.py"
    with edited(module, "(384, 3, 1, False, False)", "(380, 3, 1, False, False)"):
        planned = finished_study.planned("report.pdf")
    assert planned["run"] == 2
    assert not planned.keys() & (TRAINING - {"run"})


def test_an_edit_of_the_trainer_reruns_every_training(finished_study):
    module = finished_study.folder / "src" / "imagestudy" / "training.py"
    with edited(module, "CHECKPOINT_SECONDS = 60", "CHECKPOINT_SECONDS = 61"):
        planned = finished_study.planned("report.pdf")
    assert planned["run"] == len(EXPERIMENTS) + 1
    assert planned["trial"] == 6
    assert "prepare" not in planned


@pytest.mark.parametrize(
    ("result", "target", "rule"),
    [
        ("runs/alexnet/seed-1", "experiments/alexnet.json", "summarize"),
        ("searches/hand/seed-1/round-1/trial-1", "searches/hand/seed-1/best.json", "select"),
    ],
)
def test_a_result_of_other_settings_is_refused(finished_study, tmp_path, result, target, rule):
    study = finished_study.copy(tmp_path)
    with edited(
        study.folder / "results" / "demo" / result / "result.json",
        '"momentum": 0.9',
        '"momentum": 0.8',
    ):
        ended = study.snakemake(f"results/demo/{target}", "--forcerun", rule)
    assert ended.returncode != 0
    assert "settings.training.momentum is 0.8, expected 0.9" in ended.stdout + ended.stderr
    assert study.snakemake(f"results/demo/{target}").returncode == 0


def test_results_of_an_older_version_are_kept_where_all_would_be_made_again(
    finished_study, tmp_path
):
    study = finished_study.copy(tmp_path)
    older = study.folder / "results/demo/runs/alexnet/seed-1/result.json"
    older.write_text(older.read_text().replace('"schema": 1', '"schema": 0'))
    trainer = study.folder / "src" / "imagestudy" / "training.py"
    trainer.write_text(trainer.read_text() + "\n\nNEWER = True\n")
    results = study.folder / "results" / "demo" / "runs"
    kept = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    ended = study.snakemake("report.pdf")
    assert ended.returncode == 1
    assert "result.json was made by another version of the study" in ended.stdout + ended.stderr
    assert {path: path.read_bytes() for path in results.rglob("*") if path.is_file()} == kept


def test_a_title_reruns_no_training(finished_study):
    changed = "datasets={cifar10: {title: Another name}}"
    planned = finished_study.planned("report.pdf", "--config", changed)
    assert planned.keys() == REPORT | PLOTS_OF_TITLES


def test_a_dry_run_shows_every_experiment_search_and_trial(fresh_study):
    ended = fresh_study.snakemake("-n", "report.pdf")
    shown = ended.stdout + ended.stderr
    assert ended.returncode == 0
    for name in (*EXPERIMENTS, *SEARCHES):
        assert name in shown
    assert fresh_study.planned("report.pdf")["trial"] == 6


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_is_a_target(fresh_study, experiment):
    assert fresh_study.planned(experiment)["run"] >= 1


@pytest.mark.parametrize("arguments", [["--dag"], ["--rulegraph"]])
def test_the_graph_can_be_drawn(fresh_study, arguments):
    ended = fresh_study.snakemake("report.pdf", *arguments)
    assert ended.returncode == 0
    assert ended.stdout.lstrip().startswith("digraph")


def test_the_html_report_holds_the_figures_with_captions_and_needs_no_network(finished_study):
    ended = finished_study.snakemake("report.pdf", "--report", "report.html")
    assert ended.returncode == 0, ended.stderr
    page = (finished_study.folder / "report.html").read_text()
    assert not re.findall(r"<(?:script|link|img)[^>]*https?://", page)
    for category in ("Data", "Learning curves", "Report", "Results"):
        assert f'"{category}": {{"' in page
    folder = finished_study.folder / "results" / "demo"
    shown = [*folder.glob("figures/*.png"), folder / "summary.csv", folder / "report.pdf"]
    for path in shown:
        assert f'"{path.relative_to(finished_study.folder)}"' in page
    assert page.count('"caption": "<p>') == len(shown)
    assert "Accuracy and loss of alexnet over epochs" in page
    assert "<script>alert" not in page


def test_a_wrong_setting_stops_before_any_job(fresh_study):
    ended = fresh_study.snakemake("report.pdf", "--config", "experiments={alexnet: {lr: 1}}")
    assert ended.returncode != 0
    shown = ended.stdout + ended.stderr
    assert "--config or --configfile: experiments.alexnet has the unknown key 'lr'" in shown
    assert not (fresh_study.folder / "results").exists()


def test_an_archive_that_is_missing_is_named_before_any_job(fresh_study, tmp_path):
    ended = fresh_study.snakemake(
        "report.pdf", "--config", "scale=cpu", f"data_root={tmp_path}/nowhere"
    )
    assert ended.returncode != 0
    assert "which has no tiny-imagenet-200.zip" in ended.stdout + ended.stderr


def test_imagenets_weights_are_an_input_where_they_are_the_start(fresh_study):
    changed = "experiments={vgg16_transfer: {start: imagenet, network: {width: 1.0}}}"
    assert fresh_study.planned("vgg16_transfer", "--config", changed)["download"] == 1


def test_at_full_everything_is_downloaded_and_nothing_generated(fresh_study):
    planned = fresh_study.planned("report.pdf", "--config", "scale=full")
    assert planned["download"] == 3
    assert "generate" not in planned
    full = Study.load(ROOT, {"scale": "full"})
    assert planned["run"] == sum(len(full.seeds(name)) for name in full.experiments)
    trials = [
        len(search["seeds"]) * search["rounds"] * search["trials_per_round"]
        for search in full.searches.values()
    ]
    assert planned["trial"] == sum(trials)


def test_what_the_settings_leave_open_a_probe_decides_once(fresh_study):
    left_open = ("--config", "training={precision: auto, compiled: auto, threads: auto}")
    assert fresh_study.planned("report.pdf", *left_open)["probe_engine"] == 1
    target = "results/demo/runs/alexnet/seed-1/result.json"
    ended = fresh_study.snakemake(target, *left_open)
    assert ended.returncode == 0, ended.stderr[-3000:]
    engine = json.loads((fresh_study.folder / "results/demo/engine.json").read_text())
    for key, ways in {
        "precision": {"float32", "mixed_bfloat16"},
        "compiled": {False, True},
    }.items():
        assert {each[key] for each in engine["measured"]} == ways
    assert all(each["pictures_per_second"] > 0 for each in engine["measured"])
    result = json.loads((fresh_study.folder / target).read_text())
    assert result["precision"] == engine["precision"]
    assert result["hardware"]["compiled"] == engine["compiled"]
    assert result["threads_used"] == min(engine["threads"], result["threads"])
    (fresh_study.folder / "results/demo/engine.json").touch()
    assert fresh_study.planned(target, *left_open) == {}
    module = fresh_study.folder / "src" / "imagestudy" / "training.py"
    with edited(module, "CHECKPOINT_SECONDS = 60", "CHECKPOINT_SECONDS = 61"):
        assert fresh_study.planned(target, *left_open) == {"run": 1}


ALEXNET = {
    "title": "Like a rule",
    "role": "control",
    "script": "alexnet",
    "dataset": "tiny_imagenet",
    "network": {"width": 0.1, "dropout": 0.5, "batch_normalization": False},
}


def test_an_experiment_is_not_called_like_a_rule(fresh_study):
    like_a_rule = json.dumps({"experiments": {"trial": ALEXNET}})
    (fresh_study.folder / "more.yaml").write_text(like_a_rule)
    ended = fresh_study.snakemake("-n", "--configfile", "more.yaml")
    assert ended.returncode == 1
    assert "config.yaml: experiments.trial has the name of a rule" in ended.stdout + ended.stderr
