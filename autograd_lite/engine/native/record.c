/* Recording: operands, operators, methods, and calls of rows. */

/* What Python code gives at start-up. */
static PyObject *as_float;     /* the float that a plain number stands for, or a TypeError */
static PyObject *floor_of;     /* the largest float at most a plain number, and whether it is that; or None */
static PyObject *number_types; /* tuple of types that an operator takes for plain numbers */
static PyTypeObject *double_type; /* NumPy's float64 */
static PyTypeObject *ieee_type;   /* the floats that rules compute with beside Values */
static PyObject *call_fixed, *call_sequence; /* calls of rows, for what is not treated here */

/* --- plain numbers ------------------------------------------------------------------------------- */

/* A nan that signals would be another number to pow and hypot than to Python. */
static inline double quiet(double number) {
    return number == number ? number : NAN;
}

/* Is this a float, int or bool, and which number? Everything else takes the longer way. NumPy's float64
 * and IEEE are floats with another name. */
static inline bool is_simple(PyObject *thing, double *number) {
    if (PyFloat_CheckExact(thing) || Py_IS_TYPE(thing, double_type) || Py_IS_TYPE(thing, ieee_type)) {
        *number = quiet(PyFloat_AS_DOUBLE(thing));
        return true;
    }
    if (PyLong_CheckExact(thing) || PyBool_Check(thing)) {
        *number = PyLong_AsDouble(thing);
        if (*number == -1.0 && PyErr_Occurred()) {
            PyErr_Clear(); /* too large: the longer way says so better */
            return false;
        }
        return true;
    }
    return false;
}

/* A number that stays in this class, and follows the standard, in Python's own operators. */
static PyObject *ieee_number(double number) {
    PyObject *plain = PyFloat_FromDouble(number);
    PyObject *found = plain ? PyObject_CallOneArg((PyObject *)ieee_type, plain) : NULL;
    Py_XDECREF(plain);
    return found;
}

/* The number goes to its place only if there is one, which may be that of a node. */
static int to_double(PyObject *thing, double *number) {
    double converted;
    if (!is_simple(thing, &converted)) {
        PyObject *found = PyObject_CallOneArg(as_float, thing);
        if (!found)
            return -1;
        converted = quiet(PyFloat_AsDouble(found));
        Py_DECREF(found);
        if (converted == -1.0 && PyErr_Occurred())
            return -1;
    }
    *number = converted;
    return 0;
}

/* The number of an operand: 1, or 0 if it is none, or -1 after an error. */
static int plain_number(PyObject *thing, double *number) {
    if (is_simple(thing, number))
        return 1;
    const int known = PyObject_IsInstance(thing, number_types);
    if (known <= 0)
        return known;
    return to_double(thing, number) < 0 ? -1 : 1;
}

/* A new reference to the Value that an argument is or stands for; NULL after an error. */
static Node *argument(PyObject *thing) {
    double number;
    if (is_value(thing))
        return (Node *)Py_NewRef(thing);
    if (to_double(thing, &number) < 0)
        return NULL;
    return new_constant(number);
}

/* --- nodes --------------------------------------------------------------------------------------- */

/* Make a leaf of a node. */
static void forget_parents(Node *node) {
    const uint32_t row = node->row;
    const uint8_t n_parents = node->n_parents;
    Node *x = node->x, *y = node->y;
    Many *many = node->many;
    node->row = 0;
    node->n_parents = 0;
    node->dy = NEVER;
    if (n_parents == MANY) {
        for (Py_ssize_t i = 0; i < many->n; i++)
            Py_DECREF(many_parents(many)[i]);
        give_back_room(many);
    } else {
        if (n_parents > 0)
            Py_DECREF(x);
        if (n_parents > 1)
            Py_DECREF(y);
    }
    let_go_of_row(row);
}

/* Tell a watcher of a node: 0, or -1 if it raises. */
static int tell(PyObject *watcher, Node *node, bool silent) {
    if (silent) /* the partial derivatives were not computed, but can be looked at */
        memset(partials_of(node), 0, (size_t)count_parents(node) * sizeof(double));
    PyObject *nothing = PyObject_CallMethod(watcher, "recorded", "O", node);
    Py_XDECREF(nothing);
    return nothing ? 0 : -1;
}

/* In place of a node that no_grad would make a leaf: a program computes it anew. Takes over the reference. */
static Node *behind_a_cut(Node *node) {
    Node *cut = new_node(ROW_stop_gradient, 1);
    if (!cut) {
        Py_DECREF(node);
        return NULL;
    }
    cut->x = node;
    cut->traced = node->traced;
    evaluate_stop_gradient(cut, NULL);
    return cut;
}

/* A node that still lacks its number, inside no_grad or detect_anomaly. */
NEVER_INLINE PyObject *finished_in_mode(Node *node) {
    const bool cut = here.silent && (node->traced || observes_all), silent = here.silent && !cut;
    PyObject *watcher = Py_XNewRef(here.watcher); /* for Python code runs, which may enter other modes */
    int state = silent ? evaluate_silently(node) : evaluate(node);
    if (watcher) {
        if (state == 0)
            state = tell(watcher, node, silent);
        Py_DECREF(watcher);
    }
    if (state < 0) {
        Py_DECREF(node);
        return NULL;
    }
    if (silent)
        forget_parents(node);
    return (PyObject *)(cut ? behind_a_cut(node) : node);
}

static PyObject *finished(Node *node) {
    if (here.mode)
        return finished_in_mode(node);
    if (evaluate(node) < 0) {
        Py_DECREF(node);
        return NULL;
    }
    return (PyObject *)node;
}

/* Does a row take that many arguments? */
static bool fits(const Row *row, Py_ssize_t n) {
    if (row->arity >= 0)
        return n == row->arity;
    return n >= row->n_scalars && (n - row->n_scalars) % row->n_vectors == 0;
}

/* A node without number and partial derivatives; takes over references to its parents and notes. */
static Node *new_child_with(uint32_t row, Node *const *parents, Py_ssize_t n, PyObject *notes) {
    Node *node = new_node_with(row, n > 2 ? MANY : (uint8_t)n, notes);
    if (!node || (n > 2 && add_room(node, n) < 0)) {
        for (Py_ssize_t i = 0; i < n; i++)
            Py_DECREF(parents[i]);
        return NULL;
    }
    hold_row(row);
    if (n > 2) {
        memcpy(many_parents(node->many), parents, (size_t)n * sizeof(Node *));
    } else {
        node->x = n > 0 ? parents[0] : NULL;
        node->y = n > 1 ? parents[1] : NULL;
    }
    for (Py_ssize_t i = 0; i < n; i++)
        node->traced |= parents[i]->traced;
    return node;
}

static Node *new_child(uint32_t row, Node *const *parents, Py_ssize_t n) {
    PyObject *notes;
    if (current_notes(&notes) == 0)
        return new_child_with(row, parents, n, notes);
    for (Py_ssize_t i = 0; i < n; i++)
        Py_DECREF(parents[i]);
    return NULL;
}

/* The Values of several sequences of things, one after the other, and a node over them. */
static Node *child_of_things(uint32_t row, PyObject *const *const *things,
                             const Py_ssize_t *lengths, int n_sequences) {
    Node *local[LOCAL], **parents = local;
    Py_ssize_t n = 0, made = 0;
    for (int k = 0; k < n_sequences; k++)
        n += lengths[k];
    if (n > LOCAL && !(parents = PyMem_New(Node *, n)))
        return (Node *)PyErr_NoMemory();
    Node *node = NULL;
    for (int k = 0; k < n_sequences; k++)
        for (Py_ssize_t i = 0; i < lengths[k]; i++, made++)
            if (!(parents[made] = argument(things[k][i])))
                goto done;
    node = new_child(row, parents, n); /* which takes over the references */
    made = 0;
done:
    for (Py_ssize_t i = 0; i < made; i++)
        Py_DECREF(parents[i]);
    if (parents != local)
        PyMem_Free(parents);
    return node;
}

static PyObject *record_things(uint32_t row, PyObject *const *things, Py_ssize_t n) {
    if (!fits(&rows[row], n))
        return PyErr_Format(PyExc_ValueError, "op %R does not take %zd arguments", rows[row].name, n);
    Node *node = child_of_things(row, &things, &n, 1);
    return node ? finished(node) : NULL;
}

/* --- operators ----------------------------------------------------------------------------------- */

ALWAYS_INLINE Node *new_unary(uint32_t row, Node *x) {
    Node *node = new_node(row, 1);
    if (node) {
        node->x = x;
        node->traced = x->traced;
        Py_INCREF(x);
    }
    return node;
}

ALWAYS_INLINE Node *new_binary(uint32_t row, Node *x, Node *y) {
    Node *node = new_node(row, 2);
    if (node) {
        node->x = x;
        node->y = y;
        node->traced = x->traced | y->traced;
        Py_INCREF(x);
        Py_INCREF(y);
    }
    return node;
}

/* A node of a Value and a plain number. NotImplemented if the other operand is something else, whose own
 * operator is to be asked. */
NEVER_INLINE PyObject *binary_with_number(uint32_t row, PyObject *a, PyObject *b) {
    double number;
    const bool value_first = is_value(a);
    const int known = plain_number(value_first ? b : a, &number);
    if (known <= 0)
        return known < 0 ? NULL : Py_NewRef(Py_NotImplemented);
    Node *other = new_constant(number);
    if (!other)
        return NULL;
    Node *node = new_binary(row, value_first ? (Node *)a : other, value_first ? other : (Node *)b);
    Py_DECREF(other);
    return (PyObject *)node;
}

#define OPERATOR_1(name, slot)                                                                    \
    static PyObject *operator_##name(PyObject *self) {                                            \
        Node *node = new_unary(ROW_##name, (Node *)self);                                         \
        if (!node || here.mode)                                                                   \
            return node ? finished_in_mode(node) : NULL;                                          \
        evaluate_##name(node, NULL);                                                              \
        return (PyObject *)node;                                                                  \
    }
#define OPERATOR_2(name, slot)                                                                    \
    static PyObject *operator_##name(PyObject *a, PyObject *b) {                                  \
        Node *node;                                                                               \
        if (is_value(a) && is_value(b)) {                                                         \
            if (!(node = new_binary(ROW_##name, (Node *)a, (Node *)b)))                           \
                return NULL;                                                                      \
        } else {                                                                                  \
            PyObject *found = binary_with_number(ROW_##name, a, b);                               \
            if (!found || found == Py_NotImplemented)                                             \
                return found;                                                                     \
            node = (Node *)found;                                                                 \
        }                                                                                         \
        if (here.mode)                                                                            \
            return finished_in_mode(node);                                                        \
        evaluate_##name(node, NULL);                                                              \
        return (PyObject *)node;                                                                  \
    }
#define OPERATOR_POW(name, slot)                                                                  \
    OPERATOR_2(name, slot)                                                                        \
    static PyObject *operator3_##name(PyObject *a, PyObject *b, PyObject *modulus) {              \
        if (modulus != Py_None)                                                                   \
            Py_RETURN_NOTIMPLEMENTED;                                                             \
        return operator_##name(a, b);                                                             \
    }
OPERATORS_1(OPERATOR_1)
OPERATORS_2(OPERATOR_2)
OPERATORS_POWER(OPERATOR_POW)

/* The other side of a comparison as a float: 1 if it is that number, 0 if it lies between that float and
 * the next one above, 2 if it is no number, or -1 after an error. */
static int other_side(PyObject *thing, double *number) {
    if (is_value(thing)) {
        *number = ((Node *)thing)->data;
        return 1;
    }
    if (is_simple(thing, number) && (!PyLong_CheckExact(thing) || fabs(*number) < 9007199254740992.0))
        return 1; /* 2**53: below it a float holds every int */
    PyObject *found = PyObject_CallOneArg(floor_of, thing);
    int exact = 2;
    if (!found || (found != Py_None && !PyArg_ParseTuple(found, "dp:floor_of", number, &exact)))
        exact = -1;
    Py_XDECREF(found);
    return exact;
}

static PyObject *compare(PyObject *self, PyObject *other, int operation) {
    double number;
    const int exact = other_side(other, &number);
    if (exact < 0)
        return NULL;
    if (exact == 2)
        Py_RETURN_NOTIMPLEMENTED;
    if (!exact) {
        if (operation == Py_EQ || operation == Py_NE)
            return PyBool_FromLong(operation == Py_NE);
        operation = operation == Py_LT ? Py_LE : operation == Py_GE ? Py_GT : operation;
    }
    static const char *signs[] = {[Py_LT] = "<",  [Py_LE] = "<=", [Py_EQ] = "==",
                                  [Py_NE] = "!=", [Py_GT] = ">",  [Py_GE] = ">="};
    const double own = ((Node *)self)->data;
    const bool holds = operation == Py_LT   ? own < number
                       : operation == Py_LE ? own <= number
                       : operation == Py_EQ ? own == number
                       : operation == Py_NE ? own != number
                       : operation == Py_GT ? own > number
                                            : own >= number;
    if (observer &&
        (observes_all || ((Node *)self)->traced || (is_value(other) && ((Node *)other)->traced))) {
        PyObject *side = is_value(other) ? Py_NewRef(other) : PyFloat_FromDouble(number);
        PyObject *nothing = side ? PyObject_CallMethod(observer, "compared", "sOOO", signs[operation], self,
                                                       side, holds ? Py_True : Py_False)
                                 : NULL;
        Py_XDECREF(side);
        if (!nothing)
            return NULL;
        Py_DECREF(nothing);
    }
    return PyBool_FromLong(holds);
}

/* That of the address, so dicts and sets never get to compare two living nodes. */
static Py_hash_t hash(PyObject *self) { return PyBaseObject_Type.tp_hash(self); }

/* --- calls of rows: ag.exp(x), x.exp(), ag.dot(ws, xs) -------------------------------------------- */

/* A row of fixed arity at simple arguments: 0 if they are not, and Python code is to be asked. */
static int call_simply(uint32_t index, PyObject *const *args, Py_ssize_t n, PyObject **result) {
    const Row *row = &rows[index];
    double numbers[3] = {0.0};
    bool any = false, ieee = false;
    if (n != row->arity || n < 1 || n > 3)
        return 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (is_value(args[i]))
            any = true;
        else if (!is_simple(args[i], &numbers[i]))
            return 0;
        ieee |= Py_IS_TYPE(args[i], ieee_type);
    }
    if (any)
        *result = record_things(index, args, n);
    else if (row->forward && ieee)
        *result = ieee_number(row->forward(numbers, row->attrs));
    else if (row->forward)
        *result = PyFloat_FromDouble(row->forward(numbers, row->attrs));
    else
        return 0;
    return *result ? 1 : -1;
}

static PyObject *call_slowly(PyObject *function, PyObject *self, PyObject *const *args,
                             Py_ssize_t n, PyObject *keywords) {
    PyObject *local[8], **all = local;
    const Py_ssize_t total = 1 + n + (keywords ? PyTuple_GET_SIZE(keywords) : 0);
    if (total > 8 && !(all = PyMem_New(PyObject *, total)))
        return PyErr_NoMemory();
    all[0] = self;
    memcpy(all + 1, args, (size_t)(total - 1) * sizeof(PyObject *));
    PyObject *result = PyObject_Vectorcall(function, all, (size_t)n + 1, keywords);
    if (all != local)
        PyMem_Free(all);
    return result;
}

static PyObject *row_call(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *keywords) {
    PyObject *result = NULL;
    int done = 0;
    if (!keywords) {
        const uint32_t index = known_row(self);
        if (index)
            done = call_simply(index, args, n, &result);
        else if (PyErr_Occurred())
            return NULL;
        let_go_of_row(index);
    }
    return done ? result : call_slowly(call_fixed, self, args, n, keywords);
}

enum { MAX_GROUPS = 4 };

/* The groups of a row over sequences: its vectors, then its scalars. */
typedef struct {
    PyObject *const *things[MAX_GROUPS];
    Py_ssize_t lengths[MAX_GROUPS];
} Groups;

/* Lists or tuples of equal lengths, of Values and simple numbers with at least one Value? */
static bool are_simple_vectors(const Row *row, PyObject *const *args, Py_ssize_t n, Groups *groups) {
    const int n_groups = row->n_vectors + row->n_scalars;
    double number;
    bool any = false;
    if (n < row->n_vectors || n > n_groups || n_groups > MAX_GROUPS)
        return false;
    for (int k = 0; k < n_groups; k++) {
        groups->things[k] =
            k < n ? &args[k] : &PyTuple_GET_ITEM(row->defaults, k - row->n_vectors);
        groups->lengths[k] = 1;
        if (k < row->n_vectors) {
            if (!PyList_CheckExact(args[k]) && !PyTuple_CheckExact(args[k]))
                return false;
            groups->things[k] = PySequence_Fast_ITEMS(args[k]);
            groups->lengths[k] = PySequence_Fast_GET_SIZE(args[k]);
            if (groups->lengths[k] != groups->lengths[0])
                return false;
        }
        for (Py_ssize_t i = 0; i < groups->lengths[k]; i++) {
            if (is_value(groups->things[k][i]))
                any = true;
            else if (!is_simple(groups->things[k][i], &number))
                return false;
        }
    }
    return any && (groups->lengths[0] || row->accepts_none);
}

static PyObject *sequence_call(PyObject *self, PyObject *const *args, Py_ssize_t n,
                               PyObject *keywords) {
    const uint32_t index = known_row(self);
    Groups groups;
    if ((!index && PyErr_Occurred()) || warm_up_context() < 0) {
        let_go_of_row(index);
        return NULL;
    }
    if (keywords || !index || !rows[index].sequence_forward ||
        !are_simple_vectors(&rows[index], args, n, &groups)) {
        let_go_of_row(index);
        return call_slowly(call_sequence, self, args, n, keywords);
    }
    const int n_groups = rows[index].n_vectors + rows[index].n_scalars;
    Node *node = child_of_things(index, groups.things, groups.lengths, n_groups);
    let_go_of_row(index);
    return node ? finished(node) : NULL;
}

#define METHOD_1(name)                                                                            \
    static PyObject *unary_##name(PyObject *self, PyObject *unused) {                             \
        (void)unused;                                                                             \
        Node *node = new_unary(ROW_##name, (Node *)self);                                         \
        if (!node || here.mode)                                                                   \
            return node ? finished_in_mode(node) : NULL;                                          \
        evaluate_##name(node, rows[ROW_##name].attrs);                                            \
        return (PyObject *)node;                                                                  \
    }
ROWS_1(METHOD_1)

static PyObject *call_method(uint32_t index, PyObject *self, PyObject *const *args, Py_ssize_t n,
                             PyObject *keywords) {
    PyObject *all[3] = {self};
    if (!keywords && n < 3) {
        PyObject *result;
        memcpy(all + 1, args, (size_t)n * sizeof(PyObject *));
        const int done = call_simply(index, all, n + 1, &result);
        if (done)
            return done > 0 ? result : NULL;
    }
    return call_slowly(rows[index].op, self, args, n, keywords);
}

#define METHOD_ANY(name)                                                                          \
    static PyObject *method_##name(PyObject *self, PyObject *const *args, Py_ssize_t n,           \
                                   PyObject *keywords) {                                          \
        return call_method(ROW_##name, self, args, n, keywords);                                  \
    }
ROWS_1(METHOD_ANY)
ROWS_2(METHOD_ANY)
ROWS_3(METHOD_ANY)
