from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sample_results
from matplotlib import style

from imagestudy.evidence import Evidence, summary_frame
from imagestudy.figures import data, frames, learning, results
from imagestudy.figures.saving import save


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return sample_results.write(tmp_path_factory.mktemp("sample"))


@pytest.fixture(autouse=True)
def look():
    with style.context("report/report.mplstyle"):
        yield


def test_learning_curves_have_a_line_for_each_seed_and_split(root):
    paths = sorted((root / "runs" / "vgg16").glob("*/history.csv"))
    figure = learning.learning_curves(frames.histories(map(str, paths)), {1: 7, 2: 7}, 0.1)
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert len(lines) == 4


def test_a_run_that_failed_has_no_curve_and_no_error(tmp_path):
    for seed in (1, 2):
        path = tmp_path / f"seed-{seed}" / "history.csv"
        path.parent.mkdir()
        header = "epoch,seconds,learning_rate,train_top1,train_loss,selection_top1,selection_loss"
        path.write_text(header + "\n" + ("" if seed == 2 else "1,2,0.1,0.2,2.0,0.2,2.1\n"))
    paths = [str(tmp_path / f"seed-{seed}" / "history.csv") for seed in (1, 2)]
    figure = learning.learning_curves(frames.histories(paths), {1: 1, 2: 0}, 0.1)
    assert figure.axes


def test_samples_show_boxes_in_the_pictures_own_pixels(root):
    images, boxes, titles = frames.samples(root / "data" / "tiny_imagenet")
    assert len(images) == len(boxes) == len(titles) == frames.PICTURES
    assert boxes[0] == pytest.approx([6, 8, 21, 23], abs=0.51)
    figure = data.sample_pictures(images, boxes, titles)
    assert len(figure.axes[0].patches) == 2
    without = frames.samples(root / "data" / "cifar10")
    assert not data.sample_pictures(*without).axes[0].patches


def test_class_counts_of_many_classes_are_sorted():
    rows = [
        {"dataset": "many", "class": f"c{n}", "split": "train", "pictures": n} for n in range(30)
    ]
    (line,) = data.class_counts(pd.DataFrame(rows)).axes[0].lines
    assert list(line.get_ydata()) == sorted(range(30), reverse=True)


def test_results_are_drawn_in_a_panel_for_each_data_set(root, tmp_path):
    table = summary_frame(evidence(root))
    for draw in (results.accuracy_overview, results.cost):
        figure = draw(table)
        assert len(figure.axes) == 2
        save(figure, tmp_path / "figure.pdf", tmp_path / "figure.png")
        assert figure.get_size_inches()[0] == pytest.approx(5.9)
    first = (tmp_path / "figure.pdf").read_bytes()
    save(results.cost(table), tmp_path / "figure.pdf", tmp_path / "figure.png")
    assert (tmp_path / "figure.pdf").read_bytes() == first


def test_anytime_curves_never_fall(root):
    ledgers = [str(path) for path in (root / "searches").glob("*/ledger.csv")]
    searches = sample_results.study()["searches"]
    figure = results.anytime(frames.trials(ledgers, searches))
    lines = figure.axes[0].lines
    assert len(lines) == len(searches)
    assert all((np.diff(line.get_ydata()) >= 0).all() for line in lines)


def evidence(root: Path) -> Evidence:
    return Evidence.read(**sample_results.inputs(root))
