"""What goes wrong with the Hub: silence after a first answer, errors of its own, garbage."""

import json
import time
from pathlib import Path

import pyarrow
import pytest
from hub_server import Hub
from pyarrow import parquet

pytestmark = pytest.mark.slow

LOAD = "import helpers.hub; helpers.hub.SILENCE = 1; from helpers import load_checkpoint; "
LOAD += "load_checkpoint('somebody/small')"
GLUE = "import helpers.hub; helpers.hub.SILENCE = 1; from helpers.tables import read_glue; "
GLUE += "read_glue('cola')"


@pytest.fixture(scope="module")
def glue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("glue")
    (folder / "cola").mkdir()
    lines = ["---", "configs:", "- config_name: cola", "  data_files:"]
    for split in ("train", "validation"):
        lines.append(f"  - {{split: {split}, path: cola/{split}-*}}")
        rows = {"sentence": [f"{split} {n}" for n in range(9)], "label": [n % 2 for n in range(9)]}
        names = {"label": {"names": ["bad", "good"], "_type": "ClassLabel"}}
        kinds = {"sentence": {"dtype": "string", "_type": "Value"}} | names
        about = {"huggingface": json.dumps({"info": {"features": kinds}})}
        table = pyarrow.table(rows).replace_schema_metadata(about)
        parquet.write_table(table, folder / "cola" / f"{split}-0.parquet")
    (folder / "README.md").write_text("\n".join([*lines, "---", ""]))
    return folder


FAULTS = [  # what is asked for, the fault, what is said
    (LOAD, ("/api/", "silence"), "could not be had from the Hub (it sent nothing for"),
    (LOAD, ("/resolve/", "silence"), "could not be had from the Hub (it sent nothing for"),
    (LOAD, ("", 500), "could not be had from the Hub (it answers with the error 500)"),
    (LOAD, ("/api/", 503), "could not be had from the Hub (it answers with the error 503)"),
    (GLUE, ("/api/", "silence"), "could not be had from the Hub (it sent nothing for"),
    (GLUE, (".parquet", "silence"), "could not be had from the Hub"),
    (GLUE, (".parquet", "garbage"), "if it fails again, delete"),
    (LOAD, ("config.json", "garbage"), "or delete"),
]


@pytest.mark.parametrize(("code", "fault", "said"), FAULTS)
def test_the_hub_fails(code, fault, said, tiny, glue, python, on_hub):
    began = time.monotonic()
    places = {"models/somebody/small": tiny, "datasets/nyu-mll/glue": glue}
    with Hub(places, fault=fault) as hub:
        short = {"HF_HUB_DOWNLOAD_TIMEOUT": "1", "HF_HUB_ETAG_TIMEOUT": "1"}
        message = python.fails(code, **on_hub(hub.url) | short)
    assert message.startswith("RuntimeError: ") and said in message, message
    print(round(time.monotonic() - began, 1), message)
    if "delete " in said:
        folder = Path(message.split("delete ")[1].split(",")[0].split(" and ")[0])
        assert folder.is_dir() and folder.name.split("--")[0] in ("models", "datasets")
