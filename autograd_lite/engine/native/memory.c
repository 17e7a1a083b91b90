/* Where nodes lie, and how one is made and freed.
 *
 * Nodes fill slabs from one end to the other, so a graph lies in memory in the order in which it was
 * recorded, which is about the order in which it is walked. (A single list of dead nodes would mix that
 * order up a little more with every graph that is freed, and processors wait for scattered memory.) A
 * slab begins at a multiple of its size, so a node's address leads to it.
 */

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/mman.h>
#endif

#ifdef AUTOGRAD_LITE_DEBUG

static Py_ssize_t n_living;
static Py_ssize_t count_living(void) { return n_living; }
static int next_slab(void) { return 0; }
static void *const filling = &n_living;
static Node *take_block(void) {
    Node *node = PyObject_Calloc(1, sizeof(Node));
    if (!node)
        return (Node *)PyErr_NoMemory();
    n_living++;
    return node;
}
static void give_back_block(Node *node) {
    n_living--;
    PyObject_Free(node);
}

#else

typedef struct Slab Slab;
struct Slab {
    Node *dead;       /* nodes to be used again, linked by `next` */
    uint32_t n_used;  /* living nodes */
    uint32_t n_fresh; /* from here on, no node was ever made */
    Slab *next, *previous; /* in the list of usable slabs */
    Slab *newer, *older;   /* in the list of all slabs */
};

enum { SLAB_BYTES = 1 << 18, KEPT_SLABS = 40 }; /* 10 MiB of empty slabs are kept */
#define SLAB_NODES ((uint32_t)((SLAB_BYTES - sizeof(Slab)) / sizeof(Node)))

/* The slab that is being filled. All others that are at most half full are in the list. */
static Slab *filling;
static Slab usable = {NULL, 0, 0, &usable, &usable, NULL, NULL};
static Slab *newest;
static uint32_t n_empty; /* slabs in the list without a living node */

static Py_ssize_t count_living(void) {
    Py_ssize_t n = 0;
    for (const Slab *slab = newest; slab; slab = slab->older)
        n += slab->n_used;
    return n;
}

static inline Slab *slab_of(Node *node) {
    return (Slab *)((uintptr_t)node & ~(uintptr_t)(SLAB_BYTES - 1));
}

#if defined(_WIN32)
static void *map_slab(void) { /* Windows maps at multiples of 64 KiB, so it is asked until one fits */
    for (int i = 0; i < 64; i++) {
        char *wide = VirtualAlloc(NULL, 2 * SLAB_BYTES, MEM_RESERVE, PAGE_READWRITE);
        if (!wide)
            return NULL;
        char *start = (char *)(((uintptr_t)wide + SLAB_BYTES - 1) & ~(uintptr_t)(SLAB_BYTES - 1));
        VirtualFree(wide, 0, MEM_RELEASE);
        void *slab = VirtualAlloc(start, SLAB_BYTES, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (slab)
            return slab;
    }
    return NULL;
}
static void unmap_slab(Slab *slab) { VirtualFree(slab, 0, MEM_RELEASE); }
#else
#ifndef MAP_POPULATE
#define MAP_POPULATE 0 /* elsewhere pages come one by one */
#endif
static void *map_slab(void) {
    char *wide = mmap(NULL, 2 * SLAB_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (wide == MAP_FAILED)
        return NULL;
    char *start = (char *)(((uintptr_t)wide + SLAB_BYTES - 1) & ~(uintptr_t)(SLAB_BYTES - 1));
    if (start > wide)
        munmap(wide, (size_t)(start - wide));
    munmap(start + SLAB_BYTES, (size_t)(wide + SLAB_BYTES - start));
    /* All pages at once, which costs half of what it costs to fault them in one by one. */
    void *slab = mmap(start, SLAB_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
    if (slab == MAP_FAILED) {
        munmap(start, SLAB_BYTES);
        return NULL;
    }
    return slab;
}
static void unmap_slab(Slab *slab) { munmap(slab, SLAB_BYTES); }
#endif

static void unlink_slab(Slab *slab) {
    slab->previous->next = slab->next;
    slab->next->previous = slab->previous;
    n_empty -= slab->n_used == 0;
}

/* Another slab to fill: 0, or -1 if there is no memory. */
NEVER_INLINE int next_slab(void) {
    Slab *slab = usable.next;
    if (slab != &usable) {
        unlink_slab(slab);
    } else {
        slab = allocation_fails() ? NULL : map_slab();
        if (!slab) {
            PyErr_NoMemory();
            return -1;
        }
        *slab = (Slab){NULL, 0, 0, NULL, NULL, NULL, newest};
        if (newest)
            newest->newer = slab;
        newest = slab;
    }
    filling = slab;
    return 0;
}

/* A slab just became half full or empty. */
NEVER_INLINE void reconsider(Slab *slab) {
    if (slab->n_used == 0) {
        slab->dead = NULL; /* to be filled in order again */
        slab->n_fresh = 0;
    }
    if (slab == filling)
        return;
    if (slab->n_used) {
        slab->next = usable.next;
        slab->previous = &usable;
        usable.next->previous = slab;
        usable.next = slab;
    } else if (n_empty < KEPT_SLABS) {
        n_empty++;
    } else {
        slab->previous->next = slab->next;
        slab->next->previous = slab->previous;
        *(slab->newer ? &slab->newer->older : &newest) = slab->older;
        if (slab->older)
            slab->older->newer = slab->newer;
        unmap_slab(slab);
    }
}

ALWAYS_INLINE Node *take_block(void) {
    if (!filling->dead && filling->n_fresh == SLAB_NODES && next_slab() < 0)
        return NULL;
    Slab *slab = filling;
    Node *node = slab->dead;
    if (node)
        slab->dead = node->next;
    else
        node = (Node *)(slab + 1) + slab->n_fresh++;
    slab->n_used++;
    return node;
}

ALWAYS_INLINE void give_back_block(Node *node) {
    Slab *slab = slab_of(node);
    node->next = slab->dead;
    slab->dead = node;
    slab->n_used--;
    if (slab->n_used == SLAB_NODES / 2 || slab->n_used == 0)
        reconsider(slab);
}

#endif

/* --- nodes ------------------------------------------------------------------------------------------ */

/* The `dy` of a leaf that was never assigned to, and of one of which nobody knows when; see `replace_number`. */
#define NEVER 0.0
#define UNKNOWN (-1.0)

static uint64_t n_made; /* nodes of this process, dead ones too: at one a nanosecond for 580 years */

/* A node without a number, for the caller to fill in; takes over a reference to its notes. Its parents
 * must be in place before anything can fail. */
ALWAYS_INLINE Node *new_node_with(uint32_t row, uint8_t n_parents, PyObject *notes) {
    Node *node = take_block();
    if (!node) {
        Py_XDECREF(notes);
        return NULL;
    }
    /* The block is 0 or was a node, which left no weak reference. Nodes do not count as references to
     * their type, which lives as long as the process. */
    Py_SET_REFCNT((PyObject *)node, 1);
    Py_SET_TYPE((PyObject *)node, ValueType);
    node->row = row;
    node->n_parents = n_parents;
    node->constant = 0;
    node->visited = 0;
    node->unused = 0; /* so that these small fields are written as one */
    node->stamp = n_made++;
    node->grad = 0.0;
    if (n_parents == 0)
        node->dy = NEVER;
    node->notes = notes;
    return node;
}

/* The same in the scope of here and now. */
ALWAYS_INLINE Node *new_node(uint32_t row, uint8_t n_parents) {
    PyObject *notes;
    return current_notes(&notes) < 0 ? NULL : new_node_with(row, n_parents, notes);
}

static Node *new_leaf(double number) {
    Node *node = new_node(0, 0);
    if (node)
        node->data = number;
    return node;
}

/* Give a leaf another number. It has no partial derivatives, so in `dx` lies the number that its last
 * assignment replaced, and in `dy` how many nodes had been made by then: those that are older were recorded
 * before. */
static inline void replace_number(Node *leaf, double number) {
    leaf->dx = leaf->data;
    leaf->dy = (double)n_made;
    leaf->data = number;
}

static inline Node *new_constant(double number) {
    Node *node = new_leaf(number);
    if (node)
        node->constant = 1;
    return node;
}

/* Blocks for many parents are kept for the next node of the same size, up to 4 MiB: a layer of a network
 * makes as many of the same size again, and the C library may give their memory back and fetch it anew. */
static inline size_t bytes_for(Py_ssize_t n) {
    return sizeof(Many) + (size_t)n * (sizeof(Node *) + sizeof(double));
}

static Many *new_room(Py_ssize_t n) {
    if ((size_t)n > (PY_SSIZE_T_MAX - sizeof(Many)) / (sizeof(Node *) + sizeof(double)))
        return NULL;
    return PyMem_Malloc(bytes_for(n));
}

#ifdef AUTOGRAD_LITE_DEBUG

static Many *take_room(Py_ssize_t n) { return new_room(n); }
static void give_back_room(Many *many) { PyMem_Free(many); }

#else

enum { KEPT_SIZES = 256, KEPT_BYTES = 1 << 22 };
static Many *kept_blocks[KEPT_SIZES];
static size_t n_kept_bytes;

static inline Many *take_room(Py_ssize_t n) {
    if (n >= KEPT_SIZES || !kept_blocks[n])
        return new_room(n);
    Many *many = kept_blocks[n];
    kept_blocks[n] = *(Many **)(many + 1);
    n_kept_bytes -= bytes_for(n);
    return many;
}

static inline void give_back_room(Many *many) {
    const Py_ssize_t n = many->n;
    if (n >= KEPT_SIZES || n_kept_bytes + bytes_for(n) > KEPT_BYTES) {
        PyMem_Free(many);
        return;
    }
    *(Many **)(many + 1) = kept_blocks[n];
    kept_blocks[n] = many;
    n_kept_bytes += bytes_for(n);
}

#endif

/* Room for the parents of a node made with MANY. On failure the node is gone, too. */
static int add_room(Node *node, Py_ssize_t n) {
    node->many = take_room(n);
    if (!node->many) {
        node->n_parents = 0;
        node->row = 0;
        Py_DECREF(node);
        PyErr_NoMemory();
        return -1;
    }
    node->many->n = n;
    return 0;
}

NEVER_INLINE void release_row(uint32_t row);

/* Let go of a parent: the list of what is to be freed, longer by the parent if nobody else holds it. To weak
 * references it is dead from then on. */
static inline Node *drop(Node *parent, Node *waiting) {
    const Py_ssize_t n = Py_REFCNT(parent) - 1;
    Py_SET_REFCNT((PyObject *)parent, n);
    if (n)
        return waiting;
    parent->next = waiting;
    return parent;
}

NEVER_INLINE Node *drop_many(Many *many, Node *waiting) {
    Node *const *parents = many_parents(many);
    for (Py_ssize_t i = 0; i < many->n; i++)
        waiting = drop(parents[i], waiting);
    give_back_room(many);
    return waiting;
}

/* Free a node and every ancestor that nobody else holds: a list of dead nodes takes the place of
 * recursion. */
static void node_dealloc(PyObject *self) {
    Node *node = (Node *)self, *waiting = NULL;
    for (;;) {
        if (node->weak) /* whose callbacks are Python code, and find nothing half done */
            PyObject_ClearWeakRefs((PyObject *)node);
        if (node->n_parents == 2) {
            waiting = drop(node->x, waiting);
            waiting = drop(node->y, waiting);
        } else if (node->n_parents == 1) {
            waiting = drop(node->x, waiting);
        } else if (node->n_parents == MANY) {
            waiting = drop_many(node->many, waiting);
        }
        if (node->row > N_ROWS)
            release_row(node->row);
        if (node->notes)
            Py_CLEAR(node->notes);
        give_back_block(node);
        if (!waiting)
            return;
        node = waiting;
        waiting = node->next;
    }
}
