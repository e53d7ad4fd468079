"""When fine-tuning pays: the cheap model and fine-tuning, each on few and on all training rows.

    python -m benchmarks.learning_curve               # 200 to all rows, seeds 0, 1 and 2
    python -m benchmarks.learning_curve --sizes 400 --seeds 0

The rows are drawn anew for each seed, every smaller draw inside the larger. Fine-tuning takes four
epochs in batches of 32; with fewer than 1,600 rows ten epochs in batches of 16, so that few rows
are not too few steps. Nothing is chosen on held-out rows; some of validation are there because
`fine_tune` wants them. Scores are accuracies on test (without planted errors). Runs are kept in
runs/ and loaded the next time. COURSE_EMOTION=folder takes other data.
"""

import argparse

import numpy as np
import pandas as pd
from datasets import DatasetDict

from helpers import cheap_model, fine_tune, load_corpus, predict_logits, start

FEW = 1600
SETTINGS = {True: {"epochs": 10, "batch_size": 16}, False: {"epochs": 4, "batch_size": 32}}


def compare(sizes: list[int], seeds: list[int]) -> None:
    start()
    data = load_corpus("emotion")
    texts, labels = data["test"]["text"][:], np.array(data["test"]["label"][:])
    n = len(data["train"])
    scores = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(n)
        for size in sorted({min(size, n) for size in [*sizes, n]}):
            train = data["train"] if size == n else data["train"].select(order[:size])
            seen = data["validation"] if size == n else data["validation"].select(range(50))
            parts = DatasetDict(train=train, validation=seen)
            run = fine_tune(parts, **SETTINGS[size < FEW], seed=seed, name="curve")
            tuned = predict_logits(run.model, run.tokenizer, texts).argmax(1)
            cheap = cheap_model(parts).predict(texts)
            right = {"cheap": (cheap == labels).mean(), "fine-tuned": (tuned == labels).mean()}
            scores.append({"seed": seed, "rows": size} | right)
            told = ", ".join(f"{name} {score:.3f}" for name, score in right.items())
            print(f"seed {seed}, {size:,} rows: {told}", flush=True)
    found = (
        pd.DataFrame(scores).groupby("rows")[["cheap", "fine-tuned"]].agg(["mean", "min", "max"])
    )
    print(f"\naccuracy on the {len(labels):,} rows of test, {len(seeds)} seeds")
    print(found.round(3).to_string())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 400, 800, 1600])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    compare(options.sizes, options.seeds)
