"""How fast `extract_features` is, beside two other ways, measured in one interleaved run.

    python -m benchmarks.features                     # texts a second and ratios
    python -m benchmarks.features --memory 100000     # the memory that many texts take
    COURSE_EMOTION=FOLDER python -m benchmarks.features --texts 2000    # on the public tweets

The ways: the book's (NLP with Transformers, chapter 2: the whole corpus padded alike, batches of
1,000, full precision), sentence-transformers' `encode`, ours at full precision, and ours at the
number format that the session chose. All four run the same weights on the same texts and give the
[CLS] states, but for `encode`, which gives the means. This machine's own limit, the speed of a
plain matrix product, is measured in the same rounds.

How far the book's way falls behind depends on the data: it pads every text to the longest of the
corpus. The bundled posts are more alike in length than the public tweets it was written for.
"""

import argparse
import threading
import time
from contextlib import contextmanager
from statistics import median

import numpy as np
import psutil
import torch

from helpers import extract_features, load_checkpoint, load_corpus, start
from helpers.checkpoints import find_checkpoint

BOOK, ENCODE, OURS_FULL, OURS = "the book's way", "sentence-transformers", "ours, float32", "ours"


def book_way(texts: list[str], longest: int, tokenizer, model) -> np.ndarray:
    shape = {"padding": "max_length", "max_length": longest, "truncation": True}
    encoded = tokenizer(texts, **shape, return_tensors="pt")
    states = []
    for start_row in range(0, len(texts), 1000):
        batch = {name: rows[start_row : start_row + 1000] for name, rows in encoded.items()}
        with torch.no_grad():
            states.append(model(**batch).last_hidden_state[:, 0].numpy())
    return np.concatenate(states)


def matrix_peak(dtype: torch.dtype) -> float:
    """Billions of operations a second in a product of the shape of the model's largest layer."""
    left, right = torch.ones(2048, 384, dtype=dtype), torch.ones(384, 1536, dtype=dtype)
    begin = time.perf_counter()
    for _ in range(20):
        left @ right
    return 20 * 2 * 2048 * 384 * 1536 / (time.perf_counter() - begin) / 1e9


@contextmanager
def peak_memory(found: list[float]):
    """Append the MB that the process took on top of what it had, at the highest."""
    process, running, highest = psutil.Process(), True, 0
    before = process.memory_info().rss

    def watch():
        nonlocal highest
        while running:
            highest = max(highest, process.memory_info().rss)
            time.sleep(0.02)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield
    running = False
    watcher.join()
    found.append(max(0, highest - before) / 1e6)


def compare(n_texts: int, rounds: int) -> None:
    session = start()
    tokenizer, model = load_checkpoint()
    corpus = load_corpus("emotion")["train"]["text"][:]
    longest = min(512, max(len(ids) for ids in tokenizer(corpus)["input_ids"]))
    texts = corpus[:n_texts]
    name = str(session.dtype).removeprefix("torch.")
    ours = {dtype: lambda: extract_features(texts, tokenizer, model) for dtype in ("float32", name)}
    ways = {BOOK: (None, lambda: book_way(texts, longest, tokenizer, model))}
    try:
        from sentence_transformers import SentenceTransformer

        encoder = SentenceTransformer(str(find_checkpoint()), device="cpu")
        ways[ENCODE] = (None, lambda: encoder.encode(texts, show_progress_bar=False))
    except ImportError:
        print("sentence-transformers is not installed: its row is left out")
    ways[OURS_FULL] = ("float32", ours["float32"])
    ways[f"{OURS}, {name}"] = (name, ours[name])
    ours_name = f"{OURS}, {name}"

    seconds: dict[str, list[float]] = {way: [] for way in ways}
    memory: dict[str, list[float]] = {way: [] for way in ways}
    peaks: dict[str, list[float]] = {"float32": [], name: []}
    states = {}
    for turn in range(rounds + 1):
        for way, (dtype, work) in ways.items():
            if dtype:
                start(dtype=dtype, quiet=True)
            with peak_memory(memory[way] if turn else []):
                begin = time.perf_counter()
                states[way] = work()
                if turn:
                    seconds[way].append(time.perf_counter() - begin)
        for dtype in peaks:
            peaks[dtype].append(matrix_peak(getattr(torch, dtype)))

    tokens = sum(len(ids) for ids in tokenizer(texts)["input_ids"])
    layers = sum(p.numel() for n, p in model.encoder.named_parameters() if p.dim() == 2)
    mean = tokens / len(texts)
    print(f"\n{len(texts):,} texts, {mean:.1f} tokens each, {rounds} rounds, medians")
    print(f"the book's way pads each to {longest} tokens, {longest / mean:.1f} times as many")
    print(f"{'way':24}{'texts/s':>9}{'x book':>8}{'x s-t':>7}{'peak MB':>9}{'of limit':>10}")
    for way, (dtype, _) in ways.items():
        spent = median(seconds[way])
        against = {other: median(seconds[other]) / spent for other in ways}
        limit = median(peaks[dtype or "float32"]) * 1e9
        share = tokens * 2 * layers / spent / limit
        print(
            f"{way:24}{len(texts) / spent:9.0f}{against[BOOK]:8.1f}"
            f"{against.get(ENCODE, float('nan')):7.1f}{median(memory[way]):9.0f}{share:10.0%}"
        )
    shown = ", ".join(f"{dtype} {median(found):.0f}" for dtype, found in peaks.items())
    print(f"matrix products, billions of operations a second: {shown}")
    print("'of limit': the useful tokens' share of what such products alone would allow")
    apart = np.abs(states[BOOK] - states[ours_name]).max()
    print(f"largest difference between the book's states and ours: {apart:.4f}")


def measure_memory(n_texts: int) -> None:
    start()
    tokenizer, model = load_checkpoint()
    corpus = load_corpus("emotion")["train"]["text"][:]
    texts = [f"{corpus[i % len(corpus)]} {i}" for i in range(n_texts)]
    extract_features(texts[:200], tokenizer, model)
    found: list[float] = []
    with peak_memory(found):
        states = extract_features(texts, tokenizer, model)
    print(f"{n_texts:,} texts: {found[0]:.0f} MB above the loaded model and the texts, of which")
    print(f"the result, {list(states.shape)} float32, is {states.nbytes / 1e6:.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, metavar="TEXTS", help="measure memory instead")
    options = parser.parse_args()
    if options.memory:
        measure_memory(options.memory)
    else:
        compare(options.texts, options.rounds)
