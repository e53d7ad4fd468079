"""How fast the two ways to compute attention are, by length of the texts, in one interleaved run.

    python -m benchmarks.attention                    # at the number format that the session chose
    python -m benchmarks.attention --dtype float32

One way is PyTorch's fused function (`sdpa`, what transformers takes unless told otherwise), the
other the plain products written out (`eager`). `helpers.batches.set_attention` follows from this
table. A ratio above 1 means that the plain way is faster.
"""

import argparse
import time
from statistics import median

import torch

from helpers import load_checkpoint, start
from helpers.batches import BATCH_TOKENS, autocast

WAYS = ("sdpa", "eager")


def once(model, batch: dict, training: bool) -> float:
    begin = time.perf_counter()
    with torch.inference_mode(not training), autocast(model):
        loss = model(**batch).loss
    if training:
        loss.backward()
        model.zero_grad()
    return time.perf_counter() - begin


def compare(dtype: str | None, rounds: int) -> None:
    start(dtype=dtype)
    _, model = load_checkpoint(head="classification", labels=["no", "yes"])
    print(f"{'tokens a text':>14}{'sdpa / eager: predicting':>27}{'training':>11}")
    for tokens in (16, 32, 64, 128, 256, 512):
        n = BATCH_TOKENS // tokens
        batch = {
            "input_ids": torch.randint(1000, 5000, (n, tokens)),
            "labels": torch.ones(n).long(),
        }
        batch["attention_mask"] = torch.ones_like(batch["input_ids"])
        batch["attention_mask"][0, tokens // 2 :] = 0
        ratios = []
        for training in (False, True):
            model.train(training)
            seconds: dict[str, list[float]] = {way: [] for way in WAYS}
            for _ in range(rounds + 1):
                for way in WAYS:
                    model.set_attn_implementation(way)
                    seconds[way].append(once(model, batch, training))
            ratios.append(median(seconds["sdpa"][1:]) / median(seconds["eager"][1:]))
        print(f"{tokens:14}{ratios[0]:27.2f}{ratios[1]:11.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dtype", choices=["float32", "bfloat16"])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    compare(options.dtype, options.rounds)
