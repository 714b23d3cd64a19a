import numpy as np
import pytest

from imagestudy.errors import StudyError
from imagestudy.predictions import (
    Predictions,
    calibration_error,
    confusion,
    per_class,
    read_predictions,
    reliability,
)

GIVEN = Predictions(
    np.array([[0.8, 0.1, 0.1], [0.6, 0.4, 0.0], [0.3, 0.3, 0.4], [0.5, 0.5, 0.0]]),
    np.array([0, 1, 2, 0]),
)


def test_ties_count_against_and_what_is_no_number_is_wrong():
    assert GIVEN.correct.tolist() == [True, False, True, False]
    broken = Predictions(np.full((2, 3), np.nan), np.array([0, 1]))
    assert not broken.finite and not broken.correct.any()


def test_classes_and_confusion():
    assert per_class(GIVEN) == [0.5, 0.0, 1.0]
    assert confusion(GIVEN).tolist() == [[2, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert per_class(Predictions(GIVEN.probabilities[:1], GIVEN.labels[:1]))[1] is None


def test_a_network_that_is_always_sure_is_as_far_off_as_it_is_wrong():
    sure = Predictions(np.eye(2)[[0, 0, 0, 1]], np.array([0, 0, 1, 1]))
    assert calibration_error(reliability(sure)) == pytest.approx(0.25)
    half = Predictions(np.array([[0.51, 0.49]] * 100), np.repeat([0, 1], [51, 49]))
    assert calibration_error(reliability(half)) == pytest.approx(0)


def test_a_file_that_holds_no_predictions_is_named(tmp_path):
    path = tmp_path / "predictions.npz"
    path.write_bytes(b"")
    with pytest.raises(StudyError, match="predictions.npz cannot be read .* run again"):
        read_predictions(path)
