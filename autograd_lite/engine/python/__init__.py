"""The readable engine: what students open, and what runs where C was not compiled.

* `node`: what a node is;
* `passes`: back-propagation over it;
* `value`: a node as users meet it;
* `record`: nodes for ops, as the blocks around want them;
* `chain_rule`: adjoints and tangents in any number system;
* `second`: Hessian times vector;
* `layer`: a layer of a network in one call;
* `building`, `recipes`: graphs become programs;
* `leaves`: numbers of many Values at once.
"""
