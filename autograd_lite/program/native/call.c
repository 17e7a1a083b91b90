/* A program as a function of floats: the fastest way to run one. */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    Machine *machine;
    PyObject *fallback;
    double *expected; /* what the last outputs must be */
    int32_t n_guards;
    int kind;
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

static PyObject *call_vectorcall(PyObject *self, PyObject *const *args, size_t flags,
                                 PyObject *names) {
    Call *call = (Call *)self;
    Machine *machine = call->machine;
    const Py_ssize_t n = PyVectorcall_NARGS(flags);
    bool plain = n == machine->n_inputs && (!names || PyTuple_GET_SIZE(names) == 0);
    for (Py_ssize_t i = 0; plain && i < n; i++)
        plain = PyFloat_CheckExact(args[i]);
    if (plain) {
        PyObject *found = NULL;
        if (call->kind != CALL_FLOAT && !(found = make_room(call)))
            return NULL;
        for (Py_ssize_t i = 0; i < n; i++)
            machine->slots[i] = PyFloat_AS_DOUBLE(args[i]);
        run_once(machine);
        if (guards_hold(call))
            return found ? fill_room(call, found)
                         : PyFloat_FromDouble(machine->slots[machine->output_slots[0]]);
        Py_XDECREF(found);
    }
    return PyObject_Vectorcall(call->fallback, args, flags, names);
}

static int read_expected(Call *call, PyObject *expected) {
    const Py_ssize_t n = expected ? PyTuple_GET_SIZE(expected) : 0;
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

static PyTypeObject *MachineType;

static PyObject *call_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"machine", "kind", "fallback", "expected", NULL};
    PyObject *machine, *fallback, *expected = NULL;
    int kind;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!iO|O!:Call", names, MachineType, &machine,
                                     &kind, &fallback, &PyTuple_Type, &expected))
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
    if (read_expected(call, expected) < 0)
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
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef call_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Call, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(call_doc,
"Call(machine, kind, fallback, expected=())\n--\n\n"
"A machine as a function of floats.\n\n"
"Called with exactly as many floats as there are inputs, it runs the machine and returns a float\n"
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
