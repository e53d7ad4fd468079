"""The public names, for editors: `helpers/__init__.py` looks them up when they are used."""

from .card import model_card as model_card
from .cheap import (
    CheapModel as CheapModel,
    cheap_model as cheap_model,
)
from .checkpoints import load_checkpoint as load_checkpoint
from .corpora import load_corpus as load_corpus
from .exercises import exercise as exercise
from .explain import (
    explain_words as explain_words,
    nearest_rows as nearest_rows,
)
from .features import extract_features as extract_features
from .plots import (
    plot_attention_mask as plot_attention_mask,
    plot_budgets as plot_budgets,
    plot_class_counts as plot_class_counts,
    plot_class_density as plot_class_density,
    plot_confusion as plot_confusion,
    plot_curves as plot_curves,
    plot_hunt as plot_hunt,
    plot_lengths as plot_lengths,
    plot_loss_distribution as plot_loss_distribution,
    plot_map as plot_map,
    plot_probabilities as plot_probabilities,
    plot_reliability as plot_reliability,
    plot_scores as plot_scores,
    show_figure as show_figure,
    show_plot as show_plot,
    show_tokens as show_tokens,
)
from .predicting import predict_logits as predict_logits
from .review import (
    Review as Review,
    review_labels as review_labels,
)
from .runs import Run as Run
from .scores import (
    is_it_real as is_it_real,
    loss_table as loss_table,
    plant_errors as plant_errors,
    score_hunt as score_hunt,
)
from .session import (
    Session as Session,
    record as record,
    start as start,
)
from .suspects import (
    hide_errors as hide_errors,
    suspicious_labels as suspicious_labels,
)
from .tables import load_table as load_table
from .training import fine_tune as fine_tune

__all__: list[str]
