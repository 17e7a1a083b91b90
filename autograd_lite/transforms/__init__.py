"""Derivatives: of graphs that exist (`gradients`), and as functions."""

from autograd_lite.transforms.checking import check_grad
from autograd_lite.transforms.checkpoints import checkpoint
from autograd_lite.transforms.custom import custom_op, primitive
from autograd_lite.transforms.functions import grad, jvp, value_and_grad, vjp
from autograd_lite.transforms.gradients import gradient
from autograd_lite.transforms.matrices import hessian, hvp, jacobian
from autograd_lite.transforms.roots import root
from autograd_lite.transforms.taylor import derivative, taylor
from autograd_lite.transforms.uncertainty import uncertainty

__all__ = [
    "check_grad", "checkpoint", "custom_op", "derivative", "grad", "gradient", "hessian", "hvp",
    "jacobian", "jvp", "primitive", "root", "taylor", "uncertainty", "value_and_grad", "vjp",
]  # fmt: skip
