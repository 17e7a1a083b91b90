/* What a node is: the twin of ../python/node.py.
 *
 * The type takes no part in cyclic garbage collection, because no cycle can exist: a node's parents
 * are fixed when it is made, so they are older than itself, and the only other objects it holds are
 * exact str and tuples of them (`notes`). A user's own op keeps its Python functions in its row of the
 * table, not in the node. So a graph is freed at once, and Python's collector never visits one.
 */

typedef struct Node Node;

#if defined(__GNUC__)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NEVER_INLINE static __attribute__((noinline))
#define PREFETCH(address) __builtin_prefetch(address, 1)
#else
#define ALWAYS_INLINE static inline
#define NEVER_INLINE static
#define PREFETCH(address) ((void)0)
#endif

/* Parents of a node that has more than two of them: `n` pointers, then `n` partial derivatives. */
typedef struct {
    Py_ssize_t n;
} Many;

enum { MANY = 3 };

/* Whether a node was computed from the arguments of a function that becomes a program: from parameters of a
 * network, which are used elsewhere, too, from numbers made for it, or (3) from both. It stays so. */
enum Traced { NOT_TRACED, LENT_TO_TRACING, MADE_FOR_TRACING };

struct Node {
    PyObject_HEAD
    double data;
    uint32_t row;      /* index into `rows`; 0 for a leaf */
    uint8_t n_parents; /* 0, 1, 2, or MANY */
    uint8_t constant;  /* a plain number met in an expression */
    uint8_t visited;   /* only while a walk goes on; 0 at all other times */
    uint8_t traced;    /* see Traced */
    uint64_t stamp; /* how many nodes were made before it, so parents have smaller ones */
    union {
        double grad;
        uint64_t place; /* only in the middle of `hessian_products` */
        Node *next; /* of a dead node: the next one to be freed, or to be used again */
    };
    union {
        Node *x;
        Many *many;
    };
    Node *y;
    double dx, dy;   /* partial derivatives by x and y; of a leaf, see `replace_number` */
    PyObject *notes; /* scope and label, see below */
    PyObject *weak;  /* the weak references to it, which Python keeps */
};

#if SIZEOF_VOID_P == 8
_Static_assert(sizeof(Node) == 96, "a node of two parents is 96 bytes");
#endif

static PyTypeObject *ValueType;

static inline bool is_value(PyObject *thing) { return Py_IS_TYPE(thing, ValueType); }

static inline Node **many_parents(const Many *many) { return (Node **)(many + 1); }
static inline double *many_partials(const Many *many) {
    return (double *)(many_parents(many) + many->n);
}

static inline Py_ssize_t count_parents(const Node *node) {
    return node->n_parents == MANY ? node->many->n : node->n_parents;
}
static inline Node *const *parents_of(const Node *node) {
    return node->n_parents == MANY ? many_parents(node->many) : &node->x;
}
static inline double *partials_of(Node *node) {
    return node->n_parents == MANY ? many_partials(node->many) : &node->dx;
}

/* --- notes: scope and label in one pointer ------------------------------------------------------
 * Most nodes have no label, and all nodes of a scope share the tuple of its names:
 *     NULL                  no scope, no label
 *     (name, name, ...)     a scope
 *     ((name, ...), label)  a scope, which may be (), and a label
 */

static PyObject *scope_variable; /* a ContextVar; its value is a tuple of names */
static PyObject *mode_variable;  /* a ContextVar; its value is None or a Mode (../context.py) */
static PyObject *no_names;       /* () */
static PyObject *no_text;        /* "" */
static bool context_matters;     /* so that programs without scopes and modes need not look */

static bool has_label(PyObject *notes) {
    return notes && PyTuple_GET_SIZE(notes) == 2 && PyTuple_CheckExact(PyTuple_GET_ITEM(notes, 0));
}
/* Borrowed references. */
static PyObject *scope_in(PyObject *notes) {
    return !notes ? no_names : has_label(notes) ? PyTuple_GET_ITEM(notes, 0) : notes;
}
static PyObject *label_in(PyObject *notes) {
    return has_label(notes) ? PyTuple_GET_ITEM(notes, 1) : no_text;
}

/* Can this be a scope? */
static bool are_names(PyObject *names) {
    if (!PyTuple_CheckExact(names))
        return false;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++)
        if (!PyUnicode_CheckExact(PyTuple_GET_ITEM(names, i)))
            return false;
    return true;
}

/* Give a node a scope (exact tuple) and a label (exact str). */
static int set_notes(Node *node, PyObject *scope, PyObject *label) {
    PyObject *notes = NULL;
    if (PyUnicode_GET_LENGTH(label)) {
        Py_INCREF(scope); /* for allocating can set off Python's collector, and with it Python code */
        notes = PyTuple_Pack(2, scope, label);
        Py_DECREF(scope);
        if (!notes)
            return -1;
    } else if (PyTuple_GET_SIZE(scope)) {
        notes = Py_NewRef(scope);
    }
    Py_XSETREF(node->notes, notes);
    return 0;
}

/* The scope and the mode found last, and for which state of which thread; Python counts a thread's changes
 * from one context to another, and changes within a context come through `set_variable`. Outside of modes,
 * which is nearly always, `mode` is NULL; it is up to date wherever a node was just made. */
static struct {
    bool known;
    uint64_t thread, version;
    PyObject *notes;
    PyObject *mode;
    bool silent;       /* no graph is to be recorded */
    PyObject *watcher; /* held by `mode`; NULL if nobody watches */
} here;

/* Changes within the context are to be seen, and what it held is not to be kept alive. */
static void forget_context(void) {
    here.known = false;
    here.silent = false;
    here.watcher = NULL;
    Py_CLEAR(here.mode);
}

/* Take over a reference to a mode. */
static int enter_mode(PyObject *mode) {
    if (mode == Py_None)
        Py_CLEAR(mode);
    PyObject *watchers = mode && PyTuple_Check(mode) && PyTuple_GET_SIZE(mode) == 2
                             ? PyTuple_GET_ITEM(mode, 1) : NULL;
    const int silent = watchers ? PyObject_IsTrue(PyTuple_GET_ITEM(mode, 0)) : 0;
    if (mode && (silent < 0 || !watchers || !PyTuple_Check(watchers))) {
        if (silent >= 0)
            PyErr_Format(PyExc_TypeError, "a mode is None or a Mode and was given %R", mode);
        Py_DECREF(mode);
        return -1;
    }
    const Py_ssize_t n = watchers ? PyTuple_GET_SIZE(watchers) : 0;
    here.silent = silent > 0;
    here.watcher = n ? PyTuple_GET_ITEM(watchers, n - 1) : NULL;
    Py_XSETREF(here.mode, mode);
    return 0;
}

NEVER_INLINE int look_up_context(void) {
    PyObject *names, *mode;
    here.known = false;
    if (PyContextVar_Get(scope_variable, Py_None, &names) < 0)
        return -1;
    if (names == Py_None || !PyTuple_GET_SIZE(names))
        Py_CLEAR(names);
    if (PyContextVar_Get(mode_variable, Py_None, &mode) < 0 || enter_mode(mode) < 0) {
        Py_XDECREF(names);
        return -1;
    }
    const PyThreadState *thread = PyThreadState_Get();
    here.known = true;
    here.thread = thread->id;
    here.version = thread->context_ver;
    Py_XSETREF(here.notes, names);
    return 0;
}

/* A new reference to the notes of a node made here and now. */
static inline int current_notes(PyObject **notes) {
    if (!context_matters) {
        *notes = NULL;
        return 0;
    }
    const PyThreadState *thread = PyThreadState_Get();
    if ((!here.known || here.thread != thread->id || here.version != thread->context_ver) &&
        look_up_context() < 0)
        return -1;
    *notes = Py_XNewRef(here.notes);
    return 0;
}

/* Who is told when numbers of traced nodes, or of all, leave the graph (../context.py), or NULL. */
static PyObject *observer;
static int observes_all;

static inline int tell_of(PyObject *node, bool derived) {
    if (!observer || !(observes_all || ((Node *)node)->traced))
        return 0;
    PyObject *nothing = PyObject_CallMethod(observer, "read", "OO", node, derived ? Py_True : Py_False);
    Py_XDECREF(nothing);
    return nothing ? 0 : -1;
}

static inline int tell_read(PyObject *node) { return tell_of(node, false); }

/* Its derivatives are about to be read, or a pass from it to be run. */
static inline int tell_derived(PyObject *node) { return tell_of(node, true); }

/* After this, `here` is up to date, and making nodes allocates nothing that could set off Python's
 * collector, and with it Python code, which could change a list that is being read. */
static int warm_up_context(void) {
    PyObject *notes;
    if (current_notes(&notes) < 0)
        return -1;
    Py_XDECREF(notes);
    return 0;
}
