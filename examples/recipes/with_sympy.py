"""SymPy, there and back: its formulas as functions here, and graphs from here as its formulas.

There: `lambdify` writes a formula as Python on the functions that `modules` names; those of this
package have NumPy's names, so that few differ from SymPy's. SymPy finds common parts (`cse`), and
what comes out can be differentiated and compiled like any function.
Back: a node knows its op and its parents, so a graph is built again from SymPy's functions.

    python -m examples.recipes.with_sympy
"""

import operator
from math import e, isfinite, pi

import autograd_lite as ag


def same_names(module):
    """The functions that are called alike here, in SymPy and in NumPy."""
    names = "exp log sqrt cbrt sin cos tan sinh cosh tanh erf erfc floor"
    return {name: getattr(module, name) for name in names.split()}


def function_of(symbols, formula):
    """A function of Values, from a formula of SymPy's.

    A function that is not named here is a NameError or TypeError when called. ``Piecewise``
    compares: that is a guard in a compiled function.
    """
    import sympy

    names = {
        **same_names(ag), "pi": pi, "E": e, "copysign": lambda _, x: ag.sign(x),
        "asin": ag.arcsin, "acos": ag.arccos, "atan": ag.arctan, "atan2": ag.arctan2,
        "asinh": ag.arcsinh, "acosh": ag.arccosh, "atanh": ag.arctanh, "Abs": ag.absolute,
        "Max": lambda *xs: ag.max(list(xs)), "Min": lambda *xs: ag.min(list(xs)),
    }  # fmt: skip
    return sympy.lambdify(symbols, formula, modules=[names], cse=True)


def formula_of(root):
    """SymPy's formula of a graph: leaves with a label become symbols, others numbers.

    Raises
    ------
    ValueError
        If the graph holds an op that has no entry here, or two leaves share a label.
    """
    import sympy

    def logsumexp(*xs):
        return sympy.log(sympy.Add(*map(sympy.exp, xs)))

    def dot(*parts):
        *terms, bias = parts
        half = len(terms) // 2
        return sympy.Add(*map(operator.mul, terms[:half], terms[half:]), bias)

    functions = {
        **same_names(sympy), "sign": sympy.sign, "logaddexp": logsumexp, "logsumexp": logsumexp,
        "add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
        "divide": operator.truediv, "negative": operator.neg, "power": operator.pow,
        "square": lambda x: x**2, "reciprocal": lambda x: 1 / x, "exp2": lambda x: 2**x,
        "expm1": lambda x: sympy.exp(x) - 1, "log1p": lambda x: sympy.log(1 + x),
        "log2": lambda x: sympy.log(x, 2), "log10": lambda x: sympy.log(x, 10),
        "arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan, "arctan2": sympy.atan2,
        "arcsinh": sympy.asinh, "arccosh": sympy.acosh, "arctanh": sympy.atanh,
        "absolute": sympy.Abs, "maximum": sympy.Max, "minimum": sympy.Min,
        "max": sympy.Max, "min": sympy.Min, "sum": sympy.Add, "prod": sympy.Mul, "dot": dot,
        "mean": lambda *xs: sympy.Add(*xs) / len(xs),
        "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
        "softplus": lambda x: sympy.log(1 + sympy.exp(x)), "relu": lambda x: sympy.Max(x, 0),
    }  # fmt: skip
    formulas, labels, waiting = {}, set(), [root]
    while waiting:  # no recursion: graphs may be deep
        node = waiting[-1]
        later = [parent for parent in node.parents if parent not in formulas]
        if later:
            waiting += later
            continue
        waiting.pop()
        if node in formulas:  # a shared one
            continue
        if node.parents and node.op not in functions:
            raise ValueError(f"formula_of knows no {node.op!r}; add it to `functions`")
        if node.parents:
            formulas[node] = functions[node.op](*[formulas[parent] for parent in node.parents])
        elif node.label:
            if node.label in labels:
                raise ValueError(f"two leaves are called {node.label!r}; give each its own label")
            labels.add(node.label)
            formulas[node] = sympy.Symbol(node.label, real=True)
        else:
            formulas[node] = sympy.Rational(repr(node.data)) if isfinite(node.data) else sympy.nan
    return formulas[root]


def main():
    """A formula there, its derivatives both ways, and the graph of a function back."""
    import sympy

    x, y = sympy.symbols("x y", real=True)
    formula = sympy.exp(-(x**2)) * sympy.sin(x * y) + sympy.atan2(y, x)
    f = function_of([x, y], formula)
    ours = ag.compile(ag.grad(f, argnums=(0, 1)))(0.7, 1.3)
    theirs = [float(formula.diff(name).subs({x: 0.7, y: 1.3})) for name in (x, y)]
    print(f"gradient here  {ours[0]:.12f} {ours[1]:.12f}")
    print(f"SymPy's        {theirs[0]:.12f} {theirs[1]:.12f}")
    w, b = ag.Value(0.5, label="w"), ag.Value(0.25, label="b")
    back = formula_of(ag.tanh(w * 2.0 + b) ** 2)
    print(f"a graph back   {back}, its derivative {back.diff(sympy.Symbol('w', real=True))}")
    return ours, theirs, formula_of(f(ag.Value(0.7, label="x"), ag.Value(1.3, label="y"))), formula


if __name__ == "__main__":
    main()
