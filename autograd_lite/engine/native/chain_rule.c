/* The chain rule in any number system, the twin of ../python/chain_rule.py.
 *
 * Python's own rules run here, once for each node and parent, on Values or on what stands for them. So
 * this is no pass: nothing is marked in the graph, and what is known of its nodes lies in dicts and sets.
 */

static PyObject *partials_text, *partials_on_text; /* "partials", "partials_on" */

static bool is_plain(PyObject *number, double plain) {
    return PyFloat_Check(number) && PyFloat_AS_DOUBLE(number) == plain;
}

/* Of how many of a node's parents is something known? -1 after an error. */
static Py_ssize_t count_in(PyObject *known, const Node *node) {
    Node *const *parents = parents_of(node);
    Py_ssize_t count = 0;
    for (Py_ssize_t k = count_parents(node); k-- > 0;) {
        const int found = PySequence_Contains(known, (PyObject *)parents[k]);
        if (found < 0)
            return -1;
        count += found;
    }
    return count;
}

PyDoc_STRVAR(dependent_doc,
"dependent($module, order, inputs, /)\n--\n\n"
"The nodes of a topological order that depend on an input, inputs included.");

static PyObject *dependent(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *order, *inputs;
    if (!PyArg_ParseTuple(args, "OO:dependent", &order, &inputs))
        return NULL;
    order = nodes_of(order);
    inputs = order ? nodes_of(inputs) : NULL;
    PyObject *found = inputs ? PySet_New(NULL) : NULL, *list = found ? PyList_New(0) : NULL;
    bool good = list != NULL;
    for (Py_ssize_t i = 0; good && i < PyTuple_GET_SIZE(inputs); i++) {
        PyObject *input = PyTuple_GET_ITEM(inputs, i);
        good = ((Node *)input)->constant || PySet_Add(found, input) == 0;
    }
    for (Py_ssize_t i = 0; good && i < PyTuple_GET_SIZE(order); i++) {
        PyObject *node = PyTuple_GET_ITEM(order, i);
        const int is_input = PySet_Contains(found, node);
        const Py_ssize_t above = is_input ? 0 : count_in(found, (Node *)node);
        good = is_input >= 0 && above >= 0;
        if (is_input > 0 || above > 0)
            good = PySet_Add(found, node) == 0 && PyList_Append(list, node) == 0;
    }
    if (!good)
        Py_CLEAR(list);
    Py_XDECREF(found);
    Py_XDECREF(inputs);
    Py_XDECREF(order);
    return list;
}

/* What stands for a parent in a rule: a new reference. A constant is a number there. */
static PyObject *standing_for(Node *node, PyObject *numbers) {
    if (numbers == Py_None)
        return node->constant ? ieee_number(node->data) : Py_NewRef((PyObject *)node);
    PyObject *found = PyDict_GetItemWithError(numbers, (PyObject *)node);
    return found || PyErr_Occurred() ? Py_XNewRef(found) : ieee_number(node->data);
}

/* A compiled row of fixed arity has one rule for each parent. */
static PyObject *partials_by_rules(PyObject *op, PyObject *out, PyObject *parents, PyObject *wanted) {
    const Py_ssize_t n = PyTuple_GET_SIZE(parents);
    PyObject *arguments[4] = {out}, *rules = PyObject_GetAttr(op, partials_text);
    PyObject *found = rules ? PyTuple_New(n) : NULL;
    for (Py_ssize_t k = 0; k < n; k++)
        arguments[1 + k] = PyTuple_GET_ITEM(parents, k);
    for (Py_ssize_t k = 0; found && k < n; k++) {
        PyObject *partial = PyTuple_GET_ITEM(wanted, k) == Py_True
            ? PyObject_Vectorcall(PyTuple_GET_ITEM(rules, k), arguments, (size_t)n + 1, NULL)
            : PyFloat_FromDouble(0.0);
        if (partial)
            PyTuple_SET_ITEM(found, k, partial);
        else
            Py_CLEAR(found);
    }
    Py_XDECREF(rules);
    return found;
}

/* Any other row is asked for all of them. */
static PyObject *partials_by_row(PyObject *op, PyObject *out, PyObject *parents, PyObject *wanted) {
    PyObject *list = PyObject_CallMethodObjArgs(op, partials_on_text, out, parents, wanted, NULL);
    PyObject *found = list ? PySequence_Tuple(list) : NULL;
    Py_XDECREF(list);
    if (found && PyTuple_GET_SIZE(found) != PyTuple_GET_SIZE(parents)) {
        PyErr_Format(PyExc_ValueError, "%R has %zd arguments and gave %zd partial derivatives", op,
                     PyTuple_GET_SIZE(parents), PyTuple_GET_SIZE(found));
        Py_CLEAR(found);
    }
    return found;
}

/* The partial derivatives of a node, a tuple with one for each parent: 0.0 for one that is not in `known`.
 * None if no parent is. */
static PyObject *partials_in(PyObject *numbers, Node *node, PyObject *known) {
    const Py_ssize_t n = count_parents(node), n_known = node->row ? count_in(known, node) : 0;
    if (n_known <= 0)
        return n_known < 0 ? NULL : Py_NewRef(Py_None);
    Node *const *parents = parents_of(node);
    PyObject *out = (PyObject *)node, *found = NULL;
    if (numbers != Py_None) {
        PyObject *number = PyDict_GetItemWithError(numbers, out);
        if (!number && PyErr_Occurred())
            return NULL;
        out = number ? number : out;
    }
    Py_INCREF(out);
    PyObject *op = Py_NewRef(rows[node->row].op), *wanted = PyTuple_New(n);
    PyObject *arguments = wanted ? PyTuple_New(n) : NULL;
    for (Py_ssize_t k = 0; arguments && k < n; k++) {
        const int want = n_known == n ? 1 : PySequence_Contains(known, (PyObject *)parents[k]);
        PyObject *argument = want < 0 ? NULL : standing_for(parents[k], numbers);
        if (!argument) {
            Py_CLEAR(arguments);
            break;
        }
        PyTuple_SET_ITEM(wanted, k, PyBool_FromLong(want));
        PyTuple_SET_ITEM(arguments, k, argument);
    }
    if (arguments)
        found = (rows[node->row].evaluate ? partials_by_rules : partials_by_row)(op, out, arguments,
                                                                               wanted);
    Py_XDECREF(arguments);
    Py_XDECREF(wanted);
    Py_DECREF(op);
    Py_DECREF(out);
    return found;
}

/* The product of the chain rule; a partial that is the plain number 1.0 leaves no node. */
static PyObject *carried(PyObject *factor, PyObject *partial) {
    PyObject *pair[2] = {factor, partial}, *product;
    if (is_plain(partial, 1.0))
        return Py_NewRef(factor);
    const int done = call_simply(ROW_carry, pair, 2, &product);
    return done ? (done > 0 ? product : NULL)
                : PyObject_Vectorcall(rows[ROW_carry].op, pair, 2, NULL);
}

/* At each edge of a node, add a factor times the partial derivative to what was found so far: down the graph (given
 * `between`, the nodes that get an adjoint) the node's adjoint to that of the parent, up the graph the parent's
 * tangent to that of the node. */
static int sweep_edges(PyObject *numbers, Node *node, PyObject *found, PyObject *between) {
    const int begun = between ? PyDict_Contains(found, (PyObject *)node) : 1;
    PyObject *partials = begun > 0 ? partials_in(numbers, node, between ? between : found) : NULL;
    if (!partials)
        return begun == 0 ? 0 : -1;
    const Py_ssize_t n = partials == Py_None ? 0 : PyTuple_GET_SIZE(partials);
    int state = 0;
    for (Py_ssize_t k = 0; k < n && state == 0; k++) {
        PyObject *parent = (PyObject *)parents_of(node)[k], *partial = PyTuple_GET_ITEM(partials, k);
        if (is_plain(partial, 0.0))
            continue;
        PyObject *from = between ? (PyObject *)node : parent, *to = between ? parent : (PyObject *)node;
        PyObject *factor = PyDict_GetItemWithError(found, from);
        PyObject *product = factor ? carried(factor, partial) : NULL;
        PyObject *so_far = product ? PyDict_GetItemWithError(found, to) : NULL;
        if (so_far)
            Py_SETREF(product, PyNumber_Add(so_far, product));
        if (product && !PyErr_Occurred())
            PyDict_SetItem(found, to, product);
        Py_XDECREF(product);
        state = PyErr_Occurred() ? -1 : 0;
    }
    Py_DECREF(partials);
    return state;
}

static PyObject *swept_in(PyObject *numbers, PyObject *nodes, PyObject *seeds, PyObject *between) {
    if (numbers != Py_None && !PyDict_CheckExact(numbers))
        return PyErr_Format(PyExc_TypeError, "numbers are a dict or None and were given %R", numbers);
    nodes = nodes_of(nodes);
    PyObject *found = nodes ? PyDict_Copy(seeds) : NULL;
    const Py_ssize_t n = found ? PyTuple_GET_SIZE(nodes) : 0;
    for (Py_ssize_t i = 0; found && i < n; i++) {
        Node *node = (Node *)PyTuple_GET_ITEM(nodes, between ? n - 1 - i : i);
        const int given = between ? 0 : PyDict_Contains(seeds, (PyObject *)node);
        if (given < 0 || (!given && sweep_edges(numbers, node, found, between) < 0))
            Py_CLEAR(found);
    }
    Py_XDECREF(nodes);
    return found;
}

PyDoc_STRVAR(adjoints_in_doc,
"adjoints_in($module, numbers, nodes, seeds, between, /)\n--\n\n"
"Adjoints, given those of the outputs, in any number system; see chain_rule.py.");

static PyObject *adjoints_in(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *numbers, *nodes, *seeds, *between;
    if (!PyArg_ParseTuple(args, "OOO!O!:adjoints_in", &numbers, &nodes, &PyDict_Type, &seeds,
                          &PySet_Type, &between))
        return NULL;
    return swept_in(numbers, nodes, seeds, between);
}

PyDoc_STRVAR(tangents_in_doc,
"tangents_in($module, numbers, nodes, seeds, /)\n--\n\n"
"Tangents, given those of the inputs, in any number system; see chain_rule.py.");

static PyObject *tangents_in(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *numbers, *nodes, *seeds;
    if (!PyArg_ParseTuple(args, "OOO!:tangents_in", &numbers, &nodes, &PyDict_Type, &seeds))
        return NULL;
    return swept_in(numbers, nodes, seeds, NULL);
}
