/* A program on arrays that stay: a call without arguments. */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    Machine *machine;
    Argument inputs;
    Py_buffer outputs;
    Py_ssize_t n_rows; /* -1 for a single run */
} Bound;

static PyObject *bound_vectorcall(PyObject *self, PyObject *const *args, size_t flags, PyObject *names) {
    Bound *bound = (Bound *)self;
    Machine *machine = bound->machine;
    const Py_ssize_t n = PyVectorcall_NARGS(flags) + (names ? PyTuple_GET_SIZE(names) : 0);
    (void)args;
    if (n)
        return PyErr_Format(PyExc_TypeError, "a bound program takes no arguments and was given %zd", n);
    if (bound->n_rows >= 0) {
        if (bound->n_rows > 0 && machine->n_outputs > 0 &&
            map_rows(machine, &bound->inputs, 1, bound->n_rows, bound->outputs.buf, false, 1) < 0)
            return NULL;
        Py_RETURN_NONE;
    }
    Run run;
    if (begin_run(machine, &run) < 0)
        return NULL;
    memcpy(run.slots, bound->inputs.view.buf, (size_t)machine->n_inputs * sizeof(double));
    run_program(machine, &run);
    copy_outputs(machine, &run, bound->outputs.buf);
    end_run(machine, &run);
    Py_RETURN_NONE;
}

static int check_bound(const Py_buffer *view, Py_ssize_t n_rows, int32_t n, const char *what) {
    const Py_ssize_t length = view->len / (Py_ssize_t)sizeof(double), rows = n_rows < 0 ? 1 : n_rows;
    if (rows == 0 || n == 0 ? length == 0 : length % n == 0 && length / n == rows)
        return 0;
    PyErr_Format(PyExc_ValueError, "%s of %zd rows have %d numbers each and the array has %zd", what, rows, (int)n,
                 length);
    return -1;
}

static PyObject *bound_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"machine", "inputs", "outputs", "n_rows", NULL};
    PyObject *machine, *inputs, *outputs;
    Py_ssize_t n_rows;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!OOn:Bound", names, MachineType, &machine, &inputs, &outputs,
                                     &n_rows))
        return NULL;
    Bound *bound = (Bound *)type->tp_alloc(type, 0);
    if (!bound)
        return NULL;
    bound->vectorcall = bound_vectorcall;
    bound->machine = (Machine *)Py_NewRef(machine);
    bound->n_rows = n_rows;
    bound->inputs.count = bound->machine->n_inputs;
    bound->inputs.columns = true;
    if (get_floats(inputs, &bound->inputs.view, "inputs", 0) < 0 ||
        check_bound(&bound->inputs.view, n_rows, bound->machine->n_inputs, "inputs") < 0 ||
        get_floats(outputs, &bound->outputs, "outputs", PyBUF_WRITABLE) < 0 ||
        check_bound(&bound->outputs, n_rows, bound->machine->n_outputs, "outputs") < 0)
        Py_CLEAR(bound);
    return (PyObject *)bound;
}

static void bound_dealloc(PyObject *self) {
    Bound *bound = (Bound *)self;
    PyTypeObject *type = Py_TYPE(self);
    if (bound->inputs.view.obj)
        PyBuffer_Release(&bound->inputs.view);
    if (bound->outputs.obj)
        PyBuffer_Release(&bound->outputs);
    Py_XDECREF(bound->machine);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef bound_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Bound, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(bound_doc,
"Bound(machine, inputs, outputs, n_rows)\n--\n\n"
"A machine on two arrays of float64, called without arguments: it runs on what `inputs` holds and fills\n"
"`outputs`. With -1 rows these are vectors, else each has a row of the array for each input and output.");

static PyType_Slot bound_slots[] = {
    {Py_tp_doc, (void *)bound_doc},
    {Py_tp_new, bound_new},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_dealloc, bound_dealloc},
    {Py_tp_members, bound_members},
    {0, NULL},
};

static PyType_Spec bound_spec = {
    "autograd_lite.program.native.Bound", sizeof(Bound), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE, bound_slots,
};
