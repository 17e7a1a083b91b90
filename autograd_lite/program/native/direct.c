/* Blocks of rows whose steps all are machine code: it reads columns of inputs and writes columns of outputs where these
 * are, and leaves what it doubts, zeros and nans, to the machine's own steps. */

/* What machine code gets: a frame, and where the columns are. */
typedef struct {
    Frame frame;
    const double *inputs;
    double *outputs;
    Py_ssize_t input_stride, output_stride; /* from column to column */
    int32_t doubts;
} Direct;

/* Numbers that a worker needs besides blocks: a TILE of all columns. */
static Py_ssize_t direct_room(const Machine *machine, const Plan *plan) {
    return plan->exact ? (Py_ssize_t)(plan->n_inputs + machine->n_outputs) * TILE : 0;
}

/* The columns of a job's inputs, if they lie one after the other and all are read; else NULL. */
static const double *own_columns(const Job *job) {
    const double *found = NULL;
    for (Py_ssize_t a = 0; a < job->n_arguments; a++) {
        const Argument *argument = &job->arguments[a];
        if (argument->shared || !argument->count)
            continue;
        if (found || !argument->columns || argument->count != job->plan->n_inputs)
            return NULL;
        found = argument->view.buf;
    }
    return found;
}

/* Of n rows from `row` on, how many come before those whose outputs begin at lines of the cache: a vector that is
 * written to two lines takes twice as long. They are run as part of a TILE of their own. */
static Py_ssize_t rows_before_line(const Job *job, Py_ssize_t row, Py_ssize_t n) {
    const uintptr_t at = (uintptr_t)(job->outputs + row) / sizeof(double);
    const Py_ssize_t before = (Py_ssize_t)(-at % TILE);
    return n > 2 * TILE && job->n_rows % TILE == 0 && own_columns(job) ? before : 0;
}

/* Rows that fill no TILE, which the last of them does: their columns in `room`. */
static void run_last_tile(Job *job, Direct *direct, const double *inputs, Py_ssize_t stride, Py_ssize_t row,
                          int n, double *room) {
    const int32_t n_inputs = job->plan->n_inputs, n_outputs = job->machine->n_outputs;
    double *outputs = room + n_inputs * TILE;
    for (int32_t k = 0; k < n_inputs; k++)
        for (int i = 0; i < TILE; i++)
            room[k * TILE + i] = inputs[k * stride + (i < n ? i : n - 1)];
    direct->frame.rows = direct->frame.lanes = TILE;
    direct->inputs = room;
    direct->outputs = outputs;
    direct->input_stride = direct->output_stride = TILE;
    run_block(job->plan, &direct->frame);
    for (int32_t k = 0; k < n_outputs; k++)
        memcpy(job->outputs + k * job->n_rows + row, outputs + k * TILE, (size_t)n * sizeof(double));
}

/* Run n rows; whether there were doubts. */
static bool run_direct(Job *job, double *blocks, double *room, Py_ssize_t row, int n) {
    const double *columns = own_columns(job);
    const int whole = n & -TILE;
    Direct direct = {.frame = {.blocks = blocks, .uniform = job->uniform, .stride = job->stride, .rows = whole, .lanes = whole}};
    if (!columns)
        fetch(job, blocks, row, n, (n + TILE - 1) & -TILE);
    const double *inputs = columns ? columns + row : blocks;
    const Py_ssize_t stride = columns ? job->n_rows : job->stride;
    if (columns && n > TILE && n > whole) { /* some rows twice */
        direct.frame.rows = direct.frame.lanes = TILE;
        direct.inputs = inputs + n - TILE;
        direct.outputs = job->outputs + row + n - TILE;
        direct.input_stride = direct.output_stride = job->n_rows;
        run_block(job->plan, &direct.frame);
    } else if (n > whole) /* first, as the others may use the blocks of these inputs */
        run_last_tile(job, &direct, inputs + whole, stride, row + whole, n - whole, room);
    if (whole) {
        if (!columns && n > whole)
            fetch(job, blocks, row, n, (n + TILE - 1) & -TILE);
        direct.frame.rows = direct.frame.lanes = whole;
        direct.inputs = inputs;
        direct.outputs = job->outputs + row;
        direct.input_stride = stride;
        direct.output_stride = job->n_rows;
        run_block(job->plan, &direct.frame);
    }
    if (!direct.doubts)
        return false;
    const Frame frame = {.blocks = blocks, .uniform = job->uniform, .stride = job->stride, .rows = n,
                         .lanes = (n + TILE - 1) & -TILE};
    fetch(job, blocks, row, n, frame.lanes);
    run_steps(job->plan->exact, job->plan->n_exact, job->plan->refs, &frame);
    store(job, blocks, row, n);
    return true;
}
