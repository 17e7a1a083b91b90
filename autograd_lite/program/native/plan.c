/* How a program is mapped over rows when certain inputs are shared by all rows: instructions that depend on
 * those and constants only are run once, the others for each block of rows. */

typedef struct {
    Kernel kernel;
    const double *attrs;
    int32_t n, n_refs; /* operands, and refs to step over */
} Step;

struct Plan {
    Py_ssize_t n_holders;
    char *shared;          /* of each input */
    int32_t *uniform_code; /* for `run_code`, on `uniform` */
    int32_t n_uniform;     /* numbers that are the same for all rows: inputs, constants, results */
    int32_t n_blocks;      /* blocks of numbers that are kept at a time */
    int32_t n_steps, n_refs, n_inputs;
    Step *steps;
    int32_t *refs;    /* of all steps */
    int32_t *inputs;  /* those that differ by row and are read, in order; the k-th goes to block k */
    int32_t *outputs; /* refs */
};

static void free_plan(Plan *plan) {
    if (--plan->n_holders > 0)
        return;
    PyMem_RawFree(plan->shared);
    PyMem_RawFree(plan->uniform_code);
    PyMem_RawFree(plan->steps);
    PyMem_RawFree(plan->refs);
    PyMem_RawFree(plan->inputs);
    PyMem_RawFree(plan->outputs);
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

/* Number what is uniform from ~0 down and blocks from 0 up, and write the steps. */
static int fill_plan(Plan *plan, const Machine *machine) {
    const int32_t first = first_instruction(machine), n = first + machine->n_instructions;
    int32_t *refs = new_array(n, sizeof(int32_t)); /* by register */
    Pool pool = {new_array(n, sizeof(int32_t)), 0, 0};
    int32_t *code = plan->uniform_code, result = -1;
    if (!refs || !pool.places)
        goto done;
    for (int32_t i = 0; i < machine->n_inputs; i++) {
        const bool block = !plan->shared[i] && machine->ends[i];
        refs[i] = block ? take_place(&pool) : ~i;
        if (block)
            plan->inputs[plan->n_inputs++] = i;
    }
    for (int32_t i = machine->n_inputs; i < first; i++)
        refs[i] = ~i;
    plan->n_uniform = first;
    for (int32_t j = 0; j < machine->n_instructions; j++) {
        const int mask = uniform_operands(machine, j, refs);
        if (mask < 0) {
            refs[first + j] = ~plan->n_uniform++;
            code = encode(machine, j, refs, true, code);
            continue;
        }
        const Row *row = &machine->rows[machine->codes[j]];
        Step *step = &plan->steps[plan->n_steps++];
        int32_t *own = plan->refs + plan->n_refs;
        const int32_t start = machine->starts[j];
        step->kernel = block_kernels[row->kernel][mask];
        step->attrs = row->attrs;
        step->n = machine->starts[j + 1] - start;
        step->n_refs = step->n + 1;
        for (int32_t k = 0; k < step->n; k++)
            own[k + 1] = refs[machine->operands[start + k]];
        own[0] = place_result(machine, j, refs, &pool);
        plan->n_refs += step->n_refs;
    }
    *code = CODE_END;
    for (int32_t k = 0; k < machine->n_outputs; k++)
        plan->outputs[k] = refs[machine->outputs[k]];
    plan->n_blocks = pool.next;
    result = 0;
done:
    PyMem_RawFree(refs);
    PyMem_RawFree(pool.places);
    return result;
}

/* The plan for these shared inputs, held once more; that of the last time, if it fits. */
static Plan *get_plan(Machine *machine, const char *shared) {
    Plan *plan = machine->plan;
    if (plan && memcmp(plan->shared, shared, (size_t)machine->n_inputs) == 0) {
        plan->n_holders++;
        return plan;
    }
    plan = new_array(1, sizeof(Plan));
    if (!plan) {
        PyErr_NoMemory();
        return NULL;
    }
    plan->n_holders = 1;
    plan->shared = new_array(machine->n_inputs, 1);
    plan->uniform_code = new_array(most_code(machine), sizeof(int32_t));
    plan->steps = new_array(machine->n_instructions, sizeof(Step));
    plan->refs = new_array((Py_ssize_t)machine->n_operands + machine->n_instructions, sizeof(int32_t));
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
    if (machine->plan)
        free_plan(machine->plan);
    machine->plan = plan;
    plan->n_holders++;
    return plan;
}
