"""Two more exercises of notebook 03: a matrix read, a map redrawn."""

from collections.abc import Callable, Mapping, Set

import numpy as np

from . import NotYet, define
from .answers import call, kind_of, number

# ---- 03.4: what a matrix says

KINDS = ("leak", "heating", "noise", "other")
MESSAGES = np.array([[30, 6, 0, 4], [12, 62, 2, 4], [2, 3, 10, 7], [6, 14, 3, 135]])  # row: true
CLOSE = 0.006  # by how much a share read off with two digits may differ


@define(
    "03.4",
    hint=(
        "Each question has a group that it asks about: of which messages is a share wanted? Do "
        "they stand in one row, or in one column? What happens to each column when one row grows?"
    ),
    step=(
        "Copy the small numbers, the counts, on paper, and write the sum of every row and every "
        "column beside them. For the winter multiply a whole row by three, then add the columns "
        "up anew."
    ),
    solution="""
    precision_of_leak = 30 / (30 + 12 + 2 + 6)
    recall_of_noise = 10 / (2 + 3 + 10 + 7)
    precision_in_winter = 30 / (30 + 3 * 12 + 2 + 6)
    most_in_number = ("other", "heating")
    most_of_its_class = ("noise", "other")
    """,
)
def check_matrix(
    precision_of_leak, recall_of_noise, precision_in_winter, most_in_number, most_of_its_class
) -> str:
    """Check three shares from 0 to 1 and two mistakes, each (true class, predicted class)."""
    leak, noise = KINDS.index("leak"), KINDS.index("noise")
    winter = MESSAGES * np.where(np.array(KINDS) == "heating", 3, 1)[:, None]
    _check_share("precision_of_leak", precision_of_leak, _of_column(MESSAGES, leak))
    _check_share("recall_of_noise", recall_of_noise, _of_row(MESSAGES, noise))
    _check_share("precision_in_winter", precision_in_winter, _in_winter(winter, leak))
    _check_mistake("most_in_number", most_in_number, "the most frequent mistake")
    _check_mistake(
        "most_of_its_class",
        most_of_its_class,
        "the largest share of a row, that is of a true class",
    )
    return (
        "Rows for recall, columns for precision. In winter every recall stays, and still more "
        "plumbers go out in vain: a precision holds only for the mixture it was measured on."
    )


def _of_column(counts: np.ndarray, i: int) -> list[tuple[str, float, float]]:
    """(what it is, part, whole) of the precision of class i, first, and of slips."""
    name, column, row = KINDS[i], counts[:, i], counts[i]
    found = counts[i, i]
    shares = (counts / counts.sum(axis=1, keepdims=True))[:, i]
    return [
        ("", found, column.sum()),
        (f"that divides by the row of {name}, which gives its recall", found, row.sum()),
        (
            f"those are the messages wrongly answered {name}: a share of right answers is asked "
            "for",
            column.sum() - found,
            column.sum(),
        ),
        *_slips_of_all(counts, i),
        (
            "that adds up the shares of the column, and each is a share of another row: add up "
            "the counts",
            shares[i],
            shares.sum(),
        ),
    ]


def _of_row(counts: np.ndarray, i: int) -> list[tuple[str, float, float]]:
    """(what it is, part, whole) of the recall of class i, first, and of slips."""
    name, column, row = KINDS[i], counts[:, i], counts[i]
    found = counts[i, i]
    return [
        ("", found, row.sum()),
        (f"that divides by the column of {name}, which gives its precision", found, column.sum()),
        (
            f"those are the {name} messages that were missed: the share that was found is asked "
            "for",
            row.sum() - found,
            row.sum(),
        ),
        *_slips_of_all(counts, i),
    ]


def _in_winter(winter: np.ndarray, i: int) -> list[tuple[str, float, float]]:
    """(what it is, part, whole) of the precision of class i in winter, first, and of slips."""
    found, answered, heating = MESSAGES[i, i], MESSAGES[:, i].sum(), KINDS.index("heating")
    return [
        *_of_column(winter, i),
        (
            f"that is as before, but some of the new messages land in the column of {KINDS[i]}",
            found,
            answered,
        ),
        (
            f"that triples the row of {KINDS[i]}, but winter brings messages about heating",
            3 * found,
            answered + 2 * found,
        ),
        (
            f"that puts every new message into the column of {KINDS[i]}, not its share",
            found,
            answered + 2 * MESSAGES[heating].sum(),
        ),
    ]


def _slips_of_all(counts: np.ndarray, i: int) -> list[tuple[str, float, float]]:
    every = counts.sum()
    return [
        ("that divides by all messages", counts[i, i], every),
        ("that is the whole diagonal, the accuracy: ask about one class", np.trace(counts), every),
        ("that is how often the class occurs", counts[i].sum(), every),
        ("that is how often the answer is given", counts[:, i].sum(), every),
    ]


def _check_share(name: str, answer, ways: list[tuple[str, float, float]]) -> None:
    """ways: (what it is, part, whole), the right one first."""
    value = number(answer, f"For {name}")
    (_, part, whole), *slips = ways
    if abs(value - part / whole) <= CLOSE:
        return
    said = f"Your {name} is {value:.3g}"
    if not 0 <= value <= 1:
        kind = "a count or per cent" if value > 1 else "no share"
        raise NotYet(f"{said}: this is {kind}, and a share from 0 to 1 is asked for.")
    reason, part, whole = min(slips, key=lambda slip: abs(value - slip[1] / slip[2]))
    if abs(value - part / whole) <= CLOSE:
        raise NotYet(f"{said}, {part:.3g} / {whole:.3g}: {reason}.")
    raise NotYet(f"{said}: which messages does the question ask about, and how many are there?")


def _check_mistake(name: str, answer, right: str) -> None:
    """right: which of the ways to call a mistake the largest is asked for."""
    true, predicted = _mistake(name, answer)
    said = f"Your {name}, {KINDS[true]} taken for {KINDS[predicted]}"
    if true == predicted:
        raise NotYet(f"{said}, stands on the diagonal: those are right answers.")
    count, total = MESSAGES[true, predicted], MESSAGES[true].sum()
    mistakes = np.where(np.eye(len(KINDS)), 0, MESSAGES)
    largest = {
        way: np.unravel_index((mistakes / totals).argmax(), mistakes.shape)
        for way, totals in {
            "the most frequent mistake": 1,
            "the largest share of a row, that is of a true class": MESSAGES.sum(
                axis=1, keepdims=True
            ),
            "the largest share of a column, that is of an answer": MESSAGES.sum(axis=0),
        }.items()
    }
    if (true, predicted) == largest[right]:
        return
    if (predicted, true) == largest[right]:
        raise NotYet(f"{said}: the true class, which stands at the row, comes first.")
    said += f", is {count} of the {total} {KINDS[true]} messages"
    for way, mistake in largest.items():
        if (true, predicted) == mistake:
            raise NotYet(f"{said}. It is {way}; asked for is {right}.")
    raise NotYet(f"{said}. It is not {right}.")


def _mistake(name: str, answer) -> tuple[int, int]:
    """The numbers of the true and the predicted class in a learner's pair of names."""
    try:
        pair = [part.strip().lower() for part in answer]
    except (TypeError, AttributeError):
        pair = []
    if isinstance(answer, str | Set | Mapping) or len(pair) != 2 or not set(pair) <= set(KINDS):
        raise NotYet(
            f"{name} should be a pair of names, (true class, predicted class), both of "
            f"{', '.join(KINDS)}; yours is {answer!r:.60}."
        )
    return KINDS.index(pair[0]), KINDS.index(pair[1])


# ---- 03.5: what a map says

NEIGHBOURS = 5
STAND = "df"


@define(
    "03.5",
    hint=(
        "Cut the map out along the gaps, so that each group is a piece of paper. What may you do "
        "with the three pieces so that no dot's nearest dots change? And which of the six claims "
        "speak of something else than who is near whom?"
    ),
    step=(
        "For each group take its dots, subtract their mean, multiply by a size of your choice, and "
        "add a new place. Look at what one group after the other makes false. The gap only has to "
        "become narrower than group 0, not nothing."
    ),
    solution="""
    def another_map(points, groups):
        new = points.copy()
        cats, work, exams = (points[groups == group] for group in range(3))
        new[groups == 1] = (work - work.mean(axis=0)) / 20 - [40, 0]  # small, far to the left
        width = cats[:, 0].max() - cats[:, 0].min()
        beside = exams[:, 0].max() + 0.8 * width - cats[:, 0].min()
        new[groups == 0] = cats + [beside, exams[:, 1].mean() - cats[:, 1].mean()]
        return new


    stand = {"d", "f"}
    """,
)
def check_another_map(another_map: Callable, stand) -> str:
    """Check a function (points [n, 2], groups [n]) -> points [n, 2], and the letters that stand."""
    letters = _letters(stand)
    for points, groups in _first_maps():
        answer = call(another_map, points, groups, seconds=5)
        told = f"On a map of {len(points)} dots"
        redrawn = _as_places(answer, points)
        if np.allclose(redrawn, points):
            raise NotYet(f"{told} yours has every dot where it was: all six claims still hold.")
        _check_neighbours(redrawn, points, groups, told)
        held = _claims(redrawn, groups)
        for letter, (holds, why) in held.items():
            if holds and letter not in letters:
                more = ""
                if _is_whole(redrawn, points):
                    more = " You treat all dots alike: what may each group do by itself?"
                raise NotYet(
                    f"{told} yours does not make {letter} false, which you say a map can: {why}."
                    f"{more}"
                )
            if not holds and letter in letters:
                raise NotYet(
                    f"{told} you make claim {letter} false yourself ({why}), with the same five "
                    "neighbours for every dot, and yet you let it stand."
                )
    if len(letters) > len(STAND):
        many = len(letters) - len(STAND)
        raise NotYet(
            f"Your maps keep all neighbours. But you let {len(letters)} claims stand, and "
            f"{many} of these can be made false too, by a map that your function does not draw."
        )
    return (
        "Four claims were about the drawing. Two follow from who is near whom, and they are worth "
        "as much as the map has kept of the states: that is what the count in section 7 is for."
    )


def _letters(stand) -> set[str]:
    """The letters of the claims that a learner lets stand."""
    if isinstance(stand, Mapping) or not hasattr(stand, "__iter__"):
        raise NotYet(f"stand is {kind_of(stand)}: a set of letters, such as {{'a'}}, is expected.")
    letters = {str(letter).strip().lower() for letter in stand} - {"", ","}
    if unknown := sorted(letters - set("abcdef")):
        raise NotYet(f"The claims have the letters a to f; yours names {unknown[0]!r:.30}.")
    return letters


def _first_maps():
    """(points, groups): maps within 0 to 20 on which all six claims hold, rows in mixed order."""
    random = np.random.default_rng(35)
    for counts, radii, centres in (
        ((22, 30, 26), (1.2, 1.6, 0.7), ((4, 9), (10.5, 10), (7, 18.5))),
        ((35, 18, 20), (0.9, 0.5, 0.4), ((12, 6), (16, 4), (3, 7))),
        ((16, 24, 41), (0.8, 2.5, 0.6), ((8, 15), (14.5, 16), (9, 3))),
    ):
        points, groups = [], np.repeat([0, 1, 2], counts)
        for n, radius, centre in zip(counts, radii, centres, strict=True):
            angle, far = random.uniform(0, 2 * np.pi, n), radius * np.sqrt(random.random(n))
            points.append(np.column_stack([np.cos(angle), np.sin(angle)]) * far[:, None] + centre)
        points, order = np.concatenate(points), random.permutation(len(groups))
        points, groups = points[order], groups[order]
        near = _nearest(points)
        other = next(j for j in near[0] if 0 in near[j])  # row 0 and row 1 become neighbours
        rows = np.array([0, other, *(i for i in range(1, len(points)) if i != other)])
        yield points[rows], groups[rows]


def _nearest(points: np.ndarray) -> np.ndarray:
    """The rows of the five nearest dots of each dot [n, 5], in ascending order."""
    apart = _apart(points, points)
    np.fill_diagonal(apart, np.inf)
    return np.sort(apart.argsort(axis=1, kind="stable")[:, :NEIGHBOURS], axis=1)


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.linalg.norm(one[:, None] - other[None], axis=2)


def _claims(points: np.ndarray, groups: np.ndarray) -> dict[str, tuple[bool, str]]:
    """For each claim whether it holds on a map, and what shows it."""
    of = [points[groups == group] for group in range(3)]
    middles = np.array([dots.mean(axis=0) for dots in of])
    to_work, to_exams = _apart(middles[:1], middles[1:])[0]
    room = [_apart(dots, dots.mean(axis=0)[None]).mean() for dots in of]
    gap, width = _apart(of[0], points[groups != 0]).min(), _apart(of[0], of[0]).max()
    near = _nearest(points)
    mutual = bool(0 in near[1] and 1 in near[0])
    reached, new = set(), set(np.flatnonzero(groups == 0).tolist())
    while new:
        reached |= new
        new = set(near[list(new)].ravel().tolist()) - reached
    left = int((groups[list(reached)] != 0).sum())
    return {
        "a": (
            middles[0, 0] < middles[1, 0],
            f"group 0 has its mean at {middles[0, 0]:.4g} from left to right, group 1 at "
            f"{middles[1, 0]:.4g}",
        ),
        "b": (
            to_work < to_exams,
            f"it is {to_work:.4g} from group 0 to group 1 and {to_exams:.4g} to group 2",
        ),
        "c": (
            room[2] < min(room[:2]),
            f"the mean distances from the middle are {room[0]:.4g}, {room[1]:.4g} and "
            f"{room[2]:.4g}",
        ),
        "d": (mutual, f"dots 0 and 1 are {'neighbours' if mutual else 'no neighbours'} there"),
        "e": (
            gap > width,
            f"the gap around group 0 is {gap:.4g} wide, the group itself {width:.4g}",
        ),
        "f": (not left, f"steps from group 0 lead to {left} dots of other groups"),
    }


def _as_places(answer, points: np.ndarray) -> np.ndarray:
    try:
        places = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        places = None
    if places is None or places.shape != points.shape:
        yours = kind_of(answer) if places is None else f"of the shape {list(places.shape)}"
        raise NotYet(
            f"For points of the shape {list(points.shape)} the new places should have the same "
            f"shape, but yours are {yours}."
        )
    if not np.isfinite(places).all():
        raise NotYet("Some of your new places are no finite numbers.")
    return places


def _check_neighbours(
    redrawn: np.ndarray, points: np.ndarray, groups: np.ndarray, told: str
) -> None:
    wanted, found = _nearest(points), _nearest(redrawn)
    changed = np.flatnonzero((wanted != found).any(axis=1))
    if not changed.size:
        return
    said = f"{told} {len(changed)} get other nearest dots than before"
    if len(np.unique(redrawn.round(9), axis=0)) < len(points):
        raise NotYet(f"{said}: several dots lie on the very same place, and none may.")
    if np.allclose(np.sort(redrawn, axis=0), np.sort(points, axis=0)):
        raise NotYet(f"{said}: row i of yours must still be the dot that was row i.")
    strangers = [i for i in changed if (groups[found[i]] != groups[i]).any()]
    if strangers:
        i = strangers[0]
        other = next(group for group in groups[found[i]] if group != groups[i])
        raise NotYet(
            f"{said}. Dot {i} of group {groups[i]} has a dot of group {other} among them now: the "
            "two groups are too close for their size."
        )
    raise NotYet(
        f"{said}. All these are still of the dot's own group, but inside a group the dots have "
        "moved against one another, or it was stretched more one way than the other."
    )


def _is_whole(redrawn: np.ndarray, points: np.ndarray) -> bool:
    """Whether a map is the old one, only turned, mirrored, moved or scaled."""
    ratios = _apart(redrawn, redrawn) / (_apart(points, points) + np.eye(len(points)))
    ratios = ratios[~np.eye(len(points), dtype=bool)]
    return bool(np.allclose(ratios, ratios[0], rtol=1e-6))
