import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imagestudy.errors import StudyError
from imagestudy.stored import Stored, log_probabilities, metrics, read_stored, write_stored

LABELS = np.arange(6, dtype=np.int32) % 4


@given(arrays(np.float32, (6, 4), elements=st.floats(0, 1, width=32)))
def test_what_is_stored_has_the_same_metrics_again(probabilities):
    stored = log_probabilities(probabilities)
    assert stored.dtype == np.float16
    assert np.isfinite(stored).all()
    again = stored.astype(np.float64).astype(np.float16)
    assert metrics(again, LABELS) == metrics(stored, LABELS)


def test_predictions_are_read_as_they_were_written(tmp_path):
    written = Stored(log_probabilities(np.eye(6, 4)), LABELS, np.zeros(0, np.int32))
    write_stored(tmp_path / "predictions.npz", written)
    for found, expected in zip(read_stored(tmp_path / "predictions.npz"), written, strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("content", [None, b"", b"PK damaged"])
def test_what_holds_no_predictions_is_refused(tmp_path, content):
    path = tmp_path / "predictions.npz"
    if content is None:
        np.savez(path, probabilities=np.eye(3))
    else:
        path.write_bytes(content)
    with pytest.raises(StudyError, match=r"predictions.npz cannot .* it must hold log_prob"):
        read_stored(path)
