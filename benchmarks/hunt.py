"""How the judges of `suspicious_labels` were chosen, and what they then score.

    python -m benchmarks.hunt                         # about 6 minutes on two quiet cores

Chosen on the errors planted in train, every judge out of fold. For the fine-tuned model that means
three models, each trained on two thirds of train, that judge the third that they have not seen.
Validation is scored once, with one model trained on all of train, and the chosen order is compared
with two others by a paired bootstrap: the model's loss, and the mean of three that came before it
(the model, a logistic regression on the last layer, one on words). Average precision, with a 95 %
interval. Runs are kept in runs/ and loaded the next time.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
from datasets import DatasetDict
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from helpers import (
    extract_features,
    fine_tune,
    load_checkpoint,
    load_corpus,
    predict_logits,
    score_hunt,
    start,
    suspicious_labels,
)
from helpers.cheap import out_of_fold
from helpers.scores import average_precision
from helpers.suspects import of_the_label

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


def mean_of_three(run, data) -> np.ndarray:
    """The suspicion of each validation row by the three judges of earlier versions."""
    texts = data["train"]["text"][:] + data["validation"]["text"][:]
    labels = np.array(data["train"]["label"][:] + data["validation"]["label"][:])
    names, n = data["train"].features["label"].names, len(data["validation"])
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit_transform(texts)
    states = extract_features(texts, *load_checkpoint(), pool="mean", cache=True)
    judges = [softmax(predict_logits(run.model, run.tokenizer, texts[-n:]), axis=1)]
    for strength, inputs in [(10, vectors), (0.1, states)]:
        model = LogisticRegression(C=strength, max_iter=1000)
        judges.append(out_of_fold(model, inputs, labels, names)[-n:])
    return 1 - of_the_label(sum(judges) / 3, labels[-n:])


def compare(found: pd.DataFrame, others: dict[str, np.ndarray], is_error: np.ndarray) -> None:
    """Print by how much `combined` leads other orders, by a paired bootstrap over the rows."""
    n = len(is_error)
    drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=2000)
    drawn = drawn[drawn @ is_error > 0]
    own = found["combined"].to_numpy()
    for name, other in others.items():
        both = [average_precision(suspicion, is_error, drawn) for suspicion in (own, other)]
        low, high = np.quantile(both[0] - both[1], [0.025, 0.975])
        scores = [
            score_hunt(suspicion, is_error)["average_precision"] for suspicion in (own, other)
        ]
        print(f"combined less {name}: {scores[0] - scores[1]:+.3f} ({low:+.3f} to {high:+.3f})")


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
    is_error = planted(session, "validation", len(found))
    show("validation, scored once", found, is_error)
    three = mean_of_three(run, data)
    print(f"mean of three: {score_hunt(three, is_error)['average_precision']:.3f}")
    compare(found, {"loss": found["loss"].to_numpy(), "mean of three": three}, is_error)


if __name__ == "__main__":
    main()
