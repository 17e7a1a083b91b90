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

#define LEAVES "autograd_lite.engine.native._engine.LEAVES"
