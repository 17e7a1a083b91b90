/* Many nodes of one row side by side, fed with the same vector: a layer of a network in one call. */

/* Whether this is a Value of which no_grad makes no leaf. */
static inline bool is_cut(PyObject *thing) {
    return here.silent && is_value(thing) && (((Node *)thing)->traced || observes_all);
}

/* Can this be done here: compiled rows, lists of Values with equal lengths, a scope for each? */
static bool can_be_beside(const Row *row, const Row *then, PyObject *vectors, PyObject *shared,
                          PyObject *scalars, PyObject *scopes) {
    const Py_ssize_t n = PyList_GET_SIZE(vectors), m = PyList_GET_SIZE(shared);
    double number;
    if (!row->sequence_forward || row->n_vectors != 2 || row->n_scalars != 1 ||
        PyList_GET_SIZE(scalars) != n || PyList_GET_SIZE(scopes) != n ||
        (then && (!then->evaluate || then->arity != 1)))
        return false;
    for (Py_ssize_t i = 0; i < m; i++)
        if (is_cut(PyList_GET_ITEM(shared, i)) ||
            (!is_value(PyList_GET_ITEM(shared, i)) && !is_simple(PyList_GET_ITEM(shared, i), &number)))
            return false;
    for (Py_ssize_t j = 0; j < n; j++) {
        PyObject *vector = PyList_GET_ITEM(vectors, j), *scalar = PyList_GET_ITEM(scalars, j);
        if (!PyList_CheckExact(vector) || PyList_GET_SIZE(vector) != m || !is_value(scalar) ||
            is_cut(scalar) || !are_names(PyList_GET_ITEM(scopes, j)))
            return false;
        for (Py_ssize_t i = 0; i < m; i++)
            if (!is_value(PyList_GET_ITEM(vector, i)) || is_cut(PyList_GET_ITEM(vector, i)))
                return false;
    }
    return true;
}

/* What all nodes of one call share. */
typedef struct {
    const Row *row;
    uint32_t row_index, then_index;
    Py_ssize_t m;
    Node **inputs; /* m */
    double *args;  /* of one node: its vector, the inputs' numbers, its scalar; then scratch */
    bool all_vary; /* no input is a constant */
} Beside;

static PyObject *notes_of_scope(PyObject *scope) {
    return PyTuple_GET_SIZE(scope) ? Py_NewRef(scope) : NULL;
}

/* A leaf in place of the nodes: inside no_grad. */
static Node *number_beside(const Beside *all, PyObject *const *vector, Node *scalar,
                           PyObject *scope) {
    const Py_ssize_t m = all->m;
    const Row *then = &rows[all->then_index];
    Node *node = new_node_with(0, 0, notes_of_scope(scope));
    if (!node)
        return NULL;
    for (Py_ssize_t i = 0; i < m; i++)
        all->args[i] = ((Node *)vector[i])->data;
    all->args[2 * m] = scalar->data;
    node->data = all->row->sequence_forward(all->args, m, all->row->attrs, all->args + 2 * m + 1);
    if (all->then_index)
        node->data = then->forward(&node->data, then->attrs);
    return node;
}

static Node *one_beside(const Beside *all, PyObject *const *vector, Node *scalar,
                        PyObject *scope) {
    const Py_ssize_t m = all->m, n = 2 * m + 1;
    if (here.silent)
        return number_beside(all, vector, scalar, scope);
    Node *node = new_node_with(all->row_index, n > 2 ? MANY : (uint8_t)n, notes_of_scope(scope));
    if (!node || (n > 2 && add_room(node, n) < 0))
        return NULL;
    hold_row(all->row_index);
    Node **parents = n > 2 ? many_parents(node->many) : &node->x;
    bool all_vary = all->all_vary && !scalar->constant;
    for (Py_ssize_t i = 0; i < m; i++) {
        parents[i] = (Node *)Py_NewRef(vector[i]);
        all->args[i] = parents[i]->data;
        all_vary &= !parents[i]->constant;
        parents[m + i] = (Node *)Py_NewRef((PyObject *)all->inputs[i]);
        node->traced |= parents[i]->traced | all->inputs[i]->traced;
    }
    node->traced |= scalar->traced;
    parents[2 * m] = (Node *)Py_NewRef((PyObject *)scalar);
    all->args[2 * m] = scalar->data;
    node->data = all->row->sequence_forward(all->args, m, all->row->attrs, all->args + n);
    partials_at(node, all->row, all->args, all_vary);
    if (!all->then_index)
        return node;
    Node *next = new_node_with(all->then_index, 1, notes_of_scope(scope));
    if (!next) {
        Py_DECREF(node);
        return NULL;
    }
    hold_row(all->then_index);
    next->x = node;
    next->traced = node->traced;
    rows[all->then_index].evaluate(next, rows[all->then_index].attrs);
    return next;
}

static PyObject *all_beside(uint32_t row, uint32_t then, PyObject *vectors, PyObject *shared,
                            PyObject *scalars, PyObject *scopes) {
    const Py_ssize_t n = PyList_GET_SIZE(vectors), m = PyList_GET_SIZE(shared);
    Beside all = {NULL, row, then, m, NULL, NULL, true};
    Py_ssize_t ready = 0, done = 0;
    /* Made first: from the checks on no Python code may run. */
    PyObject *list = PyList_New(n);
    if (!list || warm_up_context() < 0) {
        Py_XDECREF(list);
        return NULL;
    }
    all.row = &rows[row];
    if (here.watcher || /* which is told of each node by itself */
        PyList_GET_SIZE(vectors) != n || PyList_GET_SIZE(shared) != m ||
        !can_be_beside(all.row, then ? &rows[then] : NULL, vectors, shared, scalars, scopes)) {
        Py_DECREF(list);
        Py_RETURN_NOTIMPLEMENTED;
    }
    double local[LOCAL];
    const Py_ssize_t size = 3 * m + 1 + all.row->n_scratch * m; /* pointers are no larger */
    all.args = size <= LOCAL ? local : PyMem_New(double, size);
    if (all.args)
        all.inputs = (Node **)(all.args + size - m);
    for (; all.args && ready < m; ready++) {
        Node *input = argument(PyList_GET_ITEM(shared, ready)); /* numbers: once for all */
        if (!input)
            break;
        all.inputs[ready] = input;
        all.args[m + ready] = input->data;
        all.all_vary &= !input->constant;
    }
    for (; all.args && ready == m && done < n; done++) {
        Node *node = one_beside(&all, PySequence_Fast_ITEMS(PyList_GET_ITEM(vectors, done)),
                                (Node *)PyList_GET_ITEM(scalars, done),
                                PyList_GET_ITEM(scopes, done));
        if (!node)
            break;
        PyList_SET_ITEM(list, done, (PyObject *)node);
    }
    if (!all.args)
        PyErr_NoMemory();
    if (!all.args || ready < m || done < n)
        Py_CLEAR(list);
    for (Py_ssize_t i = 0; i < ready; i++)
        Py_DECREF(all.inputs[i]);
    if (all.args != local)
        PyMem_Free(all.args);
    return list;
}

PyDoc_STRVAR(record_layer_doc,
"record_layer(row, then, vectors, shared, scalars, scopes, /)\n--\n\n"
"For each of some vectors a node of `row` over it, a shared vector, and a scalar of its own; and on\n"
"each a node of the row `then`, if that is not None.\n\n"
"Both lie in the scope given for them. NotImplemented if the arguments are no lists of Values and\n"
"numbers that fit each other, and where each node is watched.");

static PyObject *record_layer(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *op, *then_op, *vectors, *shared, *scalars, *scopes;
    if (!PyArg_ParseTuple(args, "OOO!O!O!O!:record_layer", &op, &then_op, &PyList_Type, &vectors,
                          &PyList_Type, &shared, &PyList_Type, &scalars, &PyList_Type, &scopes))
        return NULL;
    const uint32_t row = find_row(op), then = row && then_op != Py_None ? find_row(then_op) : 0;
    PyObject *nodes = NULL;
    if (row && (then || then_op == Py_None))
        nodes = all_beside(row, then, vectors, shared, scalars, scopes);
    let_go_of_row(row);
    let_go_of_row(then);
    return nodes;
}
