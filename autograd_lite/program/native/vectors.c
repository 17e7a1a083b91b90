/* Which variant runs, and where its vector mathematics comes from.
 *
 * glibc has functions of several numbers in libmvec, which are looked up by the names of the vector ABI: those that a
 * newer glibc has are found by a machine that was built with an older one. Where one is missing there may be one of our
 * own (`own.c`); else blocks call the function of one number for each row. */

#if defined(__linux__) && defined(__GLIBC__)
#include <dlfcn.h>
#define LIBRARY_OF_VECTORS "libmvec.so.1"
#endif

static const struct {
    const char *name;
    int arity, needs;      /* needs: the leaf whose function of the library computes it */
    void (*scalar)(void);  /* of one number */
} vector_leaves[N_LEAVES] = {
#define DESCRIBE(c, arity, wrap, of, own) {#c, arity, LEAF_##of, (void (*)(void))c},
    VECTOR_LEAVES(DESCRIBE)
#undef DESCRIBE
};

static const Variant *const variants[] = {
    &variant_plain,
#ifdef SEVERAL_VARIANTS
    &variant_avx2, &variant_avx512,
#endif
};

static const Variant *variant = &variant_plain;

static bool can_run(const Variant *one) {
#ifdef SEVERAL_VARIANTS
    if (one == &variant_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
    if (one == &variant_avx2)
        return __builtin_cpu_supports("avx2");
#endif
    return one == &variant_plain;
}

/* The library's function of a leaf, of as many numbers at once as a variant has lanes, or NULL. */
static void *look_up(const Variant *one, int leaf) {
#ifdef LIBRARY_OF_VECTORS
    static void *library; /* never closed */
    char name[64];
    if (!one->vector_names || (!library && !(library = dlopen(LIBRARY_OF_VECTORS, RTLD_NOW | RTLD_LOCAL))))
        return NULL;
    snprintf(name, sizeof name, "%s%s_%s", one->vector_names, vector_leaves[leaf].arity == 2 ? "v" : "",
             vector_leaves[leaf].name);
    return dlsym(library, name);
#else
    (void)one, (void)leaf;
    return NULL;
#endif
}

enum { SPECIAL = 9, PROBES = SPECIAL + TILE, MOST_LANES = TILE };

/* Special numbers, then a TILE of others. */
static const double probes[PROBES] = {
    0.0, -0.0, INFINITY, -INFINITY, NAN, 1.0, 1e300, -1e300, 5e-324, 0.3, 0.55, -0.8, 1.9, -2.7, 5.3, 9.1, 23.7,
};

static double call_scalar(int leaf, double x, double y) {
    void (*const function)(void) = vector_leaves[leaf].scalar;
    return vector_leaves[leaf].arity == 1 ? ((double (*)(double))function)(x)
                                          : ((double (*)(double, double))function)(quiet(x), quiet(y));
}

/* Whether they are equal, signs of zeros too, or 4 ulp apart. */
static bool is_near(double x, double y) {
    return x == y ? signbit(x) == signbit(y) : fabs(x - y) <= 9e-16 * fabs(y) + 2e-323 || (x != x && y != y);
}

/* Whether a function is right at special numbers, and gives each number the same bits whatever its neighbours are:
 * glibc's tan and sinh for aarch64 did not do the latter before version 2.43. */
static bool is_sound(const Variant *one, int leaf) {
    const int arity = vector_leaves[leaf].arity;
    void *const function = one->called[leaf];
    double x[MOST_LANES], y[MOST_LANES], found[MOST_LANES], alone[MOST_LANES];
    for (int i = 0; i < PROBES; i++)
        for (int j = 0; j < (arity == 1 ? TILE : PROBES); j++) {
            for (int k = 0; k < one->lanes; k++) {
                x[k] = probes[SPECIAL + j % TILE];
                y[k] = probes[SPECIAL + i % TILE];
            }
            one->apply(function, arity, x, y, alone);
            x[0] = probes[i];
            y[0] = probes[j];
            one->apply(function, arity, x, y, found);
            if (!is_near(found[0], call_scalar(leaf, x[0], y[0])) ||
                memcmp(found + 1, alone + 1, (size_t)(one->lanes - 1) * sizeof(double)) != 0)
                return false;
        }
    return true;
}

/* Let kernels call a function for a leaf, if there is one and it is sound. */
static bool try_vectors(const Variant *one, int leaf, void *function) {
    one->called[leaf] = function;
    if (function && !is_sound(one, leaf))
        one->called[leaf] = NULL;
    return one->called[leaf] != NULL;
}

/* Where vector mathematics is taken from, each with those before. */
enum { FROM_NOWHERE, FROM_HERE, FROM_LIBRARY };
static const char *const sources[] = {"none", "own", "library"};

/* Take the variant with the longest vectors that the processor has, up to those of this name. */
static void choose_variant(const char *longest, int source) {
#ifdef SEVERAL_VARIANTS
    __builtin_cpu_init();
#endif
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
        if (can_run(variants[v]))
            variant = variants[v];
        if (strcmp(variants[v]->name, longest) == 0)
            break;
    }
    if (!variant->library)
        return;
    for (int k = 0; k < N_LEAVES; k++) {
        void *const found[] = {source >= FROM_LIBRARY ? look_up(variant, k) : NULL,
                               source >= FROM_HERE ? variant->own[k] : NULL};
        for (int i = 0; i < 2; i++) {
            variant->library[k] = found[i];
            if (try_vectors(variant, k, found[i]) || try_vectors(variant, k, found[i] ? variant->menders[k] : NULL))
                break;
            variant->library[k] = NULL;
        }
    }
    for (int k = 0; k < N_LEAVES; k++)
        if (variant->wrappers[k])
            try_vectors(variant, k, variant->library[vector_leaves[k].needs] ? variant->wrappers[k] : NULL);
}

PyDoc_STRVAR(use_vectors_doc,
"use_vectors(longest, mathematics='library')\n--\n\n"
"Map, in plans to come, by kernels for the longest vectors that the processor has, up to those of this name: 'plain',\n"
"'avx2', or 'avx512'. Gives the name of those that are taken. With `mathematics` 'own' no function is taken from the\n"
"C library; with 'none' each number is computed by itself, with the bits of one run. For tests: no other thread may\n"
"map meanwhile.");

static PyObject *use_vectors(PyObject *module, PyObject *args, PyObject *names) {
    static char *words[] = {"longest", "mathematics", NULL};
    const char *longest, *mathematics = sources[FROM_LIBRARY];
    int source = FROM_NOWHERE;
    (void)module;
    if (!PyArg_ParseTupleAndKeywords(args, names, "s|s:use_vectors", words, &longest, &mathematics))
        return NULL;
    while (source < FROM_LIBRARY && strcmp(mathematics, sources[source]) != 0)
        source++;
    choose_variant(longest, source);
    return PyUnicode_FromString(variant->name);
}

PyDoc_STRVAR(vectors_doc,
"vectors()\n--\n\n"
"The name of the variant that runs, its lanes, and by leaf (its name in C) the address of the function\n"
"that it calls to compute as many numbers at once, None where it calls the one of one number.\n\n"
"Arguments and result are vectors in registers, by the C calling convention of the platform.");

static PyObject *vectors_as_python(PyObject *module, PyObject *none) {
    (void)module, (void)none;
    PyObject *found = PyDict_New();
    for (int k = 0; found && k < N_LEAVES; k++) {
        void *const function = variant->called ? variant->called[k] : NULL;
        PyObject *address = function ? PyLong_FromVoidPtr(function) : Py_NewRef(Py_None);
        if (!address || PyDict_SetItemString(found, vector_leaves[k].name, address) < 0)
            Py_CLEAR(found);
        Py_XDECREF(address);
    }
    return found ? Py_BuildValue("siN", variant->name, variant->lanes, found) : NULL;
}

static PyMethodDef functions[] = {
    {"use_vectors", (PyCFunction)(void (*)(void))use_vectors, METH_VARARGS | METH_KEYWORDS, use_vectors_doc},
    {"vectors", vectors_as_python, METH_NOARGS, vectors_doc},
    {NULL, NULL, 0, NULL},
};
