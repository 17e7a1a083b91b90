/* One run of a program: by its code, or by machine code where there is some. */

/* Whether quick machine code, which leaves its doubts to others, is slower than careful one would be. */
static inline bool too_doubtful(uint64_t doubts, uint64_t runs) {
    return doubts > 32 && 8 * doubts > runs;
}

enum { LONG_PROGRAM = 20000 }; /* instructions: some hundredths of a millisecond */

/* One run. A short program runs in the machine's own slots, which hold the GIL's owner's numbers only until
 * some Python code runs; a long one in slots of its own, so that other threads may run meanwhile. */
typedef struct {
    double *slots;
    Pieces *pieces;        /* of machine code, or NULL */
    const int32_t *places; /* of the outputs among the slots */
    uint64_t number;       /* of the run */
    bool own;
} Run;

/* Slots in which inputs are to be put. */
static int begin_run(Machine *machine, Run *run) {
    const int32_t n_slots = machine->pieces ? machine->pieces->n_slots : machine->n_slots;
    run->pieces = machine->pieces && !machine->pieces->refused ? machine->pieces : NULL;
    run->own = machine->n_instructions >= LONG_PROGRAM;
    run->number = ++machine->n_runs;
    run->places = run->pieces ? run->pieces->output_slots : machine->output_slots;
    run->slots = machine->slots;
    if (!run->own)
        return 0;
    if (!(run->slots = PyMem_RawMalloc((size_t)n_slots * sizeof(double)))) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(run->slots + machine->n_inputs, machine->slots + machine->n_inputs,
           (size_t)machine->n_constants * sizeof(double));
    return 0;
}

static void fill_slots(const Machine *machine, Run *run) {
    if (run->pieces) {
        const Pieces *pieces = run->pieces;
        for (int32_t k = 0; k < pieces->n_pieces; k++)
            pieces->pieces[k](run->slots);
        if (variant->are_sure(run->slots + pieces->first_doubtful, pieces->n_doubtful))
            return;
        run->places = machine->output_slots;
    }
    run_code(machine->code, run->slots, (const double *)machine->rows);
}

static void run_program(Machine *machine, Run *run) {
    if (run->own) {
        Py_BEGIN_ALLOW_THREADS
        fill_slots(machine, run);
        Py_END_ALLOW_THREADS
    } else {
        fill_slots(machine, run);
    }
    if (run->pieces && run->pieces->n_doubtful) {
        run->pieces->n_runs++;
        run->pieces->n_doubts += run->places == machine->output_slots;
        if (too_doubtful(run->pieces->n_doubts, run->pieces->n_runs)) {
            run->pieces->refused = true; /* until there are others */
            machine->asked = false;
        }
    }
}

/* What a run has computed, to an array. */
static void copy_outputs(const Machine *machine, const Run *run, double *outputs) {
    const int32_t *places = run->places;
    if (run->pieces && places == run->pieces->output_slots && run->pieces->in_a_row) {
        memcpy(outputs, run->slots + places[0], (size_t)machine->n_outputs * sizeof(double));
        return;
    }
    for (int32_t k = 0; k < machine->n_outputs; k++)
        outputs[k] = run->slots[places[k]];
}

/* Whether no other run began since this one did, in the same slots. */
static inline bool is_undisturbed(const Machine *machine, const Run *run) {
    return run->own || run->number == machine->n_runs;
}

/* Call who waits for so many runs, or rows with these shared inputs. It may run any code, and raises nothing: Ctrl-C
 * comes once more afterwards, as what was asked for is done. */
static void call_watcher(const Machine *machine, const char *shared, bool reduce) {
    PyObject *watcher = Py_NewRef(machine->watcher), *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyObject *result = shared ? PyObject_CallFunction(watcher, "y#O", shared, (Py_ssize_t)machine->n_inputs,
                                                      reduce ? Py_True : Py_False)
                              : PyObject_CallNoArgs(watcher);
    if (!result && PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
        PyErr_Clear();
        PyErr_SetInterrupt();
    } else if (!result) {
        PyErr_WriteUnraisable(watcher);
    }
    Py_XDECREF(result);
    Py_DECREF(watcher);
    PyErr_Restore(type, value, trace);
}

static inline void end_run(Machine *machine, const Run *run) {
    if (run->own)
        PyMem_RawFree(run->slots);
    if (machine->watcher && !machine->asked && machine->n_runs >= machine->patience_runs) {
        machine->asked = true;
        call_watcher(machine, NULL, false);
    }
}
