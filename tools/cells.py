"""The first two code cells of every notebook; `refresh` writes them."""

import tomllib

from . import ROOT

PROFILE_CELL = 'PROFILE = "pocket"  # @param ["pocket", "full"]'
SET_UP = '''\
# @title Set-up: finds the course and starts it
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.request import urlretrieve


def find_course():
    """The folder of the course that this notebook lies in, or that was unpacked beside it."""
    clone = Path.cwd() / "from-tokens-to-errors"
    folders = [clone, *clone.parents, *clone.glob("*/")]
    return next((p for p in folders if (p / "helpers/session.py").is_file()), None)


def fetch_course(hosted, tag="v@VERSION@", url="@URL@"):
    """Put the course beside this notebook: from a zip that lies here, or that the host holds."""
    url = os.environ.get("COURSE_URL", url) if hosted else ""
    zips, found = sorted(Path.cwd().glob("from-tokens-to-errors*.zip")), []
    if hosted:
        drive = Path("/content/drive/MyDrive")
        zips += [*drive.glob("from-tokens-to-errors*.zip")]
        zips += [*drive.glob("*/from-tokens-to-errors*.zip")]
        zips += sorted(Path("/kaggle/input").glob("**/from-tokens-to-errors*.zip"))
        found = sorted(Path("/kaggle/input").glob("**/helpers/session.py"))  # Kaggle unpacks zips
    source = next(iter([*zips, *found]), url)
    if not source:
        raise RuntimeError(
            f"No course in {Path.cwd()} or above: open this notebook in a copy of the course, or "
            "put from-tokens-to-errors.zip beside it and run this cell again."
        )
    part = Path.cwd() / "from-tokens-to-errors.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        if source == url and not url.endswith(".zip"):
            clone = ["git", "clone", "-q", "--depth=1", "--branch", tag, url, part]
            subprocess.run(clone, check=True)
        elif source in found:
            shutil.copytree(source.parents[1], part)
        else:
            file = urlretrieve(url)[0] if source == url else source
            zipfile.ZipFile(file).extractall(part)
    except (OSError, ValueError, zipfile.BadZipFile, subprocess.SubprocessError) as error:
        shutil.rmtree(part, ignore_errors=True)
        raise RuntimeError(f"The course could not be taken from {source}: {error}.") from None
    part.rename(Path.cwd() / "from-tokens-to-errors")


hosted = "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ
if not find_course():
    fetch_course(hosted)
root = find_course()
if not root:
    raise RuntimeError(f"{Path.cwd() / 'from-tokens-to-errors'} holds no course: delete it.")
sys.path = [str(root)] + [p for p in sys.path if p != str(root)]
if hosted:
    from course import install_missing

    install_missing()

from helpers import start

session = start(PROFILE)'''


def set_up_cell() -> str:
    """The set-up cell, with the course's address and version."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    cell = SET_UP.replace("@URL@", settings["tool"]["course"]["repository"])
    return cell.replace("@VERSION@", settings["project"]["version"])
