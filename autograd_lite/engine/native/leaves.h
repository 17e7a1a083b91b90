/* What the engine lends to other extensions: leaves, without a call of Python for each. */

typedef struct {
    PyTypeObject *type; /* Value */
    /* Where in one its number lies, a double; what is 0 in a leaf, a uint32_t; and what is NULL unless there
     * are weak references, a pointer. */
    size_t data, row, weak;
    PyObject *(*make)(double);        /* a new leaf */
    int (*renew)(PyObject *, double); /* make of a leaf that nobody knows of a new one; -1 after an error */
    int (*something_around)(void); /* whether differentiations go on */
} Leaves;

/* Whether no number is nan or infinite: 0 times such a one is nan. Each of the eight sums waits for its own
 * last addition alone. */
static inline bool all_finite(const double *numbers, Py_ssize_t n) {
    double sums[8] = {0};
    Py_ssize_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++)
            sums[k] += 0.0 * numbers[i + k];
    for (; i < n; i++)
        sums[0] += 0.0 * numbers[i];
    for (int k = 1; k < 8; k++)
        sums[0] += sums[k];
    return sums[0] == 0.0;
}

#define LEAVES "autograd_lite.engine.native._engine.LEAVES"
