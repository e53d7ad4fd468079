"""The cheap models, part by part: accuracy when trained on train, and what they find as judges.

    python -m benchmarks.cheap                        # two minutes on two quiet cores
    python -m benchmarks.cheap --no-run               # without the fine-tuned model

Accuracy is that on validation (with its planted errors) and on test (which has none), of models
that learnt from train. The hunt is that of `suspicious_labels`: average precision on the errors
planted in train, in validation, and in both. COURSE_EMOTION=folder takes other data; those have no
list of errors, and no hunt.
"""

import argparse
import os

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline

from helpers import (
    cheap_model,
    extract_features,
    fine_tune,
    load_checkpoint,
    load_corpus,
    predict_logits,
    start,
)
from helpers.cheap import fit, middle_layers, unit_states
from helpers.suspects import fold_probabilities, of_the_label

SPLITS = ("validation", "test")


def accuracies(data, names: list[str], with_run: bool) -> pd.DataFrame:
    """Accuracy on validation and test, a row a model."""
    tokenizer, encoder = load_checkpoint()
    texts = {split: data[split]["text"][:] for split in ("train", *SPLITS)}
    labels = {split: np.array(data[split]["label"][:]) for split in texts}
    last = {
        s: extract_features(t, tokenizer, encoder, "mean", cache=True) for s, t in texts.items()
    }
    layers = middle_layers(encoder)
    states = {
        split: unit_states(t, tokenizer, encoder, layers).reshape(len(t), -1)
        for split, t in texts.items()
    }
    words = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=1000))
    words.fit(texts["train"], labels["train"])
    regression = LogisticRegression(C=0.1, max_iter=1000).fit(last["train"], labels["train"])
    side_by_side = fit(states["train"], labels["train"], names, 10.0)
    cheap = cheap_model(data)
    print(cheap.parts.round(3).to_string(), "\n")
    found = {}
    for split in SPLITS:
        inputs = cheap.inputs(texts[split])
        answers = {
            "words, one by one (TF-IDF)": words.predict(texts[split]),
            "last layer": regression.predict(last[split]),
            f"layers {layers}, side by side": side_by_side.outputs(states[split], False).argmax(1),
        }
        for part, model in cheap.linear.items():
            answers[f"part: {part}"] = model.outputs(inputs[part], False).argmax(1)
        answers["cheap model"] = cheap.predict(texts[split])
        if with_run:
            small = len(data["train"]) < 10_000
            settings = {"epochs": 4 if small else 2, "batch_size": 32 if small else 64}
            run = fine_tune(data, **settings, name="emotion")
            answers["fine-tuned"] = predict_logits(run.model, run.tokenizer, texts[split]).argmax(1)
        found[split] = {name: (given == labels[split]).mean() for name, given in answers.items()}
    return pd.DataFrame(found)


def hunts(session, data) -> pd.DataFrame:
    """Average precision on the planted errors, a row a judge; the last is their mean."""
    planted = pd.read_csv(session.data / "emotion" / "planted_errors.csv").query("kind == 'label'")
    suspicion, errors = {}, {}
    for split in ("train", "validation"):
        labels = np.array(data[split]["label"][:])
        rows = planted[planted["split"] == split]["row"]
        errors[split] = np.isin(np.arange(len(labels)), rows)
        by_judge = fold_probabilities(data, split)
        by_judge["mean of the six"] = sum(by_judge.values()) / len(by_judge)
        for name, probability in by_judge.items():
            suspicion[name, split] = 1 - of_the_label(probability, labels)
    found = pd.DataFrame(dtype=float)
    for name in dict.fromkeys(name for name, _ in suspicion):
        both = [
            np.concatenate([suspicion[name, s] for s in errors]),
            np.concatenate([*errors.values()]),
        ]
        for split, values in {s: (suspicion[name, s], errors[s]) for s in errors}.items():
            found.loc[name, split] = average_precision_score(values[1], values[0])
        found.loc[name, "both"] = average_precision_score(both[1], both[0])
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-run", action="store_true")
    options = parser.parse_args()
    session = start()
    data = load_corpus("emotion")
    names = data["train"].features["label"].names
    print(accuracies(data, names, not options.no_run).round(3).to_string())
    if not os.environ.get("COURSE_EMOTION"):
        print("\naverage precision of the hunt, each row judged out of fold")
        print(hunts(session, data).round(3).to_string())
