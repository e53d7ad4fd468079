"""A model beside the cheaper ones: what each says, its scores with intervals, and a verdict."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from .cheap import CheapModel
from .files import counted
from .scores import best_threshold, metric, share_of
from .tables import PREDICTED, SPLIT, Table, marks_of

NONE, FEW, RARE = 10, 100, 5  # rows for no verdict and a weak one, and of a class for a weak score
ROUNDS = 1_000  # of the bootstrap
MAIN = {"classification": "accuracy", "multi_label": "micro_f1", "regression": "rmse"}
WORDS = {
    "micro_f1": "micro F1",
    "macro_f1": "macro F1",
    "f1": "F1",
    "pearson": "Pearson",
    "spearman": "Spearman",
    "rmse": "RMSE (lower is better)",
}
Answers = dict[str, dict[str, np.ndarray]]  # by split and model, the cheapest first


def answers_of(
    table: Table, outputs: pd.DataFrame, cheap: CheapModel | None, model: str
) -> Answers:
    """What each model says of the rows that were held out.

    outputs: the table's rows and what the model said of them. cheap: the cheap model of these rows.
    model: what the last one is called; "cheap" is not there twice.
    Returns: by split and model, the cheapest first: ids [n], numbers [n], or 0 or 1 [n, labels].
    """
    answers = baselines(table)
    for split, given in answers.items():
        own = answers_in(table, outputs, split)
        if cheap:
            given["cheap"] = own if model == "cheap" else cheap.predict(table.rows(split))
        given[model] = own
    return answers


def baselines(table: Table) -> Answers:
    """What a constant says of the held-out splits, and a linear model on TF-IDF.

    Of several labels a row, the constant is the most frequent one, and the linear models, one for
    each label against the rest, have a threshold chosen on validation.
    """
    texts = {}
    for split in table.splits:
        texts[split] = table.part(split)[table.texts].agg(" ".join, axis=1).tolist()
    targets = table.targets("train")
    words = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True)
    if table.task == "multi_label":
        linear = OneVsRestClassifier(LogisticRegression(C=10, max_iter=500))
        model = make_pipeline(words, linear).fit(texts["train"], targets)
        chosen = model.predict_proba(texts["validation"])
        threshold = best_threshold(table.targets("validation"), chosen)
        most = (np.arange(len(table.names)) == targets.sum(0).argmax()).astype(int)
        return {
            split: {
                "the most frequent": np.tile(most, (len(texts[split]), 1)),
                "TF-IDF": (model.predict_proba(texts[split]) >= threshold).astype(int),
            }
            for split in table.splits[1:]
        }
    if table.names:
        models = {"majority": DummyClassifier(), "TF-IDF": LogisticRegression(C=10, max_iter=500)}
    else:
        models = {"mean": DummyRegressor(), "TF-IDF": Ridge()}
    answers = {split: {} for split in table.splits[1:]}
    for name, model in models.items():
        fitted = make_pipeline(words, model).fit(texts["train"], targets)
        for split, given in answers.items():
            given[name] = fitted.predict(texts[split])
    return answers


def answers_in(table: Table, outputs: pd.DataFrame, split: str) -> np.ndarray:
    """The ids, the numbers, or 0 or 1 [n, labels], that a run predicted for a split."""
    given = outputs[PREDICTED][outputs[SPLIT] == split].tolist()
    if table.task == "multi_label":
        return marks_of(given, table.names)
    return np.array([table.names.index(name) for name in given] if table.names else given)


def scores_of(table: Table, answers: Answers, extra: str | None = None) -> pd.DataFrame:
    """The scores of `answers_of`: a row a split and model, a column a metric.

    extra: one more metric, such as GLUE's.
    """
    names = {
        "classification": ["accuracy", "macro_f1"],
        "multi_label": ["micro_f1", "macro_f1"],
        "regression": ["pearson", "spearman", "rmse"],
    }[table.task]
    if extra and extra not in names:
        names.insert(0, extra)
    scores = {}
    for split, given in answers.items():
        true = table.targets(split)
        for name, predicted in given.items():
            scores[split, name] = {score: metric(score, true, predicted) for score in names}
    return pd.DataFrame(scores).T


def redrawn(task: str, true: np.ndarray, answers: dict[str, np.ndarray]) -> pd.DataFrame:
    """Micro F1, or the root mean squared error, of each model on rows drawn anew with repetition.

    Returns: a row a drawing; in each, all models are scored on the same rows, so differences are
    paired.
    """
    parts = np.stack([_counted(task, true, given) for given in answers.values()], axis=1)
    rng, n = np.random.default_rng(0), len(true)
    sums = np.array([parts[rng.integers(n, size=n)].sum(0) for _ in range(ROUNDS)])
    ratio = sums[..., 0] / np.maximum(sums[..., 1], 1e-12)
    return pd.DataFrame(ratio**0.5 if task == "regression" else ratio, columns=list(answers))


def _counted(task: str, true: np.ndarray, given: np.ndarray) -> np.ndarray:
    """What micro F1, or the mean squared error, is the ratio of, added up over rows: [n, 2]."""
    if task == "multi_label":
        return np.column_stack([(true & given).sum(1), (true.sum(1) + given.sum(1)) / 2])
    return np.column_stack([(true - given) ** 2, np.ones(len(true))])


def middle(drawn) -> tuple[float, float]:
    """The middle 95 % of numbers."""
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def intervals(
    table: Table, split: str, answers: dict[str, np.ndarray], scores: pd.DataFrame
) -> dict[str, tuple[float, float, float]]:
    """By model, the main score on a split and its 95 % interval: Wilson's, or of the bootstrap."""
    true, found = table.targets(split), scores[MAIN[table.task]][split]
    if table.task == "classification":
        bounds = {model: share_of((a == true).sum(), len(true)) for model, a in answers.items()}
    else:
        drawn = redrawn(table.task, true, answers)
        bounds = {model: middle(drawn[model]) for model in answers}
    return {model: (float(found[model]), *bounds[model]) for model in answers}


def decimals_for(rows: int, spread: float = 1.0) -> int:
    """As many decimals as rows can carry: two below 1,000, three from there.

    spread: of what is scored; of numbers that vary by 10, one decimal less.
    """
    size = round(np.log10(spread)) if spread > 0 else 0
    return max((2 if rows < 1_000 else 3) - size, 0)


def written(value: float, digits: int) -> str:
    """A number with so many decimals, or more where it would be 0; very small ones as 1.23e-08."""
    text = f"{value:.{digits}f}"
    if digits > 6:
        return f"{value:.3g}"
    return f"{value:.1g}" if not float(text) and abs(value) > 10.0 ** -(digits + 4) else text


def signed(value: float, digits: int) -> str:
    """A difference, with its sign."""
    return ("−" if value < 0 else "+") + written(abs(value), digits)


@dataclass(frozen=True)
class Judged:
    """A model beside the cheaper one that decides about it, on the last split.

    model, rival: their names. is_better: None if the rows cannot tell. main: by model, the score
    and its 95 % interval. said: the comparison in words. decimals: of a score. wide: half the width
    of the interval of the difference.
    """

    model: str
    rival: str
    split: str
    rows: int
    is_better: bool | None
    main: dict[str, tuple[float, float, float]]
    said: str
    decimals: int
    wide: float


def judge_model(table: Table, answers: Answers, scores: pd.DataFrame) -> Judged:
    """Compare a model with every cheaper one: it is better only if it is better than each.

    One that is better by more than chance decides against it; else one that may be as good leaves
    it open. Of several that decide alike, the strongest is named: by validation if there is a test
    split, else on the same rows. Fewer than NONE rows decide nothing.
    """
    name, split = MAIN[table.task], table.splits[-1]
    true, given = table.targets(split), answers[split]
    *others, model = given
    found = differences(table.task, true, given)
    low_is_good = name == "rmse"

    def is_better_than(rival: str) -> bool | None:
        low, high, _ = found[rival]
        is_clear = len(true) >= NONE and (low > 0 or high < 0)
        return bool((high < 0) == low_is_good) if is_clear else None

    def strongest(split: str, among: list[str]) -> str:
        values = scores.loc[split, name][among[::-1]]
        return values.idxmin() if low_is_good else values.idxmax()

    each = {rival: is_better_than(rival) for rival in others}
    is_better = next(answer for answer in (False, None, True) if answer in each.values())
    deciding = [rival for rival in others if each[rival] is is_better]
    best = "the strongest of the cheaper ones"
    rival, chosen = strongest("validation", others), f"{best} by validation"
    if split != "test" or rival not in deciding:
        rival = strongest(split, deciding)
        chosen = f"{best if rival == strongest(split, others) else 'chosen'} on these same rows"
    main = intervals(table, split, given, scores)
    digits = decimals_for(len(true), np.std(true) if low_is_good else 1.0)
    own, other = (written(main[one][0], digits) for one in (model, rival))
    title = WORDS.get(name, name)
    said = (
        f"{title[0].upper()}{title[1:]} on {counted(len(true), f'{split} row')}: {own} against "
        f"{other} of {in_words(rival)}, {chosen}"
    )
    low, high, how = found[rival]
    if np.array_equal(given[model], given[rival]):
        said += "; both gave the same answers on all of them"
    elif low == high:
        said += "; both do equally well on each of them"
    elif len(true) >= NONE:
        difference = signed(main[model][0] - main[rival][0], digits)
        said += f" (difference {difference}, 95 % interval {signed(low, digits)} to "
        said += f"{signed(high, digits)}; {how})"
    wide = (high - low) / 2
    return Judged(model, rival, split, len(true), is_better, main, f"{said}.", digits, wide)


def differences(
    task: str, true: np.ndarray, answers: dict[str, np.ndarray]
) -> dict[str, tuple[float, float, str]]:
    """How far the last model's main score is from each cheaper one's: by rival, low, high, and how.

    Classes: the exact 95 % interval on the n rows that one alone has right, times their share, or
    (n + 2) / (rows + 4) if that is more (Agresti and Coull); so it holds 0 where McNemar's exact
    test has p > 0.05. Several labels by micro F1 and numbers by the root mean squared error, which
    counts a shift and a wrong scale too: the paired bootstrap.
    """
    *others, model = answers
    if task != "classification":
        drawn = redrawn(task, true, answers)
        ends = {rival: middle(drawn[model] - drawn[rival]) for rival in others}
        return {rival: (*ends[rival], "paired bootstrap") for rival in others}
    found, own = {}, answers[model] == true
    for rival in others:
        differing = own != (answers[rival] == true)
        n = int(differing.sum())
        found[rival] = (0.0, 0.0, "")
        if n:
            test = binomtest(int(own[differing].sum()), n)
            share = max(n / len(true), (n + 2) / (len(true) + 4))
            low, high = ((2 * end - 1) * share for end in test.proportion_ci())
            p = f"= {test.pvalue:.2g}" if test.pvalue >= 0.001 else "< 0.001"
            found[rival] = (low, high, f"McNemar’s test, p {p}")
    return found


def in_words(model: str) -> str:
    """A cheap model as a sentence calls it."""
    names = {"cheap": "the cheap model", "TF-IDF": "TF-IDF"}
    return names.get(model, "one constant answer")


def verdict(judged: Judged) -> str:
    """What the comparison means, in a sentence."""
    if judged.rows < NONE:
        return f"No verdict: {counted(judged.rows)} can show nothing."
    if judged.is_better:
        return "Better by more than chance."
    other = "the cheap one" if judged.rival == "cheap" else in_words(judged.rival)
    if judged.is_better is not None:
        return f"Do not use this model: {other} does better."
    unseen = f"No difference that {judged.rows:,} rows could show:"
    if judged.rival not in ("cheap", "TF-IDF") or judged.model == "cheap":
        return f"{unseen} {other} may do as well."
    return f"{unseen} use {other}, which takes seconds."


def warnings_of(table: Table, judged: Judged) -> list[str]:
    """What makes the verdict weak, in sentences."""
    told, split = [], judged.split
    if NONE <= judged.rows < FEW:
        told.append(f"Only {judged.rows} rows were held out: any verdict on so few is weak.")
    if table.names:
        carried = table.part(split)[table.label].explode().value_counts()
        rare = [f"{n} ({carried.get(n, 0)})" for n in table.names if carried.get(n, 0) < RARE]
        if rare:
            more = f" and {len(rare) - 5} more" if len(rare) > 5 else ""
            told.append(f"Too few {split} rows to judge these: {', '.join(rare[:5])}{more}.")
    if table.task == "multi_label" and split == "validation":
        told.append("The threshold was chosen on these same rows: the scores flatter.")
    return told
