/* Machine code in the place of instructions: it is made elsewhere (program/jit/machine_code.py) and runs here. */

/* Hold who owns some machine code as long as the machine is there. */
static int hold_owner(Machine *machine, PyObject *owner) {
    if (!machine->owners && !(machine->owners = PyList_New(0)))
        return -1;
    return PyList_Append(machine->owners, owner);
}

static void *get_address(PyObject *number) {
    void *found = PyLong_AsVoidPtr(number);
    if (!found && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "an address is 0");
    return found;
}

PyDoc_STRVAR(machine_watch_doc,
"watch(runs, rows, watcher)\n--\n\n"
"Call `watcher` once when so many runs were begun, without arguments; and once for each way in which so\n"
"many rows were run, with the bytes that say which inputs were shared, and whether rows were added up.");

static PyObject *machine_watch(PyObject *self, PyObject *args) {
    Machine *machine = (Machine *)self;
    PyObject *watcher, *old = machine->watcher;
    unsigned long long runs, rows;
    if (!PyArg_ParseTuple(args, "KKO:watch", &runs, &rows, &watcher))
        return NULL;
    machine->patience_runs = machine->n_runs + runs;
    machine->patience_rows = rows;
    machine->watcher = Py_NewRef(watcher);
    Py_XDECREF(old);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(machine_install_doc,
"install(addresses, n_slots, output_slots, n_doubtful, owner)\n--\n\n"
"Run functions in the place of instructions, the one after the other, from the next run on.\n\n"
"Each takes a pointer to `n_slots` numbers, of which the first are inputs and constants; they leave the\n"
"outputs at `output_slots` (int64). Where one of `n_doubtful` slots behind the constants is 0 or nan then,\n"
"instructions are run all the same. `owner` lives as long as the machine.");

static PyObject *machine_install(PyObject *self, PyObject *args) {
    Machine *machine = (Machine *)self;
    const int32_t first = first_instruction(machine);
    PyObject *addresses, *outputs, *owner;
    Py_ssize_t n_slots, n_doubtful, n_outputs = machine->n_outputs;
    if (!PyArg_ParseTuple(args, "O!nOnO:install", &PyList_Type, &addresses, &n_slots, &outputs, &n_doubtful, &owner))
        return NULL;
    if (n_slots < machine->n_slots)
        n_slots = machine->n_slots;
    if (n_doubtful < 0 || n_slots < first + n_doubtful || n_slots > INT32_MAX)
        return PyErr_Format(PyExc_ValueError, "%zd slots are too few or too many, or %zd doubtful", n_slots, n_doubtful);
    Pieces *pieces = new_array(1, sizeof(Pieces));
    double *slots = new_array(n_slots, sizeof(double));
    const Py_ssize_t n = PyList_GET_SIZE(addresses);
    if (pieces) {
        pieces->pieces = new_array(n, sizeof(*pieces->pieces));
        pieces->n_slots = (int32_t)n_slots;
        pieces->n_pieces = (int32_t)n;
        pieces->first_doubtful = first;
        pieces->n_doubtful = (int32_t)n_doubtful;
    }
    if (!pieces || !slots || !pieces->pieces) {
        PyErr_NoMemory();
        goto failed;
    }
    pieces->output_slots = get_numbers(outputs, "output_slots", 8, &n_outputs, n_slots - 1);
    if (!pieces->output_slots || hold_owner(machine, owner) < 0)
        goto failed;
    pieces->in_a_row = n_outputs > 0;
    for (Py_ssize_t k = 0; k < n_outputs; k++)
        pieces->in_a_row &= pieces->output_slots[k] == pieces->output_slots[0] + k;
    for (Py_ssize_t k = 0; k < n; k++)
        if (!(pieces->pieces[k] = (void (*)(double *))get_address(PyList_GET_ITEM(addresses, k))))
            goto failed;
    memcpy(slots + machine->n_inputs, machine->slots + machine->n_inputs,
           (size_t)machine->n_constants * sizeof(double));
    pieces->slots_before = machine->slots;
    pieces->pieces_before = machine->pieces;
    machine->slots = slots;
    machine->n_runs++; /* one that goes on now looks at the old slots */
    machine->pieces = pieces;
    Py_RETURN_NONE;
failed:
    free_pieces(pieces);
    PyMem_RawFree(slots);
    return NULL;
}

/* Whether each input is shared, from bytes; NULL with an error set. */
static const char *get_shared(const Machine *machine, PyObject *shared) {
    if (PyBytes_Check(shared) && PyBytes_GET_SIZE(shared) == machine->n_inputs)
        return PyBytes_AS_STRING(shared);
    PyErr_Format(PyExc_ValueError, "shared has a byte for each of %d inputs and is %R", (int)machine->n_inputs,
                 shared);
    return NULL;
}

static PyObject *numbers_tuple(const int32_t *numbers, Py_ssize_t n) {
    PyObject *found = PyTuple_New(n);
    for (Py_ssize_t k = 0; found && k < n; k++) {
        PyObject *number = PyLong_FromLong(numbers[k]);
        if (!number)
            Py_CLEAR(found);
        else
            PyTuple_SET_ITEM(found, k, number);
    }
    return found;
}

PyDoc_STRVAR(machine_steps_doc,
"steps(shared, reduce)\n--\n\n"
"The steps in which blocks of rows are run, and the places of the outputs (none are read if reduced).\n\n"
"`shared` has a byte for each input. A step is (instruction, places): of the result and the operands, r >= 0\n"
"for a block, else the number ~r of those that are the same for all rows. The instruction is -1 where a step\n"
"is more than one, and may read and write any block. The first blocks hold the inputs that are read.");

static PyObject *machine_steps(PyObject *self, PyObject *args) {
    Machine *machine = (Machine *)self;
    PyObject *bytes, *steps = NULL, *outputs = NULL, *found = NULL;
    int reduce;
    if (!PyArg_ParseTuple(args, "Op:steps", &bytes, &reduce))
        return NULL;
    const char *shared = get_shared(machine, bytes);
    Plan *plan = shared ? make_plan(machine, shared, reduce) : NULL;
    if (!plan)
        return NULL;
    steps = PyList_New(plan->n_steps);
    const int32_t *refs = plan->refs;
    for (Py_ssize_t k = 0; steps && k < plan->n_steps; k++) {
        const Step *step = &plan->steps[k];
        PyObject *places = numbers_tuple(refs, step->own < 0 ? 0 : step->n_refs);
        PyObject *pair = places ? Py_BuildValue("(iN)", (int)step->own, places) : NULL;
        if (!pair)
            Py_CLEAR(steps);
        else
            PyList_SET_ITEM(steps, k, pair);
        refs += step->n_refs;
    }
    outputs = steps ? numbers_tuple(plan->outputs, reduce ? 0 : machine->n_outputs) : NULL;
    if (outputs)
        found = PyTuple_Pack(2, steps, outputs);
    free_plan(plan);
    Py_XDECREF(steps);
    Py_XDECREF(outputs);
    return found;
}

/* Copy the steps before `first`, and put one function in the place of `count` from there on. */
static int replace_steps(const Plan *plan, PyObject *given, int32_t *next, Step **to) {
    PyObject *address;
    Py_ssize_t first, count;
    if (!PyArg_ParseTuple(given, "nnO", &first, &count, &address))
        return -1;
    if (first < *next || count < 0 || count > plan->n_steps - first) {
        PyErr_Format(PyExc_ValueError, "no steps can be replaced from %zd, %zd of them", first, count);
        return -1;
    }
    while (*next < first)
        *(*to)++ = plan->steps[(*next)++];
    Step whole = {.n = (int32_t)count, .own = -1};
    for (; *next < first + count; (*next)++) {
        if (plan->steps[*next].own < 0) {
            PyErr_Format(PyExc_ValueError, "step %d is more than an instruction", (int)*next);
            return -1;
        }
        whole.n_refs += plan->steps[*next].n_refs;
    }
    whole.kernel = (Kernel)get_address(address);
    *(*to)++ = whole;
    return whole.kernel ? 0 : -1;
}

PyDoc_STRVAR(machine_install_rows_doc,
"install_rows(shared, reduce, segments, direct, owner)\n--\n\n"
"Run functions in the place of steps, each (first step, count, address), from the next `map` on.\n\n"
"A function takes a pointer to a FRAME. They are `direct` if they stand for all steps and read and write columns\n"
"of inputs and outputs. `owner` lives as long as the machine.");

static PyObject *machine_install_rows(PyObject *self, PyObject *args) {
    Machine *machine = (Machine *)self;
    PyObject *bytes, *segments, *owner;
    int reduce, direct;
    if (!PyArg_ParseTuple(args, "OpO!pO:install_rows", &bytes, &reduce, &PyTuple_Type, &segments, &direct, &owner))
        return NULL;
    const char *shared = get_shared(machine, bytes);
    if (direct && reduce)
        return PyErr_Format(PyExc_ValueError, "what is added up over rows has no columns");
    if (!shared || hold_owner(machine, owner) < 0)
        return NULL;
    Plan *plan = make_plan(machine, shared, reduce);
    if (!plan)
        return NULL;
    int32_t next = 0;
    const Py_ssize_t n = PyTuple_GET_SIZE(segments);
    Step *steps = new_array(plan->n_steps + n, sizeof(Step)), *to = steps;
    bool done = steps != NULL;
    if (!done)
        PyErr_NoMemory();
    for (Py_ssize_t k = 0; k < n && done; k++)
        done = replace_steps(plan, PyTuple_GET_ITEM(segments, k), &next, &to) == 0;
    if (!done) {
        PyMem_RawFree(steps);
        free_plan(plan);
        return NULL;
    }
    while (next < plan->n_steps)
        *to++ = plan->steps[next++];
    if (direct) {
        plan->exact = plan->steps;
        plan->n_exact = plan->n_steps;
    } else {
        PyMem_RawFree(plan->steps);
    }
    plan->steps = steps;
    plan->n_steps = (int32_t)(to - steps);
    plan->compiled = plan->asked = true;
    keep_plan(machine, plan);
    Py_RETURN_NONE;
}

/* The functions of the C library, as instructions call them, and where they are. */
#define FUNCTION_1(name, c) static double leaf_##c(double x) { return forward_##name(x, NULL); }
#define FUNCTION_2(name, c) static double leaf_##c(double x, double y) { return forward_##name(x, y, NULL); }
#define FUNCTION_3(name, c) static double leaf_##c(double x, double y, double z) { return forward_##name(x, y, z, NULL); }
FUNCTIONS_1(FUNCTION_1)
FUNCTIONS_2(FUNCTION_2)
FUNCTIONS_3(FUNCTION_3)

static int add_leaves(PyObject *module) {
    static const struct {
        const char *name;
        uintptr_t address;
    } leaves_by_name[] = {
#define PLACE_LEAF(name, c) {#c, (uintptr_t)leaf_##c},
        FUNCTIONS_1(PLACE_LEAF) FUNCTIONS_2(PLACE_LEAF) FUNCTIONS_3(PLACE_LEAF) {NULL, 0},
    };
    PyObject *found = PyDict_New();
    for (int k = 0; found && leaves_by_name[k].name; k++) {
        PyObject *address = PyLong_FromUnsignedLongLong(leaves_by_name[k].address);
        if (!address || PyDict_SetItemString(found, leaves_by_name[k].name, address) < 0)
            Py_CLEAR(found);
        Py_XDECREF(address);
    }
    const int result = found ? PyModule_AddObjectRef(module, "LEAVES", found) : -1;
    Py_XDECREF(found);
    return result;
}

/* Where machine code finds what a Frame holds: offsets in bytes. */
static int add_frame(PyObject *module) {
#define OFFSET(name, field) name, (int)offsetof(Direct, field)
    PyObject *frame = Py_BuildValue(
        "{s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i}", OFFSET("blocks", frame.blocks), OFFSET("uniform", frame.uniform),
        OFFSET("lanes", frame.lanes), OFFSET("inputs", inputs), OFFSET("outputs", outputs),
        OFFSET("input_stride", input_stride), OFFSET("output_stride", output_stride), OFFSET("doubts", doubts));
#undef OFFSET
    const int result = frame ? PyModule_AddObjectRef(module, "FRAME", frame) : -1;
    Py_XDECREF(frame);
    return result;
}
