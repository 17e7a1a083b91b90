/* Forms: what arguments and results are made of, so that no Python code is needed to take numbers out of the
 * one and to make the other. A form is read from a layout, as `program/layouts.py` writes it. */

typedef enum {
    FORM_NUMBER, FORM_ARRAY, FORM_TUPLE, FORM_LIST, FORM_DICT, FORM_SAME,
    FORM_NETWORK, FORM_OBJECT, FORM_PARAMETER, /* of a network */
    FORM_PARAMETERS,                           /* one after the other, in a list */
} FormKind;

typedef struct Form {
    FormKind kind;
    int n_dimensions;  /* of an array */
    Py_ssize_t n;      /* numbers of an array, items of the others */
    Py_ssize_t *shape; /* of an array */
    struct Form *parts; /* of what has items; NULL if all are numbers */
    Py_ssize_t number; /* how many a network has, which of them a parameter is, or the first of some */
    PyObject *thing;   /* an array's shape, a dict's or object's keys, a named tuple's type, the object that is the SAME */
    PyObject *type;    /* of an object */
    PyObject **nodes;  /* of parameters: what they were last; to compare with, for they may be gone */
} Form;

enum { MOST_DEPTH = 20 }; /* of forms inside of forms */

static const int64_t LARGEST_EXACT = (int64_t)1 << 53; /* whole number, in a float */

/* Of NumPy, when the module is imported. */
static PyTypeObject *array_type, *float64_type;
static PyObject *make_empty_array;
enum { N_SCALARS = 4, N_WHOLE = 2 };
static PyTypeObject *scalar_types[N_SCALARS]; /* of which the first are WHOLE numbers */

static int import_numpy(void) {
    static const char *const names[N_SCALARS] = {"int64", "int32", "float32", "float16"};
    PyObject *numpy = PyImport_ImportModule("numpy");
    if (!numpy)
        return -1;
    array_type = (PyTypeObject *)PyObject_GetAttrString(numpy, "ndarray");
    float64_type = (PyTypeObject *)PyObject_GetAttrString(numpy, "float64");
    make_empty_array = PyObject_GetAttrString(numpy, "empty");
    bool found = array_type && float64_type && make_empty_array;
    for (int k = 0; k < N_SCALARS && found; k++)
        found = (scalar_types[k] = (PyTypeObject *)PyObject_GetAttrString(numpy, names[k]));
    Py_DECREF(numpy);
    return found ? 0 : -1;
}

/* --- from a layout ------------------------------------------------------------------------------- */

static void free_form(Form *form) {
    for (Py_ssize_t i = 0; form->parts && i < form->n; i++)
        free_form(&form->parts[i]);
    PyMem_RawFree(form->parts);
    PyMem_RawFree(form->shape);
    PyMem_RawFree(form->nodes);
    Py_CLEAR(form->thing);
    Py_CLEAR(form->type);
    form->parts = NULL;
}

static int visit_form(const Form *form, visitproc visit, void *arg) {
    Py_VISIT(form->thing);
    Py_VISIT(form->type);
    for (Py_ssize_t i = 0; form->parts && i < form->n; i++) {
        const int result = visit_form(&form->parts[i], visit, arg);
        if (result)
            return result;
    }
    return 0;
}

static int refuse_layout(PyObject *layout) {
    PyErr_Format(PyExc_TypeError, "a call takes numbers, float arrays, and tuples, lists and dicts of these, "
                 "and was given the layout %R", layout);
    return -1;
}

static bool is_word(PyObject *thing, const char *word) {
    return PyUnicode_Check(thing) && PyUnicode_CompareWithASCIIString(thing, word) == 0;
}

/* Take some numbers from those that are `left`. */
static int count_numbers(Py_ssize_t n, Py_ssize_t *left, PyObject *layout) {
    if (n >= 0 && n <= *left) {
        *left -= n;
        return 0;
    }
    if (!PyErr_Occurred())
        PyErr_Format(PyExc_ValueError, "layouts do not fit the numbers of this program: %R", layout);
    return -1;
}

static int read_array_form(Form *form, PyObject *shape, Py_ssize_t *left, PyObject *layout) {
    form->kind = FORM_ARRAY;
    form->n_dimensions = (int)PyTuple_GET_SIZE(shape);
    form->thing = Py_NewRef(shape);
    if (!(form->shape = new_array(form->n_dimensions, sizeof(Py_ssize_t)))) {
        PyErr_NoMemory();
        return -1;
    }
    form->n = 1;
    for (int k = 0; k < form->n_dimensions; k++) {
        const Py_ssize_t size = form->shape[k] = PyLong_AsSsize_t(PyTuple_GET_ITEM(shape, k));
        if (size < 0 || (size && form->n > PY_SSIZE_T_MAX / size))
            return count_numbers(-1, left, layout);
        form->n *= size;
    }
    return count_numbers(form->n, left, layout);
}

/* What stays as it is: it is compared by identity, so nothing that can change; a callable is `thing` of what
 * the layout holds. */
static int read_same_form(Form *form, PyObject *thing, bool is_callable, PyObject *layout) {
    form->kind = FORM_SAME;
    if (is_callable)
        return (form->thing = PyObject_GetAttrString(thing, "thing")) ? 0 : -1;
    if (thing != Py_None && !PyUnicode_CheckExact(thing) && !PyBytes_CheckExact(thing) &&
        !PyBool_Check(thing) && !PyLong_CheckExact(thing))
        return refuse_layout(layout);
    form->thing = Py_NewRef(thing);
    return 0;
}

/* One that has nothing beside its items. */
static bool is_named_tuple(PyObject *kind) {
    return PyType_Check(kind) && PyType_IsSubtype((PyTypeObject *)kind, &PyTuple_Type) &&
           !((PyTypeObject *)kind)->tp_dictoffset && PyObject_HasAttrString(kind, "_fields");
}

static int read_form(Form *form, PyObject *layout, Py_ssize_t *left, int depth);
static int read_network_form(Form *form, PyObject *layout, Py_ssize_t *left, int depth);
static int read_parameter_form(Form *form, PyObject *number, const Py_ssize_t *left, PyObject *layout);
static int read_object_form(Form *form, PyObject *layout, Py_ssize_t *left, int depth);
static int read_parameters_form(Form *form, PyObject *layout, const Py_ssize_t *left);

/* Forms for the parts of a tuple, list or dict; those of a dict are (key, layout, …). */
static int read_parts(Form *form, PyObject *layouts, Py_ssize_t *left, int depth) {
    form->n = PyTuple_GET_SIZE(layouts);
    if (!(form->parts = new_array(form->n, sizeof(Form)))) {
        PyErr_NoMemory();
        return -1;
    }
    const bool has_keys = form->kind == FORM_DICT || form->kind == FORM_OBJECT;
    if (has_keys && !(form->thing = PyTuple_New(form->n)))
        return -1;
    bool numbers = true;
    for (Py_ssize_t i = 0; i < form->n; i++) {
        PyObject *part = PyTuple_GET_ITEM(layouts, i);
        if (has_keys) {
            if (!PyTuple_Check(part) || PyTuple_GET_SIZE(part) < 2)
                return refuse_layout(part);
            PyTuple_SET_ITEM(form->thing, i, Py_NewRef(PyTuple_GET_ITEM(part, 0)));
            part = PyTuple_GET_ITEM(part, 1);
        }
        if (read_form(&form->parts[i], part, left, depth + 1) < 0)
            return -1;
        numbers = numbers && form->parts[i].kind == FORM_NUMBER;
    }
    if (numbers && form->kind != FORM_OBJECT) {
        PyMem_RawFree(form->parts);
        form->parts = NULL;
    }
    return 0;
}

/* A form from a layout. TypeError if it is another structure, ValueError if not as many numbers are left;
 * then, too, it is to be freed. */
static int read_form(Form *form, PyObject *layout, Py_ssize_t *left, int depth) {
    if (is_word(layout, "number")) {
        form->kind = FORM_NUMBER;
        return count_numbers(1, left, layout);
    }
    if (depth == MOST_DEPTH || !PyTuple_Check(layout) || PyTuple_GET_SIZE(layout) < 2)
        return refuse_layout(layout);
    PyObject *kind = PyTuple_GET_ITEM(layout, 0), *rest = PyTuple_GET_ITEM(layout, 1);
    if (kind == (PyObject *)array_type && PyTuple_Check(rest) && PyTuple_GET_SIZE(layout) == 3 &&
        PyTuple_GET_ITEM(layout, 2) == Py_False)
        return read_array_form(form, rest, left, layout);
    if (is_word(kind, "network"))
        return read_network_form(form, layout, left, depth);
    if (is_word(kind, "parameter"))
        return read_parameter_form(form, rest, left, layout);
    if (is_word(kind, "parameters"))
        return read_parameters_form(form, layout, left);
    if (is_word(kind, "object"))
        return read_object_form(form, layout, left, depth);
    if (is_word(kind, "static") || is_word(kind, "callable"))
        return read_same_form(form, rest, is_word(kind, "callable"), layout);
    if (kind == (PyObject *)&PyTuple_Type) {
        form->kind = FORM_TUPLE;
    } else if (is_named_tuple(kind)) {
        form->kind = FORM_TUPLE;
        form->thing = Py_NewRef(kind);
    } else if (kind == (PyObject *)&PyList_Type) {
        form->kind = FORM_LIST;
    } else if (kind == (PyObject *)&PyDict_Type) {
        form->kind = FORM_DICT;
    } else {
        return refuse_layout(layout);
    }
    if (PyTuple_Check(rest))
        return read_parts(form, rest, left, depth);
    if (!PyLong_Check(rest) || form->kind == FORM_DICT)
        return refuse_layout(layout);
    form->n = PyLong_AsSsize_t(rest);
    return count_numbers(form->n, left, layout);
}

/* --- numbers out of arguments -------------------------------------------------------------------- */

static bool exact_integer(int64_t number) {
    return number >= -LARGEST_EXACT && number <= LARGEST_EXACT;
}

static bool read_other_number(PyObject *thing, double *slot) {
    if (Py_TYPE(thing) == float64_type) {
        *slot = PyFloat_AS_DOUBLE(thing);
        return true;
    }
    if (PyLong_CheckExact(thing)) {
        int overflow;
        const long long number = PyLong_AsLongLongAndOverflow(thing, &overflow);
        *slot = (double)number;
        return !overflow && exact_integer(number);
    }
    int k = 0;
    while (k < N_SCALARS && Py_TYPE(thing) != scalar_types[k])
        k++;
    if (k == N_SCALARS)
        return false;
    *slot = PyFloat_AsDouble(thing);
    if (*slot == -1.0 && PyErr_Occurred()) {
        PyErr_Clear();
        return false;
    }
    return k >= N_WHOLE || (*slot > (double)-LARGEST_EXACT && *slot < (double)LARGEST_EXACT);
}

static inline bool read_number(PyObject *thing, double *slot) {
    if (!PyFloat_CheckExact(thing))
        return read_other_number(thing, slot);
    *slot = PyFloat_AS_DOUBLE(thing);
    return true;
}

/* A number of an array; `format` is a letter of `struct`. */
static bool read_item(const char *at, char format, double *slot) {
    union { double d; float f; int i; long l; long long q; } item;
    int64_t whole = 0;
    switch (format) {
    case 'd':
        memcpy(slot, at, sizeof item.d);
        return true;
    case 'f':
        memcpy(&item.f, at, sizeof item.f);
        *slot = item.f;
        return true;
    case 'i':
        memcpy(&item.i, at, sizeof item.i);
        whole = item.i;
        break;
    case 'l':
        memcpy(&item.l, at, sizeof item.l);
        whole = item.l;
        break;
    case 'q':
        memcpy(&item.q, at, sizeof item.q);
        whole = item.q;
        break;
    default:
        return false;
    }
    *slot = (double)whole;
    return exact_integer(whole);
}

static bool read_items(const Py_buffer *view, int dimension, const char *at, double **slots) {
    if (dimension == view->ndim)
        return read_item(at, *view->format, (*slots)++);
    for (Py_ssize_t i = 0; i < view->shape[dimension]; i++, at += view->strides[dimension])
        if (!read_items(view, dimension + 1, at, slots))
            return false;
    return true;
}

static bool read_array(const Form *form, PyObject *arg, double **slots) {
    Py_buffer view;
    if (Py_TYPE(arg) != array_type)
        return false;
    if (PyObject_GetBuffer(arg, &view, PyBUF_RECORDS_RO) < 0) {
        PyErr_Clear();
        return false;
    }
    bool fits = view.ndim == form->n_dimensions && view.format[0] && !view.format[1];
    for (int k = 0; fits && k < view.ndim; k++)
        fits = view.shape[k] == form->shape[k];
    if (fits && *view.format == 'd' && PyBuffer_IsContiguous(&view, 'C')) {
        memcpy(*slots, view.buf, (size_t)view.len);
        *slots += form->n;
    } else if (fits) {
        fits = read_items(&view, 0, view.buf, slots);
    }
    PyBuffer_Release(&view);
    return fits;
}

static bool same_key(PyObject *key, PyObject *other) {
    return key == other || (PyUnicode_CheckExact(key) && PyUnicode_CheckExact(other) &&
                            PyUnicode_Compare(key, other) == 0);
}

static bool read_list(PyObject *const *items, Py_ssize_t n, double **slots) {
    double *slot = *slots;
    for (Py_ssize_t i = 0; i < n; i++)
        if (!read_number(items[i], slot + i))
            return false;
    *slots += n;
    return true;
}

static bool read_dict(const Form *form, PyObject *arg, double **slots);
static bool read_object(const Form *form, PyObject *arg, double **slots);
static bool read_network(const Form *form, PyObject *arg, double **slots);
static bool read_parameters(const Form *form, PyObject *const *nodes, double *numbers);
static bool is_kept(PyObject *name);

/* Put the numbers of an argument into some slots; false if it has another form. No Python code runs. */
static bool read_numbers(const Form *form, PyObject *arg, double **slots) {
    switch (form->kind) {
    case FORM_NUMBER:
        return read_number(arg, (*slots)++);
    case FORM_ARRAY:
        return read_array(form, arg, slots);
    case FORM_SAME:
        return arg == form->thing || (form->thing && same_key(arg, form->thing));
    case FORM_DICT:
        return PyDict_CheckExact(arg) && PyDict_GET_SIZE(arg) == form->n && read_dict(form, arg, slots);
    case FORM_NETWORK:
        return read_network(form, arg, slots);
    case FORM_OBJECT:
        return read_object(form, arg, slots);
    case FORM_PARAMETER:
        return read_parameters(form, &arg, *slots);
    case FORM_PARAMETERS:
        return PyList_CheckExact(arg) && PyList_GET_SIZE(arg) == form->n &&
               read_parameters(form, ((PyListObject *)arg)->ob_item, *slots);
    case FORM_TUPLE:
    case FORM_LIST:
        break;
    }
    const bool is_list = form->kind == FORM_LIST;
    const PyTypeObject *usual = is_list ? &PyList_Type : &PyTuple_Type;
    if (Py_TYPE(arg) != (form->thing ? (PyTypeObject *)form->thing : usual) || Py_SIZE(arg) != form->n)
        return false;
    PyObject **items = is_list ? ((PyListObject *)arg)->ob_item : ((PyTupleObject *)arg)->ob_item;
    if (!form->parts)
        return read_list(items, form->n, slots);
    for (Py_ssize_t i = 0; i < form->n; i++)
        if (!read_numbers(&form->parts[i], items[i], slots))
            return false;
    return true;
}

/* As read_numbers; the usual kinds first. */
static inline bool read_attribute(const Form *form, PyObject *value, double **slots) {
    if (form->kind == FORM_SAME && form->thing == value)
        return true;
    if (form->kind == FORM_PARAMETER)
        return read_parameters(form, &value, *slots);
    if (form->kind == FORM_PARAMETERS && PyList_CheckExact(value) && PyList_GET_SIZE(value) == form->n)
        return read_parameters(form, ((PyListObject *)value)->ob_item, *slots);
    return read_numbers(form, value, slots);
}

static bool read_dict(const Form *form, PyObject *dict, double **slots) {
    PyObject *key, *value;
    Py_ssize_t at = 0, i = 0;
    while ((i < form->n || i < PyDict_GET_SIZE(dict)) && PyDict_Next(dict, &at, &key, &value)) {
        PyObject *expected = i < form->n ? PyTuple_GET_ITEM(form->thing, i) : NULL;
        if (key != expected && (!expected || !same_key(key, expected))) {
            if (form->kind == FORM_OBJECT && is_kept(key))
                continue;
            return false;
        }
        const Form *part = form->parts ? form->parts + i : NULL;
        if (!(part ? read_attribute(part, value, slots) : read_number(value, (*slots)++)))
            return false;
        i++;
    }
    return i == form->n;
}

/* --- results out of numbers ---------------------------------------------------------------------- */

/* A new array of the numbers in those slots that are next in `places`. */
static PyObject *build_array(const Form *form, const double *slots, const int32_t **places) {
    Py_buffer view;
    PyObject *found = PyObject_CallOneArg(make_empty_array, form->thing);
    if (!found)
        return NULL;
    if (get_floats(found, &view, "a result", PyBUF_WRITABLE) < 0) {
        Py_DECREF(found);
        return NULL;
    }
    double *numbers = view.buf;
    for (Py_ssize_t i = 0; i < form->n; i++)
        numbers[i] = slots[(*places)[i]];
    *places += form->n;
    PyBuffer_Release(&view);
    return found;
}

static PyObject *build_dict(const Form *form, const double *slots, const int32_t **places, PyObject **made);
static PyObject *build_parameters(const Form *form, PyObject **made);
static PyObject *build_object(const Form *form, const double *slots, const int32_t **places, PyObject **made);
static PyObject *build_network(const Form *form, const double *slots, const int32_t **places);

/* A result, or part of one; the parameters of a network are `made` already. */
static PyObject *build_part(const Form *form, const double *slots, const int32_t **places, PyObject **made) {
    switch (form->kind) {
    case FORM_NUMBER:
        return PyFloat_FromDouble(slots[*(*places)++]);
    case FORM_ARRAY:
        return build_array(form, slots, places);
    case FORM_SAME:
        return Py_NewRef(form->thing);
    case FORM_DICT:
        return build_dict(form, slots, places, made);
    case FORM_NETWORK:
        return build_network(form, slots, places);
    case FORM_OBJECT:
        return build_object(form, slots, places, made);
    case FORM_PARAMETER:
        return Py_NewRef(made[form->number]);
    case FORM_PARAMETERS:
        return build_parameters(form, made);
    case FORM_TUPLE:
    case FORM_LIST:
        break;
    }
    const bool is_list = form->kind == FORM_LIST;
    const int32_t *numbers = *places;
    PyObject *found = is_list ? PyList_New(form->n) : PyTuple_New(form->n);
    if (!found)
        return NULL;
    if (!form->parts)
        *places += form->n;
    for (Py_ssize_t i = 0; i < form->n; i++) {
        PyObject *part = form->parts ? build_part(&form->parts[i], slots, places, made)
                                     : PyFloat_FromDouble(slots[numbers[i]]);
        if (!part) {
            Py_DECREF(found);
            return NULL;
        }
        if (is_list)
            PyList_SET_ITEM(found, i, part);
        else
            PyTuple_SET_ITEM(found, i, part);
    }
    if (form->kind == FORM_TUPLE && form->thing) {
        PyObject *args = PyTuple_Pack(1, found); /* for the type's own code to see nothing of it */
        Py_DECREF(found);
        found = args ? PyTuple_Type.tp_new((PyTypeObject *)form->thing, args, NULL) : NULL;
        Py_XDECREF(args);
    }
    return found;
}

static PyObject *build_dict(const Form *form, const double *slots, const int32_t **places, PyObject **made) {
    PyObject *found = PyDict_New();
    for (Py_ssize_t i = 0; found && i < form->n; i++) {
        PyObject *part = form->parts ? build_part(&form->parts[i], slots, places, made)
                                     : PyFloat_FromDouble(slots[*(*places)++]);
        if (!part || PyDict_SetItem(found, PyTuple_GET_ITEM(form->thing, i), part) < 0)
            Py_CLEAR(found);
        Py_XDECREF(part);
    }
    return found;
}

static PyObject *build_result(const Form *form, const double *slots, const int32_t **places) {
    return build_part(form, slots, places, NULL);
}
