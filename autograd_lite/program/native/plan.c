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
    int32_t n_blocks;      /* blocks of numbers that are kept at a time */
    int32_t n_steps, n_refs, n_inputs;
    Step *steps;
    int32_t *refs;    /* of all steps */
    int32_t *inputs;  /* those that differ by row and are read, in order; the k-th goes to block k */
    int32_t *outputs; /* refs */
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

/* A plan while it is made. */
typedef struct {
    const Machine *machine;
    Plan *plan;
    int32_t *refs;            /* by register */
    int32_t *ends;            /* by register; see `find_ends` */
    int32_t *wanted, *others; /* by register: 1 + an output that it is; by output: 1 + the next such, or 0 */
    int32_t *alike[2];        /* by instruction: 1 + the next one with the same such vector, or 0 */
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

/* Write a step that adds results over rows, of the operands that are written; or if both are blocks and
 * the step before adds others with the same left one, make it part of that. */
static void plan_sum(Plan *plan, const Row *row, int mask, int32_t output) {
    int32_t *refs = plan->refs + plan->n_refs;
    Step *before = plan->n_steps ? &plan->steps[plan->n_steps - 1] : NULL;
    const Kernel group = mask ? NULL : variant->groups[row->kernel];
    if (!group) {
        refs[0] = output;
        add_step(plan, variant->sums[row->kernel][mask], row->attrs, 2);
    } else if (before && before->kernel == group && refs[-before->n_refs] == refs[1]) {
        refs[0] = output;
        refs[1] = refs[2];
        before->n += 2;
        before->n_refs += 2;
        plan->n_refs += 2;
    } else {
        refs[0] = refs[1];
        refs[1] = output;
        add_step(plan, group, row->attrs, 2);
    }
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
    const bool sums = mask < 4 && variant->sums[row->kernel][mask];
    if (sums && output && draft->ends[own] == 0 && !draft->others[output - 1]) {
        free_operands(machine, operands, n, start, draft->ends, draft->refs, &draft->pool);
        plan_sum(plan, row, mask, output - 1); /* which is all that it is for */
        return;
    }
    refs[0] = place_result(machine, j, operands, n, start, draft->ends, draft->refs, &draft->pool);
    add_step(plan, variant->blocks[row->kernel][mask], row->attrs, n);
    plan->steps[plan->n_steps - 1].own = j;
    add_sums(draft, own);
    free_unread(own, draft->ends, draft->refs, &draft->pool);
}

/* --- layers -------------------------------------------------------------------------------------- */

enum { LAYER = 4, SHORTEST_FOLD = 2, FARTHEST = 16 };

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

/* Run fold `j`, whose vector number `vector` is of blocks, together with others; false if there are too few. */
static bool plan_layer(Draft *draft, int32_t j, int vector) {
    const Machine *machine = draft->machine;
    Plan *plan = draft->plan;
    const int32_t m = vector_length(machine, j), first = first_instruction(machine);
    int32_t members[LAYER] = {j}, n = 1, next = draft->alike[vector][j];
    for (int32_t tried = 0; next && n < LAYER && tried < FARTHEST; tried++) {
        if (draft->refs[first + next - 1] == NOWHERE && may_move(draft, next - 1, j, vector))
            members[n++] = next - 1;
        next = draft->alike[vector][next - 1];
    }
    const int32_t *operands = machine->operands + machine->starts[j];
    bool blocks = n == LAYER;
    for (int32_t k = 0; blocks && k < m; k++)
        blocks = draft->refs[operands[vector * m + k]] >= 0;
    if (!blocks)
        return false;
    int32_t *refs = plan->refs + plan->n_refs, *numbers = refs + 2 * LAYER + m;
    for (int32_t k = 0; k < m; k++)
        refs[2 * LAYER + k] = draft->refs[operands[vector * m + k]];
    for (int32_t s = 0; s < LAYER; s++) {
        operands = machine->operands + machine->starts[members[s]];
        refs[LAYER + s] = draft->refs[operands[2 * m]];
        for (int32_t k = 0; k < m; k++)
            *numbers++ = draft->refs[operands[(1 - vector) * m + k]];
        refs[s] = draft->refs[first + members[s]] = take_place(&draft->pool);
    }
    const Row *row = &machine->rows[machine->codes[j]];
    add_step(plan, variant->layers[row->kernel], row->attrs, 2 * LAYER - 1 + 5 * m);
    for (int32_t s = 0; s < LAYER; s++)
        add_sums(draft, first + members[s]);
    return true;
}

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
        write_steps(&draft);
        result = 0;
    }
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
    if (plan->shared)
        memcpy(plan->shared, shared, (size_t)machine->n_inputs);
    if (!plan->shared || !plan->uniform_code || !plan->steps || !plan->refs || !plan->inputs ||
        !plan->outputs || fill_plan(plan, machine) < 0) {
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
