"""The training loop that notebook 08 writes out does what Trainer does, and can be caught out."""

import math
import re
from pathlib import Path

import nbformat
import pytest
import torch
from torch.utils.data import DataLoader, Dataset
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    Trainer,
    TrainingArguments,
    get_linear_schedule_with_warmup,
)

from helpers import load_corpus, start

pytestmark = pytest.mark.slow

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "08_training_loop.ipynb"
LIFTED = ("Phrases", "collate", "make_loader", "make_optimizer", "make_schedule")
LIFTED += ("short_numbers", "train_one_epoch")
# The last batch must not be full: RandomSampler draws once more when it is read to its end, which
# our loop always does, and Trainer only for a batch that is not full.
EPOCHS, ROWS, BATCH, PEAK = 2, 28, 8, 2e-3


@pytest.fixture
def lift(checkpoint, lifted):
    """`lift()`: the notebook's functions, with what they use of the notebook."""

    def lift(change: tuple[str, str] | None = None):
        names = {"torch": torch, "math": math, "DataLoader": DataLoader, "Dataset": Dataset}
        names |= {"LambdaLR": torch.optim.lr_scheduler.LambdaLR, "tokenizer": checkpoint[0]}
        names |= {"session": start(dtype="float32", quiet=True)}
        return lifted("08", *LIFTED, change=change, **names)

    return lift


def small_model(tokenizer, dropout: float) -> BertForSequenceClassification:
    """A BERT of two narrow layers, alike at each call; its gradients are longer than 1."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.3,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    return BertForSequenceClassification(config).to(start(quiet=True).device)


def by_loop(names, data, dropout: float):
    model = small_model(names.tokenizer, dropout)
    loader = names.make_loader(data, shuffle=True, batch_size=BATCH)
    optimizer = names.make_optimizer(model, PEAK)
    schedule = names.make_schedule(optimizer, EPOCHS * len(loader))
    torch.manual_seed(1)
    epochs = [names.train_one_epoch(model, loader, optimizer, schedule) for _ in range(EPOCHS)]
    return [loss for losses in epochs for loss in losses], model


def by_trainer(names, data, dropout: float, folder: Path):
    class InTheLoopsOrder(Trainer):
        def get_train_dataloader(self):
            return names.make_loader(data, shuffle=True, batch_size=BATCH)

    model = small_model(names.tokenizer, dropout)
    model.accepts_loss_kwargs = False
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=EPOCHS,
        learning_rate=PEAK,
        warmup_steps=0.1,
        weight_decay=0.01,
        optim="adamw_torch",
        use_cpu=start(quiet=True).device.type == "cpu",
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = InTheLoopsOrder(model=model, args=arguments, train_dataset=data)
    torch.manual_seed(1)
    trainer.train()
    return [log["loss"] for log in trainer.state.log_history if "loss" in log], model


def apart(one, other) -> tuple[float, float]:
    """The largest difference between two runs' losses, and between their weights."""
    losses = max(abs(a - b) for a, b in zip(one[0], other[0], strict=True))
    weights = zip(one[1].parameters(), other[1].parameters(), strict=True)
    return losses, max((a - b).abs().max().item() for a, b in weights)


def agree(one, other) -> bool:
    losses, weights = apart(one, other)
    return losses < 1e-4 and weights < 1e-5


@pytest.fixture
def rows(lift):
    phrases = load_corpus("phrases")["train"][:ROWS]
    return lift().Phrases(phrases["text"], phrases["label"])


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_the_loop_does_what_trainer_does(lift, rows, tmp_path, dropout):
    names = lift()
    ours, theirs = by_loop(names, rows, dropout), by_trainer(names, rows, dropout, tmp_path)
    assert len(ours[0]) == EPOCHS * -(-ROWS // BATCH)
    assert agree(ours, theirs), apart(ours, theirs)
    assert apart(ours, ([0] * len(ours[0]), small_model(names.tokenizer, dropout)))[1] > PEAK


MISTAKES = {
    "no zero_grad": ("optimizer.zero_grad()", "pass"),
    "zero_grad too early": ("loss.backward()", "loss.backward()\n        optimizer.zero_grad()"),
    "no clipping": ("torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)", "pass"),
    "no schedule": ("schedule.step()", "pass"),
    "another warm-up": ("0.1 * steps", "0.3 * steps"),
    "weight decay on all": ("'weight_decay': 0.0}", "'weight_decay': 0.01}"),
    "no weight decay": ("'weight_decay': 0.01", "'weight_decay': 0.0"),
    "evaluation mode": ("model.train()", "model.eval()"),
    "another order": ("manual_seed(session.seed)", "manual_seed(session.seed + 1)"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_loop_is_found(lift, rows, tmp_path, mistake):
    theirs = by_trainer(lift(), rows, 0.1, tmp_path)
    ours = by_loop(lift(MISTAKES[mistake]), rows, 0.1)
    assert not agree(ours, theirs)


def test_the_schedule_is_that_of_transformers(lift):
    names = lift()
    for steps in (1, 2, 7, 40):
        optimizers = [torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1) for _ in "ab"]
        ours = names.make_schedule(optimizers[0], steps)
        theirs = get_linear_schedule_with_warmup(optimizers[1], math.ceil(0.1 * steps), steps)
        for _ in range(steps):
            assert ours.get_last_lr() == pytest.approx(theirs.get_last_lr())
            for part in (*optimizers, ours, theirs):
                part.step()
        assert ours.get_last_lr() == pytest.approx([0])


def test_no_machine_path_is_printed_by_the_scripts():
    printed = [
        output.get("text", "")
        for cell in nbformat.read(NOTEBOOK, as_version=4).cells
        if "run_script" in cell.source and cell.cell_type == "code"
        for output in cell.outputs
    ]
    assert any(re.search(r"step 1: loss \d", text) for text in printed)
    assert not any(re.search(r"/(home|root|tmp|Users)/", text) for text in printed)
