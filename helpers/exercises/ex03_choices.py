"""Two more exercises of notebook 03: a fair comparison, the choice of a layer."""

import warnings
from collections.abc import Callable
from itertools import product
from operator import index
from types import SimpleNamespace

import numpy as np

from . import NotYet, define
from .answers import call, kind_of

# ---- 03.6: a fair comparison


@define(
    "03.6",
    hint=(
        "Let both models be one and the same. What would a fair comparison say, and what does the "
        "colleague's say? Which of his lines favours the second one?"
    ),
    step=(
        "Write first a function that takes one model and returns, for each validation post, how "
        "often it is right over the seeds. If it treats any model alike, calling it twice is fair. "
        "Its setting comes from `cross_val_score`."
    ),
    solution="""
    def how_often_right(model, settings, seeds, X, y, X_validation, y_validation):
        def cross_validated(setting):
            return cross_val_score(model(setting, seeds[0]), X, y, cv=3).mean()

        best = max(settings, key=cross_validated)
        fitted = [model(best, seed).fit(X, y) for seed in seeds]
        return np.mean([one.predict(X_validation) == y_validation for one in fitted], axis=0)


    def fair_difference(first, second, settings, seeds, X, y, X_validation, y_validation):
        data = (settings, seeds, X, y, X_validation, y_validation)
        return how_often_right(second, *data) - how_often_right(first, *data)
    """,
)
def check_fair_difference(fair_difference: Callable) -> str:
    """Check a function (first, second, settings, seeds, X [n, d], y [n], X_validation [m, d],
    y_validation [m]) -> [m], how much more often the second model is right on each row.

    The two models are functions (setting, seed) -> an unfitted classifier with fit and predict.
    """
    contests = list(_contests())
    answers = []
    for contest in contests:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = call(
                fair_difference,
                contest.first,
                contest.second,
                list(contest.settings),
                list(contest.seeds),
                contest.X.copy(),
                contest.y.copy(),
                contest.X_validation.copy(),
                contest.y_validation.copy(),
                seconds=20,
            )
        _check_seen(contest)
        answers.append(_as_row(answer, contest))
    for contest, answer in zip(contests, answers, strict=True):
        wanted = _difference(contest, FAIR)
        if not np.allclose(answer, wanted, atol=1e-6):
            raise NotYet(f"{_how_far_off(answer, wanted, contest)}. {_why(answers, contests)}")
    return (
        "A model set against itself gains nothing, and one that is better shows by how much. Both "
        "had the same rows, the same choice among settings, and the same seeds."
    )


def _contests():
    """Pairs of models with data of their own, in which a slip makes a difference.

    The first pair is one and the same model.
    """
    for n, m, classes, settings, seeds, strengths in (
        (300, 160, ["no", "yes", "?"], [1, 10, 100, 1000], [11, 12, 13], [0.75]),
        (270, 110, list("abcd"), ["low", "middle", "high", "top"], [42, 7], [0.75, 0.95]),
        (420, 135, list(range(5)), [0.3, 0.01, 3.0, 0.1, 0.03], [5, 0, 9, 8], [0.95, 0.75]),
    ):
        random = np.random.default_rng([37, n])
        y = random.integers(len(classes), size=n + m)
        columns, seen = [np.arange(n + m), random.random(n + m)], []
        bests = random.permutation(np.arange(1, len(settings))).tolist()  # no two models agree
        readers = [
            _reader(_add_columns(columns, settings, best, strength, y, n, random), seen)
            for best, strength in zip(bests, strengths, strict=False)
        ]
        X, labels = np.column_stack(columns).astype(float), np.array(classes)[y]
        yield SimpleNamespace(
            first=readers[0],
            second=readers[-1],
            settings=settings,
            seeds=seeds,
            X=X[:n],
            y=labels[:n],
            X_validation=X[n:],
            y_validation=labels[n:],
            seen=seen,
            kept={},
        )


def _add_columns(
    columns: list, settings: list, best: int, strength: float, y: np.ndarray, n: int, random
) -> dict:
    """The place in `columns` of the column that a model reads in each setting; they are added.

    With setting number `best` it is clearly best by cross-validation on the n training rows, with
    one it happens to be best on validation, and with one the column numbers the rows, so
    that they are learnt by heart.
    """
    k, is_train, places = y.max() + 1, np.arange(len(y)) < n, {}
    kinds = random.permutation(["lucky", "number", *["weak"] * (len(settings) - 3)]).tolist()
    kinds.insert(best, "best")
    for setting, kind in zip(settings, kinds, strict=True):
        places[setting] = len(columns)
        if kind == "number":
            columns.append(random.permutation(len(y)))
            continue
        in_train, in_validation = {
            "best": (strength, strength - 0.2),
            "lucky": (strength - 0.3, 0.99),
            "weak": (strength - 0.45, strength - 0.45),
        }[kind]
        columns.append(_words(random, y, k, np.where(is_train, in_train, in_validation)))
    return places


def _words(random, y: np.ndarray, classes: int, strength: np.ndarray) -> np.ndarray:
    """A column of word numbers; in a share `strength` of the rows the word is one of the class."""
    says = np.where(random.random(len(y)) < strength, y, random.integers(classes, size=len(y)))
    return says + classes * random.integers(20, size=len(y))


def _reader(places: dict, seen: list) -> Callable:
    """A model (setting, seed) -> a classifier that learns which word goes with which class.

    It reads the column of its setting, guesses at a word that it has not met, and gets the rows
    wrong on which its seed is unlucky. `seen` notes the first column of every fit.
    """
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Reader(ClassifierMixin, BaseEstimator):
        def __init__(self, setting=None, seed=0):
            self.setting, self.seed = setting, seed

        def fit(self, X, y):
            X, y = np.asarray(X), np.asarray(y)
            seen.append(X[:, 0])
            self.classes_, ids = np.unique(y, return_inverse=True)
            words = X[:, places[self.setting]]
            k = len(self.classes_)
            self.known_ = {
                word: np.bincount(ids[words == word], minlength=k).argmax()
                for word in np.unique(words)
            }
            return self

        def predict(self, X):
            X = np.asarray(X)
            k, words = len(self.classes_), X[:, places[self.setting]]
            ids = [self.known_.get(word, int(word) // k % k) for word in words]
            unlucky = np.modf(X[:, 1] * (97 + 13 * self.seed))[0] < 0.15
            return self.classes_[(np.array(ids) + unlucky) % k]

    def model(setting, seed):
        if setting not in places:
            raise NotYet(f"A model was called with the setting {setting!r}: is the seed second?")
        return Reader(setting, seed)

    return model


FAIR = {"choice": ("cross", "cross"), "seeds": ("mean", "mean"), "rows": ("all", "all"), "sign": 1}


def _difference(contest: SimpleNamespace, way: dict) -> np.ndarray:
    """What a way of comparing gives on each validation row."""
    sides = zip(
        (contest.first, contest.second), way["choice"], way["seeds"], way["rows"], strict=True
    )
    first, second = (_rightness(contest, *side) for side in sides)
    return way["sign"] * (second - first)


def _rightness(
    contest: SimpleNamespace, model: Callable, choice: str, seeds: str, rows: str
) -> np.ndarray:
    """How often one model is right on each validation row, in this way of choosing and scoring."""
    key = (model, choice, seeds, rows)
    if key not in contest.kept:
        setting = _choice(contest, model, choice)
        n = len(contest.y) if rows == "all" else len(contest.y) // 2
        right = np.array(
            [
                model(setting, seed).fit(contest.X[:n], contest.y[:n]).predict(contest.X_validation)
                == contest.y_validation
                for seed in contest.seeds
            ]
        )
        best = right[right.mean(axis=1).argmax()]
        contest.kept[key] = {"mean": right.mean(axis=0), "best": best * 1.0, "one": right[0] * 1.0}[
            seeds
        ]
    return contest.kept[key]


def _choice(contest: SimpleNamespace, model: Callable, choice: str):
    """The setting that is chosen for a model in this way."""
    if choice == "other":
        other = contest.second if model is contest.first else contest.first
        return _choice(contest, other, "cross")
    from sklearn.model_selection import cross_val_score

    X, y, seed = contest.X, contest.y, contest.seeds[0]

    def score(setting):
        if choice == "cross":
            return cross_val_score(model(setting, seed), X, y, cv=3).mean()
        fitted = model(setting, seed).fit(X, y)
        if choice == "in sample":
            return (fitted.predict(X) == y).mean()
        return (fitted.predict(contest.X_validation) == contest.y_validation).mean()

    key = ("choice", model, choice)
    if key not in contest.kept:
        contest.kept[key] = (
            contest.settings[0] if choice == "none" else max(contest.settings, key=score)
        )
    return contest.kept[key]


def _check_seen(contest: SimpleNamespace) -> None:
    """Refuse a comparison in which a model learnt from validation rows."""
    validation = set(contest.X_validation[:, 0].tolist())
    for rows in contest.seen:
        if here := sum(row in validation for row in rows.tolist()):
            raise NotYet(
                f"A model was fitted to {len(rows)} rows, and of these {here} are validation rows: "
                "nothing may learn from the rows that are scored."
            )


def _as_row(answer, contest: SimpleNamespace) -> np.ndarray:
    m = len(contest.y_validation)
    try:
        row = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        row = None
    if row is not None and row.shape == (m,) and np.isfinite(row).all():
        return row
    said = f"For {m} validation posts {m} differences are asked for, but yours is"
    if row is not None and row.shape == ():
        raise NotYet(f"{said} one number: leave out the last mean, so that each post can be seen.")
    shape = getattr(answer if row is None else row, "shape", None)
    lead = " that holds other things than numbers" if shape == (m,) else ""
    raise NotYet(f"{said} {kind_of(answer)}{lead}.")


def _how_far_off(answer: np.ndarray, wanted: np.ndarray, contest: SimpleNamespace) -> str:
    if contest.first is contest.second:
        who = "With one model set against itself"
    else:
        who = f"With {len(contest.settings)} settings and {len(contest.seeds)} seeds"
    if abs(answer.mean() - wanted.mean()) > 5e-4:
        return (
            f"{who}, the second gains {answer.mean():+.3f} by yours, {wanted.mean():+.3f} by a "
            "fair comparison"
        )
    wrong = int((~np.isclose(answer, wanted, atol=1e-6)).sum())
    return f"{who}, your differences are not those of a fair comparison on {wrong} posts"


def _why(answers: list[np.ndarray], contests: list[SimpleNamespace]) -> str:
    """The slips, as few as possible, that explain what a learner's function returned every time."""
    both = ("the first model", "the second model", "both models")
    words = {
        "choice": {
            "validation": "the setting of {} is chosen on validation rows",
            "in sample": "the setting of {} is chosen by a score on the rows it learnt from",
            "none": "there is no choice among the settings for {}",
            "other": "{} must take the setting that suits the other",
        },
        "seeds": {
            "best": "the best seed of {} is taken, and that is luck",
            "one": "only the first seed counts for {}",
        },
        "rows": {"half": "only half of the rows are there to train {}"},
    }
    choices = ("cross", "validation", "in sample", "none", "other")
    kinds = [choices, ("mean", "best", "one"), ("all", "half")]
    ways = []
    for choice, seeds, rows in product(*(product(kind, kind) for kind in kinds)):
        for sign in (1, -1):
            way = {"choice": choice, "seeds": seeds, "rows": rows, "sign": sign}
            slips = ["it is the second minus the first"] if sign == -1 else []
            for part, said in words.items():
                one, other = way[part]
                fair = FAIR[part][0]
                if one == other != fair:
                    slips.append(said[one].format(both[2]))
                else:
                    slips += [
                        said[s].format(both[i]) for i, s in enumerate((one, other)) if s != fair
                    ]
            ways.append((slips, way))
    for slips, way in sorted(ways, key=lambda pair: len(pair[0])):
        if all(
            np.allclose(answer, _difference(contest, way), atol=1e-6)
            for answer, contest in zip(answers, contests, strict=True)
        ):
            more = f" This is one of {len(slips)} slips in it." if len(slips) > 1 else ""
            return f"{slips[0][0].upper()}{slips[0][1:]}.{more}"
    return (
        "Do both models get the same rows in one order, the same choice among settings and the "
        "same seeds?"
    )


# ---- 03.7: the choice of a layer


@define(
    "03.7",
    hint=(
        "A layer of very many random numbers lets a classifier learn all its rows by heart: which "
        "score would be 1 then, and which would not? What does a layer's number have to do with "
        "its place in the dict?"
    ),
    step=(
        "Give each layer the same treatment, a classifier with its scaling in one pipeline, and a "
        "score on rows that it has not learnt from. Keep the scores in a dict by the layer's own "
        "number."
    ),
    solution="""
    def choose_layer(features_by_layer, labels):
        scores = {}
        for layer, layer_features in features_by_layer.items():
            classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
            scores[layer] = cross_val_score(classifier, layer_features, labels, cv=3).mean()
        return max(scores, key=scores.get)
    """,
)
def check_choose_layer(choose_layer: Callable) -> str:
    """Check a function (layer -> [n, hidden of the layer], labels [n]) -> layer."""
    cases = list(_layered())
    for by_layer, labels, best in cases:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = call(choose_layer, by_layer, labels, seconds=20)
        layer = _as_layer(answer, by_layer)
        if layer != best:
            raise NotYet(_what_misled(layer, best, by_layer, labels))
    return (
        f"In {len(cases)} models you found the layer that holds most, by rows the classifier had "
        "not learnt from. The validation rows are still untouched, and can give an honest score."
    )


def _layered():
    """(features by layer, labels, the best layer): each with a trap for a hasty choice."""
    random = np.random.default_rng(37)

    def layer(y, hidden, strength, scale=1.0):
        middles = random.normal(size=(y.max() + 1, hidden))
        middles *= strength / np.linalg.norm(middles, axis=1, keepdims=True)
        return scale * (middles[y] + random.normal(size=(len(y), hidden)))

    y = random.integers(4, size=240)
    strengths = (1.0, 1.4, 1.9, 3.6, 2.2, 1.5)
    yield {i: layer(y, 24, strength) for i, strength in enumerate(strengths, 1)}, y, 4

    y = random.integers(3, size=160)  # wide noise, learnt by heart
    names = np.array(["economy", "sport", "weather"])[y]
    wide = {10: layer(y, 12, 1.2), 11: layer(y, 12, 2.8), 12: layer(y, 140, 0)}
    yield wide, names, 11

    y = np.repeat([0, 1, 2], 70)  # sorted by class
    yield {5: layer(y, 20, 1.4), 7: layer(y, 20, 1.0), 6: layer(y, 20, 3.0)}, y, 6

    y = random.integers(3, size=210)  # numbers of very different size
    yield (
        {
            6: layer(y, 30, 1.5, 20.0),
            4: layer(y, 16, 3.4, 0.00001),
            2: layer(y, 300, 0.5),
            0: layer(y, 16, 1.2, 0.01),
        },
        y,
        4,
    )

    y = random.permutation(np.repeat([0, 1], [70, 80]))  # the best has the number 0
    yield {3: layer(y, 250, 0.4, 20.0), 9: layer(y, 10, 0.8), 0: layer(y, 10, 2.8)}, y, 0


def _as_layer(answer, by_layer: dict) -> int:
    layers = ", ".join(map(str, by_layer))
    try:
        layer = None if isinstance(answer, bool) else index(answer)
    except TypeError:
        layer = None
    if layer is None:
        what = f"{answer:.4g}, a float" if isinstance(answer, float) else kind_of(answer)
        raise NotYet(
            f"From the layers {layers} you return {what}: return one layer's number, as it stands "
            "in the dict, and no score."
        )
    if layer not in by_layer:
        lead = ": is it a place in the dict?" if 0 <= layer < len(by_layer) else "."
        raise NotYet(f"You return {layer}, but the layers have the numbers {layers}{lead}")
    return layer


def _what_misled(layer: int, best: int, by_layer: dict, labels: np.ndarray) -> str:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    plain = LogisticRegression(max_iter=300)
    classifier = make_pipeline(StandardScaler(), plain)

    def held_out(one):
        return cross_val_score(classifier, by_layer[one], labels, cv=3).mean()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yours, other = held_out(layer), held_out(best)
        in_sample = classifier.fit(by_layer[layer], labels).score(by_layer[layer], labels)
        unscaled = cross_val_score(plain, by_layer[best], labels, cv=3).mean()
    layers, n = ", ".join(map(str, by_layer)), len(labels)
    said = (
        f"From the layers {layers}, with {n} rows, you choose {layer}. Cross-validated it reaches "
        f"{yours:.2f}, another one {other:.2f}"
    )
    if in_sample > 0.97:
        return f"{said}. On the rows it has learnt from yours reaches {in_sample:.2f}: by heart."
    if (labels[:-1] <= labels[1:]).all():
        return f"{said}. The rows are sorted by class here: is every class in each of your parts?"
    if unscaled < other - 0.1:
        return f"{said}. That one has very small numbers: does their size change your choice?"
    return (
        f"{said}. By what was yours chosen: by its place, its width, or a score on rows that the "
        "classifier had learnt from?"
    )
