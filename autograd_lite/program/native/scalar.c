/* Running a program once, with the bits of eager evaluation.
 *
 * Code is a row of int32: the kernel, where its attributes begin, where its result goes, then its operands;
 * after folds the number of operands comes before them.
 *
 * Two instructions of arithmetic, of which only the second reads the first one's result, make a pair: one
 * step, with half the work of finding out what comes next. Operands are those of the first one, then the
 * other of the second, whose left (FIRST) or right operand the result is. */

/* The steps: kernels, the end, pairs. */
enum {
#define ENUMERATE(name, text, attrs, vectors, numbers, some) AT_##name,
    KERNELS(ENUMERATE)
#undef ENUMERATE
    AT_END,
#define ENUMERATE(inner, outer) AT_##inner##_FIRST_##outer, AT_##inner##_SECOND_##outer,
    PAIRS(ENUMERATE)
#undef ENUMERATE
};

/* By the first and the second kernel, and by which operand of the second it is; 0 where they make no pair. */
static const int16_t pair_codes[N_KERNELS][N_KERNELS][2] = {
#define ENTER_PAIR(inner, outer)                                                                  \
    [CODE_##inner][CODE_##outer] = {AT_##inner##_FIRST_##outer, AT_##inner##_SECOND_##outer},
    PAIRS(ENTER_PAIR)
#undef ENTER_PAIR
};

/* Where the attributes of an instruction lie, counted from those of the first row. */
static inline int32_t attrs_of(const Machine *machine, int32_t j) {
    return machine->codes[j] * (int32_t)(sizeof(Row) / sizeof(double)) +
           (int32_t)(offsetof(Row, attrs) / sizeof(double));
}

/* The most room that code of all instructions takes. */
static inline Py_ssize_t most_code(const Machine *machine) {
    return 4 * (Py_ssize_t)machine->n_instructions + machine->n_operands + 1;
}

/* Append an instruction that reads some registers, which lie at `places` (~place if `uniform`), as its
 * result does. */
static int32_t *encode(const Machine *machine, int32_t j, int32_t step, const int32_t *reads, int32_t n,
                       const int32_t *places, bool uniform, int32_t *code) {
    const int32_t flip = uniform ? -1 : 0;
    *code++ = step;
    *code++ = attrs_of(machine, j);
    *code++ = places[first_instruction(machine) + j] ^ flip;
    if (step < N_KERNELS && kernels[step].n_vectors)
        *code++ = n;
    for (int32_t k = 0; k < n; k++)
        *code++ = places[reads[k]] ^ flip;
    return code;
}

/* Folds, as their rules are written. */

#define FOLD_1(name, numbers, first, ...)                                                         \
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
#define FOLD_2(name, numbers, first, ...)                                                         \
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

/* Which of m operands a look at a place finds: the place rounded down, or the last; -1 for none. */
static inline int32_t found_at(double place, int32_t m) {
    return !(place >= 0.0) ? -1 : place < m ? (int32_t)place : m - 1;
}

#define LOOK(name, numbers)                                                                       \
    static double look_##name(const double *r, const int32_t *c, int32_t n, const double *attrs) { \
        const int32_t m = n - numbers;                                                            \
        double scalars[numbers + 1] = {0.0};                                                      \
        for (int32_t i = 0; i < numbers; i++)                                                     \
            scalars[i] = r[c[m + i]];                                                             \
        const int32_t k = found_at(place_##name(m, scalars, attrs), m);                           \
        return finish_##name(k < 0 ? NAN : r[c[k]], m, scalars, attrs);                           \
    }
LOOKS(LOOK)

#if defined(__GNUC__)
/* One jump after each instruction, which the processor learns to foresee, in place of one for all. */
#define AT(name) at_##name
#define NEXT goto *places[*c]
#else
#define AT(name) case AT_##name
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
#define RUN_PAIR(inner, outer)                                                                    \
    AT(inner##_FIRST_##outer):                                                                    \
        r[c[2]] = forward_##outer(forward_##inner(r[c[3]], r[c[4]], NULL), r[c[5]], NULL);        \
        c += 6;                                                                                   \
        NEXT;                                                                                     \
    AT(inner##_SECOND_##outer):                                                                   \
        r[c[2]] = forward_##outer(r[c[5]], forward_##inner(r[c[3]], r[c[4]], NULL), NULL);        \
        c += 6;                                                                                   \
        NEXT;
#define RUN_MANY(name, function)                                                                  \
    AT(name):                                                                                     \
        r[c[2]] = function(r, c + 4, c[3], rows + c[1]);                                          \
        c += 4 + c[3];                                                                            \
        NEXT;
#define RUN_FOLD(name, ...) RUN_MANY(name, fold_##name)
#define RUN_LOOK(name, ...) RUN_MANY(name, look_##name)
#if defined(__GNUC__)
#define PLACE(name, text, attrs, vectors, numbers, some) &&at_##name,
#define PLACE_PAIR(inner, outer) &&at_##inner##_FIRST_##outer, &&at_##inner##_SECOND_##outer,
    static const void *const places[] = {KERNELS(PLACE) &&at_end, PAIRS(PLACE_PAIR)};
#undef PLACE
#undef PLACE_PAIR
    NEXT;
#else
    for (;;) switch (*c) {
#endif
    KERNELS_1(RUN_1)
    KERNELS_2(RUN_2)
    KERNELS_3(RUN_3)
    FOLDS_1(RUN_FOLD)
    FOLDS_2(RUN_FOLD)
    LOOKS(RUN_LOOK)
    PAIRS(RUN_PAIR)
#if defined(__GNUC__)
at_end:
#else
    case AT_END:
#endif
    return;
#if !defined(__GNUC__)
    }
#endif
#undef AT
#undef NEXT
}

/* Which instruction each one takes into its own step, plus 1; -1 for one that is taken, else 0. */
static int32_t *find_pairs(const Machine *machine) {
    const int32_t first = first_instruction(machine);
    int32_t *pairs = new_array(machine->n_instructions, sizeof(int32_t));
    int32_t *uses = new_array(first + machine->n_instructions, sizeof(int32_t));
    for (int32_t k = 0; uses && k < machine->n_operands; k++)
        uses[machine->operands[k]]++;
    for (int32_t k = 0; uses && k < machine->n_outputs; k++)
        uses[machine->outputs[k]]++;
    for (int32_t j = 0; pairs && uses && j < machine->n_instructions; j++) {
        const int32_t own = machine->rows[machine->codes[j]].kernel;
        const int32_t n = machine->starts[j + 1] - machine->starts[j];
        for (int32_t side = 0; side < 2 && side < n && !pairs[j]; side++) {
            const int32_t operand = machine->operands[machine->starts[j] + side], i = operand - first;
            if (i >= 0 && uses[operand] == 1 && !pairs[i] &&
                pair_codes[machine->rows[machine->codes[i]].kernel][own][side]) {
                pairs[j] = i + 1;
                pairs[i] = -1;
            }
        }
    }
    PyMem_RawFree(uses);
    return pairs;
}

/* The step of an instruction and the registers that it reads, which are `n` of `reads`. */
static int32_t read_step(const Machine *machine, const int32_t *pairs, int32_t j, int32_t *reads,
                         int32_t *n) {
    const int32_t *operands = machine->operands + machine->starts[j], i = pairs[j] - 1;
    const int32_t own = machine->rows[machine->codes[j]].kernel;
    if (i < 0) {
        *n = machine->starts[j + 1] - machine->starts[j];
        memcpy(reads, operands, (size_t)*n * sizeof(int32_t));
        return own;
    }
    const int side = operands[0] != first_instruction(machine) + i;
    *n = 3;
    memcpy(reads, machine->operands + machine->starts[i], 2 * sizeof(int32_t));
    reads[2] = operands[!side];
    return pair_codes[machine->rows[machine->codes[i]].kernel][own][side];
}

/* Write the code for `run`; `ends` are all 0, `reads` have room for every operand. */
static void write_code(Machine *machine, const int32_t *pairs, int32_t *reads, int32_t *ends,
                       int32_t *places, Pool *pool) {
    const int32_t first = first_instruction(machine);
    int32_t *code = machine->code, n, count = 0;
    for (int32_t j = 0; j < machine->n_instructions; j++)
        if (pairs[j] >= 0) {
            read_step(machine, pairs, j, reads, &n);
            for (int32_t k = 0; k < n; k++)
                ends[reads[k]] = ++count;
        }
    for (int32_t k = 0; k < machine->n_outputs; k++)
        ends[machine->outputs[k]] = INT32_MAX;
    for (int32_t i = 0; i < first; i++)
        places[i] = i;
    count = 0;
    for (int32_t j = 0; j < machine->n_instructions; j++)
        if (pairs[j] >= 0) {
            const int32_t step = read_step(machine, pairs, j, reads, &n);
            place_result(machine, j, reads, n, count, ends, places, pool);
            free_unread(first + j, ends, places, pool);
            code = encode(machine, j, step, reads, n, places, false, code);
            count += n;
        }
    *code = AT_END;
    for (int32_t k = 0; k < machine->n_outputs; k++)
        machine->output_slots[k] = places[machine->outputs[k]];
}

/* Make the code for `run`: `slots` grow behind inputs and constants, which are there. */
static int make_code(Machine *machine) {
    const int32_t first = first_instruction(machine), n = first + machine->n_instructions;
    int32_t *places = new_array(n, sizeof(int32_t)), *ends = new_array(n, sizeof(int32_t));
    int32_t *reads = new_array(machine->n_operands, sizeof(int32_t)), *pairs = find_pairs(machine);
    Pool pool = {new_array(n, sizeof(int32_t)), 0, first};
    machine->code = new_array(most_code(machine), sizeof(int32_t));
    machine->output_slots = new_array(machine->n_outputs, sizeof(int32_t));
    int result = -1;
    if (!places || !ends || !reads || !pairs || !pool.places || !machine->code ||
        !machine->output_slots)
        goto done;
    write_code(machine, pairs, reads, ends, places, &pool);
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
    PyMem_RawFree(ends);
    PyMem_RawFree(reads);
    PyMem_RawFree(pairs);
    PyMem_RawFree(pool.places);
    if (result < 0)
        PyErr_NoMemory();
    return result;
}
