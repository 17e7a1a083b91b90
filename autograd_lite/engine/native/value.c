/* The Python type Value: construction and attributes. Printing, copying and pickling are Python code,
 * attached to it later. */

static PyObject *going_on;        /* a list: the differentiations that go on, in any thread (../context.py) */
static PyObject *refuse_data;     /* Python functions that raise what the setters refuse */
static PyObject *refuse_label;

static PyObject *exact_text(PyObject *text) {
    if (PyUnicode_CheckExact(text))
        return Py_NewRef(text);
    if (PyUnicode_Check(text))
        return PyUnicode_FromObject(text); /* no subclass, which could hold anything */
    PyObject *nothing = PyObject_CallOneArg(refuse_label, text);
    Py_XDECREF(nothing);
    if (nothing)
        PyErr_SetString(PyExc_SystemError, "a label was not refused");
    return NULL;
}

static PyObject *make_leaf(PyObject *data, PyObject *label) {
    double number;
    if (to_double(data, &number) < 0)
        return NULL;
    PyObject *text = label ? exact_text(label) : Py_NewRef(no_text);
    Node *node = text ? new_leaf(number) : NULL;
    if (node && PyUnicode_GET_LENGTH(text) && set_notes(node, scope_in(node->notes), text) < 0)
        Py_CLEAR(node);
    Py_XDECREF(text);
    return (PyObject *)node;
}

static PyObject *value_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"data", "label", NULL};
    PyObject *data, *label = NULL;
    if (type != ValueType)
        return PyErr_Format(PyExc_TypeError, "Value cannot be subclassed (class %s): keep a Value in "
                            "an attribute of your class instead", type->tp_name);
    if (PyTuple_GET_SIZE(args) > 2 && !PyUnicode_Check(PyTuple_GET_ITEM(args, 1)))
        return exact_text(PyTuple_GET_ITEM(args, 1)); /* which is refused: micrograd's parents */
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O:Value", names, &data, &label))
        return NULL;
    return make_leaf(data, label);
}

static PyObject *value_vectorcall(PyObject *type, PyObject *const *args, size_t nargs,
                                  PyObject *keywords) {
    const Py_ssize_t n = PyVectorcall_NARGS(nargs);
    if (!keywords && (n == 1 || n == 2))
        return make_leaf(args[0], n == 2 ? args[1] : NULL);
    if (keywords && n == 1 && PyTuple_GET_SIZE(keywords) == 1 &&
        PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(keywords, 0), "label") == 0)
        return make_leaf(args[0], args[1]);
    PyObject *positional = PyTuple_New(n), *named = positional ? PyDict_New() : NULL, *result = NULL;
    if (!named)
        goto done;
    for (Py_ssize_t i = 0; i < n; i++)
        PyTuple_SET_ITEM(positional, i, Py_NewRef(args[i]));
    for (Py_ssize_t i = 0; keywords && i < PyTuple_GET_SIZE(keywords); i++)
        if (PyDict_SetItem(named, PyTuple_GET_ITEM(keywords, i), args[n + i]) < 0)
            goto done;
    result = value_new((PyTypeObject *)type, positional, named);
done:
    Py_XDECREF(positional);
    Py_XDECREF(named);
    return result;
}

/* --- attributes -------------------------------------------------------------------------------------- */

/* Python's own words for an attribute that there is no room for do not say what to do. */
static int set_attribute(PyObject *self, PyObject *name, PyObject *thing) {
    const int result = PyObject_GenericSetAttr(self, name, thing);
    if (result < 0 && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyObject *type, *error, *trace;
        PyErr_Fetch(&type, &error, &trace);
        if (PyObject_HasAttr((PyObject *)Py_TYPE(self), name))
            PyErr_Restore(type, error, trace);
        else {
            Py_XDECREF(type);
            Py_XDECREF(error);
            Py_XDECREF(trace);
            PyErr_Format(PyExc_AttributeError,
                         "a Value has no attribute %R, and none can be added; keep what belongs to it in a "
                         "list beside the parameters, or in a dict by Value (its hash is its identity)", name);
        }
    }
    return result;
}

static int no_deletion(PyObject *given, const char *name) {
    if (!given)
        PyErr_Format(PyExc_AttributeError, "%s cannot be deleted", name);
    return given ? 0 : -1;
}

static PyObject *get_data(PyObject *self, void *unused) {
    (void)unused;
    return tell_read(self) < 0 ? NULL : PyFloat_FromDouble(((Node *)self)->data);
}

/* Whether anything is differentiated, in any thread: then what a number depends on may count. */
static int something_around(void) { return PyList_GET_SIZE(going_on) != 0; }

/* Whether a node's data may be set. */
static int check_leaf(PyObject *self) {
    const bool leaf = !((Node *)self)->row && !((Node *)self)->constant;
    if (leaf && !something_around())
        return 0;
    PyObject *nothing = PyObject_CallOneArg(refuse_data, self);
    Py_XDECREF(nothing);
    if (nothing && !leaf)
        PyErr_SetString(PyExc_SystemError, "an assignment to data was not refused");
    return nothing && leaf ? 0 : -1;
}

static int set_data(PyObject *self, PyObject *number, void *unused) {
    (void)unused;
    double given;
    if (no_deletion(number, "data") < 0 || check_leaf(self) < 0 ||
        to_double(number, &given) < 0)
        return -1;
    replace_number((Node *)self, given);
    return 0;
}

static PyObject *get_replaced(PyObject *self, void *unused) {
    (void)unused;
    const Node *node = (Node *)self;
    return node->row || node->dy == NEVER ? Py_NewRef(Py_None) : Py_BuildValue("(dd)", node->dx, node->dy);
}

static PyObject *get_grad(PyObject *self, void *unused) {
    (void)unused;
    return tell_derived(self) < 0 ? NULL : PyFloat_FromDouble(((Node *)self)->grad);
}

static int set_grad(PyObject *self, PyObject *number, void *unused) {
    (void)unused;
    return no_deletion(number, "grad") < 0 ? -1 : to_double(number, &((Node *)self)->grad);
}

static PyObject *get_label(PyObject *self, void *unused) {
    (void)unused;
    return Py_NewRef(label_in(((Node *)self)->notes));
}

static int set_label(PyObject *self, PyObject *label, void *unused) {
    (void)unused;
    Node *node = (Node *)self;
    PyObject *text = no_deletion(label, "label") < 0 ? NULL : exact_text(label);
    if (!text)
        return -1;
    const int result = set_notes(node, scope_in(node->notes), text);
    Py_DECREF(text);
    return result;
}

static PyObject *get_scope(PyObject *self, void *unused) {
    (void)unused;
    return Py_NewRef(scope_in(((Node *)self)->notes));
}

static int set_scope(PyObject *self, PyObject *names, void *unused) {
    (void)unused;
    Node *node = (Node *)self;
    if (no_deletion(names, "_scope") < 0)
        return -1;
    if (!are_names(names)) {
        PyErr_Format(PyExc_TypeError, "a scope is a tuple of str and was given %R", names);
        return -1;
    }
    PyObject *label = Py_NewRef(label_in(node->notes));
    const int result = set_notes(node, names, label);
    Py_DECREF(label);
    return result;
}

static PyObject *get_op(PyObject *self, void *unused) {
    (void)unused;
    const uint32_t row = ((Node *)self)->row;
    return Py_NewRef(row ? rows[row].name : no_text);
}

static PyObject *get_parents(PyObject *self, void *unused) {
    (void)unused;
    const Node *node = (Node *)self;
    const Py_ssize_t n = count_parents(node);
    Node *const *parents = parents_of(node);
    PyObject *tuple = PyTuple_New(n);
    for (Py_ssize_t i = 0; tuple && i < n; i++)
        PyTuple_SET_ITEM(tuple, i, Py_NewRef((PyObject *)parents[i]));
    return tuple;
}

static PyObject *get_constant(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(((Node *)self)->constant);
}

static PyObject *partials_as_tuple(Node *node) {
    const Py_ssize_t n = count_parents(node);
    const double *partials = partials_of(node);
    PyObject *tuple = PyTuple_New(n);
    for (Py_ssize_t i = 0; tuple && i < n; i++) {
        PyObject *number = PyFloat_FromDouble(partials[i]);
        if (number)
            PyTuple_SET_ITEM(tuple, i, number);
        else
            Py_CLEAR(tuple);
    }
    return tuple;
}

static PyObject *get_local_grads(PyObject *self, void *unused) {
    (void)unused;
    return tell_derived(self) < 0 ? NULL : partials_as_tuple((Node *)self);
}

static PyObject *get_stamp(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromUnsignedLongLong(((Node *)self)->stamp);
}

static PyGetSetDef attributes[] = {
    {"data", get_data, set_data, "The number; writable on a leaf.", NULL},
    {"grad", get_grad, set_grad, "The gradient that backward passes have added here; writable.", NULL},
    {"label", get_label, set_label, "A name, shown in every rendering; writable.", NULL},
    {"op", get_op, NULL, "Name of the op that made this Value; ``\"\"`` for a leaf.", NULL},
    {"parents", get_parents, NULL, "The arguments of the op, in order, one entry per argument.", NULL},
    {"constant", get_constant, NULL, "Whether this is a plain number met in an expression.", NULL},
    {"local_grads", get_local_grads, NULL,
     "The partial derivative by each parent, at the recorded numbers; 0.0 for a constant.", NULL},
    {"_scope", get_scope, set_scope, NULL, NULL},
    {"_stamp", get_stamp, NULL, NULL, NULL},
    {"_replaced", get_replaced, NULL,
     "Of a leaf that was assigned to, the number before and when; None for one that never was.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyObject *size_of(PyObject *self, PyObject *unused) {
    (void)unused;
    const Node *node = (Node *)self;
    size_t size = sizeof(Node);
    if (node->n_parents == MANY)
        size += bytes_for(node->many->n);
    return PyLong_FromSize_t(size);
}

/* `_apply_op(row, args)`: how a row hands over to this engine. */
static PyObject *apply_op(PyObject *unused, PyObject *const *args, Py_ssize_t n) {
    (void)unused;
    if (n != 2)
        return PyErr_Format(PyExc_TypeError, "_apply_op takes a row and its arguments");
    const uint32_t index = find_row(args[0]);
    PyObject *things = index ? PySequence_Tuple(args[1]) : NULL, *node = NULL;
    if (things)
        node = record_things(index, PySequence_Fast_ITEMS(things), PyTuple_GET_SIZE(things));
    Py_XDECREF(things);
    let_go_of_row(index);
    return node;
}

static PyMethodDef value_methods[] = {
    {"backward", (PyCFunction)(void (*)(void))backward, METH_FASTCALL | METH_KEYWORDS, backward_doc},
    {"zero_grad", zero_grad, METH_NOARGS, zero_grad_doc},
    {"refresh", refresh, METH_NOARGS, refresh_doc},
    {"__sizeof__", size_of, METH_NOARGS, "Bytes of this node, its parents' list included."},
    {"_apply_op", (PyCFunction)(void (*)(void))apply_op, METH_FASTCALL | METH_STATIC, NULL},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(value_doc, /* of which Python shows the signature; the text is that of the Python engine */
"Value(data, label='')\n--\n\n");

static PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Node, weak), READONLY, NULL},
    {"_traced", T_UBYTE, offsetof(Node, traced), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

#define SLOT(name, slot) {Py_##slot, (void *)operator_##name},
#define SLOT_POW(name, slot) {Py_##slot, (void *)operator3_##name},
static PyType_Slot value_slots[] = {
    {Py_tp_doc, (void *)value_doc},
    {Py_tp_new, (void *)value_new},
    {Py_tp_dealloc, (void *)node_dealloc},
    {Py_tp_richcompare, (void *)compare},
    {Py_tp_hash, (void *)hash},
    {Py_tp_setattro, (void *)set_attribute},
    {Py_tp_getset, attributes},
    {Py_tp_members, members},
    {Py_tp_methods, value_methods},
    OPERATORS_1(SLOT)
    OPERATORS_2(SLOT)
    OPERATORS_POWER(SLOT_POW)
    {0, NULL},
};

/* A base type only so that __init_subclass__ can refuse subclasses in its own words. */
static PyType_Spec value_spec = {
    .name = "autograd_lite.Value",
    .basicsize = sizeof(Node),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = value_slots,
};
