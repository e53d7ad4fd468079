from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="module")
def data():
    from datasets import DatasetDict

    from helpers import load_corpus

    corpus = load_corpus("emotion")
    sizes = {"train": 60, "validation": 40, "test": 30}
    return DatasetDict({split: corpus[split].select(range(n)) for split, n in sizes.items()})


@pytest.fixture
def run(checkpoint, data, home):
    """What a Run holds, with a very small model and dynamics drawn at random."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from helpers import start

    start(dtype="float32", quiet=True)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "initializer_range": 0.2}
    config = BertConfig(num_hidden_layers=1, num_attention_heads=2, num_labels=6, **sizes)
    model = BertForSequenceClassification(config).eval()
    draw = np.random.default_rng(0).normal
    dynamics = {split: draw(size=(3, len(data[split]), 6)) for split in ("train", "validation")}
    return SimpleNamespace(model=model, tokenizer=checkpoint[0], dynamics=dynamics)
