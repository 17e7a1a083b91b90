/* Networks among arguments and results: their parameters' numbers, behind attributes, lists and dicts. */

/* Of the engine; without a type where another one runs. */
static const Leaves *leaves;

static void import_leaves(void) {
    static const Leaves none = {NULL, 0, 0, NULL, NULL};
    PyObject *engine = PyImport_ImportModule("autograd_lite.engine.native._engine");
    PyObject *lent = engine ? PyObject_GetAttrString(engine, "LEAVES") : NULL;
    leaves = lent ? PyCapsule_GetPointer(lent, LEAVES) : NULL;
    if (!leaves) {
        PyErr_Clear();
        leaves = &none;
    }
    Py_XDECREF(lent);
    Py_XDECREF(engine);
}

/* A network's numbers are counted here, and its parameters say which of them they are. */
static int read_network_form(Form *form, PyObject *layout, Py_ssize_t *left, int depth) {
    if (!leaves->type || PyTuple_GET_SIZE(layout) != 3)
        return refuse_layout(layout);
    Py_ssize_t inner = form->number = PyLong_AsSsize_t(PyTuple_GET_ITEM(layout, 1));
    form->kind = FORM_NETWORK;
    if (count_numbers(form->number, left, layout) < 0)
        return -1;
    if (!(form->parts = new_array(1, sizeof(Form)))) {
        PyErr_NoMemory();
        return -1;
    }
    form->n = 1;
    return read_form(form->parts, PyTuple_GET_ITEM(layout, 2), &inner, depth + 1);
}

static int read_parameter_form(Form *form, PyObject *number, const Py_ssize_t *left, PyObject *layout) {
    form->kind = FORM_PARAMETER;
    form->number = PyLong_AsSsize_t(number);
    if (form->number < 0 || form->number >= *left)
        return count_numbers(-1, NULL, layout);
    if ((form->nodes = new_array(1, sizeof(PyObject *))))
        return 0;
    PyErr_NoMemory();
    return -1;
}

/* Whether objects are made of their attributes alone, and copied as these are; -1 after an error. */
static int is_plain(PyTypeObject *type) {
    static const char *const usual[] = {"__reduce__", "__reduce_ex__"}, *const own[] = {"__deepcopy__", "__setstate__"};
    int plain = type->tp_new == PyBaseObject_Type.tp_new;
    for (int k = 0; k < 2 && plain > 0; k++) {
        PyObject *one = PyObject_GetAttrString((PyObject *)type, usual[k]);
        PyObject *other = PyObject_GetAttrString((PyObject *)&PyBaseObject_Type, usual[k]);
        plain = !one || !other ? -1 : one == other && !PyObject_HasAttrString((PyObject *)type, own[k]);
        Py_XDECREF(one);
        Py_XDECREF(other);
    }
    return plain;
}

static int read_object_form(Form *form, PyObject *layout, Py_ssize_t *left, int depth) {
    if (PyTuple_GET_SIZE(layout) != 3 || !PyType_Check(PyTuple_GET_ITEM(layout, 1)) ||
        !PyTuple_Check(PyTuple_GET_ITEM(layout, 2)))
        return refuse_layout(layout);
    form->kind = FORM_OBJECT;
    form->type = Py_NewRef(PyTuple_GET_ITEM(layout, 1));
    const int plain = is_plain((PyTypeObject *)form->type);
    if (plain <= 0)
        return plain < 0 ? -1 : refuse_layout(layout);
    return read_parts(form, PyTuple_GET_ITEM(layout, 2), left, depth);
}

/* A list of parameters that follow each other is one form. */
static int join_parameters(Form *form) {
    bool all = form->n > 0 && form->parts;
    for (Py_ssize_t i = 0; all && i < form->n; i++)
        all = form->parts[i].kind == FORM_PARAMETER && form->parts[i].number == form->parts[0].number + i;
    if (!all)
        return 0;
    if (!(form->nodes = new_array(form->n, sizeof(PyObject *)))) {
        PyErr_NoMemory();
        return -1;
    }
    form->kind = FORM_PARAMETERS;
    form->number = form->parts[0].number;
    for (Py_ssize_t i = 0; i < form->n; i++)
        free_form(&form->parts[i]);
    PyMem_RawFree(form->parts);
    form->parts = NULL;
    return 0;
}

/* Whether other nodes were read than the last time. */
static bool moved;

static inline bool read_parameters(const Form *form, PyObject *const *nodes, double *numbers) {
    const Py_ssize_t n = form->kind == FORM_PARAMETER ? 1 : form->n;
    const Leaves lent = *leaves;
    PyObject **last = form->nodes;
    numbers += form->number;
    for (Py_ssize_t i = 0; i < n; i++) {
        const char *node = (const char *)nodes[i];
        if (Py_TYPE(nodes[i]) != lent.type || *(const uint32_t *)(node + lent.row))
            return false;
        if (last[i] != nodes[i]) {
            moved = true;
            last[i] = nodes[i];
        }
        numbers[i] = *(const double *)(node + lent.data);
    }
    return true;
}

/* Enter the nodes of all parameters at their numbers; false if two have one number. */
static bool collect_nodes(const Form *form, PyObject **found) {
    const Py_ssize_t n = form->kind == FORM_PARAMETER ? 1 : form->kind == FORM_PARAMETERS ? form->n : 0;
    bool same = true;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject **place = found + form->number + i;
        same = same && (!*place || *place == form->nodes[i]);
        *place = form->nodes[i];
    }
    for (Py_ssize_t i = 0; form->parts && i < form->n; i++)
        same = collect_nodes(&form->parts[i], found) && same;
    return same;
}

static int compare_nodes(const void *one, const void *other) {
    const uintptr_t a = (uintptr_t)*(PyObject *const *)one, b = (uintptr_t)*(PyObject *const *)other;
    return (a > b) - (a < b);
}

/* Whether parameters are one node where they have one number, and only there. */
static bool are_shared_alike(const Form *form) {
    PyObject **found = new_array(form->number, sizeof(PyObject *));
    bool alike = found && collect_nodes(form->parts, found);
    if (alike)
        qsort(found, (size_t)form->number, sizeof(PyObject *), compare_nodes);
    for (Py_ssize_t i = 0; alike && i < form->number; i++)
        alike = found[i] && (i == 0 || found[i] != found[i - 1]); /* each was read */
    PyMem_RawFree(found);
    return alike;
}

static void forget_nodes(const Form *form) {
    if (form->nodes)
        form->nodes[0] = NULL;
    for (Py_ssize_t i = 0; form->parts && i < form->n; i++)
        forget_nodes(&form->parts[i]);
}

static bool read_network(const Form *form, PyObject *arg, double **slots) {
    double *numbers = *slots;
    *slots += form->number;
    const bool before = moved;
    moved = false;
    const bool fits = read_numbers(form->parts, arg, &numbers);
    /* After a failure, what was compared is not known to be alike. */
    const bool alike = fits && (!moved || are_shared_alike(form));
    if (!alike)
        forget_nodes(form->parts);
    moved = before;
    return alike;
}

/* Whether an attribute only keeps what the object would find out again (transforms/structures.py). */
static bool is_kept(PyObject *name) {
    static const char start[] = "_kept_";
    return PyUnicode_CheckExact(name) && PyUnicode_IS_COMPACT_ASCII(name) &&
           PyUnicode_GET_LENGTH(name) >= (Py_ssize_t)sizeof start - 1 &&
           memcmp(PyUnicode_1BYTE_DATA(name), start, sizeof start - 1) == 0;
}

static bool read_object(const Form *form, PyObject *arg, double **slots) {
    if ((PyObject *)Py_TYPE(arg) != form->type)
        return false;
    PyObject *attributes = PyObject_GenericGetDict(arg, NULL);
    if (!attributes) {
        PyErr_Clear();
        return false;
    }
    const bool fits = read_dict(form, attributes, slots);
    Py_DECREF(attributes);
    return fits;
}

static PyObject *build_parameters(const Form *form, PyObject **made) {
    PyObject *found = PyList_New(form->n);
    for (Py_ssize_t i = 0; found && i < form->n; i++)
        PyList_SET_ITEM(found, i, Py_NewRef(made[form->number + i]));
    return found;
}

/* An object of the same class with attributes of its own: none of its code runs. */
static PyObject *build_object(const Form *form, const double *slots, const int32_t **places, PyObject **made) {
    PyTypeObject *type = (PyTypeObject *)form->type;
    PyObject *attributes = build_dict(form, slots, places, made);
    PyObject *found = attributes ? type->tp_alloc(type, 0) : NULL;
    if (found && PyObject_GenericSetDict(found, attributes, NULL) < 0)
        Py_CLEAR(found);
    Py_XDECREF(attributes);
    return found;
}

static PyObject *build_network(const Form *form, const double *slots, const int32_t **places) {
    PyObject **made = new_array(form->number, sizeof(PyObject *)), *found = NULL;
    bool all = made != NULL;
    for (Py_ssize_t k = 0; all && k < form->number; k++)
        all = (made[k] = leaves->make(slots[(*places)[k]])) != NULL;
    *places += form->number;
    if (all)
        found = build_part(form->parts, slots, places, made);
    else if (!made)
        PyErr_NoMemory();
    for (Py_ssize_t k = 0; made && k < form->number; k++)
        Py_XDECREF(made[k]);
    PyMem_RawFree(made);
    return found;
}
