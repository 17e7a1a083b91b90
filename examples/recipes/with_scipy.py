"""scipy.optimize: gradients, Hessians and sparse Hessians, each one compiled function.

A chain of atoms, each of which would like to be at -1 or at 1 and near its neighbours (the
Frenkel-Kontorova model with a double well), held at -1 and at 1: where is the wall between both
sides? `value_and_grad` goes in as it is with `jac=True`. Each atom touches two others, so of the
Hessian three diagonals are not 0, and `sparse=True` computes no more than these.

    python -m examples.recipes.with_scipy
"""

import numpy as np

import autograd_lite as ag


def energy(x):
    """Of all atoms but the outermost two, which do not move."""
    chain = np.concatenate([[-1.0], x, [1.0]])
    return ag.sum((chain[1:] - chain[:-1]) ** 2) * 4.0 + ag.sum((x**2 - 1.0) ** 2) * 0.25


def derivatives():
    """Value with gradient, Hessian, and Hessian as a sparse matrix."""
    return (
        ag.compile(ag.value_and_grad(energy)),
        ag.compile(ag.hessian(energy)),
        ag.compile(ag.hessian(energy, sparse=True)),
    )


def solved(atoms):
    """SciPy's results by name, from the same start."""
    from scipy.optimize import minimize

    both, dense, sparse = derivatives()
    start = np.linspace(-1.0, 1.0, atoms + 2)[1:-1]
    return {
        "BFGS, differences": minimize(lambda x: float(energy(x)), start, method="BFGS"),
        "BFGS, jac": minimize(both, start, jac=True, method="BFGS"),
        "trust-exact, jac and hess": minimize(
            both, start, jac=True, hess=dense, method="trust-exact"
        ),
        "trust-constr, jac and sparse hess": minimize(
            both, start, jac=True, hess=sparse, method="trust-constr", options={"gtol": 1e-8}
        ),
    }


def main(atoms=60):
    """Print for each way how often SciPy called the function, and the energy found; give all."""
    found = solved(atoms)
    for name, result in found.items():
        print(f"{name:34} {result.nfev:5} calls, energy {result.fun:.6f}")
    sparse = derivatives()[2](found["BFGS, jac"].x)
    print(f"{sparse.nnz} numbers of the Hessian's {atoms * atoms} are computed")
    return found


if __name__ == "__main__":
    main()
