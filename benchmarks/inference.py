"""How fast a fine-tuned classifier predicts, five ways, measured in one interleaved run.

    python -m benchmarks.inference                              # ratios and texts a second
    python -m benchmarks.inference --folder runs/emotion-794…   # a saved model of yours

The ways: plain (`pipeline(texts)`, one text after the other), padded batches (`pipeline` with
batch_size=32), and `predict_logits`, which sorts by length, in float32, in bfloat16, and in float32
with the linear layers quantized to int8 (dynamically, by torch). All run the same weights on the
same texts on the CPU. Without --folder the head is new: that changes no time, and the column of
differences then tells little.
"""

import argparse
import time
import warnings
from statistics import median

import numpy as np
import torch
from scipy.special import softmax
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    TextClassificationPipeline,
)

from helpers import load_checkpoint, load_corpus, predict_logits, session as room, start

PLAIN = "plain, one by one"


def load(folder: str | None, labels: list[str]):
    if not folder:
        return load_checkpoint(head="classification", labels=labels)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype="float32")
    return AutoTokenizer.from_pretrained(folder), model


def quantized(model):
    if torch.backends.quantized.engine == "none":
        torch.backends.quantized.engine = "qnnpack"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)


def compare(folder: str | None, n_texts: int, rounds: int) -> None:
    corpus = load_corpus("emotion")["train"]
    texts = corpus["text"][:n_texts]
    tokenizer, model = load(folder, corpus.features["label"].names)
    classify = TextClassificationPipeline(model=model, tokenizer=tokenizer, device="cpu")

    def through_pipeline(batch_size: int) -> np.ndarray:
        answers = classify(texts, top_k=None, truncation=True, batch_size=batch_size)
        scores = [{entry["label"]: entry["score"] for entry in answer} for answer in answers]
        return np.array([[row[label] for label in model.config.label2id] for row in scores])

    def sorted_by_length(network) -> np.ndarray:
        return softmax(predict_logits(network, tokenizer, texts), axis=1)[:, order]

    order = list(model.config.label2id.values())
    int8 = quantized(model)
    ways = {
        PLAIN: ("float32", lambda: through_pipeline(1)),
        "padded batches": ("float32", lambda: through_pipeline(32)),
        "sorted, float32": ("float32", lambda: sorted_by_length(model)),
        "sorted, bfloat16": ("bfloat16", lambda: sorted_by_length(model)),
        "sorted, int8": ("float32", lambda: sorted_by_length(int8)),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    found = {}
    for turn in range(rounds + 1):
        for way, (dtype, work) in ways.items():
            start(dtype=dtype, quiet=True)
            begin = time.perf_counter()
            found[way] = work()
            if turn:
                seconds[way].append(time.perf_counter() - begin)

    tokens = np.mean([len(ids) for ids in tokenizer(texts)["input_ids"]])
    print(f"{len(texts):,} texts, {tokens:.1f} tokens each, {rounds} rounds, medians")
    print(f"{'way':20}{'texts/s':>9}{'x plain':>9}{'same label':>12}{'largest difference':>20}")
    for way in ways:
        spent = median(seconds[way])
        same = (found[way].argmax(1) == found[PLAIN].argmax(1)).mean()
        apart = np.abs(found[way] - found[PLAIN]).max()
        ratio = median(seconds[PLAIN]) / spent
        print(f"{way:20}{len(texts) / spent:9.0f}{ratio:9.1f}{same:12.1%}{apart:20.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", help="a folder that save_pretrained has written")
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    room.pick_device = lambda: torch.device("cpu")  # int8 has no other
    compare(options.folder, options.texts, options.rounds)
