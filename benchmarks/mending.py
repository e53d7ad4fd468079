"""Whether mending the training data helps: labels and texts apart, over several seeds.

    python -m benchmarks.mending                      # five seeds, 20 minutes on two quiet cores
    python -m benchmarks.mending --seeds 0 --first 336

As in notebook 13: the training posts are ordered by suspicion, the first tenth is read by a perfect
reader who corrects every planted error in it, and `clean` goes over all texts. Scores are
accuracies on validation, its planted errors set right, and test, together. A model that learnt from
cleaned texts is shown cleaned texts. Runs are kept in runs/ and loaded the next time.
"""

import argparse
import ast
import html
import json
import re

import numpy as np
import pandas as pd
from datasets import Dataset, DatasetDict

from helpers import fine_tune, load_corpus, predict_logits, start
from helpers.suspects import fold_probabilities, of_the_label

WAYS = {  # are labels mended, are texts cleaned?
    "as it is": (False, False),
    "labels mended": (True, False),
    "texts cleaned": (False, True),
}


def notebook_function(session, name: str):
    """A function of notebook 13, as it stands there."""
    path = session.root / "notebooks" / "13_review_and_mend.ipynb"
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and f"def {name}(" in source:
            (node,) = [n for n in ast.parse(source).body if getattr(n, "name", "") == name]
            reach = {"re": re, "html": html}
            exec(ast.unparse(node), reach)
            return reach[name]
    raise ValueError(f"{path.name} defines no {name}.")


def mended_labels(data, planted: pd.DataFrame, first: int) -> np.ndarray:
    """The labels of train after a perfect reader has read its `first` most suspicious rows."""
    labels = np.array(data["train"]["label"][:])
    by_judge = fold_probabilities(data, "train")
    suspicion = 1 - of_the_label(sum(by_judge.values()) / len(by_judge), labels)
    read = np.argsort(-suspicion, kind="stable")[:first]
    true = planted[planted["split"] == "train"].set_index("row")["true_label"]
    names = data["train"].features["label"].names
    found = [row for row in read if row in true.index]
    labels[found] = [names.index(true[row]) for row in found]
    print(f"{first} rows read, {len(found)} of {len(true)} planted errors corrected")
    return labels


def compare(seeds: list[int], first: int | None) -> None:
    session = start()
    data = load_corpus("emotion")
    clean = notebook_function(session, "clean")
    planted = pd.read_csv(session.data / "emotion" / "planted_errors.csv").query("kind == 'label'")
    names = data["train"].features["label"].names
    labels = {False: data["train"]["label"][:]}
    labels[True] = mended_labels(data, planted, first or len(data["train"]) // 10).tolist()

    texts = data["validation"]["text"][:] + data["test"]["text"][:]
    true = np.array(data["validation"]["label"][:] + data["test"]["label"][:])
    wrong = planted[planted["split"] == "validation"]
    true[wrong["row"]] = [names.index(name) for name in wrong["true_label"]]

    found = pd.DataFrame(columns=list(WAYS), dtype=float)
    for seed in seeds:
        for way, (mended, cleaned) in WAYS.items():
            change = clean if cleaned else str
            columns = {"text": [change(text) for text in data["train"]["text"][:]]}
            columns["label"] = labels[mended]
            train = Dataset.from_dict(columns, features=data["train"].features)
            parts = DatasetDict(train=train, validation=data["validation"])
            run = fine_tune(parts, seed=seed, name="mending")
            logits = predict_logits(run.model, run.tokenizer, [change(text) for text in texts])
            found.loc[seed, way] = (logits.argmax(1) == true).mean()
        print(f"seed {seed}: {found.loc[seed].round(4).to_dict()}", flush=True)
    print(f"\naccuracy on {len(true):,} rows, validation set right and test")
    print(found.round(3).to_string())
    gains = found.drop(columns="as it is").sub(found["as it is"], axis=0)
    summary = pd.DataFrame({"mean gain": gains.mean(), "deviation": gains.std()})
    summary["seeds with a gain"] = (gains > 0).sum()
    print(summary.round(4).to_string())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--first", type=int, help="rows to read; else a tenth of train")
    options = parser.parse_args()
    compare(options.seeds, options.first)
