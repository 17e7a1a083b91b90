/* The instructions of a program while it grows, simplified as they are made.
 *
 * An instruction is the index of a kind of row, followed by registers. Inputs are numbered from 0 up,
 * instructions after them, constants from -1 down.
 *
 * Python code may run here: it says what a row is when that is met first (`traits`), how one that is no
 * kernel is lowered (`recipe`), and evaluates rows that only Python knows. So over a call that could run
 * some, nothing but indices is kept, and a builder is whole at every moment.
 */

static PyObject *traits_of, *recipe_for; /* Python functions of ../python/recipes.py */

#define NO_REGISTER INT64_MIN /* after an error */

/* --- what a builder is ------------------------------------------------------------------------------- */

/* Steps that stand for a rule; see `Recipe` in ../python/recipes.py. Constants are registers already. */
typedef struct Recipe Recipe;
struct Recipe {
    Recipe *next;
    Py_ssize_t n, n_steps, longest; /* arguments, steps, operands of a step at most */
    int64_t result;
    int64_t words[]; /* of each step: the number of operands, the kind of row, operands */
};

typedef struct {
    Py_ssize_t place; /* of the argument that is to be this constant */
    int64_t bits;
    PyObject *rule;
    Recipe *recipe; /* NULL until it is needed */
} Identity;

typedef struct {
    uint32_t row;
    bool kernel, ignores_zero_sign, adds;
    Py_ssize_t n_identities;
    Identity *identities;
    Recipe *recipes; /* of a row that is no kernel, for each number of arguments */
} Kind;

typedef struct {
    PyObject_HEAD
    int64_t n_inputs;
    Words constants; /* their bits */
    Words words, starts; /* instructions, and where each begins; the last start is the end */
    Table known_constants, known;
    Kind *kinds;
    size_t n_kinds, kinds_capacity;
    uint32_t *kind_of_row; /* by the index in `rows`: a kind's index plus one, or 0 */
    size_t n_rows;
    Py_ssize_t n_folded, n_equal, n_identities;
} Builder;

static inline int64_t n_instructions(const Builder *b) { return (int64_t)b->starts.n - 1; }

static int64_t bits_of(double number) {
    int64_t bits;
    if (number != number)
        number = Py_NAN;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static double number_of(int64_t bits) {
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static void free_recipes(Recipe *recipe) {
    while (recipe) {
        Recipe *next = recipe->next;
        PyMem_Free(recipe);
        recipe = next;
    }
}

static void forget_kind(Kind *kind) {
    for (Py_ssize_t k = 0; k < kind->n_identities; k++) {
        Py_XDECREF(kind->identities[k].rule);
        free_recipes(kind->identities[k].recipe);
    }
    PyMem_Free(kind->identities);
    free_recipes(kind->recipes);
    let_go_of_row(kind->row);
}

static void builder_dealloc(PyObject *self) {
    Builder *b = (Builder *)self;
    for (size_t i = 0; i < b->n_kinds; i++)
        forget_kind(&b->kinds[i]);
    PyMem_Free(b->kinds);
    PyMem_Free(b->kind_of_row);
    PyMem_Free(b->constants.items);
    PyMem_Free(b->words.items);
    PyMem_Free(b->starts.items);
    PyMem_Free(b->known_constants.slots);
    PyMem_Free(b->known.slots);
    PyTypeObject *type = Py_TYPE(self);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyObject *builder_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    Py_ssize_t n;
    if ((keywords && PyDict_GET_SIZE(keywords)) || !PyArg_ParseTuple(args, "n:Builder", &n) || n < 0)
        return PyErr_Occurred() ? NULL
                                : PyErr_Format(PyExc_TypeError, "Builder takes a number of inputs");
    Builder *b = (Builder *)type->tp_alloc(type, 0); /* filled with 0 */
    if (!b)
        return NULL;
    b->n_inputs = n;
    if (reserve(&b->starts, 1) < 0) {
        Py_DECREF(b);
        return NULL;
    }
    b->starts.items[b->starts.n++] = 0;
    return (PyObject *)b;
}

/* --- kinds of rows ----------------------------------------------------------------------------------- */

static int read_identities(Kind *kind, PyObject *exact) {
    const Py_ssize_t n = PyTuple_GET_SIZE(exact);
    kind->identities = PyMem_Calloc((size_t)n + 1, sizeof(Identity));
    if (!kind->identities) {
        PyErr_NoMemory();
        return -1;
    }
    for (; kind->n_identities < n; kind->n_identities++) {
        Identity *identity = &kind->identities[kind->n_identities];
        double number;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(exact, kind->n_identities), "ndO", &identity->place,
                              &number, &identity->rule)) {
            identity->rule = NULL;
            return -1;
        }
        Py_INCREF(identity->rule);
        identity->bits = bits_of(number);
        if (identity->place < 0 || identity->place >= rows[kind->row].arity) {
            kind->n_identities++;
            PyErr_Format(PyExc_ValueError, "op %R has no argument %zd", rows[kind->row].name,
                         identity->place);
            return -1;
        }
    }
    return 0;
}

/* What Python says of a row; the caller has made room for it. */
static int read_kind(Kind *kind, uint32_t row) {
    PyObject *exact, *told = PyObject_CallOneArg(traits_of, rows[row].op);
    int kernel, ignores_zero_sign, adds;
    memset(kind, 0, sizeof(Kind));
    kind->row = row;
    hold_row(row);
    if (!told || !PyArg_ParseTuple(told, "pppO!", &kernel, &ignores_zero_sign, &adds, &PyTuple_Type,
                                   &exact) || read_identities(kind, exact) < 0) {
        Py_XDECREF(told);
        forget_kind(kind);
        return -1;
    }
    Py_DECREF(told);
    kind->kernel = kernel;
    kind->ignores_zero_sign = ignores_zero_sign;
    kind->adds = adds && rows[row].arity == 2;
    return 0;
}

/* The kind of a row; -1 after an error. */
static int64_t kind_of(Builder *b, uint32_t row) {
    if (row < b->n_rows && b->kind_of_row[row])
        return b->kind_of_row[row] - 1;
    Kind kind;
    if (read_kind(&kind, row) < 0)
        return -1;
    if (row >= b->n_rows) {
        uint32_t *more = PyMem_Realloc(b->kind_of_row, rows_capacity * sizeof(uint32_t));
        if (!more)
            goto no_memory;
        memset(more + b->n_rows, 0, (rows_capacity - b->n_rows) * sizeof(uint32_t));
        b->kind_of_row = more;
        b->n_rows = rows_capacity;
    }
    if (!b->kind_of_row[row]) { /* asked again, because Python code ran */
        if (b->n_kinds == b->kinds_capacity) {
            Kind *more = b->n_kinds ? PyMem_Realloc(b->kinds, 2 * b->n_kinds * sizeof(Kind))
                                    : PyMem_Malloc(32 * sizeof(Kind));
            if (!more)
                goto no_memory;
            b->kinds = more;
            b->kinds_capacity = b->n_kinds ? 2 * b->n_kinds : 32;
        }
        b->kinds[b->n_kinds++] = kind;
        b->kind_of_row[row] = (uint32_t)b->n_kinds;
        return b->kind_of_row[row] - 1;
    }
    forget_kind(&kind);
    return b->kind_of_row[row] - 1;
no_memory:
    forget_kind(&kind);
    PyErr_NoMemory();
    return -1;
}

/* --- constants --------------------------------------------------------------------------------------- */

static int64_t constant_register(Builder *b, double number) {
    const int64_t bits = bits_of(number);
    if (make_room(&b->known_constants, &b->constants, NULL) < 0 || reserve(&b->constants, 1) < 0)
        return NO_REGISTER;
    const uint64_t hash = hash_of(&bits, 1);
    uint64_t *slot = slot_of(&b->known_constants, &b->constants, NULL, &bits, 1, hash);
    if (!*slot) {
        b->constants.items[b->constants.n++] = bits;
        b->known_constants.n++;
        *slot = (hash & ~INDEX_MASK) | b->constants.n;
    }
    return -(int64_t)(*slot & INDEX_MASK);
}

/* The number of a row that only Python knows. */
static int on_floats(PyObject *op, const double *args, Py_ssize_t n, double *number) {
    PyObject *numbers = PyTuple_New(n), *out = NULL;
    int state = numbers ? 0 : -1;
    for (Py_ssize_t i = 0; state == 0 && i < n; i++) {
        PyObject *arg = PyFloat_FromDouble(args[i]);
        PyTuple_SET_ITEM(numbers, i, arg);
        state = arg ? 0 : -1;
    }
    Py_INCREF(op);
    if (state == 0)
        state = call_on_floats(op, numbers, &out, number);
    Py_DECREF(op);
    Py_XDECREF(out);
    Py_XDECREF(numbers);
    return state;
}

/* A row's number at constants. */
static int64_t folded(Builder *b, const int64_t *words, Py_ssize_t n) {
    const Row *row = &rows[b->kinds[words[0]].row];
    const Py_ssize_t m = row->sequence_forward ? (n - row->n_scalars) / row->n_vectors : 0;
    double local[LOCAL], *args = local, number = 0.0;
    const Py_ssize_t size = n + row->n_scratch * m;
    int state = 0;
    if (size > LOCAL && !(args = PyMem_New(double, size))) {
        PyErr_NoMemory();
        return NO_REGISTER;
    }
    for (Py_ssize_t i = 0; i < n; i++)
        args[i] = number_of(b->constants.items[-1 - words[1 + i]]);
    if (row->forward)
        number = row->forward(args, row->attrs);
    else if (row->sequence_forward)
        number = row->sequence_forward(args, m, row->attrs, args + n);
    else
        state = on_floats(row->op, args, n, &number);
    if (args != local)
        PyMem_Free(args);
    if (state < 0)
        return NO_REGISTER;
    b->n_folded++;
    return constant_register(b, number);
}

/* --- recipes ----------------------------------------------------------------------------------------- */

static int64_t emitted(Builder *b, int64_t *words, Py_ssize_t n);

/* Integers of a tuple, from `low` to below `high`. */
static int read_integers(PyObject *tuple, int64_t low, int64_t high, int64_t *found) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        found[i] = PyLong_AsLongLong(PyTuple_GET_ITEM(tuple, i));
        if (found[i] == -1 && PyErr_Occurred())
            return -1;
        if (found[i] < low || found[i] >= high) {
            PyErr_Format(PyExc_ValueError, "%lld is no register of this program",
                         (long long)found[i]);
            return -1;
        }
    }
    return 0;
}

/* Write one step of a recipe: 0, or -1 after an error. */
static int read_step(Builder *b, PyObject *op, PyObject *operands, int64_t low, int64_t high,
                     int64_t *words) {
    const uint32_t row = find_row(op);
    const int64_t kind = row ? kind_of(b, row) : -1; /* which holds the row from here on */
    words[0] = PyTuple_GET_SIZE(operands);
    words[1] = kind;
    int state = kind < 0 ? -1 : read_integers(operands, low, high, words + 2);
    if (state == 0 && !fits(&rows[row], (Py_ssize_t)words[0])) {
        PyErr_Format(PyExc_ValueError, "op %R does not take %zd arguments", rows[row].name,
                     (Py_ssize_t)words[0]);
        state = -1;
    }
    let_go_of_row(row);
    return state;
}

/* Constants of a recipe become registers. */
static void name_constants(Recipe *recipe, const int64_t *registers) {
    int64_t *words = recipe->words;
    for (Py_ssize_t k = 0; k < recipe->n_steps; k++, words += 2 + words[0])
        for (int64_t i = 0; i < words[0]; i++)
            if (words[2 + i] < 0)
                words[2 + i] = registers[-1 - words[2 + i]];
    if (recipe->result < 0)
        recipe->result = registers[-1 - recipe->result];
}

static Recipe *read_recipe(Builder *b, PyObject *told, Py_ssize_t n) {
    PyObject *constants, *steps, *op, *operands;
    long long result;
    if (!PyArg_ParseTuple(told, "O!O!L", &PyTuple_Type, &constants, &PyTuple_Type, &steps, &result))
        return NULL;
    const Py_ssize_t n_steps = PyTuple_GET_SIZE(steps), n_constants = PyTuple_GET_SIZE(constants);
    Py_ssize_t size = 2 * n_steps, longest = 0;
    for (Py_ssize_t k = 0; k < n_steps; k++) {
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(steps, k), "OO!", &op, &PyTuple_Type, &operands))
            return NULL;
        size += PyTuple_GET_SIZE(operands);
        longest = Py_MAX(longest, PyTuple_GET_SIZE(operands));
    }
    Recipe *recipe = PyMem_Malloc(sizeof(Recipe) + (size_t)size * sizeof(int64_t));
    int64_t *registers = PyMem_New(int64_t, n_constants + 1);
    if (!recipe || !registers) {
        PyErr_NoMemory();
        goto failed;
    }
    *recipe = (Recipe){NULL, n, n_steps, longest, result};
    int64_t *words = recipe->words;
    for (Py_ssize_t k = 0; k < n_steps; k++, words += 2 + words[0]) {
        op = PyTuple_GET_ITEM(PyTuple_GET_ITEM(steps, k), 0);
        operands = PyTuple_GET_ITEM(PyTuple_GET_ITEM(steps, k), 1);
        if (read_step(b, op, operands, -n_constants, n + k, words) < 0)
            goto failed;
    }
    if (result < -n_constants || result >= n + n_steps) {
        PyErr_Format(PyExc_ValueError, "%lld is no register of this recipe", result);
        goto failed;
    }
    for (Py_ssize_t i = 0; i < n_constants; i++) {
        double number;
        if (to_double(PyTuple_GET_ITEM(constants, i), &number) < 0 ||
            (registers[i] = constant_register(b, number)) == NO_REGISTER)
            goto failed;
    }
    name_constants(recipe, registers);
    PyMem_Free(registers);
    return recipe;
failed:
    PyMem_Free(registers);
    PyMem_Free(recipe);
    return NULL;
}

/* The recipe for an identity of a kind, or, if k is -1, for the row itself. */
static const Recipe *find_recipe(Builder *b, int64_t kind, Py_ssize_t k, Py_ssize_t n) {
    const Recipe *known = k < 0 ? b->kinds[kind].recipes : b->kinds[kind].identities[k].recipe;
    while (known && known->n != n)
        known = known->next;
    if (known)
        return known;
    PyObject *rule = k < 0 ? Py_None : b->kinds[kind].identities[k].rule;
    PyObject *told = PyObject_CallFunction(recipe_for, "OOn", rows[b->kinds[kind].row].op, rule, n);
    Recipe *made = told ? read_recipe(b, told, n) : NULL;
    Py_XDECREF(told);
    if (made) {
        Recipe **first = k < 0 ? &b->kinds[kind].recipes : &b->kinds[kind].identities[k].recipe;
        made->next = *first;
        *first = made;
    }
    return made;
}

/* Do what a recipe says in place of an instruction. */
static int64_t followed(Builder *b, const int64_t *words, Py_ssize_t n, Py_ssize_t k) {
    const Recipe *recipe = find_recipe(b, words[0], k, n);
    if (!recipe || Py_EnterRecursiveCall(" while a row was taken apart"))
        return NO_REGISTER;
    int64_t local[LOCAL], *registers = local;
    const Py_ssize_t size = n + recipe->n_steps + 1 + recipe->longest;
    int64_t found = NO_REGISTER;
    if (size > LOCAL && !(registers = PyMem_New(int64_t, size))) {
        PyErr_NoMemory();
        goto done;
    }
    int64_t *step = registers + n + recipe->n_steps;
    const int64_t *next = recipe->words;
    memcpy(registers, words + 1, (size_t)n * sizeof(int64_t));
    for (Py_ssize_t j = 0; j < recipe->n_steps; j++, next += 2 + next[0]) {
        step[0] = next[1];
        for (int64_t i = 0; i < next[0]; i++)
            step[1 + i] = next[2 + i] < 0 ? next[2 + i] : registers[next[2 + i]];
        registers[n + j] = emitted(b, step, (Py_ssize_t)next[0]);
        if (registers[n + j] == NO_REGISTER)
            goto done;
    }
    found = recipe->result < 0 ? recipe->result : registers[recipe->result];
done:
    if (registers != local)
        PyMem_Free(registers);
    Py_LeaveRecursiveCall();
    return found;
}

/* --- instructions ------------------------------------------------------------------------------------ */

/* For x + 0.0 the register of x. */
static inline int64_t without_zero(const Builder *b, int64_t reg) {
    if (reg < b->n_inputs)
        return reg;
    const int64_t *words = b->words.items + b->starts.items[reg - b->n_inputs];
    if (!b->kinds[words[0]].adds)
        return reg;
    for (int i = 1; i <= 2; i++)
        if (words[i] < 0 && b->constants.items[-1 - words[i]] == 0)
            return words[3 - i];
    return reg;
}

static int64_t instruction(Builder *b, const int64_t *words, Py_ssize_t n) {
    const size_t length = (size_t)n + 1;
    if (make_room(&b->known, &b->words, &b->starts) < 0 || reserve(&b->words, length) < 0 ||
        reserve(&b->starts, 1) < 0)
        return NO_REGISTER;
    const uint64_t hash = hash_of(words, length);
    uint64_t *slot = slot_of(&b->known, &b->words, &b->starts, words, length, hash);
    if (*slot) {
        b->n_equal++;
    } else {
        memcpy(b->words.items + b->words.n, words, length * sizeof(int64_t));
        b->words.n += length;
        b->starts.items[b->starts.n++] = (int64_t)b->words.n;
        b->known.n++;
        *slot = (hash & ~INDEX_MASK) | b->known.n;
    }
    return b->n_inputs + (int64_t)(*slot & INDEX_MASK) - 1;
}

/* The register that holds a row of some registers. `words` is an instruction, which may be changed. */
static int64_t emitted(Builder *b, int64_t *words, Py_ssize_t n) {
    const Kind *kind = &b->kinds[words[0]];
    if (!kind->kernel)
        return followed(b, words, n, -1);
    Py_ssize_t n_constant = 0;
    for (Py_ssize_t i = 1; i <= n; i++) {
        if (kind->ignores_zero_sign)
            words[i] = without_zero(b, words[i]);
        n_constant += words[i] < 0;
    }
    if (n_constant == n)
        return folded(b, words, n);
    for (Py_ssize_t k = 0; n_constant && k < kind->n_identities; k++) {
        const Identity *identity = &kind->identities[k];
        const int64_t operand = words[1 + identity->place];
        if (operand < 0 && b->constants.items[-1 - operand] == identity->bits) {
            b->n_identities++;
            return followed(b, words, n, k);
        }
    }
    return instruction(b, words, n);
}

