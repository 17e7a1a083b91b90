"""Optimisers: how parameters move, given their gradients.

The formula of each, `Optimizer.update`, is a rule as an op has one, written with ``+ - * /`` and
ops: parameter, gradient and state in, parameter and state out. So it runs on arrays, on Values and
inside programs, and pages have it as JavaScript.
"""

from functools import partial
from typing import Any

from autograd_lite.errors import shown
from autograd_lite.nn.data import Model
from autograd_lite.nn.optim.optimizer import Optimizer
from autograd_lite.nn.optim.optimizer import in_range as in_range  # for rooms beside this one
from autograd_lite.nn.optim.updates import SGD, Adam, AdamW, RMSprop

__all__ = ["OPTIMIZERS", "SGD", "Adam", "AdamW", "Optimizer", "RMSprop"]

#: The optimisers by the names that `learn` takes.
OPTIMIZERS: dict[str, Any] = {
    "adam": Adam, "adamw": AdamW, "rmsprop": RMSprop, "sgd": SGD,
    "nesterov": partial(SGD, momentum=0.9, nesterov=True),
}  # fmt: skip


#: SciPy's solvers, which `learn` runs in place of steps.
SOLVERS = "lbfgs", "levenberg_marquardt"


def find_optimizer(model: Model, optimizer: str | Optimizer, rate: float | None) -> Any:
    """The optimiser of that name, or an object with ``step()`` as one, for a model's parameters.

    Of a solver it is the name.
    """
    parameters, names = model.parameters(), [*OPTIMIZERS, *SOLVERS]
    if not parameters:
        raise ValueError(f"{shown(model)} has no parameters that could learn")
    if isinstance(optimizer, str):
        name = optimizer.lower()
        if name not in names:
            raise ValueError(
                f"unknown optimizer {shown(optimizer)}; choose one of: {', '.join(names)}"
            )
        if name in SOLVERS:
            if rate is not None:
                raise ValueError(f"{name} finds its own steps; leave learning_rate out")
            return name
        return OPTIMIZERS[name](parameters, learning_rate=0.01 if rate is None else rate)
    if isinstance(optimizer, type) or not callable(getattr(optimizer, "step", None)):
        raise TypeError(
            f"optimizer is a name ({', '.join(names)}) or an object with step(), such as "
            f"nn.optim.SGD(model.parameters(), 0.1), and was given {shown(optimizer)}"
        )
    if rate is not None:
        raise ValueError(
            f"{type(optimizer).__name__} has a learning rate of its own; leave learning_rate out"
        )
    if set(parameters).isdisjoint(getattr(optimizer, "parameters", parameters)):
        raise ValueError("the optimizer holds none of this model's parameters; give it those")
    return optimizer
