"""Derivatives: of graphs that exist (`gradients`), and as functions."""

from autograd_lite.transforms.checkpoints import checkpoint
from autograd_lite.transforms.functions import grad, jvp, value_and_grad, vjp
from autograd_lite.transforms.gradients import gradient
from autograd_lite.transforms.matrices import hessian, hvp, jacobian
from autograd_lite.transforms.taylor import derivative, taylor

__all__ = [
    "checkpoint",
    "derivative",
    "grad",
    "gradient",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "taylor",
    "value_and_grad",
    "vjp",
]
