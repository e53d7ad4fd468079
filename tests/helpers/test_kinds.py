"""Checkpoints of many kinds, as people bring them: used rightly, or refused in one sentence."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    BartConfig,
    BartModel,
    BertConfig,
    BertModel,
    BloomConfig,
    BloomModel,
    DebertaConfig,
    DebertaModel,
    DebertaV2Config,
    DebertaV2Model,
    DistilBertConfig,
    DistilBertModel,
    FunnelConfig,
    FunnelModel,
    GPT2Config,
    GPT2Model,
    MPNetConfig,
    MPNetModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5Model,
    XLNetConfig,
    XLNetModel,
)

from helpers import extract_features, fine_tune, load_checkpoint, load_corpus, predict_logits, start
from helpers.batches import tokenize

POSITIONS, LONG = 40, "a word " * 60
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
SIZES |= {"intermediate_size": 64, "initializer_range": 0.2}
PLACES = SIZES | {"max_position_embeddings": POSITIONS}
RELATIVE = PLACES | {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]}
FIRST, LAST = "<cls> $A <sep>", "$A <sep> <cls>"  # where the token for the whole text stands
KINDS = {  # class, config, where that token stands, tokens of use
    "bert": (BertModel, BertConfig(**PLACES), FIRST, POSITIONS),
    "roberta": (RobertaModel, RobertaConfig(**PLACES, pad_token_id=1), FIRST, POSITIONS - 2),
    "mpnet": (MPNetModel, MPNetConfig(**PLACES, pad_token_id=1), FIRST, POSITIONS - 2),
    "deberta": (DebertaModel, DebertaConfig(**RELATIVE), FIRST, POSITIONS),
    "deberta-v2": (DebertaV2Model, DebertaV2Config(**RELATIVE), FIRST, POSITIONS),
    "gpt2": (GPT2Model, GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=40), "$A", 40),
    "bloom": (BloomModel, BloomConfig(hidden_size=32, n_layer=2, n_head=2), "$A", 512),
    "xlnet": (XLNetModel, XLNetConfig(d_model=32, n_layer=2, n_head=2, d_inner=64), LAST, 512),
}
REFUSED = {
    "t5": (T5Model, T5Config(d_model=32, num_layers=1, num_heads=2, d_ff=64, d_kv=16)),
    "bart": (BartModel, BartConfig(d_model=32, encoder_layers=1, decoder_layers=1)),
    "funnel": (FunnelModel, FunnelConfig(d_model=32, n_head=2, d_head=16, block_sizes=[1, 1])),
}
SPECIAL = ["<cls>", "<pad>", "<sep>", "<unk>"]


@pytest.fixture(scope="module")
def texts():
    return [*load_corpus("emotion")["train"]["text"][:30], LONG, "yes"]


@pytest.fixture
def make(texts, tmp_path):
    """Makes a checkpoint with weights drawn at random, and a tokenizer as its kind has."""

    def save(name: str, kind: type, config, template: str = FIRST):
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
        letters = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=500, special_tokens=SPECIAL, initial_alphabet=letters
        )
        tokenizer.train_from_iterator(texts, trainer)
        tokenizer.post_processor = processors.TemplateProcessing(
            single=template, special_tokens=[("<cls>", 0), ("<sep>", 2)]
        )
        names = {"eos_token": "<sep>", "unk_token": "<unk>"}
        if template != "$A":
            names |= {"cls_token": "<cls>", "sep_token": "<sep>", "pad_token": "<pad>"}
        side = "left" if template == LAST else "right"
        made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, padding_side=side, **names)
        config.vocab_size = len(made)
        if name != "gpt2":
            config.pad_token_id = made.pad_token_id
        torch.manual_seed(0)
        kind(config).save_pretrained(tmp_path / name)
        made.save_pretrained(tmp_path / name)
        return tmp_path / name

    return save


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_read_as_far_as_it_can_and_padding_changes_nothing(name, make, texts, home):
    start(dtype="float32", quiet=True)
    kind, config, template, limit = KINDS[name]
    folder = make(name, kind, config, template)
    tokenizer, model = load_checkpoint(folder, head="classification", labels=["no", "yes"])
    with pytest.warns(UserWarning, match="longer") if limit < 100 else nullcontext():
        logits = predict_logits(model, tokenizer, texts)
    assert tokenizer.model_max_length == limit
    for text, row in zip(texts, logits, strict=True):
        (ids,) = tokenize([text], tokenizer, model) if text != LONG else [None]
        if ids:
            with torch.inference_mode():
                alone = model(torch.tensor(ids["input_ids"])[None].long()).logits[0]
            assert np.abs(alone.numpy() - row).max() < 1e-4, text
    means = extract_features(texts[:8], tokenizer, model, pool="mean")
    one = extract_features(texts[3:4], tokenizer, model, pool="mean")
    assert np.abs(means[3] - one[0]).max() < 1e-4


def test_a_tokenizer_brings_what_the_model_reads_and_nothing_else(checkpoint, tmp_path):
    sizes = {"dim": 32, "n_layers": 1, "n_heads": 2, "hidden_dim": 64}
    DistilBertModel(DistilBertConfig(**sizes)).save_pretrained(tmp_path)
    checkpoint[0].save_pretrained(tmp_path)  # a tokenizer that knows token types
    tokenizer, model = load_checkpoint(tmp_path)
    batch = tokenizer("One text.", "Another.", return_tensors="pt")
    assert list(batch) == ["input_ids", "attention_mask"]
    model(**batch)
    assert "token_type_ids" in checkpoint[0]("One text.", "Another.")


@pytest.mark.parametrize("name", ["gpt2", "xlnet"])
def test_the_first_token_is_no_vector_of_a_text_where_it_is_no_cls(name, make, texts, refused):
    kind, config, template, _ = KINDS[name]
    tokenizer, model = load_checkpoint(make(name, kind, config, template))
    with refused(ValueError, name, 'write pool="mean"'):
        extract_features(texts, tokenizer, model, pool="cls")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* texts are longer")
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_trains_in_bfloat16_and_is_loaded_again(name, make, home):
    start(dtype="bfloat16", quiet=True)
    kind, config, template, _ = KINDS[name]
    corpus = load_corpus("emotion")
    for split in ("train", "validation", "test"):
        corpus[split] = corpus[split].select(range(48))
    options = {"epochs": 1, "batch_size": 16, "checkpoint": make(name, kind, config, template)}
    run = fine_tune(corpus, **options)
    assert np.isfinite(run.metrics["loss"])
    assert run.details["machine"]["dtype"] == ("float32" if name == "deberta" else "bfloat16")
    again = fine_tune(corpus, **options)
    texts = corpus["test"]["text"][:]
    assert (
        predict_logits(run.model, run.tokenizer, texts)
        == predict_logits(again.model, again.tokenizer, texts)
    ).all()


@pytest.mark.parametrize("name", REFUSED)
def test_a_kind_without_a_state_for_each_token_is_refused(name, make, refused):
    kind, config = REFUSED[name]
    folder = make(name, kind, config)
    with refused(RuntimeError, f"is a {name}, which", "take an encoder"):
        load_checkpoint(folder)
    with refused(RuntimeError, f"is a {name}, which", "take an encoder"):
        load_checkpoint(folder, head="classification", labels=["no", "yes"])


def test_a_tokenizer_that_has_nothing_to_pad_with_is_refused(make, refused):
    folder = make("gpt2", *KINDS["gpt2"][:3])
    file = folder / "tokenizer_config.json"
    file.write_text(file.read_text().replace('"eos_token"', '"other"'))
    with refused(RuntimeError, str(folder), "no token to pad with", "tokenizer_config.json"):
        load_checkpoint(folder)
