/* Running a program once, with the bits of eager evaluation.
 *
 * Code is a row of int32: the kernel, where its attributes begin, where its result goes, then its operands;
 * after folds the number of operands comes before them. */

enum { CODE_END = N_KERNELS };

/* Where the attributes of an instruction lie, counted from those of the first row. */
static inline int32_t attrs_of(const Machine *machine, int32_t j) {
    return machine->codes[j] * (int32_t)(sizeof(Row) / sizeof(double)) +
           (int32_t)(offsetof(Row, attrs) / sizeof(double));
}

/* The most room that code of all instructions takes. */
static inline Py_ssize_t most_code(const Machine *machine) {
    return 4 * (Py_ssize_t)machine->n_instructions + machine->n_operands + 1;
}

/* Append an instruction whose operands and result lie at `places` (by register; ~place if `uniform`). */
static int32_t *encode(const Machine *machine, int32_t j, const int32_t *places, bool uniform,
                       int32_t *code) {
    const int32_t start = machine->starts[j], end = machine->starts[j + 1];
    const int32_t kernel = machine->rows[machine->codes[j]].kernel, flip = uniform ? -1 : 0;
    *code++ = kernel;
    *code++ = attrs_of(machine, j);
    *code++ = places[first_instruction(machine) + j] ^ flip;
    if (kernels[kernel].n_vectors)
        *code++ = end - start;
    for (int32_t k = start; k < end; k++)
        *code++ = places[machine->operands[k]] ^ flip;
    return code;
}

/* Folds, as their rules are written. */

#define FOLD_1(name, numbers, first)                                                              \
    static double fold_##name(const double *r, const int32_t *c, int32_t n, const double *attrs) { \
        const int32_t m = n - numbers;                                                            \
        double scalars[numbers + 1] = {0.0};                                                      \
        for (int32_t i = 0; i < numbers; i++)                                                     \
            scalars[i] = r[c[m + i]];                                                             \
        double total = start_##name(first ? r[c[0]] : 0.0, scalars, attrs);                       \
        for (int32_t i = first; i < m; i++)                                                       \
            total = step_##name(total, r[c[i]], scalars, attrs);                                  \
        return finish_##name(total, m, scalars, attrs);                                           \
    }
#define FOLD_2(name, numbers, first)                                                              \
    static double fold_##name(const double *r, const int32_t *c, int32_t n, const double *attrs) { \
        const int32_t m = (n - numbers) / 2;                                                      \
        double scalars[numbers + 1] = {0.0};                                                      \
        for (int32_t i = 0; i < numbers; i++)                                                     \
            scalars[i] = r[c[2 * m + i]];                                                         \
        double total = start_##name(first ? r[c[0]] : 0.0, first ? r[c[m]] : 0.0, scalars, attrs); \
        for (int32_t i = first; i < m; i++)                                                       \
            total = step_##name(total, r[c[i]], r[c[m + i]], scalars, attrs);                     \
        return finish_##name(total, m, scalars, attrs);                                           \
    }
FOLDS_1(FOLD_1)
FOLDS_2(FOLD_2)

#if defined(__GNUC__)
/* One jump after each instruction, which the processor learns to foresee, in place of one for all. */
#define AT(name) at_##name
#define NEXT goto *places[*c]
#else
#define AT(name) case CODE_##name
#define NEXT continue
#endif

/* Fill registers `r`; `attrs` begins with those of the first row. */
static void run_code(const int32_t *c, double *r, const double *rows) {
#define RUN_1(name)                                                                               \
    AT(name):                                                                                     \
        r[c[2]] = forward_##name(r[c[3]], rows + c[1]);                                           \
        c += 4;                                                                                   \
        NEXT;
#define RUN_2(name)                                                                               \
    AT(name):                                                                                     \
        r[c[2]] = forward_##name(r[c[3]], r[c[4]], rows + c[1]);                                  \
        c += 5;                                                                                   \
        NEXT;
#define RUN_3(name)                                                                               \
    AT(name):                                                                                     \
        r[c[2]] = forward_##name(r[c[3]], r[c[4]], r[c[5]], rows + c[1]);                         \
        c += 6;                                                                                   \
        NEXT;
#define RUN_FOLD(name, numbers, first)                                                            \
    AT(name):                                                                                     \
        r[c[2]] = fold_##name(r, c + 4, c[3], rows + c[1]);                                       \
        c += 4 + c[3];                                                                            \
        NEXT;
#if defined(__GNUC__)
#define PLACE(name, text, attrs, vectors, numbers, some) &&at_##name,
    static const void *const places[] = {KERNELS(PLACE) &&at_end};
#undef PLACE
    NEXT;
#else
    for (;;) switch (*c) {
#endif
    KERNELS_1(RUN_1)
    KERNELS_2(RUN_2)
    KERNELS_3(RUN_3)
    FOLDS_1(RUN_FOLD)
    FOLDS_2(RUN_FOLD)
#if defined(__GNUC__)
at_end:
#else
    case CODE_END:
#endif
    return;
#if !defined(__GNUC__)
    }
#endif
}

/* Make the code for `run`: `slots` grow behind inputs and constants, which are there. */
static int make_code(Machine *machine) {
    const int32_t first = first_instruction(machine), n = first + machine->n_instructions;
    int32_t *places = new_array(n, sizeof(int32_t));
    Pool pool = {new_array(n, sizeof(int32_t)), 0, first};
    machine->code = new_array(most_code(machine), sizeof(int32_t));
    machine->output_slots = new_array(machine->n_outputs, sizeof(int32_t));
    int result = -1;
    if (!places || !pool.places || !machine->code || !machine->output_slots)
        goto done;
    for (int32_t k = 0; k < machine->n_operands; k++)
        if (machine->operands[k] < first)
            places[machine->operands[k]] = machine->operands[k];
    int32_t *code = machine->code;
    for (int32_t j = 0; j < machine->n_instructions; j++) {
        place_result(machine, j, places, &pool);
        code = encode(machine, j, places, false, code);
    }
    *code = CODE_END;
    for (int32_t k = 0; k < machine->n_outputs; k++) {
        const int32_t output = machine->outputs[k];
        machine->output_slots[k] = output < first ? output : places[output];
    }
    machine->n_slots = pool.next;
    double *slots = new_array(pool.next, sizeof(double));
    if (slots) {
        memcpy(slots + machine->n_inputs, machine->slots + machine->n_inputs,
               (size_t)machine->n_constants * sizeof(double));
        PyMem_RawFree(machine->slots);
        machine->slots = slots;
        result = 0;
    }
done:
    PyMem_RawFree(places);
    PyMem_RawFree(pool.places);
    if (result < 0)
        PyErr_NoMemory();
    return result;
}

/* Inputs are in the first slots. No Python code runs here, so the slots are nobody else's meanwhile. */
static inline void run_once(const Machine *machine) {
    run_code(machine->code, machine->slots, (const double *)machine->rows);
}
