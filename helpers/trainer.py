"""The Trainer of transformers, set up so that it is right on this stack; used by `fine_tune`."""

import os
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torch.utils.data import DataLoader
from tqdm import tqdm
from transformers import (
    DataCollatorWithPadding,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.trainer_pt_utils import LengthGroupedSampler

from .batches import dtype_of, set_attention
from .predicting import row_logits
from .runs import epoch_file, mark_whole, write_arrays
from .scores import score
from .session import current

RECIPE = {  # as TrainingArguments calls them; a warm-up below 1 is a share of the steps
    "optim": "adamw_torch_fused",
    "weight_decay": 0.01,
    "lr_scheduler_type": "linear",
    "warmup_steps": 0.1,
}


class Diverged(ValueError):
    """A training whose weights have run away."""


class CourseTrainer(Trainer):
    """Trains in batches of similar length, notes each row's logits, evaluates in dataset order.

    Its `get_train_dataloader` takes an order that follows from seed and epoch alone, so that a run
    can be resumed. Its `evaluate` predicts as `predict_logits` does, sorted by length, and keeps
    the logits of every row.
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
            args=training_arguments(arguments, len(kept), seed, folder, dtype_of(model)),
            train_dataset=[{**encoded["train"][i], "labels": labels[i], "row": i} for i in kept],
            eval_dataset=encoded["validation"],
            processing_class=tokenizer,
            data_collator=DataCollatorWithPadding(tokenizer),
            callbacks=[*callbacks, _Bar(), _Mark()],
        )
        self.remove_callback(PrinterCallback)
        self.targets = targets["validation"]
        self.class_weights = None
        if arguments["class_weight"]:
            counts = np.bincount(labels[kept], minlength=model.config.num_labels)
            weights = len(kept) / (len(counts) * np.maximum(counts, 1))
            self.class_weights = torch.tensor(weights, dtype=torch.float32, device=self.args.device)
        shape = (len(labels), model.config.num_labels)
        self.seen = torch.full(shape, -torch.inf, device=self.args.device)
        self.batches = 0  # of this epoch
        self.attention = model.config._attn_implementation  # no public name tells it

    def get_train_dataloader(self) -> DataLoader:
        # Trainer's private number is the batch that fits, found by auto_find_batch_size. Should it
        # go: args.train_batch_size is the one that was asked for.
        self.rows_a_batch = self._train_batch_size
        self.sampler = _GroupedSampler(
            self.rows_a_batch * self.args.world_size * self.args.gradient_accumulation_steps,
            lengths=[len(row["input_ids"]) for row in self.train_dataset],
            seed=self.args.seed,
        )
        loader = DataLoader(
            self.train_dataset,
            batch_size=self.rows_a_batch,
            sampler=self.sampler,
            collate_fn=self.data_collator,
            pin_memory=self.args.dataloader_pin_memory,
        )
        return self.accelerator.prepare(loader)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        rows = inputs.pop("row")
        set_attention(self.model, inputs["input_ids"].shape[1], self.attention)
        outputs = model(**inputs)
        logits, labels, loss = outputs.logits.float(), inputs["labels"], outputs.loss
        self.batches += 1
        counts = self.row_counts(rows)
        mine = counts > 0
        self.seen[rows[mine]] = logits[mine].detach()
        if self.class_weights is not None or (counts != 1).any():
            if labels.ndim == 2:
                losses = binary_cross_entropy_with_logits(logits, labels, reduction="none").mean(1)
            elif labels.is_floating_point():
                losses = (logits[:, 0] - labels) ** 2
            else:
                losses = cross_entropy(logits, labels, reduction="none")
            if self.class_weights is not None:
                losses = losses * self.class_weights[labels]
            loss = (losses * counts).mean()
        return (loss, outputs) if return_outputs else loss

    def row_counts(self, rows: torch.Tensor) -> torch.Tensor:
        """How much each row of a batch counts, float [rows]: 1, except at the end of an epoch.

        When the rows that are left cannot be shared out evenly among the processes, accelerate
        fills up with rows that the epoch began with. These count 0, and the others so much that
        the mean over the processes is theirs.
        """
        processes = self.args.world_size
        whole_batches, rows_left = divmod(len(self.train_dataset), self.rows_a_batch * processes)
        is_last = 0 < whole_batches < self.batches
        if processes == 1 or not rows_left or not is_last:
            return torch.ones(len(rows), device=rows.device)
        numbers = [self.train_dataset[i]["row"] for i in self.sampler.order[-rows_left:]]
        belongs = torch.isin(rows, torch.tensor(numbers, device=rows.device))
        return belongs * (len(rows) * processes / rows_left)

    def evaluate(self, *_, **__) -> dict[str, float]:
        self.model.set_attn_implementation(self.attention)
        logits = row_logits(self.model, self.processing_class, self.eval_dataset)
        scores = score(logits, self.targets) if np.isfinite(logits).all() else {"loss": np.nan}
        if not np.isfinite(scores["loss"]):
            raise Diverged(
                f"The training has diverged: after epoch {round(self.state.epoch)} its answers are "
                f"no numbers. Choose a learning rate below {self.args.learning_rate:g}."
            )
        if self.args.world_size > 1:
            torch.distributed.all_reduce(self.seen, torch.distributed.ReduceOp.MAX)
        if self.is_world_process_zero():
            seen = self.seen.masked_fill(self.seen.isinf(), torch.nan).cpu().numpy()
            file = Path(self.args.output_dir, epoch_file(round(self.state.epoch)))
            write_arrays(file, train=seen, validation=logits)
        self.seen.fill_(-torch.inf)
        self.batches = 0
        metrics = {f"eval_{name}": x for name, x in scores.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


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


class _Mark(TrainerCallback):
    """Notes of each checkpoint that it is whole."""

    def on_save(self, args, state, control, **_):
        if state.is_world_process_zero:
            checkpoint = Path(args.output_dir, f"checkpoint-{state.global_step}")
            mark_whole(checkpoint, round(state.epoch))


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


def training_arguments(
    arguments: dict, n_rows: int, seed: int, folder: Path, dtype: torch.dtype
) -> TrainingArguments:
    """The TrainingArguments for `n_rows` rows; with float16 the loss is scaled.

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
        bf16=dtype == torch.bfloat16 and session.device.type != "mps",
        fp16=dtype == torch.float16,
        use_cpu=session.device.type == "cpu",
        seed=seed,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        logging_steps=max(1, steps // 10),
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        **RECIPE,
    )
    if made.world_size != world:
        raise apart
    return made
