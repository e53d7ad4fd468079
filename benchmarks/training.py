"""How fast one epoch of fine-tuning is, beside the book's way, measured in one interleaved run.

    python -m benchmarks.training                       # all of train, 3 rounds
    python -m benchmarks.training --epochs 4 --rounds 1

The book's way (NLP with Transformers, chapter 2): the whole corpus padded alike, full precision,
batches drawn at random. Ours is what `fine_tune` trains with: each batch padded to its own longest
text, texts of like length together, the number format that the session chose and with it the faster
attention (`benchmarks/attention.py`); once more in float32, to tell these gains apart. Both through
Trainer, from the same weights, with batches of 64. Evaluation and saving are not counted. Processor
seconds stand beside the clock's, since other work on the machine stretches the clock most. With few
rows the ratio is smaller: there are few texts of like length to put together.

`of limit` is the share of what plain matrix products, measured in the same rounds, would allow: six
operations for each weight of the layers and each token, its padding not counted.
"""

import argparse
import sys
import tempfile
import time
from statistics import median

import numpy as np
import torch
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from benchmarks.features import matrix_peak
from helpers import load_checkpoint, load_corpus, start
from helpers.batches import tokenize
from helpers.columns import target_values
from helpers.predicting import row_logits
from helpers.scores import score
from helpers.trainer import RECIPE, CourseTrainer

BATCH = 64
BOOK, FULL = "the book's way", "ours, float32"


class Watch(TrainerCallback):
    """Notes seconds and validation loss at the end of each epoch; the check is not counted."""

    def __init__(self, check):
        self.check, self.wall, self.cpu, self.losses = check, [0.0], [0.0], []

    def on_epoch_begin(self, *_, **__):
        self.began = time.perf_counter(), time.process_time()

    def on_epoch_end(self, *_, **__):
        self.wall.append(self.wall[-1] + time.perf_counter() - self.began[0])
        self.cpu.append(self.cpu[-1] + time.process_time() - self.began[1])
        self.losses.append(self.check())


def train(way: str, rows: int, epochs: int, dtype: str, folder: str) -> Watch:
    start(dtype=dtype, quiet=True)
    data = load_corpus("emotion")
    torch.manual_seed(0)
    names = data["train"].features["label"].names
    tokenizer, model = load_checkpoint(head="classification", labels=names)
    encoded = {s: tokenize(data[s]["text"][:], tokenizer, model) for s in ("train", "validation")}
    targets = {split: target_values(data[split], "label") for split in encoded}
    longest = max(len(row["input_ids"]) for row in encoded["train"])
    encoded["train"], targets["train"] = encoded["train"][:rows], targets["train"][:rows]

    def check() -> float:
        start(dtype="float32", quiet=True)
        return score(row_logits(model, tokenizer, encoded["validation"]), targets["validation"])[
            "loss"
        ]

    watch = Watch(check)
    if way == BOOK:
        options = {"padding": "max_length", "max_length": longest, "return_tensors": "pt"}
        padded = tokenizer.pad(encoded["train"], **options)
        labelled = [
            {"input_ids": ids, "attention_mask": mask, "labels": label}
            for ids, mask, label in zip(*padded.values(), targets["train"], strict=True)
        ]
        arguments = TrainingArguments(
            folder,
            num_train_epochs=epochs,
            learning_rate=2e-4,
            per_device_train_batch_size=BATCH,
            use_cpu=not torch.cuda.is_available(),
            save_strategy="no",
            disable_tqdm=True,
            **RECIPE,
        )
        trainer = Trainer(model, arguments, train_dataset=labelled, callbacks=[watch])
        trainer.remove_callback(PrinterCallback)
    else:
        arguments = {"epochs": epochs, "learning_rate": 2e-4, "batch_size": BATCH}
        arguments |= {"accumulation": 1, "class_weight": None}
        trainer = CourseTrainer(model, tokenizer, encoded, targets, arguments, 0, folder, [watch])
        trainer.args.set_evaluate(strategy="no").set_save(strategy="no")
    trainer.train()
    return watch


def operations_of_an_epoch(rows: int) -> float:
    """Of the layers' matrix products, forwards and backwards, for the tokens of the first rows."""
    tokenizer, model = load_checkpoint()
    texts = load_corpus("emotion")["train"]["text"][:rows]
    tokens = sum(len(ids) for ids in tokenizer(texts)["input_ids"])
    return 6 * tokens * sum(p.numel() for p in model.encoder.parameters() if p.dim() == 2)


def seconds_to(loss: float, watch: Watch, clock: list[float]) -> float:
    """When the validation loss came down to `loss`, read off a line between the epochs."""
    losses = np.minimum.accumulate(watch.losses)
    return float(np.interp(-loss, -losses, clock[1:]))


def compare(rows: int, epochs: int, rounds: int) -> None:
    dtype = str(start().dtype).removeprefix("torch.")
    ways = {BOOK: "float32", FULL: "float32", f"ours, {dtype}": dtype}
    watches: dict[str, list[Watch]] = {way: [] for way in ways}
    peaks: dict[str, list[float]] = {number_format: [] for number_format in ways.values()}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(rounds):
            for way, number_format in ways.items():
                watches[way].append(train(way, rows, epochs, number_format, folder))
                peaks[number_format].append(matrix_peak(getattr(torch, number_format)))
                spent = watches[way][-1].wall[-1]
                print(f"round {turn + 1}, {way}: {spent:.0f} s", file=sys.stderr, flush=True)
    worst = max(min(w.losses) for found in watches.values() for w in found)
    print(f"\n{rows:,} rows, {epochs} epochs, batches of {BATCH}; medians of {rounds} rounds")
    print(
        f"{'seconds an epoch':20}{'clock':>8}{'x':>6}{'processor':>11}{'x':>6}{'loss':>8}", end=""
    )
    print(f"{'clock to loss':>15} {worst:.2f}{'x':>6}{'of limit':>10}")
    operations = operations_of_an_epoch(rows)
    table = {}
    for way, found in watches.items():
        table[way] = (
            median(w.wall[-1] / epochs for w in found),
            median(w.cpu[-1] / epochs for w in found),
            median(seconds_to(worst, w, w.wall) for w in found),
        )
        wall, cpu, to_loss = table[way]
        times = [before / now for before, now in zip(table[BOOK], table[way], strict=True)]
        loss = median(w.losses[-1] for w in found)
        print(f"{way:20}{wall:8.1f}{times[0]:6.1f}{cpu:11.1f}{times[1]:6.1f}{loss:8.3f}", end="")
        limit = operations / median(peaks[ways[way]]) / 1e9  # seconds
        print(f"{to_loss:20.1f}{times[2]:6.1f}{limit / wall:10.0%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=3360)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    compare(options.rows, options.epochs, options.rounds)
