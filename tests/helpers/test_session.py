import ast
import json
import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import helpers
from helpers import record, session, start

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def fresh(home, monkeypatch):
    """No session yet, nothing measured yet, and none of it left behind."""
    monkeypatch.setattr(session, "_current", None)
    session.measured_dtype.cache_clear()
    yield
    session.measured_dtype.cache_clear()


@pytest.fixture
def speed_up(monkeypatch):
    """Sets how much faster bfloat16 is found to be, and lists the measurements."""
    measured = []

    def set_to(factor: float) -> list:
        monkeypatch.setattr(
            session, "bf16_speed_up", lambda device: measured.append(device) or factor
        )
        session.measured_dtype.cache_clear()
        return measured

    return set_to


def test_start_says_what_it_chose(capsys):
    chosen = start(dtype="float32", seed=7)
    assert (chosen.profile, chosen.seed, chosen.dtype, chosen.quick) == (
        "pocket",
        7,
        torch.float32,
        False,
    )
    assert isinstance(chosen.device, torch.device)
    assert capsys.readouterr().out == f"pocket profile; {chosen.device}, float32; seed 7\n"
    assert session.current() is chosen


def test_the_environment_overrules_the_argument_and_the_argument_the_default(monkeypatch):
    assert start("full", dtype="float32").profile == "full"
    assert session.profile_name() == "full", "later cells follow the session"
    assert start(dtype="float32").profile == "pocket", "start() means pocket, whatever ran before"
    monkeypatch.setenv("COURSE_PROFILE", "full")
    assert start("pocket", dtype="float32").profile == "full"
    monkeypatch.setenv("COURSE_PROFILE", "")
    assert start("pocket", dtype="float32").profile == "pocket"


def test_unknown_names_are_refused(monkeypatch, refused):
    with refused(ValueError, "'pokcet'", "pocket", "full"):
        start("pokcet")
    with refused(ValueError, "'float16'", "float32", "bfloat16"):
        start(dtype="float16")
    monkeypatch.setenv("COURSE_PROFILE", "big")
    with refused(ValueError, "'big'", "COURSE_PROFILE"):
        start()


def test_start_makes_random_numbers_repeatable():
    def draw(seed):
        start(seed=seed, dtype="float32", quiet=True)
        return random.random(), np.random.rand(), torch.rand(1).item()

    once, again, other = draw(42), draw(42), draw(43)
    assert once == again
    assert all(a != b for a, b in zip(once, other, strict=True))


def test_quick_is_said_aloud(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_QUICK", "1")
    assert start(dtype="float32").quick
    assert "QUICK" in capsys.readouterr().out
    monkeypatch.setenv("COURSE_QUICK", "0")
    assert not start(dtype="float32").quick


@pytest.mark.parametrize(("factor", "dtype"), [(3.0, torch.bfloat16), (1.2, torch.float32)])
def test_the_dtype_is_the_faster_one_and_remembered(home, speed_up, factor, dtype):
    measured = speed_up(factor)
    assert start().dtype == dtype
    session.measured_dtype.cache_clear()
    assert start().dtype == dtype
    assert len(measured) == 1, "the second start read runs/machine.json"
    assert json.loads((home / "runs/machine.json").read_text())["dtype"] == str(dtype)[6:]


@pytest.mark.parametrize(
    ("capability", "dtype"),
    [((7, 5), torch.float16), ((8, 0), torch.bfloat16), ((9, 0), torch.bfloat16)],
)
def test_a_gpu_computes_in_what_it_has_units_for(monkeypatch, speed_up, capsys, capability, dtype):
    measured = speed_up(1.0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert start().dtype == dtype and not measured
    assert f"cuda, {str(dtype)[6:]};" in capsys.readouterr().out
    assert start(dtype="float16").dtype == torch.float16


def test_a_run_in_float16_is_computed_in_float32_away_from_its_gpu(monkeypatch):
    start(dtype="bfloat16", quiet=True)
    assert (
        session.format_here("float16") == "float32"
        and session.format_here("bfloat16") == "bfloat16"
    )
    with session.number_format("float16"):
        assert session.current().dtype == torch.float32
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert session.format_here("float16") == "float16"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_with_float16_the_loss_is_scaled(monkeypatch, tmp_path, dtype):
    import helpers.trainer

    asked = {}

    class Arguments:
        world_size = 1

        def __init__(self, **options):
            asked.update(options)

    start(dtype="float32", quiet=True)
    monkeypatch.setattr(helpers.trainer, "TrainingArguments", Arguments)
    arguments = {"batch_size": 8, "accumulation": 1, "epochs": 1, "learning_rate": 1e-3}
    helpers.trainer.training_arguments(arguments, 64, 1, tmp_path, dtype)
    assert asked["fp16"] == (dtype == torch.float16)  # what makes Trainer scale
    assert asked["bf16"] == (dtype == torch.bfloat16)


@pytest.mark.parametrize(
    "damage", ["{", "[]", "{}", '{"machine": "another", "dtype": "float32"}', "null"]
)
def test_a_damaged_or_foreign_memory_is_measured_anew(home, speed_up, damage):
    memory = home / "runs/machine.json"
    measured = speed_up(3.0)
    start()
    assert len(measured) == 1
    memory.write_text(damage)
    session.measured_dtype.cache_clear()
    assert start().dtype == torch.bfloat16
    assert len(measured) == 2
    assert json.loads(memory.read_text())["dtype"] == "bfloat16"


def test_a_remembered_format_that_does_not_exist_is_measured_anew(home, speed_up):
    measured = speed_up(3.0)
    start()
    memory = home / "runs/machine.json"
    memory.write_text(memory.read_text().replace("bfloat16", "float8"))
    session.measured_dtype.cache_clear()
    assert start().dtype == torch.bfloat16
    assert len(measured) == 2


def test_the_measurement_itself_gives_a_ratio():
    assert 0 < session.bf16_speed_up("cpu", rounds=1) < 1000


def test_course_home_moves_the_runs(home, monkeypatch):
    assert start(dtype="float32").runs == home / "runs"
    monkeypatch.delenv("COURSE_HOME")
    assert session.runs_folder() == ROOT / "runs"


def test_a_runs_folder_that_cannot_be_written_is_one_sentence(home, monkeypatch, refused):
    (home / "file").write_text("")
    monkeypatch.setenv("COURSE_HOME", str(home / "file"))
    with refused(RuntimeError, "COURSE_HOME", str(home / "file")):
        start()

    def no_permission(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("COURSE_HOME", str(home))
    monkeypatch.setattr(session, "TemporaryFile", no_permission)
    with refused(RuntimeError, "COURSE_HOME", "Permission denied"):
        start()


def test_asking_for_the_runs_folder_makes_nothing(home):
    assert session.runs_folder() == home / "runs" and not (home / "runs").exists()
    start(dtype="float32", quiet=True)
    assert not (home / "runs").exists()
    start(dtype="float32")
    assert (home / "runs").is_dir()


def test_a_number_format_that_cannot_be_remembered_is_measured_all_the_same(speed_up, monkeypatch):
    measured = speed_up(3.0)
    monkeypatch.setenv("COURSE_HOME", "/proc/nope")
    assert start(quiet=True).dtype == torch.bfloat16 and len(measured) == 1


def test_record_merges_and_prints_nothing(home, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_SCORES", str(home / "scores.json"))
    record(majority=1 / 3, tfidf=np.float32(0.62))
    record(tfidf=torch.tensor(0.7), rows=3)
    assert capsys.readouterr().out == ""
    known = json.loads((home / "scores.json").read_text())
    assert known == {"majority": 0.3333, "tfidf": 0.7, "rows": 3.0}
    assert [path.name for path in home.iterdir()] == ["scores.json"], "no draft is left"


def test_record_without_a_target_keeps_nothing(home, capsys):
    record(accuracy=0.5)
    assert capsys.readouterr().out == ""
    assert not list(home.iterdir())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "0.5", None, [0.5, 0.6], np.nan])
def test_record_refuses_what_is_no_number(home, monkeypatch, refused, value):
    monkeypatch.setenv("COURSE_SCORES", str(home / "scores.json"))
    with refused(ValueError, "accuracy"):
        record(fine=0.5, accuracy=value)
    assert not (home / "scores.json").exists(), "nothing of a refused record is kept"


def test_importing_helpers_is_cheap(python):
    heavy = "torch", "transformers", "datasets", "numba", "umap", "pandas", "matplotlib", "sklearn"
    code = f"import sys, helpers; print([name for name in {heavy} if name in sys.modules])"
    assert python(code) == "[]"
    code = (
        f"import sys; from helpers import record; print([n for n in {heavy} if n in sys.modules])"
    )
    assert python(code) == "[]"


@pytest.mark.skipif(sys.platform != "linux", reason="libgomp is Linux's")
@pytest.mark.parametrize(
    ("mine", "told"),
    [
        ({}, {"GOMP_SPINCOUNT": helpers.SPINCOUNT}),
        ({"GOMP_SPINCOUNT": "7"}, {"GOMP_SPINCOUNT": "7"}),
        ({"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "active"}),
    ],
)
def test_idle_threads_wait_briefly_unless_the_user_says_otherwise(python, monkeypatch, mine, told):
    names = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    code = f"import helpers, os; print({{k: os.environ[k] for k in {names} if k in os.environ}})"
    assert python(code, **mine) == str(told)


@pytest.mark.parametrize(
    ("mine", "told"),
    [({}, "1"), ({"OPENBLAS_NUM_THREADS": "7"}, "7"), ({"OMP_NUM_THREADS": "2"}, "None")],
)
def test_one_thread_for_numpy_unless_the_user_says_otherwise(python, monkeypatch, mine, told):
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert (
        python("import helpers, os; print(os.environ.get('OPENBLAS_NUM_THREADS'))", **mine) == told
    )


def test_every_public_name_is_there_and_says_what_it_does():
    for name in helpers.__all__:
        assert (getattr(helpers, name).__doc__ or "").strip(), f"{name} has no docstring"
    assert dir(helpers) == helpers.__all__
    with pytest.raises(AttributeError, match="load_corpse.*load_corpus"):
        _ = helpers.load_corpse


def test_the_stub_file_tells_editors_every_name_and_where_it_is():
    stub = ast.parse(Path(helpers.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    told = {}
    for node in stub.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                assert alias.asname == alias.name, "an editor takes `as` for a public name"
                told[alias.name] = node.module
    assert told == {name: getattr(helpers, name).__module__[8:] for name in helpers.__all__}
