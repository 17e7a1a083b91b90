/* Graphs become instructions, and these a program: the twin of ../python/building.py.
 *
 * A graph is read in one step, in which no Python code runs; instructions are made of what was read. */

/* --- graphs ------------------------------------------------------------------------------------------ */

/* What is read of a graph, and where in its order inputs and roots are. */
typedef struct {
    uint64_t *words; /* of each node: row and number of parents; their places, or the bits of a leaf */
    size_t n_nodes, n_left_out;
    Py_ssize_t most; /* parents of a node */
    size_t *inputs, *roots;
    Node *foreign; /* a leaf of a tracing that is none of the inputs */
} Copy;

static size_t words_for(const Node *node) {
    return 1 + (node->n_parents ? (size_t)count_parents(node) : 1);
}

/* Copy an ordered graph, whose nodes' `grad` may be used. Nothing is raised here. */
static int copy_order(const Order *order, Copy *copy, PyObject *inputs, PyObject *roots) {
    size_t size = 1;
    copy->n_nodes = order->n;
    for (size_t i = 0; i < order->n; i++) {
        Node *node = order->places[i].node;
        node->place = i;
        size += words_for(node);
        copy->most = Py_MAX(copy->most, count_parents(node));
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(inputs); i++) {
        copy->inputs[i] = (size_t)((Node *)PyTuple_GET_ITEM(inputs, i))->place;
        copy->n_left_out = Py_MAX(copy->n_left_out, copy->inputs[i] + 1);
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(roots); i++)
        copy->roots[i] = (size_t)((Node *)PyTuple_GET_ITEM(roots, i))->place;
    copy->words = size > PY_SSIZE_T_MAX / sizeof(uint64_t) ? NULL
                                                           : PyMem_Malloc(size * sizeof(uint64_t));
    if (!copy->words)
        return -1;
    uint64_t *words = copy->words;
    for (size_t i = copy->n_left_out; i < order->n; i++) {
        if (i + AHEAD < order->n)
            PREFETCH(order->places[i + AHEAD].node);
        Node *node = order->places[i].node;
        const Py_ssize_t n = count_parents(node);
        Node *const *parents = parents_of(node);
        if ((uint64_t)n > UINT32_MAX)
            return -1;
        *words++ = (uint64_t)n << 32 | node->row;
        if (!node->row) {
            *words++ = (uint64_t)bits_of(node->data);
            if (node->traced & MADE_FOR_TRACING && !copy->foreign)
                copy->foreign = (Node *)Py_NewRef((PyObject *)node);
        }
        for (Py_ssize_t k = 0; k < n; k++)
            *words++ = parents[k]->place;
    }
    return 0;
}

/* Read the graph of some roots, without what is above the inputs. */
static int read_graph(PyObject *inputs, PyObject *roots, Copy *copy) {
    Order order;
    if (walk_below(PySequence_Fast_ITEMS(inputs), PyTuple_GET_SIZE(inputs), 0,
                   PySequence_Fast_ITEMS(roots), PyTuple_GET_SIZE(roots), &order, true) < 0)
        return -1;
    const int state = copy_order(&order, copy, inputs, roots);
    restore_grads(&order);
    give_back_order(&order);
    if (state < 0)
        PyErr_NoMemory();
    return state < 0 || !copy->foreign ? state : tell_read((PyObject *)copy->foreign);
}

/* Make the instructions of a graph: the registers of its nodes. */
static int enter_copy(Builder *b, const Copy *copy, int64_t *registers, int64_t *step) {
    const uint64_t *words = copy->words;
    for (size_t i = copy->n_left_out; i < copy->n_nodes; i++) {
        const uint32_t row = (uint32_t)*words;
        const Py_ssize_t n = (Py_ssize_t)(*words++ >> 32);
        if (i % INTERVAL == INTERVAL - 1 && PyErr_CheckSignals() < 0)
            return -1;
        if (!row) {
            registers[i] = constant_register(b, number_of((int64_t)*words++));
        } else {
            if ((step[0] = kind_of(b, row)) < 0)
                return -1;
            for (Py_ssize_t k = 0; k < n; k++)
                step[1 + k] = registers[*words++];
            registers[i] = emitted(b, step, n);
        }
        if (registers[i] == NO_REGISTER)
            return -1;
    }
    return 0;
}

PyDoc_STRVAR(enter_doc,
"enter($self, inputs, roots, /)\n--\n\n"
"The registers of some Values, after those that lead from the inputs to them.\n\n"
"Leaves that are no inputs become constants.");

static PyObject *builder_enter(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    Builder *b = (Builder *)self;
    if (n != 2)
        return PyErr_Format(PyExc_TypeError, "enter takes inputs and roots");
    PyObject *inputs = nodes_of(args[0]), *roots = inputs ? nodes_of(args[1]) : NULL, *found = NULL;
    const Py_ssize_t n_inputs = inputs ? PyTuple_GET_SIZE(inputs) : 0;
    const Py_ssize_t n_roots = roots ? PyTuple_GET_SIZE(roots) : 0;
    Copy copy = {NULL, 0, 0, 0, NULL, NULL, NULL};
    int64_t *registers = NULL, *step = NULL;
    if (!roots)
        goto done;
    if (n_inputs > b->n_inputs) {
        PyErr_Format(PyExc_ValueError, "%zd inputs were given of %lld", n_inputs,
                     (long long)b->n_inputs);
        goto done;
    }
    copy.inputs = PyMem_New(size_t, n_inputs + 1);
    copy.roots = PyMem_New(size_t, n_roots + 1);
    if (!copy.inputs || !copy.roots) {
        PyErr_NoMemory();
        goto done;
    }
    if (read_graph(inputs, roots, &copy) < 0)
        goto done;
    registers = PyMem_New(int64_t, (Py_ssize_t)copy.n_nodes + 1);
    step = PyMem_New(int64_t, copy.most + 1);
    if (!registers || !step) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t i = 0; i < n_inputs; i++)
        registers[copy.inputs[i]] = i;
    found = enter_copy(b, &copy, registers, step) < 0 ? NULL : PyList_New(n_roots);
    for (Py_ssize_t i = 0; found && i < n_roots; i++) {
        PyObject *number = PyLong_FromLongLong(registers[copy.roots[i]]);
        if (number)
            PyList_SET_ITEM(found, i, number);
        else
            Py_CLEAR(found);
    }
done:
    PyMem_Free(registers);
    PyMem_Free(step);
    PyMem_Free(copy.words);
    PyMem_Free(copy.inputs);
    PyMem_Free(copy.roots);
    Py_XDECREF(copy.foreign);
    Py_XDECREF(inputs);
    Py_XDECREF(roots);
    return found;
}

/* --- the finished program ---------------------------------------------------------------------------- */

/* The numbers of what is needed, by their old ones. */
typedef struct {
    int64_t *constants, *instructions; /* -1: not needed */
    int32_t *codes;                    /* of kinds of rows */
    Py_ssize_t n_constants, n_instructions, n_codes, n_operands;
} Numbering;

static inline void need(const Builder *b, Numbering *new, int64_t reg) {
    if (reg < 0)
        new->constants[-1 - reg] = 0;
    else if (reg >= b->n_inputs)
        new->instructions[reg - b->n_inputs] = 0;
}

static inline int64_t renumbered(const Builder *b, const Numbering *new, int64_t reg) {
    if (reg < 0)
        return new->constants[-1 - reg];
    return reg < b->n_inputs ? reg : new->instructions[reg - b->n_inputs];
}

/* Number what some outputs need. */
static int number_all(const Builder *b, Numbering *new, const int64_t *outputs, Py_ssize_t n_outputs) {
    const size_t n = (size_t)n_instructions(b);
    new->constants = PyMem_Malloc((b->constants.n + 1) * sizeof(int64_t));
    new->instructions = PyMem_Malloc((n + 1) * sizeof(int64_t));
    new->codes = PyMem_Malloc((b->n_kinds + 1) * sizeof(int32_t));
    if (!new->constants || !new->instructions || !new->codes) {
        PyErr_NoMemory();
        return -1;
    }
    memset(new->constants, -1, b->constants.n * sizeof(int64_t));
    memset(new->instructions, -1, n * sizeof(int64_t));
    memset(new->codes, -1, b->n_kinds * sizeof(int32_t));
    for (Py_ssize_t i = 0; i < n_outputs; i++)
        need(b, new, outputs[i]);
    for (size_t j = n; j-- > 0;)
        for (int64_t i = b->starts.items[j] + 1; new->instructions[j] == 0 && i < b->starts.items[j + 1]; i++)
            need(b, new, b->words.items[i]);
    for (size_t i = 0; i < b->constants.n; i++)
        if (new->constants[i] == 0)
            new->constants[i] = b->n_inputs + new->n_constants++;
    for (size_t j = 0; j < n; j++) {
        if (new->instructions[j] < 0)
            continue;
        int32_t *code = &new->codes[b->words.items[b->starts.items[j]]];
        if (*code < 0)
            *code = (int32_t)new->n_codes++;
        new->n_operands += b->starts.items[j + 1] - b->starts.items[j] - 1;
        new->instructions[j] = b->n_inputs + new->n_constants + new->n_instructions++;
    }
    return 0;
}

enum { CONSTANTS, CODES, STARTS, OPERANDS, OUTPUTS, N_PARTS };

/* Fill buffers that are large enough. */
static void write_parts(const Builder *b, const Numbering *new, char *const *parts,
                        const int64_t *outputs, Py_ssize_t n_outputs) {
    int64_t *starts = (int64_t *)parts[STARTS], *operands = (int64_t *)parts[OPERANDS];
    int64_t *ends = (int64_t *)parts[OUTPUTS], *constants = (int64_t *)parts[CONSTANTS];
    int32_t *codes = (int32_t *)parts[CODES];
    for (size_t i = 0; i < b->constants.n; i++)
        if (new->constants[i] >= 0)
            *constants++ = b->constants.items[i];
    int64_t *operand = operands;
    *starts++ = 0;
    for (int64_t j = 0; j < n_instructions(b); j++) {
        if (new->instructions[j] < 0)
            continue;
        const int64_t *words = b->words.items + b->starts.items[j];
        const int64_t *end = b->words.items + b->starts.items[j + 1];
        *codes++ = new->codes[*words];
        while (++words < end)
            *operand++ = renumbered(b, new, *words);
        *starts++ = operand - operands;
    }
    for (Py_ssize_t i = 0; i < n_outputs; i++)
        ends[i] = renumbered(b, new, outputs[i]);
}

/* The rows of a program in the order of their codes. */
static PyObject *rows_by_code(const Builder *b, const Numbering *new) {
    PyObject *found = PyTuple_New(new->n_codes);
    for (size_t k = 0; found && k < b->n_kinds; k++)
        if (new->codes[k] >= 0)
            PyTuple_SET_ITEM(found, new->codes[k], Py_NewRef(rows[b->kinds[k].row].op));
    return found;
}

static PyObject *finished_parts(const Builder *b, const int64_t *outputs, Py_ssize_t n_outputs) {
    Numbering new = {NULL, NULL, NULL, 0, 0, 0, 0};
    PyObject *parts[N_PARTS] = {NULL}, *by_code = NULL, *found = NULL;
    if (number_all(b, &new, outputs, n_outputs) < 0)
        goto done;
    const Py_ssize_t n_unused = (Py_ssize_t)n_instructions(b) - new.n_instructions;
    const Py_ssize_t sizes[N_PARTS] = {8 * new.n_constants, 4 * new.n_instructions,
                                       8 * (new.n_instructions + 1), 8 * new.n_operands, 8 * n_outputs};
    char *buffers[N_PARTS];
    for (int i = 0; i < N_PARTS; i++) {
        if (!(parts[i] = PyByteArray_FromStringAndSize(NULL, sizes[i])))
            goto done;
        buffers[i] = PyByteArray_AS_STRING(parts[i]);
    }
    write_parts(b, &new, buffers, outputs, n_outputs);
    if (!(by_code = rows_by_code(b, &new))) /* last, because Python's collector may run */
        goto done;
    found = Py_BuildValue("OOOOOO{s:n,s:n,s:n,s:n}", parts[CONSTANTS], by_code, parts[CODES],
                          parts[STARTS], parts[OPERANDS], parts[OUTPUTS], "folded", b->n_folded,
                          "equal", b->n_equal, "identities", b->n_identities, "unused", n_unused);
done:
    for (int i = 0; i < N_PARTS; i++)
        Py_XDECREF(parts[i]);
    Py_XDECREF(by_code);
    PyMem_Free(new.constants);
    PyMem_Free(new.instructions);
    PyMem_Free(new.codes);
    return found;
}

/* Mark the instructions that some outputs need: 0, or -1 if these are no instructions of a program. */
static int mark_needed(int64_t first, const int64_t *starts, Py_ssize_t n, const int64_t *operands,
                       Py_ssize_t n_operands, const int64_t *outputs, Py_ssize_t n_outputs, char *marks) {
    if (first > INT64_MAX - n)
        return -1;
    for (Py_ssize_t i = 0; i < n_outputs; i++) {
        if (outputs[i] >= first + n)
            return -1;
        if (outputs[i] >= first)
            marks[outputs[i] - first] = 1;
    }
    for (Py_ssize_t j = n; j-- > 0;) {
        if (!marks[j])
            continue;
        if (starts[j] < 0 || starts[j + 1] > n_operands)
            return -1;
        for (int64_t i = starts[j]; i < starts[j + 1]; i++) {
            if (operands[i] >= first + j)
                return -1;
            if (operands[i] >= first)
                marks[operands[i] - first] = 1;
        }
    }
    return 0;
}

PyDoc_STRVAR(needed_doc,
"needed($module, first, starts, operands, outputs, /)\n--\n\n"
"Which instructions of a program some outputs need: 1 or 0 for each.\n\n"
"`first` is the register of the first one; the others are buffers of int64.");

static PyObject *needed(PyObject *module, PyObject *args) {
    (void)module;
    long long first;
    Py_buffer starts, operands, outputs;
    if (!PyArg_ParseTuple(args, "Ly*y*y*:needed", &first, &starts, &operands, &outputs))
        return NULL;
    const Py_ssize_t n = starts.len / 8 - 1;
    PyObject *marks = n < 0 ? NULL : PyByteArray_FromStringAndSize(NULL, n);
    if (marks)
        memset(PyByteArray_AS_STRING(marks), 0, (size_t)n);
    if (n < 0 || (marks && mark_needed(first, starts.buf, n, operands.buf, operands.len / 8, outputs.buf,
                                       outputs.len / 8, PyByteArray_AS_STRING(marks)) < 0)) {
        PyErr_SetString(PyExc_ValueError, "these are no instructions of a program");
        Py_CLEAR(marks);
    }
    PyBuffer_Release(&starts);
    PyBuffer_Release(&operands);
    PyBuffer_Release(&outputs);
    return marks;
}

/* --- the type ---------------------------------------------------------------------------------------- */

/* Registers out of a sequence, behind `before` unused words; NULL after an error. */
static int64_t *read_registers(const Builder *b, PyObject *sequence, int before, Py_ssize_t *n) {
    PyObject *tuple = PySequence_Tuple(sequence);
    if (!tuple)
        return NULL;
    *n = PyTuple_GET_SIZE(tuple);
    int64_t *found = PyMem_New(int64_t, *n + before + 1);
    if (!found) {
        PyErr_NoMemory();
    } else if (read_integers(tuple, -(int64_t)b->constants.n, b->n_inputs + n_instructions(b),
                             found + before) < 0) {
        PyMem_Free(found);
        found = NULL;
    }
    Py_DECREF(tuple);
    return found;
}

PyDoc_STRVAR(emit_doc,
"emit($self, row, operands, /)\n--\n\n"
"The register that holds a row of some registers, through instructions if need be.");

static PyObject *builder_emit(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    Builder *b = (Builder *)self;
    if (n != 2)
        return PyErr_Format(PyExc_TypeError, "emit takes a row and registers");
    const uint32_t row = find_row(args[0]);
    const int64_t kind = row ? kind_of(b, row) : -1;
    int64_t *words = kind < 0 ? NULL : read_registers(b, args[1], 1, &n), found = NO_REGISTER;
    if (words && !fits(&rows[row], n)) {
        PyErr_Format(PyExc_ValueError, "op %R does not take %zd arguments", rows[row].name, n);
    } else if (words) {
        words[0] = kind;
        found = emitted(b, words, n);
    }
    PyMem_Free(words);
    let_go_of_row(row);
    return found == NO_REGISTER ? NULL : PyLong_FromLongLong(found);
}

PyDoc_STRVAR(builder_constant_doc,
"constant($self, number, /)\n--\n\n"
"The register of a constant; equal bits share one, and so do all that are nan.");

static PyObject *builder_constant(PyObject *self, PyObject *thing) {
    double number;
    if (to_double(thing, &number) < 0)
        return NULL;
    const int64_t found = constant_register((Builder *)self, number);
    return found == NO_REGISTER ? NULL : PyLong_FromLongLong(found);
}

PyDoc_STRVAR(finished_doc,
"finished($self, outputs, /)\n--\n\n"
"Constants, rows, codes, starts, operands and outputs of the program, and what was saved.");

static PyObject *builder_finished(PyObject *self, PyObject *sequence) {
    Py_ssize_t n;
    int64_t *outputs = read_registers((Builder *)self, sequence, 0, &n);
    PyObject *found = outputs ? finished_parts((Builder *)self, outputs, n) : NULL;
    PyMem_Free(outputs);
    return found;
}

static PyObject *get_n_inputs(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromLongLong(((Builder *)self)->n_inputs);
}

static PyGetSetDef builder_attributes[] = {
    {"n_inputs", get_n_inputs, NULL, "How many inputs the program has.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef builder_methods[] = {
    {"constant", builder_constant, METH_O, builder_constant_doc},
    {"emit", (PyCFunction)(void (*)(void))builder_emit, METH_FASTCALL, emit_doc},
    {"enter", (PyCFunction)(void (*)(void))builder_enter, METH_FASTCALL, enter_doc},
    {"finished", builder_finished, METH_O, finished_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(builder_doc, "Builder(n_inputs, /)\n--\n\nA program as it grows, for so many inputs.");

static PyType_Slot builder_slots[] = {
    {Py_tp_doc, (void *)builder_doc},
    {Py_tp_new, (void *)builder_new},
    {Py_tp_dealloc, (void *)builder_dealloc},
    {Py_tp_getset, builder_attributes},
    {Py_tp_methods, builder_methods},
    {0, NULL},
};

static PyType_Spec builder_spec = {
    .name = "autograd_lite.engine.native._engine.Builder",
    .basicsize = sizeof(Builder),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = builder_slots,
};
