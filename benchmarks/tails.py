"""Whether training on the ends of long reviews helps to read ends: beside training on beginnings.

    python -m benchmarks.tails                        # cut to 512 tokens, then to 128; seed 42
    python -m benchmarks.tails --tokens 128 --seeds 0 1 2

The recipe is that of notebook 07. One model learns from the first tokens of each review, another
from the last; the validation rows, by which the best state is kept, are cut alike. Scores are
accuracies on the reviews of validation and test that have over 512 tokens, shown their first or
their last tokens. COURSE_REVIEWS=folder takes other data.
"""

import argparse
import tempfile

import numpy as np

from helpers import is_it_real, load_checkpoint, load_corpus, start
from helpers.predicting import row_logits

SIDES = {"first": "right", "last": "left"}  # the part that is kept, and where the tokenizer cuts
LONG = 512


def accuracy(prediction) -> dict[str, float]:
    return {"accuracy": (prediction.predictions.argmax(axis=-1) == prediction.label_ids).mean()}


def cut(texts: list[str], tokenizer, tokens: int, side: str) -> list[list[int]]:
    tokenizer.truncation_side = SIDES[side]
    return tokenizer(texts, truncation=True, max_length=tokens)["input_ids"]


def train(data, tokenizer, folder: str, tokens: int, side: str, seed: int, epochs: int):
    """A model that has learnt from `tokens` tokens of each review, in its best state."""
    import torch  # after helpers, which says how its threads are to wait
    from transformers import (
        AutoConfig,
        AutoModelForSequenceClassification,
        DataCollatorWithPadding,
        PrinterCallback,
        Trainer,
        TrainingArguments,
    )

    session, pretrained = start(quiet=True), load_checkpoint()[1].name_or_path
    parts = {}
    for split in ("train", "validation"):
        rows = data[split].shuffle(seed=seed)
        ids = cut(rows["text"][:], tokenizer, tokens, side)
        parts[split] = rows.remove_columns("text").add_column("input_ids", ids)
    config = AutoConfig.from_pretrained(pretrained, num_labels=2, attention_probs_dropout_prob=0.0)
    torch.manual_seed(seed)
    model = AutoModelForSequenceClassification.from_pretrained(
        pretrained, config=config, dtype="float32"
    )
    model.accepts_loss_kwargs = False
    arguments = TrainingArguments(
        folder,
        num_train_epochs=epochs,
        learning_rate=1.5e-4,
        per_device_train_batch_size=16,
        per_device_eval_batch_size=16,
        weight_decay=0.01,
        warmup_steps=0.1,
        train_sampling_strategy="group_by_length",
        eval_strategy="steps",
        eval_steps=0.25,
        save_strategy="steps",
        save_steps=0.25,
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="accuracy",
        greater_is_better=True,
        seed=seed,
        bf16=session.dtype == torch.bfloat16 and session.device.type != "mps",
        use_cpu=session.device.type == "cpu",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = Trainer(
        model,
        arguments,
        train_dataset=parts["train"],
        eval_dataset=parts["validation"],
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=accuracy,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return model.eval()


def compare(budgets: list[int], seeds: list[int], epochs: int) -> None:
    start()
    data, (tokenizer, _) = load_corpus("reviews"), load_checkpoint()
    texts = data["validation"]["text"][:] + data["test"]["text"][:]
    labels = np.array(data["validation"]["label"][:] + data["test"]["label"][:])
    lengths = [len(ids) for ids in tokenizer(texts, verbose=False)["input_ids"]]
    rows = np.flatnonzero(np.array(lengths) > LONG)
    texts, labels = [texts[row] for row in rows], labels[rows]

    shown = [(side, tokens) for tokens in budgets for side in SIDES]
    heads = "".join(f"{f'{side} {tokens}':>11}" for side, tokens in shown)
    print(f"\naccuracy on {len(rows)} long reviews, after {epochs} epochs, by what is shown")
    print(f"{'seed':>5}{'learnt from':>14}{heads}")
    for seed in seeds:
        for tokens in budgets:
            found = {}
            for learnt in SIDES:
                with tempfile.TemporaryDirectory() as folder:
                    model = train(data, tokenizer, folder, tokens, learnt, seed, epochs)
                for side, budget in shown:
                    encoded = [{"input_ids": ids} for ids in cut(texts, tokenizer, budget, side)]
                    found[learnt, side, budget] = row_logits(model, tokenizer, encoded).argmax(1)
                scores = [(found[learnt, *way] == labels).mean() for way in shown]
                printed = "".join(f"{score:11.2f}" for score in scores)
                print(f"{seed:5}{f'{learnt} {tokens}':>14}{printed}", flush=True)
            for side in SIDES:
                ways = ("first", side, tokens), ("last", "last", tokens)
                names = [f"'learnt {learnt}, shown {part}'" for learnt, part, _ in ways]
                verdict = is_it_real(labels, *(found[way] for way in ways), names=names)
                print(f"{'':5}{verdict['sentence']}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, nargs="+", default=[512, 128])
    parser.add_argument("--seeds", type=int, nargs="+", default=[42])
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    compare(options.tokens, options.seeds, options.epochs)
