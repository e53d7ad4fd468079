"""The metrics that notebook 04 writes out are those of the helpers."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from helpers.scores import score

METRICS = Path(__file__).resolve().parents[2] / "notebooks" / "metrics"


@pytest.fixture
def compute_metrics(lifted):
    metrics = {"accuracy_score": accuracy_score, "f1_score": f1_score}
    return lifted("04", "compute_metrics", **metrics).compute_metrics


@pytest.mark.parametrize("classes", [2, 6])
def test_the_notebook_computes_what_the_helper_computes(compute_metrics, classes):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(50, classes)).astype(np.float32)
    labels = rng.integers(classes - 1, size=50)  # the last class is predicted, but never given
    by_hand = compute_metrics(SimpleNamespace(predictions=logits, label_ids=labels))
    by_helper = score(logits, labels)
    assert by_hand == pytest.approx({name: by_helper[name] for name in ("accuracy", "macro_f1")})


@pytest.mark.parametrize("name, options", [("accuracy", {}), ("f1", {"average": "macro"})])
def test_the_metric_modules_agree_without_a_network(python, tmp_path, name, options):
    code = f"""
import evaluate
metric = evaluate.load({str(METRICS / name)!r})
metric.add_batch(predictions=[0, 1], references=[0, 1])
metric.add_batch(predictions=[2, 2], references=[1, 2])
print(round(metric.compute(**{options!r})[{name!r}], 4))
"""
    offline = {"HF_HOME": tmp_path / "hf", "HF_ENDPOINT": "http://127.0.0.1:9"}
    expected = {"accuracy": 0.75, "f1": f1_score([0, 1, 1, 2], [0, 1, 2, 2], average="macro")}
    assert float(python(code, **offline).splitlines()[-1]) == pytest.approx(
        expected[name], abs=1e-4
    )
