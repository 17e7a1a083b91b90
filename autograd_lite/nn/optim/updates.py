"""Updates: the rules of the optimisers. Formulas and defaults are PyTorch's."""

from collections.abc import Iterable
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.errors import shown
from autograd_lite.nn.optim.optimizer import Moved, Optimizer, in_range
from autograd_lite.ops.choice import where
from autograd_lite.ops.rules import library_power, maximum, sqrt


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Polyak 1964; Nesterov 1983) if wanted.

    With gradient g of the parameter p::

        g = g + weight_decay * p
        v = momentum * v + g                (v = g in the first step)
        p = p - learning_rate * (g + momentum * v  if nesterov else  v)

    Parameters
    ----------
    parameters : iterable of Value
    learning_rate : float
        At least 0.
    momentum : float, default=0
        At least 0.
    nesterov : bool, default=False
        Needs a momentum above 0.
    weight_decay : float, default=0
        At least 0; the factor of an L2 penalty.
    **clipping
        ``clip_value`` and ``clip_norm`` of `Optimizer`.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> w = Value(1.0)
    >>> optimizer = SGD([w], learning_rate=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.8
    """

    start = (-0.0,)  # so that the first velocity is the gradient, to the sign of a zero
    settings = "learning_rate", "momentum", "weight_decay"
    switches = (*Optimizer.switches, "nesterov")

    def __init__(
        self, parameters: Iterable[Value], learning_rate: float, momentum: float = 0,
        nesterov: bool = False, weight_decay: float = 0, **clipping: float | None,
    ) -> None:  # fmt: skip
        super().__init__(parameters, learning_rate, **clipping)
        self.momentum = in_range("momentum", momentum)
        self.weight_decay = in_range("weight_decay", weight_decay)
        self.nesterov = nesterov
        if nesterov and self.momentum == 0.0:
            raise ValueError("nesterov needs a momentum above 0, such as momentum=0.9")

    def update(self, parameter: Any, gradient: Any, state: Any = start, step: Any = 1.0) -> Moved:
        """See `Optimizer.update`."""
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameter
        if not self.momentum:
            return parameter - self.learning_rate * gradient, state
        (velocity,) = state
        velocity = self.momentum * velocity + gradient
        move = gradient + self.momentum * velocity if self.nesterov else velocity
        return parameter - self.learning_rate * move, (velocity,)


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, algorithm 1), which scales each parameter's step by its past.

    In step t, with gradient g of the parameter p::

        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        p = p - learning_rate * m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + eps)

    Parameters
    ----------
    parameters : iterable of Value
    learning_rate : float, default=0.001
        At least 0.
    betas : pair of float, default=(0.9, 0.999)
        Each at least 0 and below 1.
    eps : float, default=1e-8
        At least 0.
    **clipping
        ``clip_value`` and ``clip_norm`` of `Optimizer`.

    Examples
    --------
    >>> w = Value(1.0)
    >>> optimizer = Adam([w], learning_rate=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.9
    """

    start = 0.0, 0.0
    settings: tuple[str, ...] = ("learning_rate", "beta1", "beta2", "eps")
    is_long = True

    def __init__(
        self, parameters: Iterable[Value], learning_rate: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, **clipping: float | None,
    ) -> None:  # fmt: skip
        super().__init__(parameters, learning_rate, **clipping)
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ValueError(
                f"betas is a pair of numbers, such as (0.9, 0.999), and is {shown(betas)}"
            )
        self.beta1 = in_range("betas[0]", betas[0], 1.0)
        self.beta2 = in_range("betas[1]", betas[1], 1.0)
        self.eps = in_range("eps", eps)

    @property
    def betas(self) -> tuple[float, float]:
        """Both."""
        return self.beta1, self.beta2

    @betas.setter
    def betas(self, pair: tuple[float, float]) -> None:
        self.beta1, self.beta2 = pair

    def update(self, parameter: Any, gradient: Any, state: Any = start, step: Any = 1.0) -> Moved:
        """See `Optimizer.update`."""
        rate = self.learning_rate / (1.0 - library_power(self.beta1, step))
        correction = sqrt(1.0 - library_power(self.beta2, step))
        mean, square = state
        mean = self.beta1 * mean + (1.0 - self.beta1) * gradient
        square = self.beta2 * square + (1.0 - self.beta2) * gradient * gradient
        # With eps = 0 and no gradient so far this is 0/0; the parameter stays where it is.
        move = rate * mean / (sqrt(square) / correction + self.eps)
        return where(mean, parameter - move, parameter), (mean, square)


class AdamW(Adam):
    """Adam whose parameters also shrink in each step (Loshchilov & Hutter 2019).

    Before Adam's step::

        p = p * (1 - learning_rate * weight_decay)

    Parameters
    ----------
    parameters, learning_rate, betas, eps, **clipping
        As `Adam` takes them.
    weight_decay : float, default=0.01
        At least 0.

    Examples
    --------
    >>> w = Value(1.0)
    >>> AdamW([w], learning_rate=0.1, weight_decay=0.5).step()  # of a gradient of 0
    >>> w.data
    0.95
    """

    settings = (*Adam.settings, "weight_decay")

    def __init__(
        self, parameters: Iterable[Value], learning_rate: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.01,
        **clipping: float | None,
    ) -> None:  # fmt: skip
        super().__init__(parameters, learning_rate, betas, eps, **clipping)
        self.weight_decay = in_range("weight_decay", weight_decay)

    def update(
        self, parameter: Any, gradient: Any, state: Any = Adam.start, step: Any = 1.0
    ) -> Moved:
        """See `Optimizer.update`."""
        parameter = parameter * (1.0 - self.learning_rate * self.weight_decay)
        return super().update(parameter, gradient, state, step)


class RMSprop(Optimizer):
    """RMSprop (Hinton 2012), which divides by the root of a mean of squared gradients.

    With gradient g of the parameter p::

        g = g + weight_decay * p
        s = alpha * s + (1 - alpha) * g * g
        m = alpha * m + (1 - alpha) * g                        (if centered; else 0)
        v = momentum * v + g / (sqrt(s - m * m) + eps)
        p = p - learning_rate * v

    Parameters
    ----------
    parameters : iterable of Value
    learning_rate : float, default=0.01
        At least 0.
    alpha : float, default=0.99
        At least 0 and below 1.
    eps, weight_decay, momentum : float
        At least 0; by default 1e-8, 0 and 0.
    centered : bool, default=False
        Divide by an estimate of the standard deviation.
    **clipping
        ``clip_value`` and ``clip_norm`` of `Optimizer`.

    Examples
    --------
    >>> w = Value(1.0)
    >>> w.grad = 5.0
    >>> RMSprop([w], learning_rate=0.1, alpha=0.0).step()
    >>> round(w.data, 6)
    0.9
    """

    start = 0.0, 0.0, 0.0
    settings = "learning_rate", "alpha", "eps", "weight_decay", "momentum"
    switches = (*Optimizer.switches, "centered")
    is_long = True

    def __init__(
        self, parameters: Iterable[Value], learning_rate: float = 0.01, alpha: float = 0.99,
        eps: float = 1e-8, weight_decay: float = 0, momentum: float = 0, centered: bool = False,
        **clipping: float | None,
    ) -> None:  # fmt: skip
        super().__init__(parameters, learning_rate, **clipping)
        self.alpha = in_range("alpha", alpha, 1.0)
        self.eps = in_range("eps", eps)
        self.weight_decay = in_range("weight_decay", weight_decay)
        self.momentum = in_range("momentum", momentum)
        self.centered = centered

    def update(self, parameter: Any, gradient: Any, state: Any = start, step: Any = 1.0) -> Moved:
        """See `Optimizer.update`."""
        gradient = gradient + self.weight_decay * parameter
        square, mean, velocity = state
        square = self.alpha * square + (1.0 - self.alpha) * gradient * gradient
        spread = square
        if self.centered:
            mean = self.alpha * mean + (1.0 - self.alpha) * gradient
            spread = maximum(square - mean * mean, 0.0)  # below 0 by rounding alone
        # With eps = 0 and no gradient so far this is 0/0; the parameter stays where it is.
        move = where(gradient, gradient / (sqrt(spread) + self.eps), 0.0)
        velocity = self.momentum * velocity + move
        return parameter - self.learning_rate * velocity, (square, mean, velocity)
