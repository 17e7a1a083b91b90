/* What the engine lends to other extensions: leaves, without a call of Python for each. */

typedef struct {
    PyTypeObject *type; /* Value */
    size_t data, row;   /* where in one its number lies, a double, and what is 0 in a leaf, a uint32_t */
    PyObject *(*make)(double);     /* a new leaf */
    int (*something_around)(void); /* whether differentiations go on here; -1 after an error */
} Leaves;

#define LEAVES "autograd_lite.engine.native._engine.LEAVES"
