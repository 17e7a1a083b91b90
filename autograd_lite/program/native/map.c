/* Running a program for each of many rows: a block of rows at a time, in chunks that threads share. */

enum { SMALLEST_CHUNK = 16, MOST_CHUNKS = 256 }; /* the first in blocks */
enum { LARGEST_SPARE = 1 << 20 };     /* numbers that are kept for the next job */
enum { LOOK_AT_SIGNALS = 1 << 20 }; /* after so many steps, some hundredths of a second */

typedef struct {
    Py_buffer view;
    int32_t first, count; /* inputs */
    bool shared, columns; /* the same for all rows; a column of all rows for each input */
} Argument;

typedef struct {
    const Machine *machine;
    Plan *plan;
    const Argument *arguments;
    Py_ssize_t n_arguments, n_rows;
    double *outputs;
    const double *uniform;
    double *sums; /* over the rows of each chunk, if they are wanted */
    Py_ssize_t chunk, n_chunks; /* rows of a chunk, which are a power of two of blocks */
    Py_ssize_t stride;          /* from block to block */
    /* under the lock, which is NULL where there is one worker */
    PyThread_type_lock lock;
    Py_ssize_t next;
    bool stop;
} Job;

typedef struct {
    Job *job;
    double *blocks, *sums; /* of each output over a block, and over 1, 2, 4 … blocks that wait for as many others */
    PyThread_type_lock done; /* held while a thread of its own runs */
    PyThreadState *python;   /* of the thread that called, which looks at signals; else NULL */
    bool failed;             /* a signal handler raised */
    uint64_t n_doubts;       /* blocks that machine code left to the machine's own steps */
} Worker;

static bool run_direct(Job *job, double *blocks, double *room, Py_ssize_t row, int n);
static Py_ssize_t rows_before_line(const Job *job, Py_ssize_t row, Py_ssize_t n);
static Py_ssize_t direct_room(const Machine *machine, const Plan *plan);

/* --- rows to blocks and back --------------------------------------------------------------------- */

/* Fetch inputs that come as columns, each as long as there are rows. */
static void fetch_columns(const Job *job, double *blocks, const Argument *argument, const int32_t *inputs,
                             const int32_t *end, Py_ssize_t row, int n, int lanes) {
    for (const int32_t *input = inputs; input < end; input++, blocks += job->stride) {
        const double *from = (const double *)argument->view.buf + (*input - argument->first) * job->n_rows + row;
        memcpy(blocks, from, (size_t)n * sizeof(double));
        for (int i = n; i < lanes; i++)
            blocks[i] = from[n - 1];
    }
}

/* Fetch n rows, and the lanes to come. Those after the rows repeat the last, so that they cost no more. */
static void fetch(const Job *job, double *blocks, Py_ssize_t row, int n, int lanes) {
    const int32_t *inputs = job->plan->inputs, *all = inputs + job->plan->n_inputs;
    for (Py_ssize_t a = 0; a < job->n_arguments; a++) {
        const Argument *argument = &job->arguments[a];
        if (argument->shared)
            continue;
        const double *from = (const double *)argument->view.buf + row * argument->count;
        const int32_t first = argument->first, *end = inputs;
        while (end < all && *end < first + argument->count)
            end++;
        for (int i = 0; i < lanes && !argument->columns; i += TILE) {
            const double *rows[TILE];
            for (int r = 0; r < TILE; r++)
                rows[r] = from + (i + r < n ? i + r : n - 1) * (Py_ssize_t)argument->count;
            variant->fetch(blocks + i, job->stride, rows, inputs, first, (int32_t)(end - inputs));
        }
        if (argument->columns)
            fetch_columns(job, blocks, argument, inputs, end, row, n, lanes);
        blocks += (end - inputs) * job->stride;
        inputs = end;
    }
}

/* Outputs of n rows, which lie one after the other: of all rows the first, then of all the second. */
static void store(const Job *job, const double *blocks, Py_ssize_t row, int n) {
    for (int32_t k = 0; k < job->machine->n_outputs; k++) {
        const int32_t ref = job->plan->outputs[k];
        double *to = job->outputs + k * job->n_rows + row;
        if (ref >= 0)
            memcpy(to, blocks + ref * job->stride, (size_t)n * sizeof(double));
        else
            for (int i = 0; i < n; i++)
                to[i] = job->uniform[~ref];
    }
}

/* --- work ---------------------------------------------------------------------------------------- */

static void run_steps(const Step *step, int32_t n, const int32_t *refs, const Frame *frame) {
    for (const Step *end = step + n; step < end; step++) {
        step->kernel(frame, refs, step->n, step->attrs);
        refs += step->n_refs;
    }
}

static void run_block(const Plan *plan, const Frame *frame) {
    run_steps(plan->steps, plan->n_steps, plan->refs, frame);
}

static inline void lock_job(const Job *job) {
    if (job->lock)
        PyThread_acquire_lock(job->lock, WAIT_LOCK);
}

static inline void unlock_job(const Job *job) {
    if (job->lock)
        PyThread_release_lock(job->lock);
}

/* The number of the next chunk, -1 if there is none. */
static Py_ssize_t take_chunk(Job *job) {
    lock_job(job);
    const Py_ssize_t found = job->stop || job->next == job->n_chunks ? -1 : job->next++;
    unlock_job(job);
    return found;
}

/* Look at signals, in the thread that called; whether to stop. */
static bool interrupted(Worker *worker) {
    Job *job = worker->job;
    if (worker->python) {
        PyEval_RestoreThread(worker->python);
        worker->failed = PyErr_CheckSignals() < 0;
        worker->python = PyEval_SaveThread();
    }
    lock_job(job);
    const bool stop = job->stop |= worker->failed;
    unlock_job(job);
    return stop;
}

static inline void add_sums_to(double *to, const double *left, const double *right, int32_t n) {
    for (int32_t k = 0; k < n; k++)
        to[k] = left[k] + right[k];
}

/* Sums of blocks are added in a binary tree over the numbers of the blocks, so that neither chunks nor threads change
 * their order. Where block number `block` of a chunk has its sums: if it is even, where they wait for the next one. */
static inline double *sums_of_block(const Worker *worker, Py_ssize_t block) {
    return worker->sums + (block & 1 ? 0 : worker->job->machine->n_outputs);
}

/* Add them to those of the blocks before, as far as these are as many. */
static void add_block(const Worker *worker, Py_ssize_t block) {
    const int32_t n = worker->job->machine->n_outputs;
    double *waiting = worker->sums + n;
    for (; block & 1; block >>= 1, waiting += n)
        add_sums_to(block & 2 ? worker->sums : waiting + n, waiting, worker->sums, n);
}

/* The sums of a chunk of so many blocks. */
static void add_chunk(const Worker *worker, Py_ssize_t blocks, double *to) {
    const int32_t n = worker->job->machine->n_outputs;
    const double *waiting = worker->sums + n;
    for (bool first = true; blocks; blocks >>= 1, waiting += n) {
        if (!(blocks & 1))
            continue;
        if (first)
            memcpy(to, waiting, (size_t)n * sizeof(double));
        else
            add_sums_to(to, waiting, to, n);
        first = false;
    }
}

static void work(Worker *worker) {
    Job *job = worker->job;
    int64_t steps = 0;
    for (Py_ssize_t chunk; (chunk = take_chunk(job)) >= 0;) {
        const Py_ssize_t start = chunk * job->chunk, rest = job->n_rows - start;
        const Py_ssize_t end = start + (rest < job->chunk ? rest : job->chunk);
        double *sums = job->sums ? job->sums + chunk * job->machine->n_outputs : NULL;
        const bool direct = job->plan->exact && !job->plan->refused;
        const Py_ssize_t before = direct ? rows_before_line(job, start, end - start) : 0;
        Py_ssize_t block = 0;
        if (before)
            worker->n_doubts += run_direct(job, worker->blocks, worker->sums, start, TILE);
        for (Py_ssize_t row = start + before; row < end; row += BLOCK, block++) {
            const int n = end - row < BLOCK ? (int)(end - row) : BLOCK;
            const bool alone = end - start <= BLOCK;
            const Frame frame = {.blocks = worker->blocks, .uniform = job->uniform, .stride = job->stride,
                                 .totals = alone || !sums ? sums : sums_of_block(worker, block),
                                 .rows = n, .lanes = (n + TILE - 1) & -TILE};
            if (direct) {
                worker->n_doubts += run_direct(job, worker->blocks, worker->sums, row, n);
            } else {
                fetch(job, worker->blocks, row, n, frame.lanes);
                if (job->plan->exact)
                    run_steps(job->plan->exact, job->plan->n_exact, job->plan->refs, &frame);
                else
                    run_block(job->plan, &frame);
                if (!sums)
                    store(job, worker->blocks, row, n);
                else if (!alone)
                    add_block(worker, block);
            }
            steps += 16 + job->plan->n_refs;
            if (steps > LOOK_AT_SIGNALS) {
                steps = 0;
                if (interrupted(worker))
                    return;
            }
        }
        if (sums && block > 1)
            add_chunk(worker, block, sums);
    }
}

static void run_thread(void *worker) {
    work(worker);
    PyThread_release_lock(((Worker *)worker)->done);
}

/* All workers but the first in threads of their own, as far as there are any to be had. */
static void work_together(Worker *workers, Py_ssize_t n) {
    for (Py_ssize_t w = 1; w < n; w++) {
        PyThread_type_lock done = PyThread_allocate_lock();
        if (!done)
            break;
        PyThread_acquire_lock(done, WAIT_LOCK);
        workers[w].done = done;
        if (PyThread_start_new_thread(run_thread, &workers[w]) == PYTHREAD_INVALID_THREAD_ID) {
            PyThread_release_lock(done);
            PyThread_free_lock(done);
            workers[w].done = NULL;
            break;
        }
    }
    workers[0].python = PyEval_SaveThread();
    work(&workers[0]);
    for (Py_ssize_t w = 1; w < n; w++)
        if (workers[w].done) {
            PyThread_acquire_lock(workers[w].done, WAIT_LOCK);
            PyThread_release_lock(workers[w].done);
        }
    PyEval_RestoreThread(workers[0].python);
    for (Py_ssize_t w = 1; w < n; w++)
        if (workers[w].done)
            PyThread_free_lock(workers[w].done);
}

/* Fill what is the same for all rows. */
static double *make_uniform(const Machine *machine, const Plan *plan, const Argument *arguments,
                            Py_ssize_t n_arguments) {
    const size_t size = (size_t)plan->n_uniform + (size_t)plan->n_copies;
    if (size > PY_SSIZE_T_MAX / sizeof(double))
        return NULL;
    double *uniform = PyMem_RawMalloc(size * sizeof(double)); /* all that is read is written */
    if (!uniform)
        return NULL;
    for (Py_ssize_t a = 0; a < n_arguments; a++)
        if (arguments[a].shared)
            memcpy(uniform + arguments[a].first, arguments[a].view.buf,
                   (size_t)arguments[a].count * sizeof(double));
    memcpy(uniform + machine->n_inputs, machine->slots + machine->n_inputs,
           (size_t)machine->n_constants * sizeof(double));
    run_code(plan->uniform_code, uniform, (const double *)machine->rows);
    for (int32_t k = 0; k < plan->n_copies; k++)
        uniform[plan->n_uniform + k] = uniform[~plan->copies[k]];
    return uniform;
}

/* Room for so many numbers, that of the last job if it is large enough and nobody has it. */
static double *take_room(Plan *plan, size_t size) {
    double *room = plan->room;
    if (!room || plan->room_size < size)
        return size > PY_SSIZE_T_MAX / sizeof(double) ? NULL
                                                      : PyMem_RawMalloc(size * sizeof(double));
    plan->room = NULL;
    return room;
}

static void give_back_room(Plan *plan, double *room, size_t size) {
    if (!room || size > LARGEST_SPARE || (plan->room && plan->room_size >= size)) {
        PyMem_RawFree(room);
        return;
    }
    PyMem_RawFree(plan->room);
    plan->room = room;
    plan->room_size = size;
}

/* Run a job's chunks; -1 with an error set if memory is short or a signal handler raised. */
static int run_job(Job *job, Py_ssize_t threads) {
    const Py_ssize_t n_outputs = job->machine->n_outputs, n_blocks = job->plan->n_blocks;
    const Py_ssize_t n = threads < job->n_chunks ? threads : job->n_chunks;
    size_t n_parts = (size_t)direct_room(job->machine, job->plan);
    for (Py_ssize_t blocks = 2 * job->chunk / BLOCK; job->sums && blocks; blocks >>= 1)
        n_parts += (size_t)n_outputs;
    const size_t size = (size_t)(n_blocks * job->stride) + n_parts, whole = (size_t)n * size + TILE;
    Worker *workers = new_array(n, sizeof(Worker));
    double *room = workers ? take_room(job->plan, whole) : NULL;
    /* The sums of the only chunk are those of all. */
    const bool several = job->sums && job->n_chunks > 1;
    double *sums = several ? new_array(job->n_chunks, (size_t)n_outputs * sizeof(double)) : NULL;
    int result = -1;
    job->lock = n > 1 ? PyThread_allocate_lock() : NULL;
    if (!workers || !room || (several && !sums) || (n > 1 && !job->lock)) {
        PyErr_NoMemory();
        goto done;
    }
    double *blocks = (double *)(((uintptr_t)room + 63) & ~(uintptr_t)63);
    for (Py_ssize_t w = 0; w < n; w++) {
        workers[w].job = job;
        workers[w].blocks = blocks + (size_t)w * size; /* which begin at lines of the cache */
        workers[w].sums = workers[w].blocks + n_blocks * job->stride;
    }
    if (several)
        job->sums = sums;
    work_together(workers, n);
    result = workers[0].failed ? -1 : 0;
    for (Py_ssize_t w = 0; w < n; w++)
        job->plan->n_doubts += workers[w].n_doubts;
    if (result == 0 && sums) {
        for (Py_ssize_t step = 1; step < job->n_chunks; step *= 2)
            for (Py_ssize_t c = 0; c + step < job->n_chunks; c += 2 * step)
                add_sums_to(sums + c * n_outputs, sums + c * n_outputs, sums + (c + step) * n_outputs, (int32_t)n_outputs);
        memcpy(job->outputs, sums, (size_t)n_outputs * sizeof(double));
    }
done:
    give_back_room(job->plan, room, whole);
    PyMem_RawFree(workers);
    PyMem_RawFree(sums);
    if (job->lock)
        PyThread_free_lock(job->lock);
    return result;
}

/* --- what Python passes -------------------------------------------------------------------------- */

/* Check that (buffer, first input, count, shared) fits, and hold the buffer. */
static int read_argument(const Machine *machine, Argument *argument, PyObject *given,
                         int32_t covered, Py_ssize_t n_rows) {
    PyObject *buffer;
    Py_ssize_t first, count;
    int shared, columns = 0;
    if (!PyTuple_Check(given) || !PyArg_ParseTuple(given, "Onnp|p", &buffer, &first, &count, &shared, &columns)) {
        if (!PyErr_Occurred())
            PyErr_Format(PyExc_ValueError, "an argument is (array, first input, count, shared, columns) and "
                         "was given %R", given);
        return -1;
    }
    if (first != covered || count < 0 || count > machine->n_inputs - covered) {
        PyErr_Format(PyExc_ValueError, "arguments must cover the %d inputs in order; after %d of "
                     "them came first=%zd, count=%zd",
                     (int)machine->n_inputs, (int)covered, first, count);
        return -1;
    }
    if (get_floats(buffer, &argument->view, "an argument", 0) < 0)
        return -1;
    const Py_ssize_t length = argument->view.len / (Py_ssize_t)sizeof(double);
    const Py_ssize_t rows = shared ? 1 : n_rows;
    const bool fits = count == 0 || rows == 0
                          ? length == 0 : length % count == 0 && length / count == rows;
    if (!fits) {
        PyErr_Format(PyExc_ValueError, "an argument of %zd rows with %zd numbers each has %zd numbers",
                     rows, count, length);
        PyBuffer_Release(&argument->view);
        return -1;
    }
    argument->first = (int32_t)first;
    argument->count = (int32_t)count;
    argument->shared = shared;
    argument->columns = (columns || count == 1) && !shared;
    return 0;
}

/* Map over rows that are there, the arguments being checked. */
static int map_rows(Machine *machine, const Argument *arguments, Py_ssize_t n_arguments,
                    Py_ssize_t n_rows, double *outputs, bool reduce, Py_ssize_t threads) {
    char *shared = new_array(machine->n_inputs, 1);
    if (!shared) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t a = 0; a < n_arguments; a++)
        memset(shared + arguments[a].first, arguments[a].shared, (size_t)arguments[a].count);
    Plan *plan = get_plan(machine, shared, reduce);
    if (!plan) {
        PyMem_RawFree(shared);
        return -1;
    }
    double *uniform = make_uniform(machine, plan, arguments, n_arguments);
    int result = -1;
    if (!uniform) {
        PyErr_NoMemory();
    } else {
        Job job = {.machine = machine, .plan = plan, .arguments = arguments,
                   .n_arguments = n_arguments, .n_rows = n_rows, .outputs = outputs,
                   .uniform = uniform, .sums = reduce ? outputs : NULL,
                   .chunk = SMALLEST_CHUNK * BLOCK};
        while (n_rows / MOST_CHUNKS > job.chunk)
            job.chunk *= 2;
        /* One TILE more, as blocks a power of two apart would compete for the same places in the caches. */
        job.stride = n_rows < BLOCK && !plan->compiled ? (n_rows + TILE - 1) & -TILE : FULL_STRIDE;
        job.n_chunks = (n_rows - 1) / job.chunk + 1;
        result = run_job(&job, threads);
    }
    PyMem_RawFree(uniform);
    plan->n_rows += (uint64_t)n_rows;
    if (plan->exact && !plan->refused && too_doubtful(plan->n_doubts, plan->n_rows / BLOCK)) {
        plan->refused = true; /* until there is another one */
        plan->asked = false;
    }
    if (machine->watcher && !plan->asked && plan->n_rows >= machine->patience_rows) {
        plan->asked = true;
        call_watcher(machine, shared, reduce);
    }
    PyMem_RawFree(shared);
    free_plan(plan);
    return result;
}

static int read_and_map(Machine *machine, PyObject *inputs, Py_ssize_t n_rows, Py_buffer *outputs,
                        bool reduce, Py_ssize_t threads) {
    const Py_ssize_t n = PyTuple_GET_SIZE(inputs);
    const Py_ssize_t length = outputs->len / (Py_ssize_t)sizeof(double);
    const Py_ssize_t rows = reduce ? 1 : n_rows, width = machine->n_outputs;
    if (width == 0 || rows == 0 ? length != 0 : length % width != 0 || length / width != rows) {
        PyErr_Format(PyExc_ValueError, "%zd outputs for each of %zd rows have %zd numbers", width, rows,
                     length);
        return -1;
    }
    Argument *arguments = new_array(n, sizeof(Argument));
    if (!arguments) {
        PyErr_NoMemory();
        return -1;
    }
    Py_ssize_t read = 0;
    int32_t covered = 0;
    while (read < n && read_argument(machine, &arguments[read], PyTuple_GET_ITEM(inputs, read),
                                     covered, n_rows) == 0)
        covered += arguments[read++].count;
    int result = -1;
    if (read == n) {
        if (covered < machine->n_inputs)
            PyErr_Format(PyExc_ValueError, "arguments must cover the %d inputs and cover %d",
                         (int)machine->n_inputs, (int)covered);
        else if (n_rows == 0 || width == 0) {
            memset(outputs->buf, 0, (size_t)outputs->len);
            result = 0;
        } else {
            result = map_rows(machine, arguments, n, n_rows, outputs->buf, reduce, threads);
        }
    }
    while (read > 0)
        PyBuffer_Release(&arguments[--read].view);
    PyMem_RawFree(arguments);
    return result;
}
