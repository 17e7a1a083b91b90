/* The op table as this engine sees it, and how a node gets its number.
 *
 * The mathematics is in "rules.h", which the build writes from the table. A row that is not in it (a
 * user's own op, a row added after the build) is evaluated by its Python functions.
 */

enum { MAX_ATTRS = 4 };

typedef void (*Evaluate)(Node *node, const double *attrs);
typedef double (*Forward)(const double *args, const double *attrs);
typedef double (*SequenceForward)(const double *args, Py_ssize_t m, const double *attrs,
                                  double *scratch);
typedef void (*SequencePartials)(double out, const double *args, Py_ssize_t m, const double *attrs,
                                 double *scratch, double *partials);
/* How fast partial derivatives change when the value changes by `t` and the arguments by `ts`; those of
 * fixed arity only where wanted. */
typedef void (*Tangents)(const Node *node, const double *attrs, double t, const double *ts,
                         const size_t *wanted, double *found);
typedef void (*SequenceTangents)(double out, const double *args, Py_ssize_t m, const double *attrs,
                                 double *scratch, double t, const double *ts, double *found);

typedef struct {
    PyObject *op;   /* the row of the Python table; NULL if this entry is not in use */
    PyObject *name;
    int arity;      /* -1 for a row over sequences */
    int n_vectors, n_scalars; /* of a row over sequences */
    bool accepts_none;        /* whether a row over sequences is defined for no arguments */
    PyObject *defaults;       /* of its scalars */
    double attrs[MAX_ATTRS];
    /* compiled rules; all NULL for a row that only Python knows */
    Evaluate evaluate;
    Forward forward;
    SequenceForward sequence_forward;
    SequencePartials sequence_partials;
    Tangents tangents;
    SequenceTangents sequence_tangents;
    int n_scratch;
    Py_ssize_t n_holders; /* living nodes, and calls under way; entries beyond the compiled ones end
                           * with the last of them */
    uint32_t next_free;
} Row;

static Row *rows;           /* entry 0 is not used: it stands for a leaf */
static uint32_t rows_capacity, first_free_row;
static PyObject *row_index; /* dict from a row of the Python table to its entry */

enum {
    ROW_LEAF = 0,
#define ENUMERATE(index, name, text, arity) ROW_##name = index,
    ROWS(ENUMERATE)
#undef ENUMERATE
};

/* --- evaluating the compiled rows of fixed arity ------------------------------------------------
 * A partial by a constant parent is 0.0 and never evaluated: (-2.0)**3.0 needs no logarithm. */

/* NumPy asks the processor whether a method of an object array divided by zero, and would warn of a
 * finite number because its derivative did. */
static inline void calm(double out, double partial) {
    if (!isfinite(partial) && isfinite(out))
        feclearexcept(FE_ALL_EXCEPT);
}

#define EVALUATE_1(name)                                                                          \
    static inline void evaluate_##name(Node *node, const double *attrs) {                        \
        const double x = node->x->data;                                                           \
        const double out = forward_##name(x, attrs);                                              \
        node->data = out;                                                                         \
        node->dx = node->x->constant ? 0.0 : partial0_##name(out, x, attrs);                      \
        calm(out, node->dx);                                                                      \
    }                                                                                             \
    static double floats_##name(const double *args, const double *attrs) {                       \
        return forward_##name(args[0], attrs);                                                    \
    }
#define EVALUATE_2(name)                                                                          \
    static inline void evaluate_##name(Node *node, const double *attrs) {                        \
        const double x = node->x->data, y = node->y->data;                                        \
        const double out = forward_##name(x, y, attrs);                                           \
        node->data = out;                                                                         \
        node->dx = node->x->constant ? 0.0 : partial0_##name(out, x, y, attrs);                   \
        node->dy = node->y->constant ? 0.0 : partial1_##name(out, x, y, attrs);                   \
        calm(out, node->dx + node->dy);                                                           \
    }                                                                                             \
    static double floats_##name(const double *args, const double *attrs) {                       \
        return forward_##name(args[0], args[1], attrs);                                           \
    }
#define EVALUATE_3(name)                                                                          \
    static void evaluate_##name(Node *node, const double *attrs) {                               \
        Node *const *parents = many_parents(node->many);                                          \
        double *partials = many_partials(node->many);                                             \
        const double x = parents[0]->data, y = parents[1]->data, z = parents[2]->data;            \
        const double out = forward_##name(x, y, z, attrs);                                        \
        node->data = out;                                                                         \
        partials[0] = parents[0]->constant ? 0.0 : partial0_##name(out, x, y, z, attrs);          \
        partials[1] = parents[1]->constant ? 0.0 : partial1_##name(out, x, y, z, attrs);          \
        partials[2] = parents[2]->constant ? 0.0 : partial2_##name(out, x, y, z, attrs);          \
    }                                                                                             \
    static double floats_##name(const double *args, const double *attrs) {                       \
        return forward_##name(args[0], args[1], args[2], attrs);                                  \
    }
ROWS_1(EVALUATE_1)
ROWS_2(EVALUATE_2)
ROWS_3(EVALUATE_3)

/* --- rows over sequences, and rows that only Python knows ---------------------------------------- */

enum { LOCAL = 256 }; /* so many numbers need no allocation */

/* A node's partial derivatives, from its number and those of its parents in `args`, which has room for
 * the scratch after them. */
static void partials_at(Node *node, const Row *row, double *args, bool all_vary) {
    const Py_ssize_t n = count_parents(node);
    const Py_ssize_t m = (n - row->n_scalars) / row->n_vectors;
    double *partials = partials_of(node);
    row->sequence_partials(node->data, args, m, row->attrs, args + n, partials);
    if (all_vary)
        return;
    Node *const *parents = parents_of(node);
    for (Py_ssize_t i = 0; i < n; i++)
        if (parents[i]->constant)
            partials[i] = 0.0;
}

static int evaluate_sequence(Node *node, const Row *row, bool silent) {
    const Py_ssize_t n = count_parents(node);
    const Py_ssize_t m = (n - row->n_scalars) / row->n_vectors;
    Node *const *parents = parents_of(node);
    double local[LOCAL], *args = local;
    const Py_ssize_t size = n + row->n_scratch * m;
    if (size > LOCAL) {
        args = (size_t)size > PY_SSIZE_T_MAX / sizeof(double)
                   ? NULL
                   : PyMem_Malloc((size_t)size * sizeof(double));
        if (!args) {
            PyErr_NoMemory();
            return -1;
        }
    }
    for (Py_ssize_t i = 0; i < n; i++)
        args[i] = parents[i]->data;
    node->data = row->sequence_forward(args, m, row->attrs, args + n);
    if (!silent)
        partials_at(node, row, args, false);
    if (args != local)
        PyMem_Free(args);
    return 0;
}

/* The number of a row, from its Python function. Python code runs here, which may make `rows` move. */
static int call_on_floats(PyObject *op, PyObject *numbers, PyObject **out, double *number) {
    PyObject *function = PyObject_GetAttrString(op, "on_floats");
    *out = function ? PyObject_CallObject(function, numbers) : NULL;
    Py_XDECREF(function);
    *number = *out ? PyFloat_AsDouble(*out) : -1.0;
    return PyErr_Occurred() ? -1 : 0;
}

static int evaluate_in_python(Node *node, PyObject *op, bool silent) {
    const Py_ssize_t n = count_parents(node);
    Node *const *parents = parents_of(node);
    PyObject *numbers = PyTuple_New(n), *wanted = numbers ? PyTuple_New(n) : NULL;
    PyObject *out = NULL, *found = NULL, *list = NULL;
    Py_INCREF(op);
    int result = -1;
    if (!wanted)
        goto done;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *number = PyFloat_FromDouble(parents[i]->data);
        if (!number)
            goto done;
        PyTuple_SET_ITEM(numbers, i, number);
        PyTuple_SET_ITEM(wanted, i, PyBool_FromLong(!parents[i]->constant));
    }
    double number;
    if (call_on_floats(op, numbers, &out, &number) < 0)
        goto done;
    if (silent) {
        node->data = number;
        result = 0;
        goto done;
    }
    found = PyObject_CallMethod(op, "partials_on_floats", "OOO", out, numbers, wanted);
    list = found ? PySequence_Tuple(found) : NULL; /* which no Python code can change */
    if (!list)
        goto done;
    if (PyTuple_GET_SIZE(list) != n) {
        PyErr_Format(PyExc_ValueError, "%R has %zd arguments and gave %zd partial derivatives",
                     op, n, PyTuple_GET_SIZE(list));
        goto done;
    }
    double *partials = partials_of(node);
    for (Py_ssize_t i = 0; i < n; i++) {
        partials[i] = PyFloat_AsDouble(PyTuple_GET_ITEM(list, i));
        if (partials[i] == -1.0 && PyErr_Occurred())
            goto done;
    }
    node->data = number;
    result = 0;
done:
    Py_DECREF(op);
    Py_XDECREF(numbers);
    Py_XDECREF(wanted);
    Py_XDECREF(out);
    Py_XDECREF(found);
    Py_XDECREF(list);
    return result;
}

/* Set a node's number and partial derivatives from its parents' numbers. */
static int evaluate(Node *node) {
    const Row *row = &rows[node->row];
    if (row->evaluate) {
        row->evaluate(node, row->attrs);
        return 0;
    }
    return row->sequence_forward ? evaluate_sequence(node, row, false)
                                 : evaluate_in_python(node, row->op, false);
}

/* Set a node's number, and not its partial derivatives. */
static int evaluate_silently(Node *node) {
    const Row *row = &rows[node->row];
    if (row->forward) {
        Node *const *parents = parents_of(node);
        double args[3];
        for (int i = 0; i < row->arity; i++)
            args[i] = parents[i]->data;
        node->data = row->forward(args, row->attrs);
        return 0;
    }
    return row->sequence_forward ? evaluate_sequence(node, row, true)
                                 : evaluate_in_python(node, row->op, true);
}

/* --- entries ------------------------------------------------------------------------------------- */

static int describe_sequence(Row *row, PyObject *op) {
    PyObject *empty = PyObject_GetAttrString(op, "empty");
    PyObject *vectors = empty ? PyObject_GetAttrString(op, "vectors") : NULL;
    PyObject *scalars = vectors ? PyObject_GetAttrString(op, "scalars") : NULL;
    PyObject *defaults = scalars ? PyMapping_Values(scalars) : NULL;
    row->defaults = defaults ? PyList_AsTuple(defaults) : NULL;
    const int truth = row->defaults ? PyObject_IsTrue(empty) : -1;
    const Py_ssize_t n_vectors = truth < 0 ? -1 : PyObject_Size(vectors);
    if (n_vectors == 0)
        PyErr_Format(PyExc_ValueError, "op %R takes no sequence; name one in its `vectors`", op);
    row->accepts_none = truth > 0;
    row->n_vectors = (int)n_vectors;
    row->n_scalars = row->defaults ? (int)PyTuple_GET_SIZE(row->defaults) : 0;
    Py_XDECREF(empty);
    Py_XDECREF(vectors);
    Py_XDECREF(scalars);
    Py_XDECREF(defaults);
    return n_vectors <= 0 ? -1 : 0;
}

static void forget_description(Row *row) {
    Py_CLEAR(row->defaults);
    Py_CLEAR(row->name);
    Py_CLEAR(row->op);
}

/* Fill an entry, outside `rows`, because Python code runs here. After an error (-1) it holds nothing. */
static int describe(Row *row, PyObject *op) {
    PyObject *arity = PyObject_GetAttrString(op, "arity");
    PyObject *attrs = arity ? PyObject_GetAttrString(op, "attrs") : NULL;
    PyObject *values = attrs ? PyMapping_Values(attrs) : NULL;
    int result = -1;
    row->op = Py_NewRef(op);
    row->name = values ? PyObject_GetAttrString(op, "name") : NULL;
    if (!row->name)
        goto done;
    row->arity = -1;
    if (arity != Py_None) {
        row->arity = (int)PyLong_AsLong(arity);
        if (row->arity == -1 && PyErr_Occurred())
            goto done;
    }
    if (PyList_GET_SIZE(values) > MAX_ATTRS && (row->evaluate || row->sequence_forward)) {
        PyErr_Format(PyExc_ValueError, "op %R has %zd attributes; the compiled engine takes %d",
                     row->name, PyList_GET_SIZE(values), (int)MAX_ATTRS);
        goto done;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(values) && i < MAX_ATTRS; i++) {
        row->attrs[i] = PyFloat_AsDouble(PyList_GET_ITEM(values, i));
        if (row->attrs[i] == -1.0 && PyErr_Occurred())
            goto done;
    }
    result = row->arity < 0 ? describe_sequence(row, op) : 0;
done:
    if (result < 0)
        forget_description(row);
    Py_XDECREF(arity);
    Py_XDECREF(attrs);
    Py_XDECREF(values);
    return result;
}

/* Put a described entry into `rows`; after an error (-1) it holds nothing. */
static int enter(uint32_t index, Row *row) {
    PyObject *number = PyLong_FromUnsignedLong(index);
    const int result = number ? PyDict_SetItem(row_index, row->op, number) : -1;
    Py_XDECREF(number);
    if (result < 0)
        forget_description(row);
    else
        rows[index] = *row;
    return result;
}

static int grow_rows(void) {
    const uint32_t capacity = rows_capacity ? 2 * rows_capacity : 2 * (N_ROWS + 1);
    Row *more = capacity > UINT32_MAX / 4 ? NULL : PyMem_Realloc(rows, capacity * sizeof(Row));
    if (!more) {
        PyErr_NoMemory();
        return -1;
    }
    rows = more;
    memset(rows + rows_capacity, 0, (capacity - rows_capacity) * sizeof(Row));
    for (uint32_t i = capacity; i-- > (rows_capacity ? rows_capacity : N_ROWS + 1);) {
        rows[i].next_free = first_free_row;
        first_free_row = i;
    }
    rows_capacity = capacity;
    return 0;
}

#if PY_VERSION_HEX >= 0x030C0000
typedef PyObject *KeptError;
static KeptError keep_error(void) { return PyErr_GetRaisedException(); }
static void bring_back_error(KeptError kept) { PyErr_SetRaisedException(kept); }
#else
typedef struct {
    PyObject *type, *value, *traceback;
} KeptError;
static KeptError keep_error(void) {
    KeptError kept;
    PyErr_Fetch(&kept.type, &kept.value, &kept.traceback);
    return kept;
}
static void bring_back_error(KeptError kept) {
    PyErr_Restore(kept.type, kept.value, kept.traceback);
}
#endif

static inline void hold_row(uint32_t index) {
    if (index > N_ROWS)
        rows[index].n_holders++;
}

/* A node of an entry beyond the compiled ones dies, or a call that held it ends. */
NEVER_INLINE void release_row(uint32_t index) {
    Row *row = &rows[index];
    if (--row->n_holders > 0)
        return;
    PyObject *op = row->op, *name = row->name, *defaults = row->defaults;
    const KeptError kept = keep_error(); /* nodes may die while an error is on its way */
    if (PyDict_DelItem(row_index, op) == 0) {
        memset(row, 0, sizeof(Row));
        row->next_free = first_free_row;
        first_free_row = index;
        Py_DECREF(name);
        Py_XDECREF(defaults);
        Py_DECREF(op);
    } else {
        PyErr_Clear(); /* for want of memory: the entry stays, for the next time */
    }
    bring_back_error(kept);
}

static inline void let_go_of_row(uint32_t index) {
    if (index > N_ROWS)
        release_row(index);
}

/* The entry of a row that has one, or 0, also after an error. For the caller to let go of: Python code
 * that runs meanwhile may free the last node that holds it. */
static inline uint32_t known_row(PyObject *op) {
    PyObject *known = PyDict_GetItemWithError(row_index, op);
    const uint32_t index = known ? (uint32_t)PyLong_AsUnsignedLong(known) : 0;
    hold_row(index);
    return index;
}

/* A compiled row with other attributes shares its rules. */
static int compiled_rules(Row *row, PyObject *op) {
    PyObject *name = PyObject_GetAttrString(op, "name");
    PyObject *rules = name ? PyObject_GetAttrString(op, "rules") : NULL;
    int result = rules ? 0 : -1;
    memset(row, 0, sizeof(Row));
    for (uint32_t i = 1; result == 0 && i <= N_ROWS; i++) {
        const int same = PyObject_RichCompareBool(rows[i].name, name, Py_EQ);
        PyObject *compiled = same > 0 ? PyObject_GetAttrString(rows[i].op, "rules") : NULL;
        if (compiled == rules) {
            *row = rows[i];
            row->op = row->name = row->defaults = NULL;
        }
        if (same < 0 || (same && !compiled))
            result = -1;
        Py_XDECREF(compiled);
    }
    Py_XDECREF(name);
    Py_XDECREF(rules);
    return result;
}

/* The entry of a row, for the caller to let go of; 0 after an error. A row met for the first time gets
 * one. */
static uint32_t find_row(PyObject *op) {
    uint32_t index = known_row(op);
    Row row;
    if (index || PyErr_Occurred() || compiled_rules(&row, op) < 0 || describe(&row, op) < 0)
        return index;
    index = known_row(op); /* again, because Python code ran */
    if (index || PyErr_Occurred() || (!first_free_row && grow_rows() < 0)) {
        forget_description(&row);
        return index;
    }
    index = first_free_row;
    first_free_row = rows[index].next_free;
    row.n_holders = 1;
    if (enter(index, &row) == 0)
        return index;
    rows[index].next_free = first_free_row;
    first_free_row = index;
    return 0;
}
