/* What goes over a whole graph: backward(), gradients, zero_grad(), refresh(), the order itself. */

/* --- the reverse sweep ------------------------------------------------------------------------------ */

/* Add a node's adjoint times its partial derivatives to the adjoints of its parents. */
static inline void pass_on(Node *node, const double adjoint, const bool carefully) {
#define CONTRIBUTION(partial) (carefully ? forward_carry(adjoint, partial, NULL) : adjoint * (partial))
    if (node->n_parents == 2) {
        node->x->grad += CONTRIBUTION(node->dx);
        node->y->grad += CONTRIBUTION(node->dy);
    } else if (node->n_parents == 1) {
        node->x->grad += CONTRIBUTION(node->dx);
    } else if (node->n_parents == MANY) {
        Node *const *parents = many_parents(node->many);
        const double *partials = many_partials(node->many);
        for (Py_ssize_t i = 0; i < node->many->n; i++)
            parents[i]->grad += CONTRIBUTION(partials[i]);
    }
#undef CONTRIBUTION
}

enum { AHEAD = 8 }; /* nodes that are fetched from memory before the sweep comes to them */

static void restore_grads(Order *order) {
    for (size_t i = 0; i < order->n; i++) {
        order->places[i].node->grad = order->places[i].grad;
        order->places[i].node->visited = 0;
    }
}

/* Leave every node's adjoint in its `grad`. With `add` plus the former `grad`, and the marks taken
 * away: then the order is used up. A node's adjoint is complete when the sweep reaches it, since all
 * its uses come later in the order. */
static inline int sweep_once(Order *order, double seed, const bool carefully, const bool add,
                             bool *nan_came) {
    double sum = 0.0;
    order->places[order->n - 1].node->grad += seed;
    for (size_t i = order->n; i-- > 0;) {
        if (sigint_came(i))
            return SIGINT_CAME;
        if (i >= AHEAD) {
            PREFETCH(order->places[i - AHEAD].node);
            PREFETCH((char *)order->places[i - AHEAD].node + 64);
        }
        Node *node = order->places[i].node;
        const double adjoint = node->grad;
        sum += adjoint;
        pass_on(node, adjoint, carefully);
        if (add) {
            node->grad = order->places[i].grad + adjoint;
            node->visited = 0;
        }
    }
    *nan_came = isnan(sum);
    return DONE;
}

/* Zero carries nothing: a contribution is 0 when either factor is. Because 0 times a finite number is 0
 * anyway, the first sweep multiplies plainly; only when a nan came out is the graph swept again with the
 * row `carry`. */
static int sweep(Order *order, double seed, const bool add) {
    bool nan_came;
    int state = add ? sweep_once(order, seed, false, true, &nan_came)
                    : sweep_once(order, seed, false, false, &nan_came);
    if (state == DONE && nan_came) {
        for (size_t i = 0; i < order->n; i++)
            order->places[i].node->grad = 0.0;
        state = sweep_once(order, seed, true, add, &nan_came);
    }
    if (state == DONE)
        return DONE;
    restore_grads(order);
    return interrupted() < 0 ? FAILED : SIGINT_CAME;
}

/* Order the graph of a root and sweep over it; see `sweep` for what is left where. */
static int differentiate(PyObject *root, double seed, Order *order, const bool add) {
    for (;;) {
        if (walk(&root, 1, order, true) < 0)
            return -1;
        const int state = sweep(order, seed, add);
        if (state == DONE)
            return 0;
        give_back_order(order);
        if (state == FAILED)
            return -1;
    }
}

/* Inside detect_anomaly, what a pass is going to do is looked at before it begins: 0, or -1 if it is not
 * to be done. So no Python code runs during a pass. */
static int announce(const char *pass, PyObject *root, const double *seed) {
    if (tell_read(root) < 0 || warm_up_context() < 0)
        return -1;
    if (!here.watcher)
        return 0;
    PyObject *watcher = Py_NewRef(here.watcher);
    PyObject *nothing = seed ? PyObject_CallMethod(watcher, pass, "Od", root, *seed)
                             : PyObject_CallMethod(watcher, pass, "O", root);
    Py_DECREF(watcher);
    Py_XDECREF(nothing);
    return nothing ? 0 : -1;
}

PyDoc_STRVAR(backward_doc,
"backward($self, seed=1.0)\n--\n\n"
"Add the derivative of this Value by each of its ancestors to their ``grad``.\n\n"
"Parameters\n----------\nseed : float, default=1.0\n"
"    Derivative of whatever is differentiated by this Value.\n\n"
"Notes\n-----\nReverse accumulation (Griewank & Walther, Evaluating Derivatives, 2008, section 3.2).\n"
"Every pass computes the adjoints afresh, then adds them, so two passes give twice the\n"
"gradient on every node.");

static PyObject *backward(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *keywords) {
    double seed = 1.0;
    PyObject *given = n == 1 ? args[0] : NULL;
    if (keywords && n == 0 && PyTuple_GET_SIZE(keywords) == 1 &&
        PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(keywords, 0), "seed") == 0)
        given = args[0];
    else if (n > 1 || keywords)
        return PyErr_Format(PyExc_TypeError, "backward() takes one argument, seed=1.0, a number");
    if (given && to_double(given, &seed) < 0)
        return NULL;
    Order order;
    if (announce("before_sweep", self, &seed) < 0)
        return NULL;
    if (!((Node *)self)->constant) {
        if (differentiate(self, seed, &order, true) < 0)
            return NULL;
        give_back_order(&order);
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(adjoints_doc,
"adjoints($module, root, seed, nodes, /)\n--\n\n"
"Derivatives of the root by some nodes, times the seed, as a list of floats. No grad is touched.");

static PyObject *adjoints(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *root, *nodes;
    double seed;
    Order order;
    if (!PyArg_ParseTuple(args, "O!dO!:adjoints", ValueType, &root, &seed, &PyList_Type, &nodes) ||
        announce("before_sweep", root, &seed) < 0)
        return NULL;
    /* A tuple, because the handler of Ctrl-C may change the list. */
    PyObject *list = NULL, *wanted = PyList_AsTuple(nodes);
    if (!wanted)
        return NULL;
    const Py_ssize_t n = PyTuple_GET_SIZE(wanted);
    double *found = PyMem_Calloc((size_t)n + 1, sizeof(double));
    if (!found) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t i = 0; i < n; i++)
        if (!is_value(PyTuple_GET_ITEM(wanted, i))) {
            PyErr_Format(PyExc_TypeError, "nodes are Values, and one is %R",
                         PyTuple_GET_ITEM(wanted, i));
            goto done;
        }
    if (!((Node *)root)->constant) {
        if (differentiate(root, seed, &order, false) < 0)
            goto done;
        for (Py_ssize_t i = 0; i < n; i++) {
            const Node *node = (Node *)PyTuple_GET_ITEM(wanted, i);
            found[i] = node->visited ? node->grad : 0.0;
        }
        restore_grads(&order);
        give_back_order(&order);
    }
    list = PyList_New(n);
    for (Py_ssize_t i = 0; list && i < n; i++) {
        PyObject *number = PyFloat_FromDouble(found[i]);
        if (number)
            PyList_SET_ITEM(list, i, number);
        else
            Py_CLEAR(list);
    }
done:
    PyMem_Free(found);
    Py_DECREF(wanted);
    return list;
}

/* --- other passes ------------------------------------------------------------------------------------ */

PyDoc_STRVAR(zero_grad_doc,
"zero_grad($self, /)\n--\n\nSet ``grad`` to 0.0 on this Value and all its ancestors.");

static PyObject *zero_grad(PyObject *self, PyObject *unused) {
    (void)unused;
    Order order;
    if (walk(&self, 1, &order, true) < 0)
        return NULL;
    for (size_t i = 0; i < order.n; i++)
        order.places[i].node->visited = 0;
    give_back_order(&order);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(topological_order_doc,
"topological_order($module, roots, /)\n--\n\n"
"The roots and all their ancestors, every node after its parents, as a list.\n\n"
"Depth first from the left: the order depends on the graph alone.");

static PyObject *topological_order(PyObject *module, PyObject *roots) {
    (void)module;
    PyObject *list = NULL, *sequence = PySequence_Tuple(roots);
    Order order;
    if (!sequence)
        return NULL;
    PyObject *const *items = PySequence_Fast_ITEMS(sequence);
    const Py_ssize_t n = PyTuple_GET_SIZE(sequence);
    for (Py_ssize_t i = 0; i < n; i++)
        if (!is_value(items[i])) {
            PyErr_Format(PyExc_TypeError, "roots are Values, and one is %R", items[i]);
            goto done;
        }
    if (walk(items, n, &order, false) < 0)
        goto done;
    list = PyList_New((Py_ssize_t)order.n);
    for (size_t i = 0; i < order.n; i++) {
        order.places[i].node->visited = 0;
        if (list)
            PyList_SET_ITEM(list, (Py_ssize_t)i, Py_NewRef((PyObject *)order.places[i].node));
    }
    give_back_order(&order);
done:
    Py_DECREF(sequence);
    return list;
}

/* What refresh() overwrites, so that it can be put back. */
typedef struct {
    double *items;
    size_t n, capacity;
} Journal;

static int write_down(Journal *journal, Node *node) {
    const Py_ssize_t n = count_parents(node);
    const double *partials = partials_of(node);
    for (Py_ssize_t i = -1; i < n; i++) {
        if (journal->n == journal->capacity) {
            double *items = grow(journal->items, &journal->capacity, sizeof(double));
            if (!items) {
                PyErr_NoMemory();
                return -1;
            }
            journal->items = items;
        }
        journal->items[journal->n++] = i < 0 ? node->data : partials[i];
    }
    return 0;
}

static void put_back(Node *node, const double *written) {
    const Py_ssize_t n = count_parents(node);
    node->data = written[0];
    memcpy(partials_of(node), written + 1, (size_t)n * sizeof(double));
}

/* Evaluate all nodes of an order; after an error or Ctrl-C everything is as it was. */
static int evaluate_all(const Order *order) {
    Journal journal = {NULL, 0, 0};
    int state = DONE;
    size_t i, read = 0;
    for (i = 0; i < order->n && state == DONE; i++) {
        Node *node = order->places[i].node;
        if (sigint_came(i)) {
            state = SIGINT_CAME;
            break;
        }
        if (!node->row)
            continue;
        if (write_down(&journal, node) < 0) {
            state = FAILED;
            break;
        }
        if (evaluate(node) < 0)
            state = FAILED;
    }
    for (size_t j = 0; state != DONE && j < i; j++) {
        Node *node = order->places[j].node;
        if (node->row) {
            put_back(node, journal.items + read);
            read += 1 + (size_t)count_parents(node);
        }
    }
    PyMem_Free(journal.items);
    return state;
}

PyDoc_STRVAR(refresh_doc,
"refresh($self, /)\n--\n\n"
"Recompute this Value and all its ancestors from the leaves' data; keep every ``grad``.\n\n"
"All or nothing: after Ctrl-C or an error every number is what it was.");

static PyObject *refresh(PyObject *self, PyObject *unused) {
    (void)unused;
    int state;
    if (announce("before_refresh", self, NULL) < 0)
        return NULL;
    do {
        Order order;
        if (walk(&self, 1, &order, false) < 0)
            return NULL;
        for (size_t i = 0; i < order.n; i++)
            order.places[i].node->visited = 0; /* before Python code may run */
        state = evaluate_all(&order);
        give_back_order(&order);
        if (state == FAILED || (state == SIGINT_CAME && interrupted() < 0))
            return NULL;
    } while (state == SIGINT_CAME);
    Py_RETURN_NONE;
}
