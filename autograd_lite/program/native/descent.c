/* Steps of training in a loop: a program gives the gradient of a batch, another moves the parameters by it. */

enum { MOST_COLUMNS = 16 }; /* arrays of samples */

typedef struct {
    Machine *gradient, *update, *totals; /* the last may be NULL */
    PyObject *rate; /* a function, or None */
    Py_buffer numbers, state, settings, order, found;
    Py_buffer columns[MOST_COLUMNS];
    Py_ssize_t n_columns, n_samples, size, n_batches, threads;
    bool whole; /* all samples are one batch, again and again */
    Argument batch[MOST_COLUMNS + 1], parts[MOST_COLUMNS + 4];
    Py_ssize_t n_parts;
    double *rows, *sums, *moved; /* of a batch; over its rows; parameters and state after a step */
} Descent;

static void end_descent(Descent *descent) {
    Py_buffer *views[] = {&descent->numbers, &descent->state, &descent->settings, &descent->order, &descent->found};
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
        if (views[i]->obj)
            PyBuffer_Release(views[i]);
    for (Py_ssize_t i = 0; i < descent->n_columns; i++)
        PyBuffer_Release(&descent->columns[i]);
    PyMem_RawFree(descent->rows);
    PyMem_RawFree(descent->sums);
    PyMem_RawFree(descent->moved);
}

static Py_ssize_t length_of(const Py_buffer *view) {
    return view->len / (Py_ssize_t)sizeof(double);
}

/* An argument of a program on what is there already. */
static void place(Argument *argument, int32_t *first, void *numbers, Py_ssize_t count, bool shared) {
    memset(argument, 0, sizeof(*argument));
    argument->view.buf = numbers;
    argument->first = *first;
    argument->count = (int32_t)count;
    argument->shared = shared;
    argument->columns = count == 1 && !shared;
    *first += (int32_t)count;
}

/* Room for a batch, and the arguments of both programs, if the arrays fit them. */
static int begin_descent(Descent *descent) {
    const Py_ssize_t n = length_of(&descent->numbers), n_states = n ? length_of(&descent->state) / n : 0;
    const Py_ssize_t others = descent->gradient->n_outputs - n; /* the loss, and whether choices are right */
    Py_ssize_t width = 0, n_all = descent->n_samples;
    for (Py_ssize_t i = 0; i < descent->n_columns; i++) {
        const Py_ssize_t length = length_of(&descent->columns[i]);
        if (n_all < 1 || length % n_all)
            return -1;
        width += length / n_all;
    }
    const Py_ssize_t n_order = length_of(&descent->order);
    const int64_t *order = descent->order.buf;
    for (Py_ssize_t i = 0; i < n_order && !descent->whole; i++)
        if (order[i] < 0 || order[i] >= n_all)
            return -1;
    if (n < 1 || n_states * n != length_of(&descent->state) || descent->gradient->n_inputs != n + width ||
        others < 1 || descent->update->n_outputs != 1 + n_states ||
        descent->update->n_inputs != 2 + n_states + length_of(&descent->settings) ||
        length_of(&descent->settings) < 1 + (descent->rate != Py_None) || length_of(&descent->found) % others ||
        descent->size < 1 || n_states > MOST_COLUMNS)
        return -1;
    if (descent->totals && (descent->totals->n_inputs != descent->update->n_inputs || descent->totals->n_outputs < 1 ||
                            descent->totals->n_outputs >= length_of(&descent->settings)))
        return -1;
    descent->n_batches = length_of(&descent->found) / others;
    if (!descent->whole && descent->n_batches != (n_order + descent->size - 1) / descent->size)
        return -1;
    const Py_ssize_t most = descent->whole ? 0 : descent->size < n_order ? descent->size : n_order;
    descent->rows = new_array(most * width, sizeof(double));
    descent->sums = new_array(descent->gradient->n_outputs, sizeof(double));
    descent->moved = new_array((1 + n_states) * n, sizeof(double));
    if (!descent->rows || !descent->sums || !descent->moved) {
        PyErr_NoMemory();
        return -1;
    }
    int32_t first = 0;
    place(&descent->batch[0], &first, descent->numbers.buf, n, true);
    double *rows = descent->rows;
    for (Py_ssize_t i = 0; i < descent->n_columns; i++) {
        const Py_ssize_t count = length_of(&descent->columns[i]) / n_all;
        place(&descent->batch[1 + i], &first, descent->whole ? descent->columns[i].buf : rows, count, false);
        rows += most * count;
    }
    first = 0;
    place(&descent->parts[0], &first, descent->numbers.buf, 1, false);
    place(&descent->parts[1], &first, descent->sums + 1, 1, false);
    for (Py_ssize_t i = 0; i < n_states; i++)
        place(&descent->parts[2 + i], &first, (double *)descent->state.buf + i * n, 1, false);
    place(&descent->parts[2 + n_states], &first, descent->settings.buf, length_of(&descent->settings), true);
    descent->n_parts = 3 + n_states;
    return 0;
}

/* Copy the samples of a batch side by side; how many they are. */
static Py_ssize_t gather(Descent *descent, Py_ssize_t batch) {
    if (descent->whole)
        return descent->n_samples;
    const Py_ssize_t start = batch * descent->size, left = length_of(&descent->order) - start;
    const Py_ssize_t n = left < descent->size ? left : descent->size;
    const int64_t *order = (const int64_t *)descent->order.buf + start;
    for (Py_ssize_t c = 0; c < descent->n_columns; c++) {
        const Argument *argument = &descent->batch[1 + c];
        double *to = argument->view.buf;
        for (Py_ssize_t i = 0; i < n; i++, to += argument->count)
            memcpy(to, (const double *)descent->columns[c].buf + order[i] * argument->count,
                   (size_t)argument->count * sizeof(double));
    }
    return n;
}

/* A step: 1 if it is done, 0 if a number in it is not finite, and nothing has changed, -1 after an error. */
static int step_down(Descent *descent, Py_ssize_t batch) {
    const Py_ssize_t n = length_of(&descent->numbers), n_rows = gather(descent, batch);
    const Py_ssize_t n_sums = descent->gradient->n_outputs, others = n_sums - n;
    double *settings = descent->settings.buf, *sums = descent->sums;
    if (map_rows(descent->gradient, descent->batch, 1 + descent->n_columns, n_rows, sums, true, descent->threads) < 0)
        return -1;
    for (Py_ssize_t i = 0; i < n_sums; i++)
        sums[i] /= (double)n_rows;
    if (!all_finite(sums, n_sums))
        return 0;
    if (descent->rate != Py_None) {
        PyObject *rate = PyObject_CallNoArgs(descent->rate);
        settings[1] = rate ? PyFloat_AsDouble(rate) : -1.0;
        Py_XDECREF(rate);
        if (PyErr_Occurred())
            return -1;
    }
    settings[0] += 1.0;
    const int32_t n_totals = descent->totals ? descent->totals->n_outputs : 0;
    double *totals = settings + length_of(&descent->settings) - n_totals;
    int result = 0;
    if (n_totals)
        result = map_rows(descent->totals, descent->parts, descent->n_parts, n, totals, true, 1);
    const bool finite = result == 0 && all_finite(totals, n_totals);
    if (finite)
        result = map_rows(descent->update, descent->parts, descent->n_parts, n, descent->moved, false, 1);
    if (!finite || result < 0 || !all_finite(descent->moved, n)) {
        settings[0] -= 1.0;
        return result;
    }
    double *found = (double *)descent->found.buf + batch * others;
    found[0] = n_totals ? sums[0] + totals[0] : sums[0];
    memcpy(found + 1, sums + 1 + n, (size_t)(others - 1) * sizeof(double));
    memcpy(descent->numbers.buf, descent->moved, (size_t)n * sizeof(double));
    memcpy(descent->state.buf, descent->moved + n, (size_t)descent->state.len);
    return 1;
}

PyDoc_STRVAR(machine_descend_doc,
"descend(update, totals, numbers, state, settings, rate, columns, n_samples, order, size, found, threads)\n--\n\n"
"Take steps until a number in one of them is not finite; how many were taken.\n\n"
"This machine gives, of the shared parameters and a sample, loss, gradient and whether choices are right.\n"
"`update` gives, of a parameter, its gradient, its state, and the shared settings, of which the first counts\n"
"steps, the parameter after a step and its state. `totals`, if not None, gives of the same numbers some that\n"
"are added over all parameters: the last settings of the step; the first of them belongs to the loss. `rate`,\n"
"if not None, gives the second setting before each step. `numbers` (parameters,), `state` (numbers of it,\n"
"parameters) and `settings` are changed in place. Each of `columns` holds a row for each of n_samples; a\n"
"batch is `size` of them by their numbers in `order` (int64), or all of them if that is None. `found`\n"
"(steps, 1 + choices) takes the means over each batch. All arrays are float64 and contiguous. A signal\n"
"handler may raise between steps: `settings` says how many were taken.");

static PyObject *machine_descend(PyObject *self, PyObject *args) {
    PyObject *update, *totals, *numbers, *state, *settings, *columns, *order, *found;
    Descent descent = {.gradient = (Machine *)self};
    if (!PyArg_ParseTuple(args, "O!OOOOOO!nOnOn:descend", MachineType, &update, &totals, &numbers, &state, &settings,
                          &descent.rate, &PyTuple_Type, &columns, &descent.n_samples, &order, &descent.size, &found,
                          &descent.threads))
        return NULL;
    descent.update = (Machine *)update;
    if (totals != Py_None && !PyObject_TypeCheck(totals, MachineType))
        return PyErr_Format(PyExc_TypeError, "totals is a Machine or None and was given %R", totals);
    descent.totals = totals == Py_None ? NULL : (Machine *)totals;
    descent.whole = order == Py_None;
    const Py_ssize_t n_columns = PyTuple_GET_SIZE(columns);
    bool read = n_columns <= MOST_COLUMNS && descent.threads >= 1 &&
                get_floats(numbers, &descent.numbers, "numbers", PyBUF_WRITABLE) == 0 &&
                get_floats(state, &descent.state, "state", PyBUF_WRITABLE) == 0 &&
                get_floats(settings, &descent.settings, "settings", PyBUF_WRITABLE) == 0 &&
                get_floats(found, &descent.found, "found", PyBUF_WRITABLE) == 0 &&
                (descent.whole || get_buffer(order, &descent.order, "order", "lq", sizeof(int64_t), 0) == 0);
    while (read && descent.n_columns < n_columns) {
        read = get_floats(PyTuple_GET_ITEM(columns, descent.n_columns), &descent.columns[descent.n_columns],
                          "a column", 0) == 0;
        descent.n_columns += read;
    }
    PyObject *result = NULL;
    if (read && begin_descent(&descent) == 0) {
        Py_ssize_t done = 0;
        int state_of = 1;
        while (done < descent.n_batches && (state_of = PyErr_CheckSignals() < 0 ? -1 : step_down(&descent, done)) == 1)
            if (++done % 16 == 0) { /* other threads shall not wait long */
                Py_BEGIN_ALLOW_THREADS
                Py_END_ALLOW_THREADS
            }
        result = state_of < 0 ? NULL : PyLong_FromSsize_t(done);
    } else if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "the arrays do not fit the two programs of a descent");
    }
    end_descent(&descent);
    return result;
}
