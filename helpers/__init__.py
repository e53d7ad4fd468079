"""The plumbing of From Tokens to Errors. Everything a notebook needs is imported from here.

Names are resolved when they are first used, so `import helpers` loads neither torch nor
transformers.
"""

import os
import sys
from importlib import import_module

# The threads of torch and of NumPy get in each other's way beside another busy program. Both
# libraries read these variables when they are loaded, and neither is yet.
#
# So often an idle thread of torch looks for work before it sleeps. libgomp's own 300,000 makes a
# training several times slower in company (`benchmarks/company.py`).
SPINCOUNT = "8000"
if sys.platform == "linux" and not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
    os.environ["GOMP_SPINCOUNT"] = SPINCOUNT
# NumPy's matrix products are small here: a second thread makes scikit-learn's fits slower, and in
# company ten times slower.
if not {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"} & os.environ.keys():
    os.environ["OPENBLAS_NUM_THREADS"] = "1"

_ROOMS = {
    "session": ("Session", "start", "record"),
    "corpora": ("load_corpus",),
    "tables": ("load_table",),
    "checkpoints": ("load_checkpoint",),
    "features": ("extract_features",),
    "predicting": ("predict_logits",),
    "scores": ("loss_table", "score_hunt", "is_it_real", "plant_errors"),
    "runs": ("Run",),
    "training": ("fine_tune",),
    "cheap": ("CheapModel", "cheap_model"),
    "suspects": ("hide_errors", "suspicious_labels"),
    "explain": ("explain_words", "nearest_rows"),
    "card": ("model_card",),
    "plots": (
        "plot_attention_mask",
        "plot_budgets",
        "plot_class_counts",
        "plot_class_density",
        "plot_confusion",
        "plot_curves",
        "plot_hunt",
        "plot_lengths",
        "plot_loss_distribution",
        "plot_map",
        "plot_probabilities",
        "plot_reliability",
        "plot_scores",
        "show_figure",
        "show_plot",
        "show_tokens",
    ),
    "review": ("Review", "review_labels"),
    "exercises": ("exercise",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = sorted(_ROOM_OF)


def __getattr__(name: str):
    if name not in _ROOM_OF:
        raise AttributeError(f"helpers has no name {name!r}; it offers {', '.join(__all__)}")
    return getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
