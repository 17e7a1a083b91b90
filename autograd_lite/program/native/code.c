/* What a program is, how one is checked, and where its numbers lie.
 *
 * Registers are numbered: inputs, constants, then one for each instruction. Whatever a caller passes,
 * nothing here is read before it was checked, so a program that comes from a file can be wrong,
 * but not dangerous. */

enum { MOST_ATTRS = 4, MOST_REGISTERS = INT32_MAX / 2, KEPT_PLANS = 4 };

enum {
#define ENUMERATE(name, text, attrs, vectors, numbers, some) CODE_##name,
    KERNELS(ENUMERATE)
#undef ENUMERATE
    N_KERNELS
};

/* A row: its vectors of arguments, then its single arguments. */
static const struct {
    const char *name;
    int n_attrs, n_vectors, n_numbers, needs_some;
} kernels[N_KERNELS] = {
#define DESCRIBE(name, text, attrs, vectors, numbers, some) {text, attrs, vectors, numbers, some},
    KERNELS(DESCRIBE)
#undef DESCRIBE
};

typedef struct {
    int32_t kernel;
    double attrs[MOST_ATTRS];
} Row;
_Static_assert(offsetof(Row, attrs) % sizeof(double) == 0, "numbers must be aligned to their size, as 32-bit x86 does not");

typedef struct Plan Plan;

/* Machine code for single runs, in pieces that take each other's numbers out of the slots. */
typedef struct Pieces {
    void (**pieces)(double *slots);
    int32_t *output_slots;
    bool in_a_row; /* these, so that outputs are copied at once */
    int32_t n_pieces, n_slots;
    int32_t first_doubtful, n_doubtful; /* slots of outputs, where a nan or a zero means: run the code instead */
    uint64_t n_runs, n_doubts;
    bool refused;               /* as that happened often */
    double *slots_before;       /* at which a run that was begun before these may still look, as at */
    struct Pieces *pieces_before; /* its places */
} Pieces;

typedef struct {
    PyObject_HEAD
    int32_t n_inputs, n_constants, n_outputs, n_instructions, n_operands, n_rows;
    int32_t n_slots; /* numbers that are kept at a time, when it is run once */
    Row *rows;
    int32_t *codes;    /* of each instruction, which row */
    int32_t *starts;   /* where its operands begin, and the end of all */
    int32_t *operands; /* registers */
    int32_t *outputs;  /* registers */
    int32_t *code;     /* for `run_code` */
    int32_t *output_slots;
    double *slots; /* inputs, constants, and others; for a run that holds the GIL all the time */
    uint64_t n_runs; /* that began in these slots */
    Plan *plans[KEPT_PLANS]; /* for `map`, the last one first; NULL after them */
    Pieces *pieces;    /* in the place of `code`, or NULL */
    PyObject *owners;  /* of machine code, a list; or NULL */
    PyObject *watcher; /* is called, once for each way of running, after so many runs or rows; or NULL */
    uint64_t patience_runs, patience_rows;
    bool asked;        /* the watcher was called for single runs */
} Machine;

static inline int32_t first_instruction(const Machine *machine) {
    return machine->n_inputs + machine->n_constants;
}

/* Room for some numbers, at least one, all 0; memory that is not touched costs nothing. */
static void *new_array(Py_ssize_t n, size_t size) {
    return (size_t)n > PY_SSIZE_T_MAX / size ? NULL : PyMem_RawCalloc(n ? (size_t)n : 1, size);
}

/* --- buffers ------------------------------------------------------------------------------------- */

/* Contiguous numbers of one type; `formats` are letters of `struct`. */
static int get_buffer(PyObject *thing, Py_buffer *view, const char *what, const char *formats,
                      Py_ssize_t size, int flags) {
    if (PyObject_GetBuffer(thing, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | flags) < 0) {
        if (PyErr_ExceptionMatches(PyExc_BufferError) || PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Format(PyExc_ValueError, "%s must be a contiguous%s array and is %R", what,
                         flags & PyBUF_WRITABLE ? ", writable" : "", thing);
        return -1;
    }
    const char *format = view->format ? view->format : "B";
    if (view->len && (uintptr_t)view->buf % (size_t)size) { /* no numbers: anywhere */
        PyErr_Format(PyExc_ValueError, "%s must be aligned in memory; pass a copy", what);
    } else if (!*format || format[1] || !strchr(formats, *format) || view->itemsize != size) {
        PyErr_Format(PyExc_ValueError, "%s must be an array of %s and is one of format '%s'", what,
                     *formats == 'd' ? "float64" : size == 4 ? "int32" : "int64", format);
    } else {
        return 0;
    }
    PyBuffer_Release(view);
    return -1;
}

static int get_floats(PyObject *thing, Py_buffer *view, const char *what, int flags) {
    return get_buffer(thing, view, what, "d", sizeof(double), flags);
}

/* A copy of an array of int32 or int64, as many as `n` (any number if -1), each from 0 to `limit`. */
static int32_t *get_numbers(PyObject *thing, const char *what, Py_ssize_t size, Py_ssize_t *n,
                            int64_t limit) {
    Py_buffer view;
    if (get_buffer(thing, &view, what, "ilq", size, 0) < 0)
        return NULL;
    const Py_ssize_t length = view.len / size;
    int32_t *found = NULL;
    if (*n >= 0 && length != *n) {
        PyErr_Format(PyExc_ValueError, "%s must have %zd entries and has %zd", what, *n, length);
    } else if (length > INT32_MAX - 1) {
        PyErr_Format(PyExc_ValueError, "%s has %zd entries, which is too many", what, length);
    } else if (!(found = new_array(length, sizeof(int32_t)))) {
        PyErr_NoMemory();
    }
    *n = length;
    for (Py_ssize_t i = 0; found && i < length; i++) {
        const int64_t number = size == 4 ? ((int32_t *)view.buf)[i] : ((int64_t *)view.buf)[i];
        if (number < 0 || number > limit) {
            PyErr_Format(PyExc_ValueError, "%s[%zd] must be from 0 to %lld and is %lld", what, i,
                         (long long)limit, (long long)number);
            PyMem_RawFree(found);
            found = NULL;
        } else {
            found[i] = (int32_t)number;
        }
    }
    PyBuffer_Release(&view);
    return found;
}

/* --- checks -------------------------------------------------------------------------------------- */

static int read_row(Row *row, PyObject *given) {
    PyObject *name, *attrs;
    if (!PyTuple_Check(given) || PyTuple_GET_SIZE(given) != 2 ||
        !PyUnicode_Check(name = PyTuple_GET_ITEM(given, 0)) ||
        !PyTuple_Check(attrs = PyTuple_GET_ITEM(given, 1))) {
        PyErr_Format(PyExc_ValueError, "a row is (name, (attribute, ...)) and was given %R", given);
        return -1;
    }
    for (row->kernel = 0; row->kernel < N_KERNELS; row->kernel++)
        if (PyUnicode_CompareWithASCIIString(name, kernels[row->kernel].name) == 0)
            break;
    if (row->kernel == N_KERNELS) {
        PyErr_Format(PyExc_ValueError, "the machine has no instruction %R", name);
        return -1;
    }
    const int n_attrs = kernels[row->kernel].n_attrs;
    if (PyTuple_GET_SIZE(attrs) != n_attrs) {
        PyErr_Format(PyExc_ValueError, "%R has %d attributes and was given %R", name, n_attrs, attrs);
        return -1;
    }
    for (int i = 0; i < n_attrs; i++) {
        PyObject *attr = PyTuple_GET_ITEM(attrs, i);
        if (!PyFloat_Check(attr)) {
            PyErr_Format(PyExc_ValueError, "attributes are floats; %R was given %R", name, attrs);
            return -1;
        }
        row->attrs[i] = PyFloat_AS_DOUBLE(attr);
    }
    return 0;
}

static int read_rows(Machine *machine, PyObject *given) {
    PyObject *rows = PySequence_Tuple(given); /* which no Python code can change */
    if (!rows)
        return -1;
    const Py_ssize_t n = PyTuple_GET_SIZE(rows);
    int result = -1;
    if (n > MOST_REGISTERS) {
        PyErr_Format(PyExc_ValueError, "%zd rows are too many", n);
    } else if (!(machine->rows = new_array(n, sizeof(Row)))) {
        PyErr_NoMemory();
    } else {
        machine->n_rows = (int32_t)n;
        result = 0;
        for (Py_ssize_t i = 0; i < n && result == 0; i++)
            result = read_row(&machine->rows[i], PyTuple_GET_ITEM(rows, i));
    }
    Py_DECREF(rows);
    return result;
}

static int check_instruction(const Machine *machine, int32_t j) {
    const int32_t start = machine->starts[j], end = machine->starts[j + 1];
    if (end < start) {
        PyErr_Format(PyExc_ValueError, "starts must not fall, and do after instruction %d", (int)j);
        return -1;
    }
    const int32_t kernel = machine->rows[machine->codes[j]].kernel, n = end - start;
    const int vectors = kernels[kernel].n_vectors, rest = n - kernels[kernel].n_numbers;
    if (rest < 0 || (vectors ? rest % vectors != 0 : rest != 0) ||
        (rest == 0 && kernels[kernel].needs_some)) {
        PyErr_Format(PyExc_ValueError, "instruction %d: '%s' does not take %d operands", (int)j,
                     kernels[kernel].name, (int)n);
        return -1;
    }
    const int32_t own = first_instruction(machine) + j;
    for (int32_t k = start; k < end; k++)
        if (machine->operands[k] >= own) {
            PyErr_Format(PyExc_ValueError, "instruction %d fills register %d and reads %d, which is "
                         "not filled before", (int)j, (int)own, (int)machine->operands[k]);
            return -1;
        }
    return 0;
}

/* Read and check everything; constants go to `slots`, behind the inputs. */
static int read_program(Machine *machine, PyObject *rows, PyObject *codes, PyObject *starts,
                        PyObject *operands, PyObject *constants, Py_ssize_t n_inputs,
                        PyObject *outputs) {
    Py_buffer view;
    Py_ssize_t n, n_starts, n_operands = -1, n_outputs = -1;
    if (n_inputs < 0 || n_inputs > MOST_REGISTERS) {
        PyErr_Format(PyExc_ValueError, "a program cannot have %zd inputs", n_inputs);
        return -1;
    }
    machine->n_inputs = (int32_t)n_inputs;
    if (read_rows(machine, rows) < 0 || get_floats(constants, &view, "constants", 0) < 0)
        return -1;
    n = view.len / (Py_ssize_t)sizeof(double);
    if (n <= MOST_REGISTERS - n_inputs) {
        machine->n_constants = (int32_t)n;
        machine->slots = new_array(n_inputs + n, sizeof(double));
        if (machine->slots)
            memcpy(machine->slots + n_inputs, view.buf, (size_t)n * sizeof(double));
        else
            PyErr_NoMemory();
    } else {
        PyErr_Format(PyExc_ValueError, "%zd inputs and %zd constants are too many", n_inputs, n);
    }
    PyBuffer_Release(&view);
    n = -1;
    if (!machine->slots ||
        !(machine->codes = get_numbers(codes, "codes", 4, &n, machine->n_rows - 1)))
        return -1;
    if (n > MOST_REGISTERS - first_instruction(machine)) {
        PyErr_Format(PyExc_ValueError, "%zd instructions are too many", n);
        return -1;
    }
    machine->n_instructions = (int32_t)n;
    n_starts = n + 1;
    const int32_t last = first_instruction(machine) + machine->n_instructions - 1;
    if (!(machine->operands = get_numbers(operands, "operands", 8, &n_operands, last)) ||
        !(machine->starts = get_numbers(starts, "starts", 8, &n_starts, n_operands)) ||
        !(machine->outputs = get_numbers(outputs, "outputs", 8, &n_outputs, last)))
        return -1;
    machine->n_operands = (int32_t)n_operands;
    machine->n_outputs = (int32_t)n_outputs;
    if (machine->starts[0] != 0 || machine->starts[n] != n_operands) {
        PyErr_Format(PyExc_ValueError, "starts must go from 0 to %zd, the number of operands, and "
                     "go from %d to %d", n_operands, (int)machine->starts[0], (int)machine->starts[n]);
        return -1;
    }
    for (int32_t j = 0; j < machine->n_instructions; j++)
        if (check_instruction(machine, j) < 0)
            return -1;
    return 0;
}

/* --- storage ------------------------------------------------------------------------------------- */

/* For each register where it is read for the last time, as 1 + the place among all operands, or 0;
 * `kept` says that outputs never are. NULL if memory is short. */
static int32_t *find_ends(const Machine *machine, bool kept) {
    const int32_t n = first_instruction(machine) + machine->n_instructions;
    int32_t *ends = new_array(n, sizeof(int32_t));
    for (int32_t k = 0; ends && k < machine->n_operands; k++)
        ends[machine->operands[k]] = k + 1;
    for (int32_t k = 0; ends && kept && k < machine->n_outputs; k++)
        ends[machine->outputs[k]] = INT32_MAX;
    return ends;
}

/* Places that are free again, the latest on top: it is in the nearest cache. */
typedef struct {
    int32_t *places;
    int32_t n, next; /* free ones, and the first that was never used */
} Pool;

static inline int32_t take_place(Pool *pool) {
    return pool->n ? pool->places[--pool->n] : pool->next++;
}

/* Free the places of those of n operands which nobody reads later, `count` having been read before them.
 * Constants, and what has a negative place, stay where they are. */
static inline void free_operands(const Machine *machine, const int32_t *reads, int32_t n,
                                 int32_t count, const int32_t *ends, const int32_t *places,
                                 Pool *pool) {
    for (int32_t k = 0; k < n; k++) {
        const int32_t operand = reads[k];
        if (ends[operand] == count + k + 1 && places[operand] >= 0 &&
            (operand < machine->n_inputs || operand >= first_instruction(machine)))
            pool->places[pool->n++] = places[operand];
    }
}

/* Give the result of instruction `j` a place in `places` (by register), perhaps that of an operand which
 * nobody reads after it; but not if it is a fold, whose totals grow in the result's place. */
static int32_t place_result(const Machine *machine, int32_t j, const int32_t *reads, int32_t n,
                            int32_t count, const int32_t *ends, int32_t *places, Pool *pool) {
    const int32_t own = first_instruction(machine) + j;
    const bool fold = kernels[machine->rows[machine->codes[j]].kernel].n_vectors > 0;
    if (fold)
        places[own] = take_place(pool);
    free_operands(machine, reads, n, count, ends, places, pool);
    if (!fold)
        places[own] = take_place(pool);
    return places[own];
}

/* Free the place of what nobody reads. */
static inline void free_unread(int32_t reg, const int32_t *ends, const int32_t *places, Pool *pool) {
    if (ends[reg] == 0)
        pool->places[pool->n++] = places[reg];
}

static void free_plan(Plan *plan);

static void free_pieces(Pieces *pieces) {
    if (pieces) {
        free_pieces(pieces->pieces_before);
        PyMem_RawFree(pieces->slots_before);
        PyMem_RawFree(pieces->pieces);
        PyMem_RawFree(pieces->output_slots);
        PyMem_RawFree(pieces);
    }
}

static void free_program(Machine *machine) {
    PyMem_RawFree(machine->rows);
    PyMem_RawFree(machine->codes);
    PyMem_RawFree(machine->starts);
    PyMem_RawFree(machine->operands);
    PyMem_RawFree(machine->outputs);
    PyMem_RawFree(machine->code);
    PyMem_RawFree(machine->output_slots);
    PyMem_RawFree(machine->slots);
    for (int k = 0; k < KEPT_PLANS; k++)
        if (machine->plans[k])
            free_plan(machine->plans[k]);
    free_pieces(machine->pieces);
    Py_XDECREF(machine->watcher);
    Py_XDECREF(machine->owners); /* last: the code is theirs */
}
