/* A program as a function of floats, and of lists of them: the fastest way to run one. */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    Machine *machine;
    PyObject *fallback;
    double *expected; /* what the last outputs must be */
    int32_t n_guards;
    int kind;
    Py_ssize_t n_args;
    Py_ssize_t *sizes; /* of each argument: how long a list it is, -1 for a float */
} Call;

enum { CALL_FLOAT, CALL_TUPLE, CALL_LIST };

/* Where the results go; made before the run, as Python's collector may run other programs in between. */
static PyObject *make_room(const Call *call) {
    const int32_t n = call->machine->n_outputs - call->n_guards;
    return call->kind == CALL_TUPLE ? PyTuple_New(n) : PyList_New(n);
}

/* The results in their room, which is lost after an error. */
static PyObject *fill_room(const Call *call, PyObject *found) {
    const Machine *machine = call->machine;
    const int32_t *slots = machine->output_slots, n = machine->n_outputs - call->n_guards;
    for (int32_t k = 0; k < n; k++) {
        PyObject *number = PyFloat_FromDouble(machine->slots[slots[k]]);
        if (!number) {
            Py_DECREF(found);
            return NULL;
        }
        if (call->kind == CALL_TUPLE)
            PyTuple_SET_ITEM(found, k, number);
        else
            PyList_SET_ITEM(found, k, number);
    }
    return found;
}

static bool guards_hold(const Call *call) {
    const Machine *machine = call->machine;
    const int32_t *slots = machine->output_slots + machine->n_outputs - call->n_guards;
    for (int32_t k = 0; k < call->n_guards; k++)
        if (machine->slots[slots[k]] != call->expected[k])
            return false;
    return true;
}

/* Put an argument into some slots; false if it is something else. */
static bool read_list(PyObject *arg, Py_ssize_t size, double *slots) {
    if (!PyList_CheckExact(arg) || PyList_GET_SIZE(arg) != size)
        return false;
    for (Py_ssize_t i = 0; i < size; i++) {
        PyObject *number = PyList_GET_ITEM(arg, i);
        if (!PyFloat_CheckExact(number))
            return false;
        slots[i] = PyFloat_AS_DOUBLE(number);
    }
    return true;
}

static bool read_args(const Call *call, PyObject *const *args) {
    double *slots = call->machine->slots;
    for (Py_ssize_t i = 0; i < call->n_args; i++) {
        const Py_ssize_t size = call->sizes[i];
        if (size < 0) {
            if (!PyFloat_CheckExact(args[i]))
                return false;
            *slots++ = PyFloat_AS_DOUBLE(args[i]);
        } else {
            if (!read_list(args[i], size, slots))
                return false;
            slots += size;
        }
    }
    return true;
}

static PyObject *call_vectorcall(PyObject *self, PyObject *const *args, size_t flags,
                                 PyObject *names) {
    Call *call = (Call *)self;
    Machine *machine = call->machine;
    if (PyVectorcall_NARGS(flags) == call->n_args && (!names || PyTuple_GET_SIZE(names) == 0)) {
        PyObject *found = NULL;
        if (call->kind != CALL_FLOAT && !(found = make_room(call)))
            return NULL;
        if (read_args(call, args)) {
            run_once(machine);
            if (guards_hold(call))
                return found ? fill_room(call, found)
                             : PyFloat_FromDouble(machine->slots[machine->output_slots[0]]);
        }
        Py_XDECREF(found);
    }
    return PyObject_Vectorcall(call->fallback, args, flags, names);
}

static int read_expected(Call *call, PyObject *expected) {
    const Py_ssize_t n = PyTuple_GET_SIZE(expected);
    if (n > call->machine->n_outputs ||
        (call->kind == CALL_FLOAT && call->machine->n_outputs != n + 1)) {
        PyErr_Format(PyExc_ValueError, "%d outputs do not fit kind %d and %zd guards",
                     (int)call->machine->n_outputs, call->kind, n);
        return -1;
    }
    call->n_guards = (int32_t)n;
    call->expected = new_array(n, sizeof(double));
    if (!call->expected) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t k = 0; k < n; k++) {
        call->expected[k] = PyFloat_AsDouble(PyTuple_GET_ITEM(expected, k));
        if (call->expected[k] == -1.0 && PyErr_Occurred())
            return -1;
    }
    return 0;
}

/* The sizes of arguments, which together are the inputs. */
static int read_sizes(Call *call, PyObject *sizes) {
    Py_ssize_t left = call->machine->n_inputs;
    call->n_args = PyTuple_GET_SIZE(sizes);
    if (!(call->sizes = new_array(call->n_args, sizeof(Py_ssize_t)))) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < call->n_args && left >= 0; i++) {
        const Py_ssize_t size = PyLong_AsSsize_t(PyTuple_GET_ITEM(sizes, i));
        if (size == -1 && PyErr_Occurred())
            return -1;
        call->sizes[i] = size;
        left = size < -1 || size > left ? -1 : left - (size < 0 ? 1 : size);
    }
    if (left == 0)
        return 0;
    PyErr_Format(PyExc_ValueError, "sizes of arguments are -1 for a float or the length of a list, %d "
                 "numbers in all, and are %R", (int)call->machine->n_inputs, sizes);
    return -1;
}

static PyTypeObject *MachineType;

static PyObject *call_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"machine", "kind", "fallback", "expected", "sizes", NULL};
    PyObject *machine, *fallback, *expected, *sizes;
    int kind;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!iOO!O!:Call", names, MachineType, &machine,
                                     &kind, &fallback, &PyTuple_Type, &expected, &PyTuple_Type,
                                     &sizes))
        return NULL;
    if (kind < CALL_FLOAT || kind > CALL_LIST)
        return PyErr_Format(PyExc_ValueError, "kind is 0 for a float, 1 for a tuple or 2 for a list "
                            "and was given %d", kind);
    Call *call = (Call *)type->tp_alloc(type, 0);
    if (!call)
        return NULL;
    call->vectorcall = call_vectorcall;
    call->machine = (Machine *)Py_NewRef(machine);
    call->fallback = Py_NewRef(fallback);
    call->kind = kind;
    if (read_expected(call, expected) < 0 || read_sizes(call, sizes) < 0)
        Py_CLEAR(call);
    return (PyObject *)call;
}

static int call_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Call *)self)->fallback);
    return 0;
}

static int call_clear(PyObject *self) {
    PyObject *fallback = ((Call *)self)->fallback;
    ((Call *)self)->fallback = Py_NewRef(Py_None); /* which still can be called, with an error */
    Py_XDECREF(fallback);
    return 0;
}

static void call_dealloc(PyObject *self) {
    Call *call = (Call *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(call->machine);
    Py_XDECREF(call->fallback);
    PyMem_RawFree(call->expected);
    PyMem_RawFree(call->sizes);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef call_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Call, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(call_doc,
"Call(machine, kind, fallback, expected, sizes)\n--\n\n"
"A machine as a function of floats and of lists of floats.\n\n"
"Called with floats (size -1) and lists of the sizes that are given, it runs the machine and returns a float\n"
"(kind 0), a tuple (1) or a list (2); the last outputs are compared with `expected` and not returned.\n"
"Called with anything else, or where they differ, it calls `fallback`.");

static PyType_Slot call_slots[] = {
    {Py_tp_doc, (void *)call_doc},
    {Py_tp_new, call_new},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_traverse, call_traverse},
    {Py_tp_clear, call_clear},
    {Py_tp_dealloc, call_dealloc},
    {Py_tp_members, call_members},
    {0, NULL},
};

static PyType_Spec call_spec = {
    "autograd_lite.program.native.Call", sizeof(Call), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE,
    call_slots,
};
