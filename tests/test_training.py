import keras
import numpy as np
import pytest

from imagestudy import evaluation, frozen, training
from imagestudy.augmentation import augment, flip, pca_colour, translate
from imagestudy.batches import training_batches
from imagestudy.checkpoints import Checkpoint
from imagestudy.networks.heads import dense_head
from imagestudy.networks.vgg16 import convolutional_base
from imagestudy.schedule import learning_rate

PCA = {"eigenvalues": [0.2, 0.02, 0.01], "eigenvectors": np.eye(3).tolist()}
STILL = {"flip": False, "translate": 0, "pca_colour": 0.0}
STATISTICS = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
SETTINGS = {
    "epochs": 4,
    "batch_size": 16,
    "optimizer": "sgd",
    "learning_rate": 0.05,
    "momentum": 0.9,
    "weight_decay": 0.0,
    "schedule": "cosine",
    "warmup": 0.1,
    "augmentation": STILL,
    "seconds": None,
    "flops": None,
    "memory_mb": None,
}


@pytest.fixture
def pictures():
    """Bright and dark pictures, 64 of them: learnable at once."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 2, 64).astype(np.int32)
    images = generator.integers(0, 100, (64, 8, 8, 3)) + 150 * labels[:, None, None, None]
    return images.astype(np.uint8), labels


def small_network(seed=1):
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((8, 8, 3), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(4, 3, activation="relu")(x)
    x = keras.layers.Dropout(0.3)(keras.layers.Flatten()(x))
    return keras.Model(inputs, keras.layers.Dense(2, "softmax")(x))


def fit(network, pictures, folder, **settings):
    return training.fit(
        network, pictures, pictures, SETTINGS | settings, PCA, 1, Checkpoint(folder, "key")
    )


def test_a_network_learns_and_keeps_its_best_epoch(pictures, tmp_path):
    network = small_network()
    fitted = fit(network, pictures, tmp_path)
    assert fitted.status == "completed"
    assert fitted.epochs == 4
    best = fitted.history[fitted.best_epoch - 1]["selection_top1"]
    assert best == max(row["selection_top1"] for row in fitted.history) > 0.9
    given = evaluation.probabilities(network, pictures[0])
    assert evaluation.metrics(given, pictures[1])["top1"] == best


def test_the_same_seed_gives_the_same_history(pictures, tmp_path):
    one = fit(small_network(), pictures, tmp_path / "one")
    two = fit(small_network(), pictures, tmp_path / "two")
    assert [r["train_loss"] for r in one.history] == [r["train_loss"] for r in two.history]


def test_a_resumed_training_is_the_uninterrupted_one(pictures, tmp_path, monkeypatch):
    whole_network = small_network()
    whole = fit(whole_network, pictures, tmp_path / "whole")
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)

    class KilledError(Exception):
        pass

    reported = []

    def killing(row, epochs):
        reported.append(row)
        if len(reported) == 3:
            raise KilledError

    with monkeypatch.context() as context:
        context.setattr(training, "_report", killing)
        with pytest.raises(KilledError):
            fit(small_network(), pictures, tmp_path / "killed")
    network = small_network(seed=2)
    resumed = fit(network, pictures, tmp_path / "killed")
    assert resumed.earlier_seconds > 0
    for row, expected in zip(resumed.history, whole.history, strict=True):
        assert row | {"seconds": 0} == expected | {"seconds": 0}
    for found, expected in zip(network.get_weights(), whole_network.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_diverging_run_says_so(pictures, tmp_path):
    fitted = fit(small_network(), pictures, tmp_path, learning_rate=1e30, warmup=0.0)
    assert fitted.status == "diverged"
    assert fitted.epochs < 4 or not np.isfinite(fitted.history[-1]["train_loss"])


def test_a_run_past_its_time_is_stopped_and_scored(pictures, tmp_path):
    fitted = fit(small_network(), pictures, tmp_path, epochs=1000, seconds=0.5)
    assert fitted.status == "stopped"
    assert 0 < fitted.epochs < 1000


def test_flops_end_a_training_within_an_epoch_and_the_schedule_with_it(pictures, tmp_path):
    network = small_network()
    of_a_step = training.PASSES * training.describe(network)["flops"] * SETTINGS["batch_size"]
    fitted = fit(network, pictures, tmp_path, flops=6.5 * of_a_step, schedule="triangular")
    assert (fitted.status, fitted.epochs) == ("completed", 2)
    assert network.optimizer.iterations == 6
    last = learning_rate(SETTINGS | {"schedule": "triangular"}, 5, 6)
    assert fitted.history[-1]["learning_rate"] == pytest.approx(last)


def test_flops_never_lengthen_a_training_and_leave_it_a_step():
    flops = {"epochs": 2, "batch_size": 10}
    assert training.planned_steps(flops | {"flops": None}, 30, 7) == 6
    assert training.planned_steps(flops | {"flops": 1e9}, 30, 7) == 6
    assert training.planned_steps(flops | {"flops": 1}, 30, 7) == 1


def test_a_training_past_its_memory_ends_at_once(pictures, tmp_path):
    fitted = fit(small_network(), pictures, tmp_path, epochs=1000, memory_mb=1)
    assert fitted.status == "out_of_memory"
    assert fitted.epochs == 1


@pytest.mark.parametrize("optimizer", sorted(training.OPTIMIZERS))
def test_every_optimizer_trains(optimizer, pictures, tmp_path):
    fitted = fit(small_network(), pictures, tmp_path, optimizer=optimizer, learning_rate=0.01)
    assert fitted.history[-1]["train_loss"] < fitted.history[0]["train_loss"]


def test_only_the_head_of_a_frozen_network_learns(tmp_path):
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    labels = generator.integers(0, 3, 40).astype(np.int32)
    keras.utils.set_random_seed(1)
    base = convolutional_base((32, 32, 3), STATISTICS, 0.05, False, "scratch")
    base.trainable = False
    network = keras.Model(base.input, dense_head(base.output, 3, 8, 0.0))
    before = base.get_weights()
    beginning, rest = frozen.cut(network)
    features = frozen.features(beginning, images)
    expected = evaluation.probabilities(network, images)
    np.testing.assert_allclose(evaluation.probabilities(rest, features), expected, atol=1e-5)
    fit(rest, (features, labels), tmp_path)
    for found, kept in zip(base.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, kept)
    assert not np.allclose(evaluation.probabilities(network, images), expected)


def test_a_network_with_nothing_frozen_is_not_cut():
    assert frozen.cut(small_network()) is None


def test_metrics():
    given = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5], [0.1, 0.8, 0.1]], np.float32)
    found = evaluation.metrics(given, np.array([0, 1, 0]))
    assert found["pictures"] == 3
    assert found["top1"] == pytest.approx(1 / 3)
    assert found["top5"] == 1
    assert found["loss"] == pytest.approx(-np.log([0.6, 0.3, 0.1]).mean(), rel=1e-5)


def test_metrics_of_a_diverged_network():
    given = np.full((2, 3), np.nan, np.float32)
    found = evaluation.metrics(given, np.array([0, 1]))
    assert found == {"pictures": 2, "top1": 0.0, "top5": 0.0, "loss": None}


def test_at_chance():
    even = np.repeat(np.arange(10), 10)
    assert evaluation.at_chance(0.1, even)
    assert not evaluation.at_chance(0.3, even)
    assert evaluation.at_chance(0.3, np.where(even < 3, 0, even))


def test_a_network_that_says_the_same_of_all_classes_knows_nothing():
    found = evaluation.metrics(np.full((4, 10), 0.1, np.float32), np.arange(4))
    assert found["top1"] == found["top5"] == 0


def test_an_epoch_sees_each_picture_at_most_once():
    images = np.arange(50, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    labels = np.arange(50, dtype=np.int32)
    settings = {"batch_size": 16, "augmentation": STILL}
    batches = list(training_batches(images, labels, settings, PCA, 1, 1))
    seen = np.concatenate([batch[1] for batch in batches])
    assert len(batches) == 3
    assert len(set(seen)) == 48
    for pictures, own in batches:
        np.testing.assert_array_equal(pictures[:, 0, 0, 0], own)


def test_flip_reflects_about_half():
    images = np.random.default_rng(1).integers(0, 256, (200, 4, 4, 3), dtype=np.uint8)
    found = flip(images, np.random.default_rng(2))
    flipped = (found == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert 60 < flipped.sum() < 140
    np.testing.assert_array_equal(found[~flipped], images[~flipped])


def test_translate_shifts_whole_pictures():
    images = np.random.default_rng(1).integers(0, 256, (20, 9, 9, 3), dtype=np.uint8)
    found = translate(images, 2, np.random.default_rng(2))
    for one, original in zip(found, images, strict=True):
        middle = one[2:-2, 2:-2]
        windows = [original[r : r + 5, c : c + 5] for r in range(5) for c in range(5)]
        assert any((middle == window).all() for window in windows)


def test_pca_colour_moves_along_the_components():
    images = np.full((500, 2, 2, 3), 128, np.uint8)
    found = pca_colour(images, 0.5, PCA, np.random.default_rng(1)).astype(float) - 128
    assert (found == found[:, :1, :1]).all()
    np.testing.assert_allclose(found[:, 0, 0].std(axis=0), [25.5, 2.55, 1.275], rtol=0.15)


def test_augmentation_keeps_shape_and_type():
    images = np.random.default_rng(1).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    settings = {"flip": True, "translate": 2, "pca_colour": 0.1}
    found = augment(images, settings, PCA, np.random.default_rng(1))
    assert found.shape == images.shape
    assert found.dtype == np.uint8


@pytest.mark.parametrize(
    ("schedule", "end"), [("constant", 1.0), ("cosine", 0.0), ("triangular", 0.0)]
)
def test_schedules_warm_up_and_end(schedule, end):
    settings = {"learning_rate": 1.0, "schedule": schedule, "warmup": 0.2}
    rates = [learning_rate(settings, step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.05)
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(end, abs=0.02)
