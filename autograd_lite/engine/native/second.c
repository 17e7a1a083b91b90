/* Hessian times vector: forward over reverse, the twin of ../python/second.py.
 *
 * The structure of the graph is copied beside it, so that it is as before when the sweeps begin: Python's
 * own rules, which run in them, may do with it what they like. Only what lies between the variables and
 * the root takes part. */

typedef struct {
    size_t n, n_edges, width; /* nodes, parents of all of them, numbers that one of them needs */
    Node **nodes;             /* from 1 on, each after its parents; place 0 stands for all others */
    size_t *edges;            /* the places of the parents of node 1, of node 2, … */
    Point *points;
    double *room; /* tangents of a node's parents, tangents of its partials, numbers, scratch */
} Between;

static void forget_between(Between *between) {
    PyMem_Free(between->nodes);
    PyMem_Free(between->edges);
    PyMem_Free(between->points);
    PyMem_Free(between->room);
}

/* Mark the nodes of an order that depend on a variable as MOVES, and count. */
static int mark_dependent(const Order *order, PyObject *const *variables, Py_ssize_t n_variables,
                          Between *between) {
    for (Py_ssize_t i = 0; i < n_variables; i++) {
        Node *node = (Node *)variables[i];
        if (node->visited && !node->constant)
            node->visited = MOVES;
    }
    for (size_t i = 0; i < order->n; i++) {
        if (sigint_came(i))
            return SIGINT_CAME;
        Node *node = order->places[i].node;
        Node *const *parents = parents_of(node);
        const Py_ssize_t n = node->stamp < order->since ? 0 : count_parents(node);
        for (Py_ssize_t k = 0; k < n && node->visited != MOVES; k++)
            node->visited = parents[k]->visited;
        if (node->visited != MOVES)
            continue;
        between->n++;
        between->n_edges += (size_t)n;
        const size_t width = (size_t)n * (3 + (size_t)rows[node->row].n_scratch);
        if (width > between->width)
            between->width = width;
    }
    return DONE;
}

static inline size_t place_of(const Node *node) {
    return node->visited == MOVES ? (size_t)node->place : 0;
}

/* Copy the marked nodes with their adjoints, which lie where each one's place is written then. */
static int copy_structure(const Order *order, Between *between) {
    between->nodes = PyMem_New(Node *, between->n + 1);
    between->edges = PyMem_New(size_t, between->n_edges + 1);
    between->points = PyMem_New(Point, between->n + 1);
    between->room = PyMem_New(double, between->width + 1);
    if (!between->nodes || !between->edges || !between->points || !between->room)
        return FAILED;
    size_t *edge = between->edges, place = 0;
    for (size_t i = 0; i < order->n; i++) {
        if (sigint_came(i))
            return SIGINT_CAME;
        Node *node = order->places[i].node;
        if (node->visited != MOVES)
            continue;
        place++;
        between->nodes[place] = node;
        between->points[place] = (Point){0.0, 0.0, node->grad, 0.0};
        node->place = place;
        Node *const *parents = parents_of(node);
        const Py_ssize_t n = count_parents(node);
        for (Py_ssize_t k = 0; k < n; k++)
            *edge++ = place_of(parents[k]);
    }
    return DONE;
}

/* What lies between the variables and the root with its adjoints, and the places of the variables. The graph
 * is as before when this returns; after anything but DONE nothing is kept. */
static int look_between(PyObject *root, PyObject *const *variables, Py_ssize_t n_variables,
                        Between *between, size_t *places) {
    Order order;
    *between = (Between){0, 0, 0, NULL, NULL, NULL, NULL};
    if (differentiate(root, 1.0, earliest(variables, n_variables), &order, false) < 0)
        return FAILED;
    int state = mark_dependent(&order, variables, n_variables, between);
    if (state == DONE)
        state = copy_structure(&order, between);
    for (Py_ssize_t i = 0; i < n_variables && state == DONE; i++)
        places[i] = place_of((Node *)variables[i]);
    restore_grads(&order);
    give_back_order(&order);
    if (state == FAILED)
        PyErr_NoMemory();
    if (state == SIGINT_CAME && interrupted() < 0)
        state = FAILED;
    if (state != DONE)
        forget_between(between);
    return state;
}

/* --- tangents of partial derivatives ---------------------------------------------------------------- */

#define TANGENTS_1(name)                                                                          \
    static void all_tangents_##name(const Node *node, const double *attrs, double t,              \
                                    const double *ts, const size_t *wanted, double *found) {      \
        const double out = node->data, x = node->x->data;                                         \
        found[0] = wanted[0] ? tangent0_##name(out, x, attrs, t, ts[0]) : 0.0;                    \
    }
#define TANGENTS_2(name)                                                                          \
    static void all_tangents_##name(const Node *node, const double *attrs, double t,              \
                                    const double *ts, const size_t *wanted, double *found) {      \
        const double out = node->data, x = node->x->data, y = node->y->data;                      \
        found[0] = wanted[0] ? tangent0_##name(out, x, y, attrs, t, ts[0], ts[1]) : 0.0;          \
        found[1] = wanted[1] ? tangent1_##name(out, x, y, attrs, t, ts[0], ts[1]) : 0.0;          \
    }
#define TANGENTS_3(name)                                                                          \
    static void all_tangents_##name(const Node *node, const double *attrs, double t,              \
                                    const double *ts, const size_t *wanted, double *found) {      \
        Node *const *parents = many_parents(node->many);                                          \
        const double x = parents[0]->data, y = parents[1]->data, z = parents[2]->data;            \
        const double out = node->data, t0 = ts[0], t1 = ts[1], t2 = ts[2];                        \
        found[0] = wanted[0] ? tangent0_##name(out, x, y, z, attrs, t, t0, t1, t2) : 0.0;         \
        found[1] = wanted[1] ? tangent1_##name(out, x, y, z, attrs, t, t0, t1, t2) : 0.0;         \
        found[2] = wanted[2] ? tangent2_##name(out, x, y, z, attrs, t, t0, t1, t2) : 0.0;         \
    }
ROWS_1(TANGENTS_1)
ROWS_2(TANGENTS_2)
ROWS_3(TANGENTS_3)

static void tangents_of_sequence(const Node *node, const Row *row, double t, const double *ts,
                                 double *found, double *room) {
    const Py_ssize_t n = count_parents(node);
    const Py_ssize_t m = (n - row->n_scalars) / row->n_vectors;
    Node *const *parents = parents_of(node);
    for (Py_ssize_t k = 0; k < n; k++)
        room[k] = parents[k]->data;
    row->sequence_tangents(node->data, room, m, row->attrs, room + n, t, ts, found);
}

static PyObject *partial_tangents; /* Python's function for a row that only Python knows */

/* Python code runs here, which may make `rows` move. */
static int tangents_in_python(const Node *node, double t, const double *ts, const size_t *places,
                              double *found, double *room) {
    const Py_ssize_t n = count_parents(node);
    Node *const *parents = parents_of(node);
    int result = -1;
    for (Py_ssize_t k = 0; k < n; k++)
        room[k] = parents[k]->data;
    PyObject *op = Py_NewRef(rows[node->row].op), *list = NULL;
    PyObject *numbers = list_of(room, n), *tangents = numbers ? list_of(ts, n) : NULL;
    PyObject *wanted = tangents ? PyList_New(n) : NULL;
    for (Py_ssize_t k = 0; wanted && k < n; k++)
        PyList_SET_ITEM(wanted, k, PyBool_FromLong(places[k] != 0));
    if (wanted)
        list = PyObject_CallFunction(partial_tangents, "OdOdOO", op, node->data, numbers, t, tangents,
                                     wanted);
    if (list && (!PyList_CheckExact(list) || PyList_GET_SIZE(list) != n)) {
        PyErr_Format(PyExc_ValueError, "%R has %zd arguments and gave other tangents: %R", op, n, list);
    } else if (list) {
        result = 0;
        for (Py_ssize_t k = 0; k < n; k++)
            found[k] = PyFloat_AS_DOUBLE(PyList_GET_ITEM(list, k));
    }
    Py_DECREF(op);
    Py_XDECREF(numbers);
    Py_XDECREF(tangents);
    Py_XDECREF(wanted);
    Py_XDECREF(list);
    return result;
}

/* --- the sweeps ------------------------------------------------------------------------------------- */

/* Every node's tangent, which holds the direction when this begins. */
static int sweep_tangents(Between *between) {
    Point *points = between->points;
    const size_t *edge = between->edges;
    for (size_t i = 1; i <= between->n; i++) {
        if (sigint_came(i))
            return SIGINT_CAME;
        Node *node = between->nodes[i];
        points[i].inherited = inherited_tangent(node, points, edge);
        points[i].tangent += points[i].inherited;
        edge += count_parents(node);
    }
    return DONE;
}

/* How fast every node's adjoint changes. */
static int sweep_changes(Between *between) {
    Point *points = between->points;
    const size_t *edge = between->edges + between->n_edges;
    for (size_t i = between->n; i > 0; i--) {
        if (sigint_came(i))
            return SIGINT_CAME;
        Node *node = between->nodes[i];
        if (!node->row)
            continue;
        const Py_ssize_t n = count_parents(node);
        const double adjoint = points[i].adjoint, change = points[i].change;
        double *ts = between->room, *found = ts + n, *room = found + n;
        edge -= n;
        for (Py_ssize_t k = 0; k < n; k++)
            ts[k] = points[edge[k]].tangent;
        const Row *row = &rows[node->row];
        if (adjoint == 0.0)
            memset(found, 0, (size_t)n * sizeof(double));
        else if (row->tangents)
            row->tangents(node, row->attrs, points[i].inherited, ts, edge, found);
        else if (row->sequence_tangents)
            tangents_of_sequence(node, row, points[i].inherited, ts, found, room);
        else if (tangents_in_python(node, points[i].inherited, ts, edge, found, room) < 0)
            return FAILED;
#define CHANGE(k, parent, partial)                                                                \
    if (edge[k])                                                                                  \
    points[edge[k]].change += contribution(change, partial, true) + contribution(adjoint, found[k], true)
        AT_EDGES(node, CHANGE);
    }
    return DONE;
}

/* The products with some directions, each of n numbers, which are left as they are. */
static int multiply_hessian(PyObject *root, PyObject *const *variables, Py_ssize_t n,
                            const double *directions, Py_ssize_t n_directions, size_t *places,
                            double *products) {
    Between between;
    int state = look_between(root, variables, n, &between, places);
    if (state != DONE)
        return state;
    Point *points = between.points;
    points[0] = (Point){0.0, 0.0, 0.0, 0.0};
    for (Py_ssize_t d = 0; d < n_directions && state == DONE; d++) {
        for (size_t i = 1; i <= between.n; i++)
            points[i].tangent = points[i].change = 0.0;
        for (Py_ssize_t j = 0; j < n; j++)
            if (places[j])
                points[places[j]].tangent += directions[d * n + j];
        state = sweep_tangents(&between);
        if (state == DONE)
            state = sweep_changes(&between);
        for (Py_ssize_t j = 0; j < n; j++)
            products[d * n + j] = points[places[j]].change;
    }
    forget_between(&between);
    return state == SIGINT_CAME && interrupted() < 0 ? FAILED : state;
}

PyDoc_STRVAR(hessian_products_doc,
"hessian_products($module, root, nodes, directions, /)\n--\n\n"
"The second derivatives of the root by some nodes, times each of some directions.\n\n"
"Two sweeps for each direction; the order is taken once. No grad is touched. The graph must not be\n"
"stale, which the caller sees to.");

/* The numbers of the directions in one array; NULL after an error. */
static double *numbers_of_directions(PyObject *directions, Py_ssize_t n) {
    const Py_ssize_t n_directions = PyTuple_GET_SIZE(directions);
    if (n && n_directions > PY_SSIZE_T_MAX / (Py_ssize_t)sizeof(double) / n - 1)
        return (double *)PyErr_NoMemory();
    double *numbers = PyMem_New(double, n * n_directions + 1);
    if (!numbers)
        return (double *)PyErr_NoMemory();
    for (Py_ssize_t d = 0; d < n_directions; d++) {
        PyObject *direction = PySequence_Tuple(PyTuple_GET_ITEM(directions, d));
        bool right = direction && PyTuple_GET_SIZE(direction) == n;
        if (direction && !right)
            PyErr_Format(PyExc_ValueError, "%zd nodes and a direction of %zd numbers", n,
                         PyTuple_GET_SIZE(direction));
        for (Py_ssize_t j = 0; right && j < n; j++)
            right = to_double(PyTuple_GET_ITEM(direction, j), &numbers[d * n + j]) == 0;
        Py_XDECREF(direction);
        if (!right) {
            PyMem_Free(numbers);
            return NULL;
        }
    }
    return numbers;
}

static PyObject *hessian_products(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *root, *nodes, *directions, *list = NULL;
    if (!PyArg_ParseTuple(args, "O!O!O!:hessian_products", ValueType, &root, &PyList_Type, &nodes,
                          &PyList_Type, &directions) ||
        announce("before_sweep", root, &(double){1.0}) < 0)
        return NULL;
    /* Tuples, because Python code that runs meanwhile may change the lists. */
    PyObject *variables = PyList_AsTuple(nodes);
    PyObject *all = variables ? PyList_AsTuple(directions) : NULL;
    const Py_ssize_t n = all ? PyTuple_GET_SIZE(variables) : 0;
    const Py_ssize_t n_directions = all ? PyTuple_GET_SIZE(all) : 0;
    double *numbers = NULL, *products = NULL;
    size_t *places = NULL;
    for (Py_ssize_t i = 0; i < n; i++)
        if (!is_value(PyTuple_GET_ITEM(variables, i))) {
            PyErr_Format(PyExc_TypeError, "nodes are Values, and one is %R",
                         PyTuple_GET_ITEM(variables, i));
            goto done;
        }
    if (!all || !(numbers = numbers_of_directions(all, n)))
        goto done;
    products = PyMem_New(double, n * n_directions + 1);
    places = PyMem_New(size_t, n + 1);
    if (!products || !places) {
        PyErr_NoMemory();
        goto done;
    }
    int state;
    do
        state = multiply_hessian(root, PySequence_Fast_ITEMS(variables), n, numbers, n_directions,
                                 places, products);
    while (state == SIGINT_CAME);
    if (state == DONE)
        list = PyList_New(n_directions);
    for (Py_ssize_t d = 0; list && d < n_directions; d++) {
        PyObject *product = list_of(products + d * n, n);
        if (product)
            PyList_SET_ITEM(list, d, product);
        else
            Py_CLEAR(list);
    }
done:
    PyMem_Free(numbers);
    PyMem_Free(products);
    PyMem_Free(places);
    Py_XDECREF(variables);
    Py_XDECREF(all);
    return list;
}
