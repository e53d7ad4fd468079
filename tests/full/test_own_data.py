"""The notebooks on posts of one's own: every solution is right on these as well."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import load_corpus

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ON_EMOTION = ["00", "01", "02", "03", "04", "05", "06", "12", "13"]  # notebooks that read it


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Posts of the six feelings, in other splits than the course's, as CSV files."""
    folder = tmp_path_factory.mktemp("posts")
    corpus = load_corpus("emotion")
    names = corpus["train"].features["label"].names
    rows = [row for split in ("test", "train", "validation") for row in corpus[split]]
    parts = {"train": rows[:1800], "val": rows[1800:2300], "test": rows[2300:2800]}
    for stem, part in parts.items():
        with (folder / f"{stem}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["text", "label"])
            writer.writerows([row["text"], names[row["label"]]] for row in part)
    return folder


def test_the_solutions_are_right_on_other_posts(folder, tmp_path):
    ours = {"COURSE_EMOTION": str(folder), "COURSE_HOME": str(tmp_path), "COURSE_QUICK": "1"}
    command = [sys.executable, "course.py", "solutions", "--here", "--only", *ON_EMOTION]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | ours, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
