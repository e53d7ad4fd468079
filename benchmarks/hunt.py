"""How the rankers of `suspicious_labels` were chosen, and what they then score.

    python -m benchmarks.hunt                         # about 6 minutes on two quiet cores

Chosen on the errors planted in train: three models, each fine-tuned on two thirds of train, judge
the third that they have not seen, so that train rows are met as validation rows are. Validation is
scored once, with one model trained on all of train. Average precision, with a 95 % interval.
Runs are kept in runs/ and loaded the next time.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
from datasets import DatasetDict
from sklearn.model_selection import StratifiedKFold

from helpers import fine_tune, load_corpus, score_hunt, start, suspicious_labels

FOLDS = 3


def planted(session, split: str, n: int) -> np.ndarray:
    """Which of the split's n rows carry a planted wrong label."""
    table = pd.read_csv(session.data / "emotion" / "planted_errors.csv")
    rows = table.query("split == @split and kind == 'label'")["row"]
    return np.isin(np.arange(n), rows)


def unseen_logits(data, seed: int) -> np.ndarray:
    """Logits [epochs, n, classes] of the train rows, from models that were not trained on them."""
    labels = np.array(data["train"]["label"][:])
    found = None
    cut = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(labels, labels)
    for k, (taught, unseen) in enumerate(cut):
        parts = {"train": data["train"].select(taught), "validation": data["train"].select(unseen)}
        run = fine_tune(DatasetDict(parts), seed=seed, name=f"emotion-fold{k}")
        logits = run.dynamics["validation"]
        found = np.empty((len(logits), len(labels), 6), np.float32) if found is None else found
        found[:, unseen] = logits
    return found


def show(title: str, found: pd.DataFrame, is_error: np.ndarray) -> None:
    print(f"\n{title}: {is_error.sum()} planted in {len(is_error)}, chance {is_error.mean():.2f}")
    print(f"{'ranker':14}{'average precision':>26}{'p at 36':>9}{'recall at 100':>15}{'lift':>6}")
    for ranker in found.columns[3:]:
        s = score_hunt(found[ranker], is_error)
        interval = f"{s['average_precision']:.3f} ({s['low']:.3f} to {s['high']:.3f})"
        rest = f"{s['precision_at_36']:9.2f}{s['recall_at_100']:15.2f}{s['lift']:6.1f}"
        print(f"{ranker:14}{interval:>26}{rest}")


def main(seed: int = 0) -> None:
    session = start()
    data = load_corpus("emotion")
    run = fine_tune(data, seed=seed, name="emotion")
    unseen = unseen_logits(data, seed)
    as_validation = SimpleNamespace(dynamics={"train": unseen})
    found = suspicious_labels(as_validation, data, "train", logits=unseen[-1])
    is_error = planted(session, "train", len(found))
    show("train, each row unseen by its models", found, is_error)
    found = suspicious_labels(run, data, "train")
    show("train, from the one run that was trained on it", found, is_error)
    found = suspicious_labels(run, data, "validation")
    show("validation, scored once", found, planted(session, "validation", len(found)))


if __name__ == "__main__":
    main()
