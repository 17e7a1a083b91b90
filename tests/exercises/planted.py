"""A learner's engine that is right, and one class for each mistake that is planted in it."""

import math
from typing import ClassVar


class Right:
    """micrograd's interface, without recursion; a second pass adds what the first did."""

    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = data, 0.0
        self.parents, self.partials = parents, partials

    def wrap(self, other):
        return other if isinstance(other, Right) else type(self)(other)

    def made(self, data, *parents_and_partials):
        parents, partials = parents_and_partials[::2], parents_and_partials[1::2]
        return type(self)(data, parents, partials)

    def __add__(self, other):
        other = self.wrap(other)
        return self.made(self.data + other.data, self, 1.0, other, 1.0)

    def __sub__(self, other):
        other = self.wrap(other)
        return self.made(self.data - other.data, self, 1.0, other, -1.0)

    def __mul__(self, other):
        other = self.wrap(other)
        return self.made(self.data * other.data, self, other.data, other, self.data)

    def __truediv__(self, other):
        other = self.wrap(other)
        a, b = self.data, other.data
        return self.made(a / b, self, 1 / b, other, -a / b**2)

    def __pow__(self, n):
        return self.made(self.data**n, self, n * self.data ** (n - 1))

    def __neg__(self):
        return self * -1

    def __radd__(self, other):
        return self + other

    def __rsub__(self, other):
        return self.wrap(other) - self

    def __rmul__(self, other):
        return self * other

    def __rtruediv__(self, other):
        return self.wrap(other) / self

    def tanh(self):
        t = math.tanh(self.data)
        return self.made(t, self, 1 - t * t)

    def relu(self):
        return self.made(max(self.data, 0.0), self, float(self.data > 0))

    def exp(self):
        return self.made(math.exp(self.data), self, math.exp(self.data))

    def order(self):
        """Every node after its parents."""
        order, seen, waiting = [], set(), [(self, False)]
        while waiting:
            node, done = waiting.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                waiting.append((node, True))
                waiting += [(parent, False) for parent in node.parents]
        return order

    def backward(self):
        arrived = {self: 1.0}
        for node in reversed(self.order()):
            grad = arrived.get(node, 0.0)
            node.grad += grad
            for parent, partial in zip(node.parents, node.partials, strict=True):
                arrived[parent] = arrived.get(parent, 0.0) + grad * partial


class Textbook(Right):
    """micrograd's way: grads are added in place, pass after pass."""

    def backward(self):
        self.grad = 1.0
        for node in reversed(self.order()):
            node.step()

    def step(self):
        for parent, partial in zip(self.parents, self.partials, strict=True):
            parent.receive(partial * self.grad)

    def receive(self, part):
        self.grad += part


#: By the law that breaks first, and the name of the mistake: classes.
PLANTED = {}


def plant(law, mistake):
    def keep(kind):
        PLANTED.setdefault((law, mistake), []).append(kind)
        return kind

    return keep


@plant("sums", "seed missing")
class NoSeed(Textbook):
    def backward(self):
        for node in reversed(self.order()):
            node.step()


@plant("sums", "nothing arrives")
class StepsForgotten(Right):
    def backward(self):
        self.grad = 1.0


@plant("sums", "closure over a loop variable")
class LateClosure(Textbook):
    def step(self):
        later = []
        for parent, partial in zip(self.parents, self.partials, strict=True):
            later.append(lambda: parent.receive(partial * self.grad))  # noqa: B023 - planted
        for each in later:
            each()


@plant("sums", "wrong sign")
class MinusIsPlus(Right):
    def __sub__(self, other):
        other = self.wrap(other)
        return self.made(self.data - other.data, self, 1.0, other, 1.0)


@plant("products", "partials swapped")
class OwnFactor(Right):
    def __mul__(self, other):
        other = self.wrap(other)
        return self.made(self.data * other.data, self, self.data, other, other.data)


@plant("products", "partial missing")
class LikeASum(Right):
    def __mul__(self, other):
        other = self.wrap(other)
        return self.made(self.data * other.data, self, 1.0, other, 1.0)


@plant("quotients", "denominator not squared")
class NotSquared(Right):
    def __truediv__(self, other):
        other = self.wrap(other)
        a, b = self.data, other.data
        return self.made(a / b, self, 1 / b, other, -a / b)


@plant("quotients", "wrong sign")
class PlusInQuotient(Right):
    def __truediv__(self, other):
        other = self.wrap(other)
        a, b = self.data, other.data
        return self.made(a / b, self, 1 / b, other, a / b**2)


@plant("chains", "upstream gradient missing")
class LocalOnly(Textbook):
    def step(self):
        for parent, partial in zip(self.parents, self.partials, strict=True):
            parent.receive(partial)


@plant("re-use adds", "grad overwritten")
class Overwritten(Textbook):
    def receive(self, part):
        self.grad = part


@plant("nodes are objects", "equal numbers taken for one")
class EqualIsSame(Textbook):
    def order(self):
        order, seen = [], []

        def visit(node):
            if node.data not in seen or not node.parents:
                seen.append(node.data)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        return list(dict.fromkeys(order))


@plant("order", "no topological order")
class FirstComeFirstServed(Textbook):
    def backward(self):
        self.grad = 1.0
        queue, seen = [self], {self}
        for node in queue:
            node.step()
            queue += [parent for parent in dict.fromkeys(node.parents) if parent not in seen]
            seen |= {*node.parents}


@plant("order", "no topological order")
class DepthFirst(Textbook):
    def backward(self):
        self.grad, seen = 1.0, set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                node.step()
                for parent in node.parents:
                    visit(parent)

        visit(self)


@plant("order", "paths walked again")
class EveryPath(Textbook):
    def backward(self):
        self.grad = 1.0
        self.walk()

    def walk(self):
        self.step()
        for parent in dict.fromkeys(self.parents):
            parent.walk()


@plant("order", "paths walked again")
class EveryPathFromTheRight(EveryPath):
    def walk(self):
        self.step()
        for parent in reversed(self.parents):
            parent.walk()


@plant("constants", "constants not wrapped")
class NoConstants(Right):
    def wrap(self, other):
        return other


@plant("reflected operators", "no reflected operator")
class NothingReflected(Right):
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = None


@plant("reflected operators", "operands swapped")
class SwappedMinus(Right):
    def __rsub__(self, other):
        return self - other


@plant("reflected operators", "operands swapped")
class SwappedQuotient(Right):
    def __rtruediv__(self, other):
        return self / other


@plant("powers", "exponent not lowered")
class NotLowered(Right):
    def __pow__(self, n):
        return self.made(self.data**n, self, n * self.data**n)


@plant("powers", "exponent not a factor")
class NoFactor(Right):
    def __pow__(self, n):
        return self.made(self.data**n, self, self.data ** (n - 1))


@plant("tanh", "partial at the output's place")
class TanhAtInput(Right):
    def tanh(self):
        return self.made(math.tanh(self.data), self, 1 - self.data**2)


@plant("exp", "partial at the output's place")
class ExpAtInput(Right):
    def exp(self):
        return self.made(math.exp(self.data), self, self.data)


@plant("relu", "flat part not flat")
class LeakingRelu(Right):
    def relu(self):
        return self.made(max(self.data, 0.0), self, 1.0)


@plant("passes start afresh", "order kept between passes")
class KeptSeen(Textbook):
    done: ClassVar = set()  # it outlives each pass

    def backward(self):
        self.grad = 1.0
        for node in reversed(self.order()):
            if node not in self.done:
                self.done.add(node)
                node.step()


@plant("passes start afresh", "order kept between passes")
class KeptOrder(Textbook):
    def backward(self, order=[]):  # noqa: B006 - planted
        self.grad = 1.0
        order += [node for node in self.order() if node not in order]
        for node in reversed(order):
            node.step()


@plant("passes add", "inner grads kept")
class InnerKept(Textbook):
    """As micrograd is."""


@plant("passes add", "passes do not add")
class ZeroesItself(Textbook):
    def backward(self):
        for node in self.order():
            node.grad = 0.0
        super().backward()


@plant("passes add", "seed added")
class SeedAdded(Textbook):
    def backward(self):
        self.grad += 1.0
        for node in reversed(self.order()):
            node.step()


@plant("deep chains", "recursion")
class Recursive(Right):
    def order(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        return order
