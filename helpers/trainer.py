"""The Trainer of transformers, set up so that it is right on this stack; used by `fine_tune`."""

import os
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm
from transformers import (
    DataCollatorWithPadding,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.trainer_pt_utils import LengthGroupedSampler

from .features import set_attention
from .session import current
from .training import RECIPE, row_logits, score


class CourseTrainer(Trainer):
    """Trains in batches of similar length, notes each row's logits, evaluates in dataset order.

    Its own `evaluate` is there because Trainer's would visit the rows grouped by length too, and
    hand back predictions in another order than the dataset's.
    """

    def __init__(self, model, tokenizer, encoded, targets, arguments, seed, folder, callbacks):
        """encoded, targets: the rows of train and validation, from `encode` and `target_values`.

        arguments: those of run.json. folder: for the checkpoints and each epoch's logits.
        """
        # Without this line transformers 5 multiplies loss and gradient by the number of batches
        # accumulated, and of processes: https://github.com/huggingface/transformers/issues/47688
        model.accepts_loss_kwargs = False
        labels = targets["train"]
        kept = np.flatnonzero(labels >= 0) if labels.dtype == np.int64 else range(len(labels))
        super().__init__(
            model=model,
            args=training_arguments(arguments, len(kept), seed, folder),
            train_dataset=[{**encoded["train"][i], "labels": labels[i], "row": i} for i in kept],
            eval_dataset=encoded["validation"],
            processing_class=tokenizer,
            data_collator=DataCollatorWithPadding(tokenizer),
            callbacks=[*callbacks, _Bar()],
        )
        self.remove_callback(PrinterCallback)
        self.targets = targets["validation"]
        self.weights = None
        if arguments["class_weight"]:
            counts = np.bincount(labels[kept], minlength=model.config.num_labels)
            weights = len(kept) / (len(counts) * np.maximum(counts, 1))
            self.weights = torch.tensor(weights, dtype=torch.float32, device=self.args.device)
        shape = (len(labels), model.config.num_labels)
        self.seen = torch.full(shape, -torch.inf, device=self.args.device)
        self.batches = 0  # of this epoch
        self.attention = model.config._attn_implementation

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        rows = inputs.pop("row")
        set_attention(self.model, inputs["input_ids"].shape[1], self.attention)
        outputs = model(**inputs)
        logits, labels, loss = outputs.logits.float(), inputs["labels"], outputs.loss
        self.batches += 1
        counts = self._counts(rows)
        self.seen[rows[counts > 0]] = logits[counts > 0].detach()
        if self.weights is not None or (counts != 1).any():
            numbers = labels.is_floating_point()
            losses = (
                (logits[:, 0] - labels) ** 2
                if numbers
                else cross_entropy(logits, labels, reduction="none")
            )
            weights = 1 if self.weights is None else self.weights[labels]
            loss = (losses * weights * counts).mean()
        return (loss, outputs) if return_outputs else loss

    def _counts(self, rows):
        """How much each row of a batch counts, float [rows]: 1, except at the end of an epoch.

        When the rows that are left cannot be shared out evenly among the processes, accelerate
        fills up with rows that the epoch began with. These count 0, and the others so much that
        the mean over the processes is theirs.
        """
        counts, n = torch.ones(len(rows), device=rows.device), len(self.train_dataset)
        whole, left = divmod(n, self._train_batch_size * self.args.world_size)
        if left and self.args.world_size > 1 and 0 < whole < self.batches:
            last = torch.tensor([self.train_dataset[i]["row"] for i in self.sampler.order[-left:]])
            shares = len(rows) * self.args.world_size / left
            counts = torch.isin(rows, last.to(rows.device)) * shares
        return counts

    def evaluate(self, *_, **__) -> dict[str, float]:
        self.model.set_attn_implementation(self.attention)
        logits = row_logits(self.model, self.processing_class, self.eval_dataset)
        if self.args.world_size > 1:
            torch.distributed.all_reduce(self.seen, torch.distributed.ReduceOp.MAX)
        if self.is_world_process_zero():
            seen = self.seen.masked_fill(self.seen.isinf(), torch.nan).cpu().numpy()
            file = Path(self.args.output_dir, f"epoch-{round(self.state.epoch):03}.npz")
            np.savez(file, train=seen, validation=logits)
        self.seen.fill_(-torch.inf)
        self.batches = 0
        metrics = {f"eval_{name}": x for name, x in score(logits, self.targets).items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _get_train_sampler(self, train_dataset=None):
        self.sampler = _GroupedSampler(
            self._train_batch_size * self.args.world_size * self.args.gradient_accumulation_steps,
            lengths=[len(row["input_ids"]) for row in self.train_dataset],
            seed=self.args.seed,
        )
        return self.sampler


class _GroupedSampler(LengthGroupedSampler):
    """An order that follows from seed and epoch alone: alike in each process and on resuming."""

    def __init__(self, batch_size: int, lengths: list[int], seed: int):
        super().__init__(batch_size, lengths=lengths, generator=torch.Generator())
        self.seed = seed

    def set_epoch(self, epoch: int) -> None:
        self.generator.manual_seed(self.seed + epoch)

    def __iter__(self):
        self.order = list(super().__iter__())
        return iter(self.order)


class _Bar(TrainerCallback):
    """One progress bar for the whole training; silent where no one is watching."""

    def on_train_begin(self, args, state, control, **_):
        self.bar = tqdm(
            total=state.max_steps,
            initial=state.global_step,
            desc="training",
            unit="step",
            disable=None if state.is_world_process_zero else True,
        )

    def on_step_end(self, args, state, control, **_):
        self.bar.update(state.global_step - self.bar.n)

    def on_log(self, args, state, control, logs, **_):
        shown = {
            name: logs[name] for name in ("loss", "eval_loss", "eval_accuracy") if name in logs
        }
        self.bar.set_postfix({"epoch": round(state.epoch, 1), **shown})

    def on_train_end(self, args, state, control, **_):
        self.bar.close()


def training_arguments(arguments: dict, n_rows: int, seed: int, folder: Path) -> TrainingArguments:
    """The TrainingArguments for `n_rows` rows.

    Raises: ValueError for a batch that torchrun's processes cannot share evenly; RuntimeError if
        they would not train together, but each alone on all rows.
    """
    session, world = current(), int(os.environ.get("WORLD_SIZE", 1))
    rows, gpus = arguments["batch_size"], torch.cuda.device_count()
    if rows % world:
        raise ValueError(f"{world} processes cannot share {rows} rows a batch: choose a multiple.")
    apart = RuntimeError(
        f"WORLD_SIZE is {world}, but so many processes cannot train together here: start them with "
        "torchrun, and no more on one machine than it has GPUs, if it has any."
    )
    crowded = session.device.type == "cuda" and gpus < int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    if world > 1 and (crowded or "MASTER_ADDR" not in os.environ):
        raise apart
    steps = n_rows // (rows * arguments["accumulation"])
    made = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=arguments["epochs"],
        learning_rate=arguments["learning_rate"],
        per_device_train_batch_size=rows // world,
        gradient_accumulation_steps=arguments["accumulation"],
        auto_find_batch_size=session.device.type == "cuda",
        bf16=session.dtype == torch.bfloat16 and session.device.type != "mps",
        use_cpu=session.device.type == "cpu",
        seed=seed,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        logging_steps=max(1, steps // 10),
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        **RECIPE,
    )
    if made.world_size != world:
        raise apart
    return made
