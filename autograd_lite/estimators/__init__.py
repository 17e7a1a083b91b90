"""Estimators of scikit-learn (extra `sklearn`): networks, and a user's own formula.

They go into a `Pipeline`, `GridSearchCV` or `cross_val_score`; docs/estimators.md shows them.
"""

from importlib import import_module as _import
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograd_lite.estimators.formula_fit import FormulaRegressor
    from autograd_lite.estimators.perceptrons import MLPClassifier, MLPRegressor

__all__ = ["FormulaRegressor", "MLPClassifier", "MLPRegressor"]


def __getattr__(name: str) -> object:
    """A class, when it is first asked for: scikit-learn, which its base is of, takes a second."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        _import("sklearn")
    except ImportError as error:
        said = f'{name} needs scikit-learn ({error}): pip install "autograd-lite[sklearn]"'
        raise ImportError(said) from None
    file = "perceptrons" if name.startswith("MLP") else "formula_fit"
    found = globals()[name] = getattr(_import(f"{__name__}.{file}"), name)
    return found
