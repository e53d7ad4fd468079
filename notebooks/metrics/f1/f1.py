"""The F1 score as a metric module for `evaluate`. One import a line: evaluate parses them."""

import datasets
import evaluate
from sklearn.metrics import f1_score


class F1(evaluate.Metric):
    """The F1 score over several classes; average is "macro", "micro" or "weighted"."""

    def _info(self):
        ids = {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
        return evaluate.MetricInfo(
            description=self.__doc__,
            citation="",
            inputs_description="predictions, references: class ids of the same rows",
            features=datasets.Features(ids),
        )

    def _compute(self, predictions, references, average="macro"):
        return {"f1": float(f1_score(references, predictions, average=average))}
