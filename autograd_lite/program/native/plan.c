/* How a program is mapped over rows when certain inputs are shared by all rows: instructions that depend on
 * those and constants only are run once, the others for each block of rows. */

enum { NOWHERE = INT32_MAX }; /* a ref of what was not planned yet */

typedef struct {
    Kernel kernel;
    const double *attrs;
    int32_t n, n_refs; /* operands, and refs to step over */
    int32_t own;       /* the instruction of a step by itself, whose refs are its result and operands; else -1 */
} Step;

struct Plan {
    Py_ssize_t n_holders;
    char *shared;          /* of each input */
    bool reduce;           /* outputs are added up over rows */
    bool compiled;         /* some steps are machine code, for blocks a FULL_STRIDE apart */
    bool asked;            /* the machine's watcher was called */
    bool refused;          /* machine code had too many doubts */
    Step *exact;           /* the machine's own steps, if machine code may have doubts; else NULL */
    int32_t n_exact;
    uint64_t n_doubts;     /* blocks */
    uint64_t n_rows;       /* that were run */
    int32_t *uniform_code; /* for `run_code`, on `uniform` */
    int32_t n_uniform;     /* numbers that are the same for all rows: inputs, constants, results */
    int32_t n_copies;      /* of such, which follow them, for dense groups */
    int32_t n_blocks;      /* blocks of numbers that are kept at a time */
    int32_t n_steps, n_refs, n_inputs;
    Step *steps;
    int32_t *refs;    /* of all steps */
    int32_t *inputs;  /* those that differ by row and are read, in order; the k-th goes to block k */
    int32_t *outputs; /* refs */
    int32_t *copies;  /* where they come from */
    double *room;     /* for the next job, or NULL while one has it */
    size_t room_size;
};

static void free_plan(Plan *plan) {
    if (--plan->n_holders > 0)
        return;
    PyMem_RawFree(plan->shared);
    PyMem_RawFree(plan->uniform_code);
    PyMem_RawFree(plan->steps);
    PyMem_RawFree(plan->exact);
    PyMem_RawFree(plan->refs);
    PyMem_RawFree(plan->inputs);
    PyMem_RawFree(plan->outputs);
    PyMem_RawFree(plan->copies);
    PyMem_RawFree(plan->room);
    PyMem_RawFree(plan);
}

/* Which operands (of folds: which whole vectors) are uniform, as bits; `-1` for all of them. */
static int uniform_operands(const Machine *machine, int32_t j, const int32_t *refs) {
    const int32_t *operands = machine->operands + machine->starts[j];
    const int32_t n = machine->starts[j + 1] - machine->starts[j];
    const int32_t kernel = machine->rows[machine->codes[j]].kernel;
    const int vectors = kernels[kernel].n_vectors;
    int found = 0;
    bool all = true;
    if (!vectors) {
        for (int32_t k = 0; k < n; k++)
            if (refs[operands[k]] < 0)
                found |= 1 << k;
            else
                all = false;
        return all ? -1 : found;
    }
    const int32_t m = (n - kernels[kernel].n_numbers) / vectors;
    for (int v = 0; v < vectors; v++) {
        bool every = true;
        for (int32_t k = v * m; k < (v + 1) * m; k++)
            every &= refs[operands[k]] < 0;
        found |= every << v;
    }
    for (int32_t k = 0; k < n && all; k++)
        all = refs[operands[k]] < 0;
    if (all)
        return -1;
    return found == (1 << vectors) - 1 ? 0 : found; /* then a single argument is the only block */
}

/* Instructions that follow each other and only add up products of one left block with several right ones. Runs with
 * the same right ones are added up together, in the place of the last of them. */
typedef struct {
    int32_t length;  /* of the run that begins here */
    int32_t next;    /* the instruction with which the next run begins, or 0 */
    int32_t planned; /* 0 if this instruction is in no run, 1 if not in this place; else 2 + the first run's begin */
} Products;

/* A plan while it is made. */
typedef struct {
    const Machine *machine;
    Plan *plan;
    int32_t *refs;            /* by register */
    int32_t *ends;            /* by register; see `find_ends` */
    int32_t *wanted, *others; /* by register: 1 + an output that it is; by output: 1 + the next such, or 0 */
    int32_t *alike[2];        /* by instruction: 1 + the next one with the same such vector, or 0 */
    Products *runs;                /* by instruction; see `find_runs` */
    Pool pool;
    int32_t *code;
} Draft;

static void add_step(Plan *plan, Kernel kernel, const double *attrs, int32_t n) {
    plan->steps[plan->n_steps++] = (Step){kernel, attrs, n, n + 1, -1};
    plan->n_refs += n + 1;
}

/* Add a register up over rows, for each output that it is, once it is there. */
static void add_sums(Draft *draft, int32_t reg) {
    Plan *plan = draft->plan;
    for (int32_t k = draft->wanted[reg]; k; k = draft->others[k - 1]) {
        const int32_t ref = draft->refs[reg];
        plan->refs[plan->n_refs] = k - 1;
        plan->refs[plan->n_refs + 1] = ref;
        add_step(plan, ref < 0 ? variant->sum_of_uniform : variant->sum_of_block, NULL, 1);
    }
}

/* Whether a register is only for one output, which is added up over rows. */
static bool is_summed(const Draft *draft, int32_t reg) {
    const int32_t output = draft->wanted[reg];
    return output && draft->ends[reg] == 0 && !draft->others[output - 1];
}

/* Write a step for instruction `j`, whose operands are uniform by `mask`. */
static void plan_step(Draft *draft, int32_t j, int mask) {
    const Machine *machine = draft->machine;
    Plan *plan = draft->plan;
    const int32_t own = first_instruction(machine) + j, start = machine->starts[j];
    const int32_t n = machine->starts[j + 1] - start, output = draft->wanted[own];
    const int32_t *operands = machine->operands + start;
    const Row *row = &machine->rows[machine->codes[j]];
    int32_t *refs = plan->refs + plan->n_refs;
    for (int32_t k = 0; k < n; k++)
        refs[k + 1] = draft->refs[operands[k]];
    if (mask < 4 && variant->sums[row->kernel][mask] && is_summed(draft, own)) {
        free_operands(machine, operands, n, start, draft->ends, draft->refs, &draft->pool);
        refs[0] = output - 1;
        add_step(plan, variant->sums[row->kernel][mask], row->attrs, 2);
        return;
    }
    refs[0] = place_result(machine, j, operands, n, start, draft->ends, draft->refs, &draft->pool);
    add_step(plan, variant->blocks[row->kernel][mask], row->attrs, n);
    plan->steps[plan->n_steps - 1].own = j;
    add_sums(draft, own);
    free_unread(own, draft->ends, draft->refs, &draft->pool);
}

/* --- layers -------------------------------------------------------------------------------------- */

enum { SHORTEST_FOLD = 2, LAYER_HEAD = 5 };

/* The elements in one of the two vectors of a fold that layers are made of, 0 for other instructions. */
static int32_t vector_length(const Machine *machine, int32_t j) {
    const int32_t kernel = machine->rows[machine->codes[j]].kernel;
    const int32_t m = (machine->starts[j + 1] - machine->starts[j] - 1) / 2;
    return variant->layers[kernel] && m >= SHORTEST_FOLD ? m : 0;
}

static bool are_alike(const Machine *machine, int32_t i, int32_t j, int vector) {
    const int32_t m = vector_length(machine, i);
    return machine->codes[i] == machine->codes[j] && vector_length(machine, j) == m &&
           memcmp(machine->operands + machine->starts[i] + vector * m,
                  machine->operands + machine->starts[j] + vector * m, (size_t)m * sizeof(int32_t)) == 0;
}

/* Link folds that have a vector in common, through a table of the first of each kind from behind. */
static void find_alike(const Machine *machine, int vector, int32_t *alike, int32_t *table, uint32_t mask) {
    for (int32_t j = machine->n_instructions; j-- > 0;) {
        const int32_t m = vector_length(machine, j);
        if (!m)
            continue;
        uint32_t place = (uint32_t)machine->codes[j];
        for (int32_t k = 0; k < m; k++)
            place = (place ^ (uint32_t)machine->operands[machine->starts[j] + vector * m + k]) * 0x9E3779B1u;
        for (place = (place ^ place >> 15) & mask; table[place]; place = (place + 1) & mask)
            if (are_alike(machine, table[place] - 1, j, vector))
                break;
        alike[j] = table[place];
        table[place] = j + 1;
    }
}

/* Whether fold `j` may be run in the place of `at`: what it reads besides the common vector is there, and the
 * same for all rows. */
static bool may_move(const Draft *draft, int32_t j, int32_t at, int vector) {
    const Machine *machine = draft->machine;
    const int32_t m = vector_length(machine, j), first = first_instruction(machine);
    const int32_t *operands = machine->operands + machine->starts[j];
    for (int32_t k = 0; k < m; k++) {
        const int32_t operand = operands[(1 - vector) * m + k];
        if (operand >= first + at || draft->refs[operand] >= 0)
            return false;
    }
    return operands[2 * m] < first + at;
}

/* Whether numbers of folds, n times m of them, lie at equal distances; then these are refs[3] and refs[4]. */
static bool are_even(int32_t *refs, const int32_t *numbers, int32_t n, int32_t m) {
    refs[2] = ~numbers[0];
    refs[3] = numbers[0] - numbers[m];
    refs[4] = numbers[0] - numbers[1];
    for (int32_t s = 0; s < n; s++)
        for (int32_t k = 0; k < m; k++)
            if (~numbers[s * m + k] != refs[2] + s * (int64_t)refs[3] + k * (int64_t)refs[4])
                return false;
    return true;
}

/* Run fold `j`, whose vector number `vector` is of blocks, together with others; false if there are none. */
static bool plan_layer(Draft *draft, int32_t j, int vector) {
    const Machine *machine = draft->machine;
    Plan *plan = draft->plan;
    const int32_t m = vector_length(machine, j), first = first_instruction(machine);
    const int32_t *operands = machine->operands + machine->starts[j];
    for (int32_t k = 0; k < m; k++)
        if (draft->refs[operands[vector * m + k]] < 0)
            return false;
    int32_t n = 0, next = j + 1;
    for (; next && may_move(draft, next - 1, j, vector); n++)
        next = draft->alike[vector][next - 1];
    if (n < 2)
        return false;
    int32_t *refs = plan->refs + plan->n_refs, *results = refs + LAYER_HEAD, *starts = results + n;
    int32_t *copies = plan->copies + plan->n_copies, *numbers = copies;
    refs[0] = n;
    refs[1] = m;
    for (int32_t k = 0; k < m; k++)
        starts[n + k] = draft->refs[operands[vector * m + k]];
    for (int32_t s = 0, member = j; s < n; s++, member = draft->alike[vector][member] - 1) {
        operands = machine->operands + machine->starts[member];
        starts[s] = draft->refs[operands[2 * m]];
        for (int32_t k = 0; k < m; k++)
            *numbers++ = draft->refs[operands[(1 - vector) * m + k]];
        results[s] = draft->refs[first + member] = take_place(&draft->pool);
    }
    if (!are_even(refs, copies, n, m)) {
        refs[2] = ~plan->n_copies; /* counted from the end of what is uniform, which is not known yet */
        refs[3] = m;
        refs[4] = 1;
        plan->n_copies += n * m;
    }
    const Row *row = &machine->rows[machine->codes[j]];
    add_step(plan, variant->layers[row->kernel], row->attrs, LAYER_HEAD - 1 + 2 * n + m);
    for (int32_t s = 0, member = j; s < n; s++, member = draft->alike[vector][member] - 1)
        add_sums(draft, first + member);
    return true;
}

/* When it is known where what is uniform ends, say where copies lie. */
static void place_copies(Plan *plan) {
    int32_t *refs = plan->refs;
    for (const Step *step = plan->steps, *end = step + plan->n_steps; step < end; refs += step++->n_refs)
        for (int32_t kernel = 0; kernel < N_KERNELS; kernel++)
            if (step->kernel == variant->layers[kernel] && refs[2] < 0)
                refs[2] = plan->n_uniform + ~refs[2];
}

/* --- sums of products ---------------------------------------------------------------------------- */

enum { MOST_LEFT = 64, GROUP_HEAD = 3 }; /* blocks that wait for each other */

/* Whether instruction `j` only adds up products of two blocks. */
static bool is_sum_of_products(const Draft *draft, const char *varies, int32_t j) {
    const Machine *machine = draft->machine;
    const int32_t *operands = machine->operands + machine->starts[j];
    return variant->groups[machine->rows[machine->codes[j]].kernel] && is_summed(draft, first_instruction(machine) + j) &&
           varies[operands[0]] && varies[operands[1]];
}

static bool have_one_right(const Machine *machine, const Products *runs, int32_t i, int32_t j) {
    if (machine->codes[i] != machine->codes[j] || runs[i].length != runs[j].length)
        return false;
    for (int32_t k = 0; k < runs[i].length; k++)
        if (machine->operands[machine->starts[i + k] + 1] != machine->operands[machine->starts[j + k] + 1])
            return false;
    return true;
}

/* Find runs, through a table of the last one with the same right blocks. */
static void find_runs(Draft *draft, const char *varies, int32_t *table, int32_t *counts, uint32_t mask) {
    const Machine *machine = draft->machine;
    Products *runs = draft->runs;
    for (int32_t j = 0, n; j < machine->n_instructions; j += n) {
        n = 1;
        if (!is_sum_of_products(draft, varies, j))
            continue;
        const int32_t *operands = machine->operands + machine->starts[j];
        while (j + n < machine->n_instructions && machine->codes[j + n] == machine->codes[j] &&
               is_sum_of_products(draft, varies, j + n) && operands[2 * n] == operands[0])
            n++;
        if (n == 1)
            continue;
        runs[j].length = n;
        uint32_t place = (uint32_t)machine->codes[j];
        for (int32_t k = 0; k < n; k++) {
            place = (place ^ (uint32_t)operands[2 * k + 1]) * 0x9E3779B1u;
            runs[j + k].planned = 1;
        }
        for (place = (place ^ place >> 15) & mask; table[place]; place = (place + 1) & mask)
            if (have_one_right(machine, runs, table[place] - 1, j))
                break;
        int32_t begin = j; /* of the first run */
        if (table[place] && counts[place] < MOST_LEFT) {
            const int32_t before = table[place] - 1, last = before + n - 1;
            begin = runs[last].planned - 2;
            runs[last].planned = 1;
            runs[before].next = j;
        } else {
            counts[place] = 0;
        }
        runs[j + n - 1].planned = 2 + begin;
        table[place] = j + 1;
        counts[place]++;
    }
}

/* The blocks of runs are read in the place of the last. */
static void keep_until(Draft *draft, int32_t last) {
    const Machine *machine = draft->machine;
    const int32_t mark = machine->starts[last] + 1;
    for (int32_t j = draft->runs[last].planned - 2; ; j = draft->runs[j].next) {
        const int32_t *operands = machine->operands + machine->starts[j];
        for (int32_t k = 0; k < 2 * draft->runs[j].length; k++)
            if (draft->ends[operands[k]] <= mark + 1)
                draft->ends[operands[k]] = mark;
        if (!draft->runs[j].next)
            return;
    }
}

static void free_after(Draft *draft, int32_t reg, int32_t mark) {
    if (draft->ends[reg] != mark)
        return;
    draft->ends[reg] = -1; /* it may be there twice */
    draft->pool.places[draft->pool.n++] = draft->refs[reg];
}

/* Add up the products of all runs of which `last` is the last instruction. */
static void plan_runs(Draft *draft, int32_t last) {
    const Machine *machine = draft->machine;
    Plan *plan = draft->plan;
    const Products *runs = draft->runs;
    const int32_t begin = runs[last].planned - 2, n = runs[begin].length, first = first_instruction(machine);
    int32_t *refs = plan->refs + plan->n_refs, lefts = 0;
    for (int32_t j = begin, more = 1; more; more = runs[j].next, j = runs[j].next)
        refs[GROUP_HEAD + lefts++] = draft->refs[machine->operands[machine->starts[j]]];
    int32_t *to = refs + GROUP_HEAD + lefts;
    refs[0] = lefts;
    refs[1] = n;
    refs[2] = true;
    for (int32_t k = 0; k < n; k++)
        *to++ = draft->refs[machine->operands[machine->starts[begin + k] + 1]];
    for (int32_t j = begin, more = 1; more; more = runs[j].next, j = runs[j].next) {
        for (int32_t k = 0; k < n; k++) {
            *to++ = draft->wanted[first + j + k] - 1;
            refs[2] &= to[-1] == to[-1 - k] + k;
        }
        for (int32_t k = 0; k < 2 * n; k++)
            free_after(draft, machine->operands[machine->starts[j] + k], machine->starts[last] + 1);
    }
    const Row *row = &machine->rows[machine->codes[last]];
    add_step(plan, variant->groups[row->kernel], row->attrs, (int32_t)(to - refs) - 1);
}

/* --- all together -------------------------------------------------------------------------------- */

/* Number what is uniform from ~0 down and blocks from 0 up, and write the steps. */
static void write_steps(Draft *draft) {
    const Machine *machine = draft->machine;
    Plan *plan = draft->plan;
    const int32_t first = first_instruction(machine);
    for (int32_t j = 0; j < machine->n_instructions; j++)
        draft->refs[first + j] = NOWHERE;
    for (int32_t i = 0; i < first; i++) {
        const bool block = i < machine->n_inputs && !plan->shared[i] &&
                           (draft->ends[i] || draft->wanted[i]);
        draft->refs[i] = block ? take_place(&draft->pool) : ~i;
        if (block)
            plan->inputs[plan->n_inputs++] = i;
    }
    for (int32_t i = 0; i < first; i++) { /* when all have their places */
        add_sums(draft, i);
        if (draft->refs[i] >= 0)
            free_unread(i, draft->ends, draft->refs, &draft->pool);
    }
    plan->n_uniform = first;
    for (int32_t j = 0; j < machine->n_instructions; j++) {
        const int32_t start = machine->starts[j], n = machine->starts[j + 1] - start;
        const bool planned = draft->refs[first + j] != NOWHERE; /* with a layer */
        if (draft->runs[j].planned) {
            if (draft->runs[j].planned > 1)
                plan_runs(draft, j);
            continue;
        }
        const int mask = planned ? 0 : uniform_operands(machine, j, draft->refs);
        if (planned || ((mask == 1 || mask == 2) && vector_length(machine, j) &&
                        plan_layer(draft, j, 2 - mask))) {
            free_operands(machine, machine->operands + start, n, start, draft->ends, draft->refs,
                          &draft->pool);
            free_unread(first + j, draft->ends, draft->refs, &draft->pool);
        } else if (mask < 0) {
            draft->refs[first + j] = ~plan->n_uniform++;
            draft->code = encode(machine, j, machine->rows[machine->codes[j]].kernel,
                                 machine->operands + start, n, draft->refs, true, draft->code);
            add_sums(draft, first + j);
        } else {
            plan_step(draft, j, mask);
        }
    }
    *draft->code = AT_END;
    for (int32_t k = 0; k < machine->n_outputs; k++)
        plan->outputs[k] = draft->refs[machine->outputs[k]];
    plan->n_blocks = draft->pool.next;
    place_copies(plan);
}

/* By register: whether it differs from row to row; NULL if memory is short. */
static char *find_varying(const Draft *draft) {
    const Machine *machine = draft->machine;
    const int32_t first = first_instruction(machine);
    char *varies = new_array(first + machine->n_instructions, 1);
    for (int32_t i = 0; varies && i < machine->n_inputs; i++)
        varies[i] = !draft->plan->shared[i];
    for (int32_t j = 0; varies && j < machine->n_instructions; j++)
        for (int32_t k = machine->starts[j]; k < machine->starts[j + 1]; k++)
            varies[first + j] |= varies[machine->operands[k]];
    return varies;
}

/* Find what is added up together; false if memory is short. */
static bool prepare_runs(Draft *draft) {
    const Machine *machine = draft->machine;
    uint32_t places = 2;
    while (places < (uint32_t)machine->n_outputs)
        places *= 2;
    char *varies = find_varying(draft);
    int32_t *table = new_array(places, sizeof(int32_t)), *counts = new_array(places, sizeof(int32_t));
    draft->runs = new_array(machine->n_instructions, sizeof(Products));
    const bool ready = varies && table && counts && draft->runs;
    if (ready && draft->plan->reduce)
        find_runs(draft, varies, table, counts, places - 1);
    for (int32_t j = 0; ready && j < machine->n_instructions; j++)
        if (draft->runs[j].planned > 1)
            keep_until(draft, j);
    PyMem_RawFree(varies);
    PyMem_RawFree(table);
    PyMem_RawFree(counts);
    return ready;
}

static int fill_plan(Plan *plan, const Machine *machine) {
    const int32_t n = first_instruction(machine) + machine->n_instructions;
    Draft draft = {.machine = machine, .plan = plan, .code = plan->uniform_code};
    uint32_t folds = 0, places = 2;
    for (int32_t j = 0; j < machine->n_instructions; j++)
        folds += vector_length(machine, j) > 0;
    while (places < 2 * folds)
        places *= 2;
    int32_t *table = NULL;
    int result = -1;
    draft.refs = new_array(n, sizeof(int32_t));
    draft.ends = find_ends(machine, !plan->reduce);
    draft.wanted = new_array(n, sizeof(int32_t));
    draft.others = new_array(machine->n_outputs, sizeof(int32_t));
    draft.pool.places = new_array(n, sizeof(int32_t));
    bool ready = draft.refs && draft.ends && draft.wanted && draft.others && draft.pool.places;
    for (int vector = 0; ready && vector < 2; vector++) {
        draft.alike[vector] = new_array(folds ? machine->n_instructions : 0, sizeof(int32_t));
        table = new_array(places, sizeof(int32_t));
        ready = draft.alike[vector] && table;
        if (ready && folds)
            find_alike(machine, vector, draft.alike[vector], table, places - 1);
        PyMem_RawFree(table);
    }
    if (ready) {
        for (int32_t k = 0; plan->reduce && k < machine->n_outputs; k++) {
            draft.others[k] = draft.wanted[machine->outputs[k]];
            draft.wanted[machine->outputs[k]] = k + 1;
        }
        if (prepare_runs(&draft)) {
            write_steps(&draft);
            result = 0;
        }
    }
    PyMem_RawFree(draft.runs);
    PyMem_RawFree(draft.refs);
    PyMem_RawFree(draft.ends);
    PyMem_RawFree(draft.wanted);
    PyMem_RawFree(draft.others);
    PyMem_RawFree(draft.alike[0]);
    PyMem_RawFree(draft.alike[1]);
    PyMem_RawFree(draft.pool.places);
    return result;
}

/* A new plan for these shared inputs; NULL with an error set if memory is short. */
static Plan *make_plan(const Machine *machine, const char *shared, bool reduce) {
    Plan *plan = new_array(1, sizeof(Plan));
    if (!plan) {
        PyErr_NoMemory();
        return NULL;
    }
    const Py_ssize_t n_sums = reduce ? machine->n_outputs : 0; /* a step each, of two refs */
    plan->n_holders = 1;
    plan->reduce = reduce;
    plan->shared = new_array(machine->n_inputs, 1);
    plan->uniform_code = new_array(most_code(machine), sizeof(int32_t));
    plan->steps = new_array(machine->n_instructions + n_sums, sizeof(Step));
    plan->refs = new_array((Py_ssize_t)machine->n_operands + machine->n_instructions + 2 * n_sums,
                           sizeof(int32_t));
    plan->inputs = new_array(machine->n_inputs, sizeof(int32_t));
    plan->outputs = new_array(machine->n_outputs, sizeof(int32_t));
    plan->copies = new_array(machine->n_operands, sizeof(int32_t));
    if (plan->shared)
        memcpy(plan->shared, shared, (size_t)machine->n_inputs);
    if (!plan->shared || !plan->uniform_code || !plan->steps || !plan->refs || !plan->inputs ||
        !plan->outputs || !plan->copies || fill_plan(plan, machine) < 0) {
        PyErr_NoMemory();
        free_plan(plan);
        return NULL;
    }
    return plan;
}

static bool plan_fits(const Machine *machine, const Plan *plan, const char *shared, bool reduce) {
    return plan->reduce == reduce && memcmp(plan->shared, shared, (size_t)machine->n_inputs) == 0;
}

/* Put a plan first among those that are kept, in the place of one for the same inputs or of the oldest. */
static void keep_plan(Machine *machine, Plan *plan) {
    int at = 0;
    while (at < KEPT_PLANS - 1 && machine->plans[at] &&
           !plan_fits(machine, machine->plans[at], plan->shared, plan->reduce))
        at++;
    if (machine->plans[at])
        free_plan(machine->plans[at]);
    memmove(machine->plans + 1, machine->plans, (size_t)at * sizeof(Plan *));
    machine->plans[0] = plan;
}

/* The plan for these shared inputs, held once more; a kept one, if it fits. */
static Plan *get_plan(Machine *machine, const char *shared, bool reduce) {
    Plan *plan = NULL;
    for (int k = 0; k < KEPT_PLANS && machine->plans[k] && !plan; k++)
        if (plan_fits(machine, machine->plans[k], shared, reduce))
            plan = machine->plans[k];
    if (!plan && (plan = make_plan(machine, shared, reduce)))
        keep_plan(machine, plan);
    if (plan)
        plan->n_holders++;
    return plan;
}
