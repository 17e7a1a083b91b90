"""The readable engine: what students open, and what runs where C was not compiled.

* `node`: what a node is, and how one is recorded;
* `passes`: the order of a graph, and back-propagation over it;
* `refreshing`: other numbers for leaves, and a graph computed anew;
* `second`: Hessian times vector;
* `layer`: a layer of a network in one call;
* `chain_rule`: adjoints and tangents in any number system;
* `building`, `recipes`: graphs become programs;
* `leaves`: numbers of many Values at once.
"""

from autograd_lite.engine.modes import current_mode
from autograd_lite.engine.observing import observe
from autograd_lite.engine.python.building import Builder, needed
from autograd_lite.engine.python.chain_rule import adjoints_in, dependent, tangents_in
from autograd_lite.engine.python.layer import record_layer
from autograd_lite.engine.python.leaves import are_finite, read_numbers, write_numbers
from autograd_lite.engine.python.node import Value, constant, fields, record, restore
from autograd_lite.engine.python.passes import adjoints, tangents, topological_order
from autograd_lite.engine.python.second import hessian_products
from autograd_lite.engine.scopes import current_scope

__all__ = [
    "Builder", "Value", "adjoints", "adjoints_in", "are_finite", "constant", "current_mode",
    "current_scope", "dependent", "fields", "hessian_products", "needed", "observe",
    "read_numbers", "record", "record_layer", "restore", "tangents", "tangents_in",
    "topological_order", "write_numbers",
]  # fmt: skip
