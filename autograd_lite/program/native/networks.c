/* Networks among arguments and results: their parameters' numbers, behind attributes, lists and dicts. */

/* Of the engine; without a type where another one runs. */
static const Leaves *leaves;

static void import_leaves(void) {
    static const Leaves none = {0};
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
    form->parts = new_array(1, sizeof(Form));
    form->nodes = new_array(form->number, sizeof(PyObject *));
    if (!form->parts || !form->nodes) {
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

/* A list of parameters that follow each other. */
static int read_parameters_form(Form *form, PyObject *layout, const Py_ssize_t *left) {
    if (PyTuple_GET_SIZE(layout) != 3)
        return refuse_layout(layout);
    form->kind = FORM_PARAMETERS;
    form->number = PyLong_AsSsize_t(PyTuple_GET_ITEM(layout, 1));
    form->n = PyLong_AsSsize_t(PyTuple_GET_ITEM(layout, 2));
    if (form->number < 0 || form->n < 1 || form->n > *left - form->number)
        return count_numbers(-1, NULL, layout);
    if ((form->nodes = new_array(form->n, sizeof(PyObject *))))
        return 0;
    PyErr_NoMemory();
    return -1;
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

/* An object of the same class with attributes of its own: none of its code runs. The dict is set as `x.__dict__ =`
 * does: after PyObject_GenericSetDict Python 3.13 goes on to look among the values that the object began with. */
static PyObject *build_object(const Form *form, const double *slots, const int32_t **places, PyObject **made) {
    static PyObject *name;
    PyTypeObject *type = (PyTypeObject *)form->type;
    if (!name && !(name = PyUnicode_InternFromString("__dict__")))
        return NULL;
    PyObject *attributes = build_dict(form, slots, places, made);
    PyObject *found = attributes ? type->tp_alloc(type, 0) : NULL;
    if (found && PyObject_GenericSetAttr(found, name, attributes) < 0)
        Py_CLEAR(found);
    Py_XDECREF(attributes);
    return found;
}

/* --- results that are used again --------------------------------------------------------------------
 * A network takes much longer to make than most programs to run, and in a loop the one of the call before
 * last is garbage. So a form keeps the last two that it made, in `thing` and `type`, and gives one back once
 * more when nobody else can know of it, or of any part of it. */

static bool has_weak_references(PyObject *thing) {
    const Py_ssize_t at = Py_TYPE(thing)->tp_weaklistoffset;
    return at && *(PyObject **)((char *)thing + at);
}

static bool is_unused(const Form *form, PyObject *thing, PyObject **nodes);

/* Whether only the form knows of these leaves, which are collected. */
static bool are_unused_leaves(const Form *form, PyObject *const *leaf, PyObject **nodes) {
    const Py_ssize_t n = form->kind == FORM_PARAMETER ? 1 : form->n;
    for (Py_ssize_t i = 0; i < n; i++) {
        const char *node = (const char *)leaf[i];
        if (Py_REFCNT(leaf[i]) != 1 || Py_TYPE(leaf[i]) != leaves->type ||
            *(const uint32_t *)(node + leaves->row) || *(PyObject *const *)(node + leaves->weak))
            return false;
        nodes[form->number + i] = leaf[i];
    }
    return true;
}

static bool is_unused_dict(const Form *form, PyObject *dict, Py_ssize_t references, PyObject **nodes) {
    PyObject *key, *value;
    Py_ssize_t at = 0, i = 0;
    if (Py_REFCNT(dict) != references || PyDict_GET_SIZE(dict) != form->n)
        return false;
    for (; i < form->n && PyDict_Next(dict, &at, &key, &value); i++)
        if (key != PyTuple_GET_ITEM(form->thing, i) || !is_unused(&form->parts[i], value, nodes))
            return false;
    return i == form->n;
}

static bool is_unused_object(const Form *form, PyObject *thing, PyObject **nodes) {
    PyTypeObject *type = Py_TYPE(thing);
    if ((PyObject *)type != form->type || Py_REFCNT(thing) != 1 || type->tp_finalize || type->tp_del ||
        has_weak_references(thing))
        return false;
    PyObject *attributes = PyObject_GenericGetDict(thing, NULL);
    if (!attributes) {
        PyErr_Clear();
        return false;
    }
    const bool unused = is_unused_dict(form, attributes, 2, nodes);
    Py_DECREF(attributes);
    return unused;
}

/* Whether a thing is as it was made, and only the form knows of it and of its parts. */
static bool is_unused(const Form *form, PyObject *thing, PyObject **nodes) {
    switch (form->kind) {
    case FORM_SAME:
        return thing == form->thing;
    case FORM_PARAMETER:
        return are_unused_leaves(form, &thing, nodes);
    case FORM_PARAMETERS:
        return PyList_CheckExact(thing) && Py_REFCNT(thing) == 1 && PyList_GET_SIZE(thing) == form->n &&
               are_unused_leaves(form, ((PyListObject *)thing)->ob_item, nodes);
    case FORM_LIST:
        if (!PyList_CheckExact(thing) || Py_REFCNT(thing) != 1 || PyList_GET_SIZE(thing) != form->n)
            return false;
        for (Py_ssize_t i = 0; i < form->n; i++)
            if (!is_unused(&form->parts[i], PyList_GET_ITEM(thing, i), nodes))
                return false;
        return true;
    case FORM_DICT:
        return form->parts && PyDict_CheckExact(thing) && is_unused_dict(form, thing, 1, nodes);
    case FORM_OBJECT:
        return is_unused_object(form, thing, nodes);
    default:
        return false;
    }
}

/* The older of the two results that were made last, with other numbers, if it is unused; it becomes the
 * newer. */
static PyObject *used_again(Form *form, const double *slots, const int32_t *places) {
    PyObject *found = form->type;
    if (!found || !is_unused(form->parts, found, form->nodes))
        return NULL;
    for (Py_ssize_t k = 0; k < form->number; k++)
        if (leaves->renew(form->nodes[k], slots[places[k]]) < 0)
            return NULL;
    form->type = form->thing;
    form->thing = found;
    return Py_NewRef(found);
}

/* A network of new leaves. */
static PyObject *made_network(Form *form, const double *slots, const int32_t *places) {
    /* Making it can set off Python's collector, and with it another call. */
    PyObject **made = new_array(form->number, sizeof(PyObject *)), *found = NULL;
    Py_ssize_t n = 0;
    if (!made)
        return PyErr_NoMemory();
    while (n < form->number && (made[n] = leaves->make(slots[places[n]])))
        n++;
    if (n == form->number)
        found = build_part(form->parts, slots, &places, made);
    for (Py_ssize_t k = 0; k < n; k++)
        Py_DECREF(made[k]);
    PyMem_RawFree(made);
    if (found) {
        PyObject *oldest = form->type;
        form->type = form->thing;
        form->thing = Py_NewRef(found);
        Py_XDECREF(oldest);
    }
    return found;
}

static PyObject *build_network(const Form *constant, const double *slots, const int32_t **places) {
    Form *form = (Form *)constant; /* but for what it keeps */
    const int32_t *own = *places;
    *places += form->number;
    PyObject *found = used_again(form, slots, own);
    return found || PyErr_Occurred() ? found : made_network(form, slots, own);
}
