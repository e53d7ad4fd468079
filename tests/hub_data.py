"""Data sets as the Hub holds them, made from the course's own corpora: columns, order, defects."""

import json
from pathlib import Path

import pyarrow
from pyarrow import parquet

from helpers import load_corpus

TEXT, NUMBER = {"dtype": "string", "_type": "Value"}, {"dtype": "float32", "_type": "Value"}


def classes(*names: str) -> dict:
    return {"names": list(names), "_type": "ClassLabel"}


def publish(folder: Path, configs: dict[str, tuple[dict, dict[str, dict]]]) -> Path:
    """Write a data set: for each config its features, and by split its columns."""
    lines = ["---", "configs:"]
    for name, (features, splits) in configs.items():
        lines += [f"- config_name: {name}", "  data_files:"]
        about = {"huggingface": json.dumps({"info": {"features": features}})}
        (folder / name).mkdir(parents=True)
        for split, columns in splits.items():
            lines.append(f"  - {{split: {split}, path: {name}/{split}-*}}")
            table = pyarrow.table(columns).replace_schema_metadata(about)
            parquet.write_table(table, folder / name / f"{split}-00000-of-00001.parquet")
    (folder / "README.md").write_text("\n".join([*lines, "---", ""]), encoding="utf-8")
    return folder


def columns_of(data, names: dict[str, str]) -> dict[str, list]:
    """The columns of a dataset under the names that the Hub has for them."""
    return {there: data[here][:] for there, here in names.items()}


def publish_emotion(folder: Path) -> Path:
    data = load_corpus("emotion")
    names = data["train"].features["label"].names
    splits = {split: columns_of(data[split], {"text": "text", "label": "label"}) for split in data}
    splits["train"] = {c: [*v, v[0]] for c, v in splits["train"].items()}  # a row that is repeated
    return publish(folder, {"split": ({"text": TEXT, "label": classes(*names)}, splits)})


def publish_imdb(folder: Path) -> Path:
    """Sorted by label, without validation, and with reviews that nobody has labelled."""
    data, splits = load_corpus("reviews"), {}
    for split in ("train", "test"):
        ordered = data[split].sort("label")
        splits[split] = columns_of(ordered, {"text": "text", "label": "label"})
    unlabelled = data["validation"]["text"][:]
    splits["unsupervised"] = {"text": unlabelled, "label": [-1] * len(unlabelled)}
    features = {"text": TEXT, "label": classes("neg", "pos")}
    return publish(folder, {"plain_text": (features, splits)})


def publish_glue(folder: Path) -> Path:
    """sst2, stsb and mrpc; the labels of their test rows are -1."""
    phrases, pairs = load_corpus("phrases"), load_corpus("pairs")
    single = {"sentence": "text", "label": "label"}
    double = {"sentence1": "sentence1", "sentence2": "sentence2", "label": "score"}
    sst2 = {split: columns_of(phrases[split], single) for split in phrases}
    stsb = {split: columns_of(pairs[split], double) for split in pairs}
    mrpc = {}
    for split, columns in stsb.items():
        mrpc[split] = columns | {"label": [int(score > 2.5) for score in columns["label"]]}
    two = {"sentence1": TEXT, "sentence2": TEXT}
    tasks = {
        "sst2": ({"sentence": TEXT, "label": classes("negative", "positive")}, sst2),
        "stsb": (two | {"label": NUMBER}, stsb),
        "mrpc": (two | {"label": classes("not_equivalent", "equivalent")}, mrpc),
    }
    for features, splits in tasks.values():
        features["idx"] = {"dtype": "int32", "_type": "Value"}
        for split, columns in splits.items():
            columns["idx"] = list(range(len(columns["label"])))
            if split == "test":
                columns["label"] = [-1] * len(columns["label"])
    return publish(folder, tasks)
