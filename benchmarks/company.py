"""What another busy program costs a training, by how long OpenMP's threads wait before they sleep.

    python -m benchmarks.company                      # the value that helpers sets, seven rounds
    python -m benchmarks.company --values 100 1000 20000 --rounds 3

Each training is a process of its own: 36 steps of `fine_tune` on bundled posts, timed by itself
from its first step. In every round each value trains alone, then two at once; the default
(GOMP_SPINCOUNT=300000) takes minutes when two train at once, so it does that in the first round
only. Ratios are taken within a round, and their median is printed. Linux only.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import helpers

DEFAULT = "300000"  # libgomp's own value where nothing is set
TRAIN = """
from helpers import fine_tune, load_corpus, start
start(quiet=True)
data = load_corpus("emotion")
data["train"] = data["train"].select(range(36 * 32))
print(fine_tune(data, epochs=1).details["seconds"])
"""


def train(value: str, at_once: int) -> float:
    """Mean seconds of a training, with `at_once` of them running."""
    with tempfile.TemporaryDirectory() as folder:
        processes = []
        for number in range(at_once):
            home = Path(folder, str(number))
            environment = os.environ | {"GOMP_SPINCOUNT": value, "COURSE_HOME": str(home)}
            environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-c", TRAIN],
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            )
        printed = [process.communicate()[0].split() for process in processes]
    return sum(float(words[-1]) for words in printed) / at_once


def compare(values: list[str], rounds: int) -> None:
    alone: dict[str, list[float]] = {value: [] for value in [DEFAULT, *values]}
    together: dict[str, list[float]] = {value: [] for value in alone}
    for turn in range(rounds):
        for value in alone if turn % 2 else reversed(alone):
            alone[value].append(train(value, 1))
        for value in values if turn else together:
            together[value].append(train(value, 2))
        print(f"round {turn + 1} of {rounds}", flush=True)
    print(f"\n{'':16}{'alone':>21}{'two at once, each':>27}")
    print(f"{'GOMP_SPINCOUNT':16}{'s':>7}{'of default':>14}{'s':>10}{'of one alone':>17}")
    for value in alone:
        of_default = [a / b for a, b in zip(alone[value], alone[DEFAULT], strict=True)]
        of_alone = [a / b for a, b in zip(together[value], alone[value], strict=False)]
        name = value + " *" * (value == DEFAULT)
        print(f"{name:16}{median(alone[value]):7.1f}{median(of_default):14.2f}", end="")
        print(f"{median(together[value]):10.1f}{median(of_alone):17.2f}")
    print("* the default; two at once were tried once")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--values", nargs="+", default=[helpers.SPINCOUNT])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    compare(options.values, options.rounds)
