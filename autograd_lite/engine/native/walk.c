/* The topological order of a graph, which every pass begins with.
 *
 * No Python code runs during a pass, so under the GIL a pass is one indivisible step: other threads
 * and signal handlers see a graph before or after it. Ctrl-C is looked for, and then the pass is undone
 * before its handler runs (`interrupted`).
 */

/* --- a stack of machine words and an order of nodes, which grow ----------------------------------- */

typedef struct {
    Node *node;
    double grad; /* what `grad` was before the sweep, which uses that field for the adjoint */
} Place;

typedef struct {
    Place *places;
    size_t n, capacity;
    uint64_t since; /* nodes that were recorded before that count as leaves */
} Order;

typedef struct {
    uintptr_t *items;
    size_t n, capacity;
} Stack;

/* Kept from pass to pass unless they are large. A pass takes them, so that Python code called from
 * `refresh` may start another one. */
static Order spare_order;
static Stack spare_stack;
enum { KEEP = 1 << 17 };

/* A longer array; NULL if there is no memory. The caller raises that when no node is marked as visited
 * any more, because making an error can set off Python's collector, and with it Python code. */
static void *grow(void *items, size_t *capacity, size_t size) {
    const size_t more = *capacity ? 2 * *capacity : 1024;
    void *moved = more > PY_SSIZE_T_MAX / size ? NULL : PyMem_Realloc(items, more * size);
    if (moved)
        *capacity = more;
    return moved;
}

static inline int push(Stack *stack, uintptr_t item) {
    if (stack->n == stack->capacity) {
        uintptr_t *items = grow(stack->items, &stack->capacity, sizeof(uintptr_t));
        if (!items)
            return -1;
        stack->items = items;
    }
    stack->items[stack->n++] = item;
    return 0;
}

static Order take_order(void) {
    const Order order = {spare_order.places, 0, spare_order.capacity, 0};
    spare_order = (Order){NULL, 0, 0, 0};
    return order;
}

static void give_back_order(Order *order) {
    if (spare_order.places || order->capacity > KEEP)
        PyMem_Free(order->places);
    else
        spare_order = *order;
}

/* --- Ctrl-C ---------------------------------------------------------------------------------------- */

enum { INTERVAL = 1 << 16 }; /* nodes between two looks, about a millisecond */

/* A walk counts in steps of one or two, so one of two numbers always comes up. */
static bool sigint_came(size_t i) {
    return i % INTERVAL >= INTERVAL - 2 && PyOS_InterruptOccurred();
}

/* Let the signal's handler run, now that the pass is undone: -1 if it raised, else 0, to begin again. */
static int interrupted(void) {
    PyErr_SetInterrupt();
    return PyErr_CheckSignals();
}

/* --- topological order ------------------------------------------------------------------------------ */

enum { DONE, FAILED, SIGINT_CAME };

/* What waits on the stack: a node (its parents are multiples of 8, so the low bits are free) and
 * which of its parents comes next. A node of many parents has the number below it. */
enum { SECOND_NEXT = 1, ALL_DONE = 2, MANY_NEXT = 3 };

static void forget(Order *order, Stack *stack, bool take_grads) {
    for (size_t i = 0; i < order->n; i++) {
        Node *node = order->places[i].node;
        node->visited = 0;
        if (take_grads)
            node->grad = order->places[i].grad;
    }
    for (size_t i = stack->n; i-- > 0;) {
        Node *node = (Node *)(stack->items[i] & ~(uintptr_t)3);
        if ((stack->items[i] & 3) == MANY_NEXT)
            i--;
        node->visited = 0;
    }
    order->n = 0;
}

static inline int append(Order *order, Node *node, const bool take_grads) {
    if (order->n == order->capacity) {
        Place *places = grow(order->places, &order->capacity, sizeof(Place));
        if (!places)
            return -1;
        order->places = places;
    }
    order->places[order->n++] = (Place){node, node->grad};
    if (take_grads)
        node->grad = 0.0;
    return 0;
}

/* Ancestors were recorded earlier, so they mostly lie before a node in memory: so many bytes before
 * it are fetched. */
enum { BEHIND = 10 * sizeof(Node) };

/* Append a parent if it is, or counts as, a leaf that is not visited yet: 1 if it is done with by now, 0 if its own
 * parents come first, -1 after an error. */
static inline int settle(Node *parent, Order *order, const bool take_grads) {
    if (parent->visited)
        return 1;
    if (parent->n_parents && parent->stamp >= order->since)
        return 0;
    if (append(order, parent, take_grads) < 0)
        return -1;
    parent->visited = 1;
    return 1;
}

/* Append a node and all its ancestors that are not visited yet, each after its parents, depth first
 * from the left. With `take_grads` each `grad` moves to the order and becomes 0. The nodes stay marked
 * as visited. */
static inline int visit(Node *node, Order *order, Stack *stack, const bool take_grads) {
    stack->n = 0;
    int settled = settle(node, order, take_grads);
    if (settled)
        return settled < 0 ? FAILED : DONE;
    for (;;) {
        /* Go down to the first parents, as long as they are new and no leaves. */
        for (;;) {
            if (sigint_came(order->n + stack->n))
                return SIGINT_CAME;
            PREFETCH((char *)node - BEHIND);
            PREFETCH((char *)node - BEHIND + 64);
            uintptr_t tag = ALL_DONE;
            Node *next = parents_of(node)[0];
            if (node->n_parents == MANY) {
                tag = MANY_NEXT;
                if (push(stack, 1) < 0)
                    return FAILED;
            } else if (node->n_parents == 2) {
                tag = SECOND_NEXT;
                settled = settle(next, order, take_grads);
                if (settled > 0) { /* often both parents are done with: then nothing waits */
                    tag = ALL_DONE;
                    next = node->y;
                    settled = settle(next, order, take_grads);
                    if (settled > 0) {
                        if (append(order, node, take_grads) < 0)
                            return FAILED;
                        node->visited = 1;
                        break;
                    }
                }
                if (settled < 0)
                    return FAILED;
            }
            if (push(stack, (uintptr_t)node | tag) < 0) {
                stack->n -= tag == MANY_NEXT;
                return FAILED;
            }
            node->visited = 1;
            settled = settle(next, order, take_grads);
            if (settled < 0)
                return FAILED;
            if (settled)
                break;
            node = next;
        }
        /* Go up to the last node that has another new parent. */
        for (;;) {
            if (!stack->n)
                return DONE;
            uintptr_t *top = &stack->items[stack->n - 1];
            Node *waiting = (Node *)(*top & ~(uintptr_t)3);
            const int state = *top & 3;
            node = NULL;
            if (state == SECOND_NEXT) {
                *top += ALL_DONE - SECOND_NEXT;
                node = waiting->y;
            } else if (state == MANY_NEXT && top[-1] < (uintptr_t)waiting->many->n) {
                node = many_parents(waiting->many)[top[-1]++];
            }
            if (node) {
                settled = settle(node, order, take_grads);
                if (settled < 0)
                    return FAILED;
                if (!settled)
                    break;
                if (sigint_came(order->n))
                    return SIGINT_CAME;
                continue;
            }
            if (append(order, waiting, take_grads) < 0)
                return FAILED;
            stack->n -= state == MANY_NEXT ? 2 : 1;
        }
    }
}

/* The order of the graph of some roots, after some nodes which the walk does not go beyond; nor beyond
 * nodes that were recorded before `since`. After an error (-1) there is none, and nothing to undo. */
static inline int walk_below(PyObject *const *inputs, Py_ssize_t n_inputs, uint64_t since,
                             PyObject *const *roots, Py_ssize_t n, Order *order,
                             const bool take_grads) {
    Stack stack = spare_stack;
    spare_stack = (Stack){NULL, 0, 0};
    int state = DONE, result = 0;
    *order = take_order();
    order->since = since;
    do {
        state = DONE;
        for (Py_ssize_t i = 0; i < n_inputs && state == DONE; i++) {
            Node *input = (Node *)inputs[i];
            if (input->visited)
                continue;
            if (append(order, input, take_grads) < 0)
                state = FAILED;
            else
                input->visited = 1;
        }
        stack.n = 0;
        for (Py_ssize_t i = 0; i < n && state == DONE; i++)
            state = visit((Node *)roots[i], order, &stack, take_grads);
        if (state != DONE)
            forget(order, &stack, take_grads);
        if (state == FAILED)
            PyErr_NoMemory();
        if (state == FAILED || (state == SIGINT_CAME && interrupted() < 0))
            result = -1;
    } while (state == SIGINT_CAME && result == 0);
    if (spare_stack.items || stack.capacity > KEEP)
        PyMem_Free(stack.items);
    else
        spare_stack = stack;
    if (result < 0)
        give_back_order(order);
    return result;
}

static inline int walk(PyObject *const *roots, Py_ssize_t n, Order *order, const bool take_grads) {
    return walk_below(NULL, 0, 0, roots, n, order, take_grads);
}

/* The stamp of the node that was recorded first: what depends on one of them is no older. */
static uint64_t earliest(PyObject *const *nodes, Py_ssize_t n) {
    uint64_t stamp = UINT64_MAX;
    for (Py_ssize_t i = 0; i < n; i++)
        if (((Node *)nodes[i])->stamp < stamp)
            stamp = ((Node *)nodes[i])->stamp;
    return stamp;
}

/* The part of the graph that can depend on some nodes: whatever is older counts as a leaf. */
static inline int walk_since(PyObject *const *nodes, Py_ssize_t n_nodes, PyObject *const *roots,
                             Py_ssize_t n, Order *order, const bool take_grads) {
    return walk_below(NULL, 0, earliest(nodes, n_nodes), roots, n, order, take_grads);
}
