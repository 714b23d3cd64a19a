import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sample_results
from matplotlib import rcParams, style
from matplotlib.backends.backend_agg import FigureCanvasAgg

from imagestudy import races
from imagestudy.evidence import Evidence, summary_frame
from imagestudy.figures import data, frames, learning, many, pictures, results
from imagestudy.figures import networks as drawings
from imagestudy.figures.saving import save
from imagestudy.recording import HISTORY


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return sample_results.write(tmp_path_factory.mktemp("sample"))


@pytest.fixture(autouse=True)
def look():
    with style.context("report/report.mplstyle"):
        yield


def test_learning_curves_have_a_line_for_each_seed_and_split(root):
    found = json.loads((root / "experiments" / "vgg16.json").read_text())
    figure = learning.learning_curves(frames.histories(found), {1: 7, 2: 7}, 0.1)
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert len(lines) == 4


def test_a_run_that_failed_has_no_curve_and_no_error():
    empty = {name: [] for name in HISTORY}
    one = dict(zip(HISTORY, ([1.0], [2.0], [0.1], [0.2], [None], [0.2], [2.1]), strict=True))
    runs = [{"seed": 1, "history": one}, {"seed": 2, "history": empty}]
    figure = learning.learning_curves(frames.histories({"runs": runs}), {1: 1, 2: 0}, 0.1)
    assert figure.axes


def test_samples_show_boxes_in_the_pictures_own_pixels(root):
    images, boxes, titles = frames.samples(root / "data" / "tiny_imagenet")
    assert len(images) == len(boxes) == len(titles) == frames.PICTURES
    assert boxes[0] == pytest.approx([6, 8, 21, 23], abs=0.51)
    figure = data.sample_pictures(images, boxes, titles)
    assert len(figure.axes[0].patches) == 2
    without = frames.samples(root / "data" / "cifar10")
    assert not data.sample_pictures(*without).axes[0].patches


def test_names_over_samples_are_whole():
    images, boxes = np.zeros((1, 8, 8, 3), np.uint8), np.full((1, 4), -1)
    figure = data.sample_pictures(images, boxes, ["African elephant, Loxodonta africana"])
    assert figure.axes[0].get_title().split() == ["African", "elephant"]


def test_class_counts_of_many_classes_are_sorted():
    rows = [
        {"dataset": "many", "class": f"c{n}", "split": "train", "pictures": n} for n in range(30)
    ]
    (line,) = data.class_counts(pd.DataFrame(rows)).axes[0].lines
    assert list(line.get_ydata()) == sorted(range(30), reverse=True)


def test_results_are_drawn_in_a_panel_for_each_data_set(root, tmp_path):
    table = summary_frame(evidence(root))
    for draw, panels in ((results.accuracy_overview, 2), (results.cost, 2 * len(results.COSTS))):
        figure = draw(table)
        assert len(figure.axes) == panels
        save(figure, tmp_path / "figure.pdf", tmp_path / "figure.png")
        assert figure.get_size_inches()[0] == pytest.approx(5.9)
    first = (tmp_path / "figure.pdf").read_bytes()
    save(results.cost(table), tmp_path / "figure.pdf", tmp_path / "figure.png")
    assert (tmp_path / "figure.pdf").read_bytes() == first


def test_this_studys_marks_are_filled_and_the_originals_hollow_in_any_number_of_rows(root):
    table = summary_frame(evidence(root))
    rows = pd.concat(5 * [table[table["dataset"] == table["dataset"].iloc[0]]])
    rows[["original_train", "original_validation"]] = 0.5
    assert len(rows) > len(rcParams["axes.prop_cycle"]) / 2
    axis = results.accuracy_overview(rows).axes[0]
    marks = {line.get_label(): line for line in axis.lines if line.get_marker() in ("o", "s")}
    for their in results.THEIRS:
        assert marks[their[2]].get_markerfacecolor() == "white"
    for our in results.OURS:
        assert marks[our[2]].get_fillstyle() == "full"
        assert marks[our[2]].get_markerfacecolor() == marks[our[2]].get_color()


def test_what_was_not_measured_leaves_a_panel_empty(root):
    table = summary_frame(evidence(root))
    nothing = [name for name in table if name.startswith("test_top1")]
    table.loc[table["dataset"] == "cifar10", nothing] = None
    for draw in (results.accuracy_overview, results.cost):
        draw(table)


def test_what_has_seen_its_pictures_is_marked_and_not_on_the_front(root):
    table = summary_frame(evidence(root))
    best = table.loc[table["dataset"] == "tiny_imagenet", "test_top1"].astype(float).idxmax()
    table.loc[best, "has_seen"] = True
    axis = results.cost(table).axes[0]
    (front,) = [line for line in axis.lines if line.get_label() == "front"]
    assert table.loc[best, "test_top1"] not in front.get_ydata()
    assert [text.get_text()[-1] for text in axis.figure.legends[0].get_texts()].count("†") == 1


@pytest.fixture
def trials(root):
    ledgers = [str(path) for path in (root / "searches").glob("*/ledger.csv")]
    study = sample_results.study()
    found = frames.ledgers(ledgers, study["searches"])
    return frames.trials(found, study["searches"], study["datasets"])


CHANGES = pd.DataFrame([{"dataset": "Tiny ImageNet", "device_seconds": 50.0, "score": 0.4}])


def test_anytime_curves_never_fall_and_their_marks_are_whole(trials):
    axis = results.anytime(trials, CHANGES).axes[0]
    lines = axis.lines[:-1]
    assert len(lines) == len(sample_results.SEARCHES)
    assert all((np.diff(line.get_ydata()) >= 0).all() for line in lines)
    assert axis.get_ylim()[1] > 1.1 * max(line.get_ydata().max() for line in lines)


@pytest.mark.parametrize("changes", [0, 1])
def test_a_ring_is_explained_where_one_is_drawn(trials, changes):
    axis = results.anytime(trials, CHANGES.head(changes)).axes[0]
    shown = [text.get_text() for text in axis.figure.legends[0].get_texts()]
    assert shown.count("change of the lead") == changes
    assert len(axis.lines) == len(sample_results.SEARCHES) + changes


def test_searches_that_differ_by_their_seed_alone_look_alike(trials):
    twice = pd.concat([trials, trials.assign(seed=2)])
    first, second, other, *_ = results.anytime(twice, CHANGES.head(0)).axes[0].lines
    looks = [(line.get_color(), line.get_marker()) for line in (first, second, other)]
    assert looks[0] == looks[1] != looks[2]


def test_changes_of_the_lead_are_where_the_curves_cross():
    searches = {
        name: {"proposer": proposer, "dataset": "cifar10", "title": name}
        for name, proposer in (("found", "autokeras"), ("declared", "hand"), ("more", "autokeras"))
    }
    curves = {"found": [0.1, 0.4, 0.4, 0.6], "declared": [0.2, 0.2, 0.5, 0.5]}
    ledgers = {
        name: pd.DataFrame(
            {"seed": 1, "cumulative_device_seconds": [10, 20, 30, 40], "best_so_far": curve}
        )
        for name, curve in curves.items()
    }
    ledgers["more"] = ledgers["found"]
    (race,) = races.races(ledgers, searches)
    assert [(each["device_seconds"], each["leader"]) for each in race.changes] == [
        (20, "found"), (30, "declared"), (40, "found"),
    ]  # fmt: skip
    assert (race.leader, race.changes[1]["score"]) == ("found", 0.5)
    titles = frames.leads(ledgers, searches, {"cifar10": {"title": "CIFAR-10"}})
    assert list(titles["dataset"]) == ["CIFAR-10"] * 3
    level = ledgers | {"declared": ledgers["found"]}
    assert races.races(level, searches)[0].leader is None
    # What is found after the cheaper search has ended is no lead over it.
    longer = ledgers["found"].assign(cumulative_device_seconds=[10, 20, 30, 41])
    assert races.races(ledgers | {"found": longer}, searches)[0].leader == "declared"
    nothing = ledgers["declared"].assign(best_so_far=np.nan)
    (race,) = races.races(ledgers | {"declared": nothing}, searches)
    assert (race.leader, race.without_score) == (None, ("declared",))


def test_the_front_is_what_no_other_beats_at_a_lower_cost():
    costs_of = np.array([3.0, 1.0, 2.0, 4.0, 2.0])
    assert results.front(costs_of, np.array([0.5, 0.2, 0.4, 0.45, 0.3])) == [1, 2, 0]


@pytest.mark.parametrize("number", [4, 200])
def test_classes_and_confusion_at_any_number_of_classes(number, tmp_path):
    table = pd.DataFrame({"one": np.linspace(0, 1, number), "other": np.linspace(1, 0.5, number)})
    matrix = np.eye(number, dtype=int) + 1
    figure = pictures.classes(table, matrix, [f"class {n}" for n in range(number)])
    save(figure, tmp_path / "figure.pdf", tmp_path / "figure.png")
    named = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ("class 1" in named) == (number <= many.NAMED_CLASSES)
    assert pictures.classes(pd.DataFrame(), np.zeros((0, 0)), []).axes == []


def test_names_of_networks_under_pictures_are_whole_and_different():
    titles = [f"Transfer learning VGG-16, {what} of the pictures" for what in ("all", "a tenth")]
    named = [f"{letter}: {title}" for letter, title in zip("AB", titles, strict=True)]
    band = pictures.Shown("one gets", np.zeros((2, 8, 8, 3), np.uint8), [("cat", "A")] * 2, named)
    (part,) = pictures.bands([band]).subfigs
    assert all(name in part.get_supxlabel() for name in named)


def test_the_matrix_of_many_classes_names_those_most_often_confused():
    shares = np.eye(200)
    for one, other in ((3, 150), (150, 3), (20, 77)):
        shares[one, other] = 0.5
    found = pictures.most_confused(shares, 4)
    assert {frozenset(found[:2]), frozenset(found[2:])} == {
        frozenset({3, 150}),
        frozenset({20, 77}),
    }
    shares[3, 9] = 0.1
    assert set(pictures.most_confused(shares, 3)) == {3, 150, 9}
    table = pd.DataFrame({"one": np.linspace(0, 1, 200)})
    figure = pictures.classes(table, 50 * shares, [f"class {n}" for n in range(200)])
    right = figure.axes[1]
    named = [label.get_text() for label in right.get_yticklabels()]
    assert len(named) == many.CONFUSED_CLASSES
    assert {"class 3", "class 20", "class 77", "class 150"} <= set(named)
    assert named == [label.get_text() for label in right.get_xticklabels()]


@pytest.mark.parametrize("number", [10, 200])
def test_names_of_classes_do_not_meet_the_legend(number, tmp_path):
    table = pd.DataFrame({f"network {n}": np.linspace(0, 1, number) for n in range(6)})
    names = [f"Labrador retriever {n}" for n in range(number)]
    figure = pictures.classes(table, np.eye(number, dtype=int), names)
    figure.savefig(tmp_path / "figure.pdf")
    renderer = FigureCanvasAgg(figure).get_renderer()
    top = figure.legends[0].get_window_extent(renderer).y1
    labels = figure.axes[1].get_xticklabels()
    assert min(each.get_window_extent(renderer).y0 for each in labels) >= top


def test_errors_calibration_and_networks_are_drawn(root, tmp_path):
    given = evidence(root)
    examined, experiments = given.examined, given.study["experiments"]
    shown = frames.errors(examined["datasets"]["cifar10"], root / "data" / "cifar10", experiments)
    assert [band.images.shape[1:] for band in shown] == [(32, 32, 3)] * 2
    assert frames.errors(None, root, experiments) == []
    *_, (_, letter) = shown[1].lines
    (named,) = [each for each in shown[1].named if each.startswith(f"{letter}: ")]
    right = examined["datasets"]["cifar10"]["alone"][-1]["experiment"]
    assert named == f"{letter}: {experiments[right]['title']}"
    bins = frames.reliability(examined, given.study["datasets"], experiments)
    networks = {"VGG-16": given.experiments["vgg16"]["network"]}
    for figure in (
        pictures.bands(shown),
        pictures.bands([]),
        pictures.calibration(bins),
        pictures.calibration(bins.head(0)),
        drawings.drawn(networks),
        drawings.drawn({}),
    ):
        save(figure, tmp_path / "figure.pdf", tmp_path / "figure.png")
    axis = drawings.drawn(networks).axes[0]
    boxes = axis.patches
    assert min(box.get_height() for box in boxes) > 0.1 * np.ptp(axis.get_ylim())
    assert len(boxes) == len([r for r in networks["VGG-16"]["table"] if r["type"] != "Dropout"]) - 1


def evidence(root: Path) -> Evidence:
    return Evidence.read(**sample_results.inputs(root))
