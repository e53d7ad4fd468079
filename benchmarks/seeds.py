"""How good and how steady `fine_tune` is with its defaults: one run a seed, the mean, the spread.

    python -m benchmarks.seeds                        # seeds 0, 1, 2
    python -m benchmarks.seeds --seeds 0 --epochs 2 --batch-size 64

Runs are kept in runs/ and loaded the next time. COURSE_EMOTION=folder takes other data.
"""

import argparse

import numpy as np

from helpers import fine_tune, load_corpus, start


def compare(seeds: list[int], epochs: int, batch_size: int) -> None:
    start()
    data = load_corpus("emotion")
    metrics = []
    for seed in seeds:
        run = fine_tune(data, epochs=epochs, batch_size=batch_size, seed=seed, name="emotion")
        metrics.append(run.metrics | {"seconds": run.details["seconds"]})
    print(f"\n{'seed':>6}" + "".join(f"{name:>10}" for name in metrics[0]))
    for seed, scores in zip(seeds, metrics, strict=True):
        print(f"{seed:6}" + "".join(f"{value:10.4f}" for value in scores.values()))
    for name, take in {"mean": np.mean, "least": np.min, "most": np.max}.items():
        print(f"{name:>6}" + "".join(f"{take([m[k] for m in metrics]):10.4f}" for k in metrics[0]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=32)
    options = parser.parse_args()
    compare(options.seeds, options.epochs, options.batch_size)
