/* A program as a function: the fastest way to run one. */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    Machine *machine;
    PyObject *fallback;
    PyObject *names;  /* of the arguments, in order, where they have some */
    PyObject *held;   /* what is read beside the arguments, as if it were the last of them */
    bool has_values;  /* whether some of what is read are Values */
    double *expected; /* what the last outputs must be */
    int32_t n_guards;
    unsigned long long used; /* the number of the last call, of all there were; 0 for none */
    Py_ssize_t n_args, n_by_place; /* of which the first may be given by position */
    Py_ssize_t n_held;
    Form *forms; /* of each argument, and of what is held */
    Form result;
} Call;

static unsigned long long n_calls;

enum { MOST_NAMED = 32 }; /* arguments, where some are given by name */

/* Arguments by position and by name, all by position; false if they do not fit. */
static bool place_named(const Call *call, PyObject *const *args, Py_ssize_t n_given, PyObject *names,
                        PyObject **placed) {
    const Py_ssize_t n_named = PyTuple_GET_SIZE(names);
    if (call->n_args > MOST_NAMED)
        return false;
    memset(placed, 0, (size_t)call->n_args * sizeof(PyObject *));
    memcpy(placed, args, (size_t)n_given * sizeof(PyObject *));
    for (Py_ssize_t k = 0; k < n_named; k++) {
        Py_ssize_t i = n_given;
        while (i < call->n_args && i < PyTuple_GET_SIZE(call->names) &&
               !same_key(PyTuple_GET_ITEM(call->names, i), PyTuple_GET_ITEM(names, k)))
            i++;
        if (i >= call->n_args || i >= PyTuple_GET_SIZE(call->names) || placed[i])
            return false;
        placed[i] = args[n_given + k];
    }
    return true;
}

static bool guards_hold(const Call *call, const Run *run) {
    const int32_t *places = run->places + call->machine->n_outputs - call->n_guards;
    for (int32_t k = 0; k < call->n_guards; k++)
        if (run->slots[places[k]] != call->expected[k])
            return false;
    return true;
}

/* The result in `found`, which is NULL with an exception set after an error, without one where the arguments
 * have other forms, the guards differ, or the collector of making the result ran the same program. */
static void run_on(Call *call, PyObject *const *args, PyObject **found) {
    Machine *machine = call->machine;
    Run run;
    *found = NULL;
    if (call->has_values && leaves->something_around()) /* which may depend on them */
        return;
    if (begin_run(machine, &run) < 0)
        return;
    double *slots = run.slots;
    bool fits = true;
    for (Py_ssize_t i = 0; i < call->n_args && fits; i++) /* most are plain numbers */
        fits = call->forms[i].kind == FORM_NUMBER ? read_number(args[i], slots++)
                                                  : read_numbers(&call->forms[i], args[i], &slots);
    for (Py_ssize_t i = 0; i < call->n_held && fits; i++)
        fits = read_numbers(&call->forms[call->n_args + i], PyTuple_GET_ITEM(call->held, i), &slots);
    if (fits) {
        run_program(machine, &run);
        const int32_t *places = run.places;
        if (guards_hold(call, &run))
            *found = call->result.kind == FORM_NUMBER ? PyFloat_FromDouble(run.slots[*places])
                                                      : build_result(&call->result, run.slots, &places);
        if (!is_undisturbed(machine, &run))
            Py_CLEAR(*found);
        call->used = *found ? ++n_calls : call->used;
    }
    end_run(machine, &run);
}

static PyObject *call_vectorcall(PyObject *self, PyObject *const *args, size_t flags,
                                 PyObject *names) {
    const Py_ssize_t n_given = PyVectorcall_NARGS(flags);
    const Py_ssize_t n_named = names ? PyTuple_GET_SIZE(names) : 0;
    PyObject *placed[MOST_NAMED], *found, *next = self;
    do { /* a fallback that is a call is no deeper one */
        Call *call = (Call *)next;
        next = call->fallback;
        if (n_given + n_named != call->n_args || n_given > call->n_by_place ||
            (n_named && !place_named(call, args, n_given, names, placed)))
            continue;
        run_on(call, n_named ? placed : args, &found);
        if (found || PyErr_Occurred())
            return found;
    } while (Py_TYPE(next) == Py_TYPE(self));
    return PyObject_Vectorcall(next, args, flags, names);
}

static int read_expected(Call *call, PyObject *expected) {
    const Py_ssize_t n = PyTuple_GET_SIZE(expected);
    if (n > call->machine->n_outputs) {
        PyErr_Format(PyExc_ValueError, "%zd guards do not fit %d outputs", n,
                     (int)call->machine->n_outputs);
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

static bool has_network(const Form *form) {
    bool found = form->kind == FORM_NETWORK && form->number;
    for (Py_ssize_t i = 0; form->parts && i < form->n && !found; i++)
        found = has_network(&form->parts[i]);
    return found;
}

/* The forms of arguments and of the result, of which the numbers are inputs and outputs. */
static int read_forms(Call *call, PyObject *result, PyObject *arguments) {
    const Py_ssize_t n = PyTuple_GET_SIZE(arguments);
    Py_ssize_t left = call->machine->n_outputs - call->n_guards;
    if (read_form(&call->result, result, &left, 0) < 0)
        return -1;
    if (left)
        return count_numbers(-1, &left, result);
    if (!(call->forms = new_array(n, sizeof(Form)))) {
        PyErr_NoMemory();
        return -1;
    }
    call->n_held = PyTuple_GET_SIZE(call->held);
    call->n_args = n - call->n_held;
    left = call->machine->n_inputs;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (read_form(&call->forms[i], PyTuple_GET_ITEM(arguments, i), &left, 0) < 0)
            return -1;
        call->has_values |= has_network(&call->forms[i]);
    }
    return left ? count_numbers(-1, &left, arguments) : 0;
}

static PyTypeObject *MachineType;

static PyObject *call_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"machine",   "result", "fallback", "expected", "arguments",
                            "names",     "by_place", "held", NULL};
    PyObject *machine, *result, *fallback, *expected, *arguments, *given = NULL, *held = NULL;
    Py_ssize_t by_place = PY_SSIZE_T_MAX;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!OOO!O!|O!nO!:Call", names, MachineType, &machine,
                                     &result, &fallback, &PyTuple_Type, &expected, &PyTuple_Type,
                                     &arguments, &PyTuple_Type, &given, &by_place, &PyTuple_Type, &held))
        return NULL;
    if (held && PyTuple_GET_SIZE(held) > PyTuple_GET_SIZE(arguments))
        return PyErr_Format(PyExc_ValueError, "more is held than there are layouts");
    Call *call = (Call *)type->tp_alloc(type, 0);
    if (!call)
        return NULL;
    call->vectorcall = call_vectorcall;
    call->machine = (Machine *)Py_NewRef(machine);
    call->fallback = Py_NewRef(fallback);
    call->n_by_place = by_place;
    call->names = given ? Py_NewRef(given) : PyTuple_New(0);
    call->held = held ? Py_NewRef(held) : PyTuple_New(0);
    if (!call->names || !call->held || read_expected(call, expected) < 0 || read_forms(call, result, arguments) < 0)
        Py_CLEAR(call);
    return (PyObject *)call;
}

static Py_ssize_t count_forms(const Call *call) {
    return call->forms ? call->n_args + call->n_held : 0;
}

static int call_traverse(PyObject *self, visitproc visit, void *arg) {
    const Call *call = (Call *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(call->fallback);
    Py_VISIT(call->held);
    for (Py_ssize_t i = 0; i < count_forms(call); i++) {
        const int result = visit_form(&call->forms[i], visit, arg);
        if (result)
            return result;
    }
    return visit_form(&call->result, visit, arg);
}

static int call_clear(PyObject *self) {
    Call *call = (Call *)self;
    PyObject *fallback = call->fallback;
    call->fallback = Py_NewRef(Py_None); /* which still can be called, with an error */
    Py_XDECREF(fallback);
    for (Py_ssize_t i = 0; i < count_forms(call); i++)
        if (call->forms[i].kind == FORM_SAME)
            Py_CLEAR(call->forms[i].thing); /* to which no argument is the same */
    return 0;
}

static void call_dealloc(PyObject *self) {
    Call *call = (Call *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(call->machine);
    Py_XDECREF(call->fallback);
    Py_XDECREF(call->names);
    PyMem_RawFree(call->expected);
    for (Py_ssize_t i = 0; i < count_forms(call); i++)
        free_form(&call->forms[i]);
    Py_XDECREF(call->held);
    PyMem_RawFree(call->forms);
    free_form(&call->result);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef call_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Call, vectorcall), READONLY, NULL},
    {"machine", T_OBJECT, offsetof(Call, machine), READONLY, NULL},
    {"fallback", T_OBJECT, offsetof(Call, fallback), READONLY, NULL},
    {"used", T_ULONGLONG, offsetof(Call, used), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(call_doc,
"Call(machine, result, fallback, expected, arguments, names=(), by_place=sys.maxsize, held=())\n--\n\n"
"A machine as a function of structures.\n\n"
"`result` and each of `arguments` are layouts (see program/layouts.py) of numbers, float arrays, tuples, lists and\n"
"dicts, and what stays as it is: text, None, bools, callables. Anything else is a TypeError. Called with such arguments,\n"
"by position (the first `by_place` of them) or by their `names`, it runs the machine and builds the result, new at\n"
"each call. The last outputs are compared with `expected` and not returned. Called with anything else, or where they\n"
"differ, it calls `fallback`. The last of `arguments` are the layouts of what is `held`, which is read at each call.");

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
