/* Passes over a whole graph: backward(), gradients, zero_grad(), refresh(). See ../python/passes.py. */

/* --- the heart -------------------------------------------------------------------------------------- */

/* Go over the edges from a node to its parents, from the left: DO(k, parent, partial) for each. Every derivative
 * on floats comes from here (on other numbers: `sweep_edges` in chain_rule.c). Down the graph `adjoint of parent += adjoint * partial` (`pass_on`), up the graph `tangent +=
 * tangent of parent * partial` (`inherited_tangent`). Few parents are written out, which is faster. */
#define AT_EDGES(node, DO)                                                                        \
    do {                                                                                          \
        if ((node)->n_parents == 2) {                                                             \
            DO(0, (node)->x, (node)->dx);                                                         \
            DO(1, (node)->y, (node)->dy);                                                         \
        } else if ((node)->n_parents == 1) {                                                      \
            DO(0, (node)->x, (node)->dx);                                                         \
        } else if ((node)->n_parents == MANY) {                                                   \
            Many *const many_ = (node)->many;                                                     \
            for (Py_ssize_t k_ = 0; k_ < many_->n; k_++)                                          \
                DO(k_, many_parents(many_)[k_], many_partials(many_)[k_]);                        \
        }                                                                                         \
    } while (0)

/* Zero carries nothing: a contribution is 0 when either factor is. Because 0 times a finite number is 0
 * anyway, sweeps multiply plainly at first; only when a nan came out do they use the row `carry`. */
static inline double contribution(double factor, double partial, const bool carefully) {
    return carefully ? forward_carry(factor, partial, NULL) : factor * partial;
}

/* Add a node's adjoint times its partial derivatives to the adjoints of its parents. */
static inline void pass_on(Node *node, const double adjoint, const bool carefully) {
#define PASS_ON(k, parent, partial) (parent)->grad += contribution(adjoint, partial, carefully)
    AT_EDGES(node, PASS_ON);
}

/* A node's numbers in `hessian_products`: its tangent by its parents alone, and with the direction; its
 * adjoint, and how fast that one changes. */
typedef struct {
    double inherited, tangent, adjoint, change;
} Point;

/* Add to a node's tangent the partial derivatives times the tangents of its parents: these lie in `grad`, or in the
 * points of its edges. */
static inline double inherited_tangent(Node *node, const Point *points, const size_t *edge) {
    double total = 0.0;
#define TANGENT(k, parent) (points ? points[edge[k]].tangent : (parent)->grad)
#define PLAINLY(k, parent, partial) total += contribution(TANGENT(k, parent), partial, false)
#define CAREFULLY(k, parent, partial) total += contribution(TANGENT(k, parent), partial, true)
    AT_EDGES(node, PLAINLY);
    if (isnan(total)) {
        total = 0.0;
        AT_EDGES(node, CAREFULLY);
    }
    return total;
}

/* --- the reverse sweep ------------------------------------------------------------------------------ */

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
        if (!add && node->stamp < order->since)
            continue; /* its parents are not in the order */
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

/* Sweep once; carefully once more, if a nan came out. */
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

/* Order the graph of a root, as far as it is no older than `since`, and sweep over it; see `sweep` for
 * what is left where. */
static int differentiate(PyObject *root, double seed, uint64_t since, Order *order, const bool add) {
    for (;;) {
        if (walk_below(NULL, 0, since, &root, 1, order, true) < 0)
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
    if (tell_derived(root) < 0 || warm_up_context() < 0)
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
        if (differentiate(self, seed, 0, &order, true) < 0)
            return NULL;
        give_back_order(&order);
    }
    Py_RETURN_NONE;
}

/* The nodes of a list or other iterable, which Python code that runs meanwhile cannot change. */
static PyObject *nodes_of(PyObject *iterable) {
    PyObject *nodes = PySequence_Tuple(iterable);
    for (Py_ssize_t i = 0; nodes && i < PyTuple_GET_SIZE(nodes); i++)
        if (!is_value(PyTuple_GET_ITEM(nodes, i))) {
            PyErr_Format(PyExc_TypeError, "nodes are Values, and one is %R",
                         PyTuple_GET_ITEM(nodes, i));
            Py_CLEAR(nodes);
        }
    return nodes;
}

static PyObject *list_of(const double *numbers, Py_ssize_t n) {
    PyObject *list = PyList_New(n);
    for (Py_ssize_t i = 0; list && i < n; i++) {
        PyObject *number = PyFloat_FromDouble(numbers[i]);
        if (number)
            PyList_SET_ITEM(list, i, number);
        else
            Py_CLEAR(list);
    }
    return list;
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
    PyObject *list = NULL, *wanted = nodes_of(nodes);
    if (!wanted)
        return NULL;
    const Py_ssize_t n = PyTuple_GET_SIZE(wanted);
    double *found = PyMem_Calloc((size_t)n + 1, sizeof(double));
    if (!found) {
        PyErr_NoMemory();
        goto done;
    }
    if (!((Node *)root)->constant) {
        if (differentiate(root, seed, earliest(PySequence_Fast_ITEMS(wanted), n), &order, false) < 0)
            goto done;
        for (Py_ssize_t i = 0; i < n; i++) {
            const Node *node = (Node *)PyTuple_GET_ITEM(wanted, i);
            found[i] = node->visited ? node->grad : 0.0;
        }
        restore_grads(&order);
        give_back_order(&order);
    }
    list = list_of(found, n);
done:
    PyMem_Free(found);
    Py_DECREF(wanted);
    return list;
}

/* --- the forward sweep ------------------------------------------------------------------------------- */

/* Of `visited`: it moves, because its tangent is given, or with a variable. */
enum { VISITED = 1, MOVES = 2 };

/* Leave every node's tangent in its `grad`. */
static int sweep_forward(const Order *order) {
    for (size_t i = 0; i < order->n; i++) {
        if (sigint_came(i))
            return SIGINT_CAME;
        Node *node = order->places[i].node;
        if (node->n_parents && node->visited == VISITED && node->stamp >= order->since)
            node->grad = inherited_tangent(node, NULL, NULL);
    }
    return DONE;
}

/* Find the tangents of some outputs. */
static int move_along(PyObject *outputs, PyObject *nodes, const double *seeds, double *found) {
    const Py_ssize_t n = PyTuple_GET_SIZE(nodes), n_outputs = PyTuple_GET_SIZE(outputs);
    for (int state = SIGINT_CAME; state == SIGINT_CAME;) {
        Order order;
        if (walk_since(PySequence_Fast_ITEMS(nodes), n, PySequence_Fast_ITEMS(outputs), n_outputs,
                       &order, true) < 0)
            return -1;
        for (Py_ssize_t i = 0; i < n; i++) {
            Node *node = (Node *)PyTuple_GET_ITEM(nodes, i);
            if (node->visited && !node->constant) {
                node->visited = MOVES;
                node->grad = seeds[i];
            }
        }
        state = sweep_forward(&order);
        for (Py_ssize_t i = 0; i < n_outputs; i++)
            found[i] = ((Node *)PyTuple_GET_ITEM(outputs, i))->grad;
        restore_grads(&order);
        give_back_order(&order);
        if (state == SIGINT_CAME && interrupted() < 0)
            return -1;
    }
    return 0;
}

PyDoc_STRVAR(tangents_doc,
"tangents($module, outputs, nodes, seeds, /)\n--\n\n"
"Derivatives of the outputs along a direction, given by a number for each of some nodes.");

static PyObject *tangents(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *outputs, *nodes, *seeds, *list = NULL;
    if (!PyArg_ParseTuple(args, "OOO:tangents", &outputs, &nodes, &seeds))
        return NULL;
    outputs = nodes_of(outputs);
    nodes = outputs ? nodes_of(nodes) : NULL;
    seeds = nodes ? PySequence_Tuple(seeds) : NULL;
    const Py_ssize_t n = seeds ? PyTuple_GET_SIZE(nodes) : 0;
    const Py_ssize_t n_outputs = seeds ? PyTuple_GET_SIZE(outputs) : 0;
    double *numbers = PyMem_Calloc((size_t)(n + n_outputs) + 1, sizeof(double));
    bool good = seeds && numbers;
    if (seeds && !numbers)
        PyErr_NoMemory();
    if (good && PyTuple_GET_SIZE(seeds) != n) {
        PyErr_Format(PyExc_ValueError, "%zd nodes and %zd seeds", n, PyTuple_GET_SIZE(seeds));
        good = false;
    }
    for (Py_ssize_t i = 0; good && i < n; i++)
        good = to_double(PyTuple_GET_ITEM(seeds, i), &numbers[i]) == 0;
    for (Py_ssize_t i = 0; good && i < n_outputs; i++)
        good = tell_derived(PyTuple_GET_ITEM(outputs, i)) == 0;
    if (good && move_along(outputs, nodes, numbers, numbers + n) == 0)
        list = list_of(numbers + n, n_outputs);
    PyMem_Free(numbers);
    Py_XDECREF(seeds);
    Py_XDECREF(nodes);
    Py_XDECREF(outputs);
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
"topological_order($module, /, roots, inputs=None, *, without=())\n--\n\n"
"The roots and all their ancestors, every node after its parents, as a list.\n\n"
"Depth first from the left: the order depends on the graph alone. Given inputs, whatever was\n"
"recorded before the earliest of them cannot depend on them, and counts as a leaf. The walk\n"
"leaves out some nodes, and what only they lead to.");

static PyObject *topological_order(PyObject *module, PyObject *args, PyObject *keywords) {
    (void)module;
    static char *names[] = {"roots", "inputs", "without", NULL};
    PyObject *roots, *inputs = Py_None, *without = no_names, *list = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O$O:topological_order", names, &roots, &inputs,
                                     &without))
        return NULL;
    roots = nodes_of(roots);
    inputs = !roots || inputs == Py_None ? NULL : nodes_of(inputs);
    without = PyErr_Occurred() ? NULL : nodes_of(without);
    Order order;
    if (without &&
        walk_below(PySequence_Fast_ITEMS(without), PyTuple_GET_SIZE(without),
                   inputs ? earliest(PySequence_Fast_ITEMS(inputs), PyTuple_GET_SIZE(inputs)) : 0,
                   PySequence_Fast_ITEMS(roots), PyTuple_GET_SIZE(roots), &order, false) == 0) {
        size_t first = 0; /* the order begins with the nodes that are left out */
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(without); i++) {
            Node *node = (Node *)PyTuple_GET_ITEM(without, i);
            first += node->visited;
            node->visited = 0;
        }
        for (size_t i = first; i < order.n; i++)
            order.places[i].node->visited = 0; /* before a list is made, which can set off the collector */
        list = PyList_New((Py_ssize_t)(order.n - first));
        for (size_t i = first; list && i < order.n; i++)
            PyList_SET_ITEM(list, (Py_ssize_t)(i - first), Py_NewRef((PyObject *)order.places[i].node));
        give_back_order(&order);
    }
    Py_XDECREF(without);
    Py_XDECREF(inputs);
    Py_XDECREF(roots);
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
    for (size_t j = 0; state == DONE && j < order->n; j++)
        if (!order->places[j].node->row)
            order->places[j].node->dy = UNKNOWN; /* what it was before is nobody's number any more */
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
