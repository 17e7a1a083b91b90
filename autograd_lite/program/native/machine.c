/* The machine: it runs programs, once with the bits of eager evaluation, or for many rows with vector
 * mathematics. One translation unit, so that rules are compiled into the loops that use them. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <structmember.h>

#include "kernels.h"
#include "../../engine/native/leaves.h"

enum { BLOCK = 128 }; /* rows that are run together, at most */

enum { TILE = 8 };   /* rows that no kernel parts: a line of the cache */
enum { FULL_STRIDE = BLOCK + TILE }; /* from block to block */
enum { PARTS = TILE }; /* of a sum over rows */
#define SUM_OF_PARTS(p) (((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7])))

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* it says so when it cannot, as with calls */
#define LOOP_OF_VECTORS _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define LOOP_OF_VECTORS _Pragma("GCC ivdep")
#elif defined(_MSC_VER)
#define LOOP_OF_VECTORS __pragma(loop(ivdep))
#else
#define LOOP_OF_VECTORS
#endif

#if defined(__GNUC__)
#define VECTORS
typedef double Two __attribute__((vector_size(16), aligned(8), may_alias));
typedef double Four __attribute__((vector_size(32), aligned(8), may_alias));
#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector)
#define SHUFFLED __builtin_shufflevector
#endif
#endif
#endif

#include "code.c"
#include "scalar.c"

/* Where a block of rows is computed. */
typedef struct {
    double *blocks;
    const double *uniform; /* numbers that are the same for all rows */
    double *totals;        /* of each output over the rows of this block, if they are wanted, else NULL */
    Py_ssize_t stride;     /* from block to block */
    int rows, lanes;       /* of this block; lanes are rows, and some more to make whole TILEs */
} Frame;

/* Where result and operands lie, and how many operands there are. */
typedef void (*Kernel)(const Frame *frame, const int32_t *refs, int32_t n, const double *attrs);

/* Kernels for one set of machine instructions. The first ones by which operands are uniform, bit k for the
 * k-th (of folds: the k-th vector); `sums` add their results up over rows instead of storing them; `groups` do so
 * for all products of some blocks with others, and `layers` are folds over the same blocks: see "dense.c". `fetch` brings numbers of a TILE of rows to blocks
 * that follow each other; columns are counted as `first` is. */
typedef struct {
    void (*fetch)(double *to, Py_ssize_t stride, const double *const *rows, const int32_t *columns, int32_t first, int32_t n);
    Kernel blocks[N_KERNELS][8], sums[N_KERNELS][4], groups[N_KERNELS], layers[N_KERNELS], sum_of_block, sum_of_uniform;
    bool (*are_sure)(const double *numbers, int32_t n); /* whether none of them is 0 or nan */
    const char *name, *vector_names; /* of functions of several numbers in the C library: how they begin, or NULL */
    int lanes;                       /* numbers in a vector */
    void **library, **called, *const *own, *const *wrappers, *const *menders; /* by leaf, or NULL: see `lanes.c` */
    void (*apply)(void *function, int arity, const double *x, const double *y, double *out);
} Variant;

enum {
#define ENUMERATE(c, arity, wrap, of, own) LEAF_##c,
    VECTOR_LEAVES(ENUMERATE)
#undef ENUMERATE
    N_LEAVES
};

#if defined(__GNUC__) && defined(__x86_64__)
#define WIDTH 2
#define VECTOR_NAMES "_ZGVbN2v"
#elif defined(__GNUC__) && defined(__aarch64__)
#define WIDTH 2
#define VECTOR_NAMES "_ZGVnN2v"
#elif defined(__GNUC__)
#define WIDTH 2
#define VECTOR_NAMES NULL
#else
#define WIDTH 1
#endif
/* Tiles of dense groups, for as many registers as there are: OUTS folds and VECS vectors of WIDTH rows, or ONE TILE of
 * rows; LEFTS and RIGHTS blocks. */
#define ONE OF(ONE, WIDTH)
#define HALVES ONE
#define ONE_2 4
#define ONE_4 2
#define ONE_8 1
#define OF(some, n) OF_(some, n)
#define OF_(some, n) some##_##n
#define EACH_1(X, ...) X(0, __VA_ARGS__)
#define EACH_2(X, ...) EACH_1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define EACH_4(X, ...) EACH_2(X, __VA_ARGS__) X(2, __VA_ARGS__) X(3, __VA_ARGS__)
#define EACH_6(X, ...) EACH_4(X, __VA_ARGS__) X(4, __VA_ARGS__) X(5, __VA_ARGS__)
#define EACH_8(X, ...) EACH_6(X, __VA_ARGS__) X(6, __VA_ARGS__) X(7, __VA_ARGS__)
#define SOME_1(X, ...) X(0, __VA_ARGS__)
#define SOME_2(X, ...) SOME_1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define SOME_4(X, ...) SOME_2(X, __VA_ARGS__) X(2, __VA_ARGS__) X(3, __VA_ARGS__)
#define ALL_1(X, ...) X(0, __VA_ARGS__)
#define ALL_2(X, ...) ALL_1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define ALL_4(X, ...) ALL_2(X, __VA_ARGS__) X(2, __VA_ARGS__) X(3, __VA_ARGS__)

#define OUTS 2
#define VECS 4
#define LEFTS 1
#define RIGHTS 2
#define VARIANT plain
#include "blocks.c"

#if defined(__GNUC__) && defined(__x86_64__)
#define SEVERAL_VARIANTS
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
#undef VARIANT
#undef WIDTH
#undef VECTOR_NAMES
#undef OUTS
#undef VECS
#undef LEFTS
#define VARIANT avx2
#define WIDTH 4
#define VECTOR_NAMES "_ZGVdN4v"
#define OUTS 4
#define VECS 2
#define LEFTS 2
#include "blocks.c"
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")
#endif
#undef VARIANT
#undef WIDTH
#undef VECTOR_NAMES
#undef VECS
#undef LEFTS
#undef RIGHTS
#define VARIANT avx512
#define WIDTH 8
#define VECTOR_NAMES "_ZGVeN8v"
#define VECS 4
#define LEFTS 4
#define RIGHTS 4
#include "blocks.c"
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#include "vectors.c"
#include "run.c"
#include "plan.c"
#include "map.c"
#include "direct.c"
#include "forms.c"
#include "networks.c"
#include "call.c"
#include "bound.c"
#include "installing.c"
#include "descent.c"

/* --- the type ------------------------------------------------------------------------------------ */

static PyObject *machine_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"rows", "codes", "starts", "operands", "constants", "n_inputs",
                            "outputs", NULL};
    PyObject *rows, *codes, *starts, *operands, *constants, *outputs;
    Py_ssize_t n_inputs;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OOOOOnO:Machine", names, &rows, &codes,
                                     &starts, &operands, &constants, &n_inputs, &outputs))
        return NULL;
    Machine *machine = (Machine *)type->tp_alloc(type, 0);
    if (machine && (read_program(machine, rows, codes, starts, operands, constants, n_inputs,
                                 outputs) < 0 ||
                    make_code(machine) < 0))
        Py_CLEAR(machine);
    return (PyObject *)machine;
}

static void machine_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    free_program((Machine *)self);
    type->tp_free(self);
    Py_DECREF(type);
}

static int check_length(const Py_buffer *view, int32_t n, const char *what) {
    const Py_ssize_t length = view->len / (Py_ssize_t)sizeof(double);
    if (length == n)
        return 0;
    PyErr_Format(PyExc_ValueError, "this program has %d %s and was given an array of %zd", (int)n,
                 what, length);
    return -1;
}

PyDoc_STRVAR(machine_run_doc,
"run(inputs, outputs)\n--\n\nRun once, from one float64 array to another, with the bits of eager\n"
"evaluation. A long program lets other threads run meanwhile.");

static PyObject *machine_run(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    Machine *machine = (Machine *)self;
    Py_buffer inputs, outputs;
    if (n != 2)
        return PyErr_Format(PyExc_TypeError, "run takes inputs and outputs, not %zd arrays", n);
    if (get_floats(args[0], &inputs, "inputs", 0) < 0)
        return NULL;
    if (get_floats(args[1], &outputs, "outputs", PyBUF_WRITABLE) < 0) {
        PyBuffer_Release(&inputs);
        return NULL;
    }
    const bool fits = check_length(&inputs, machine->n_inputs, "inputs") == 0 &&
                      check_length(&outputs, machine->n_outputs, "outputs") == 0;
    Run run;
    const int result = fits ? begin_run(machine, &run) : -1;
    if (result == 0) {
        memcpy(run.slots, inputs.buf, (size_t)machine->n_inputs * sizeof(double));
        run_program(machine, &run);
        copy_outputs(machine, &run, outputs.buf);
        end_run(machine, &run);
    }
    PyBuffer_Release(&inputs);
    PyBuffer_Release(&outputs);
    if (result < 0)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(machine_map_doc,
"map(inputs, n_rows, outputs, reduce, threads)\n--\n\n"
"Run for each row.\n\n"
"Each of `inputs` is (array, first input, count, shared): float64, contiguous, of shape (count,)\n"
"if shared, else (n_rows, count); together they cover the inputs in order. `outputs` has shape\n"
"(outputs, n_rows) or, for the sums over all rows with `reduce`, (outputs,). Bits depend neither on\n"
"`threads` nor on the place of a row; the order of sums depends on n_rows alone.");

static PyObject *machine_map(PyObject *self, PyObject *args) {
    PyObject *inputs, *array;
    Py_ssize_t n_rows, threads;
    int reduce;
    if (!PyArg_ParseTuple(args, "OnOpn:map", &inputs, &n_rows, &array, &reduce, &threads))
        return NULL;
    if (n_rows < 0 || threads < 1)
        return PyErr_Format(PyExc_ValueError, "there must be at least 0 rows and 1 thread, not %zd "
                            "and %zd", n_rows, threads);
    Py_buffer outputs;
    if (!(inputs = PySequence_Tuple(inputs)))
        return NULL;
    int result = get_floats(array, &outputs, "outputs", PyBUF_WRITABLE);
    if (result == 0) {
        result = read_and_map((Machine *)self, inputs, n_rows, &outputs, reduce, threads);
        PyBuffer_Release(&outputs);
    }
    Py_DECREF(inputs);
    if (result < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef machine_methods[] = {
    {"run", (PyCFunction)(void (*)(void))machine_run, METH_FASTCALL, machine_run_doc},
    {"map", machine_map, METH_VARARGS, machine_map_doc},
    {"descend", machine_descend, METH_VARARGS, machine_descend_doc},
    {"watch", machine_watch, METH_VARARGS, machine_watch_doc},
    {"steps", machine_steps, METH_VARARGS, machine_steps_doc},
    {"install", machine_install, METH_VARARGS, machine_install_doc},
    {"install_rows", machine_install_rows, METH_VARARGS, machine_install_rows_doc},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef machine_members[] = {
    {"n_inputs", T_INT, offsetof(Machine, n_inputs), READONLY, NULL},
    {"n_outputs", T_INT, offsetof(Machine, n_outputs), READONLY, NULL},
    {"registers", T_INT, offsetof(Machine, n_slots), READONLY,
     "Numbers that are kept at a time in one run."},
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(machine_doc,
"Machine(rows, codes, starts, operands, constants, n_inputs, outputs)\n--\n\n"
"A program that was checked, ready to run.\n\n"
"Every row is (name, (attribute, ...)); codes (int32) say which row an instruction is, starts (int64)\n"
"where its operands begin in operands (int64). Registers are numbered: inputs, constants (float64),\n"
"one for each instruction. Raises ValueError, saying what is wrong, for anything but a program.");

static PyType_Slot machine_slots[] = {
    {Py_tp_doc, (void *)machine_doc},
    {Py_tp_new, machine_new},
    {Py_tp_dealloc, machine_dealloc},
    {Py_tp_methods, machine_methods},
    {Py_tp_members, machine_members},
    {0, NULL},
};

static PyType_Spec machine_spec = {
    "autograd_lite.program.native.Machine", sizeof(Machine), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, machine_slots,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_machine", "The machine; see program/native/.", -1, functions,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__machine(void) {
    choose_variant("", FROM_LIBRARY);
    PyObject *module = PyModule_Create(&definition);
    if (!module)
        return NULL;
    if (!MachineType)
        MachineType = (PyTypeObject *)PyType_FromSpec(&machine_spec);
    import_leaves();
    PyObject *call_type = PyType_FromSpec(&call_spec), *bound_type = PyType_FromSpec(&bound_spec);
    if (!MachineType || !call_type || !bound_type || import_numpy() < 0 ||
        PyModule_AddObjectRef(module, "Machine", (PyObject *)MachineType) < 0 ||
        PyModule_AddObjectRef(module, "Call", call_type) < 0 ||
        PyModule_AddObjectRef(module, "Bound", bound_type) < 0 ||
        PyModule_AddIntConstant(module, "BLOCK", BLOCK) < 0 ||
        PyModule_AddIntConstant(module, "FULL_STRIDE", FULL_STRIDE) < 0 || add_frame(module) < 0 ||
        add_leaves(module) < 0 ||
        PyModule_AddStringConstant(module, "TABLE_DIGEST", TABLE_DIGEST) < 0)
        Py_CLEAR(module);
    Py_XDECREF(call_type);
    Py_XDECREF(bound_type);
    return module;
}
