/* The engine in C, the twin of ../python/: same behaviour, equal bits.
 *
 * One translation unit, so that the compiler can put the rules of the op table inside the functions that
 * record. "rules.h" is written by the build (writing/rules_header.py); no formula of an op stands in these files.
 * There is one interpreter, and its GIL protects all that is static here.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <float.h>
#include <fenv.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error "numbers must be rounded to double after every operation"
#endif

#include "rules.h"

#include "debug.c"
#include "node.c"
#include "memory.c"
#include "rows.c"
#include "record.c"
#include "walk.c"
#include "passes.c"
#include "second.c"
#include "layer.c"
#include "chain_rule.c"
#include "tables.c"
#include "instructions.c"
#include "building.c"
#include "value.c"
#include "leaves.c"

/* --- what Python code sees as _engine.NAME --------------------------------------------------------- */

PyDoc_STRVAR(constant_doc,
"constant(number, /)\n--\n\nA leaf for a plain number met in an expression. It gets no gradient.");

static PyObject *constant(PyObject *module, PyObject *thing) {
    (void)module;
    double number;
    if (to_double(thing, &number) < 0)
        return NULL;
    return (PyObject *)new_constant(number);
}

PyDoc_STRVAR(record_doc,
"record(row, parents, /)\n--\n\n"
"A node: the row's value at the parents' numbers, and its partial derivatives there.");

static PyObject *record(PyObject *module, PyObject *const *args, Py_ssize_t n) {
    (void)module;
    return apply_op(NULL, args, n);
}

PyDoc_STRVAR(fields_doc,
"fields(node, /)\n--\n\nAll that a node is, as `restore` takes it: for copying and pickling.");

static PyObject *fields(PyObject *module, PyObject *self) {
    (void)module;
    if (!is_value(self))
        return PyErr_Format(PyExc_TypeError, "a node is a Value and was given %R", self);
    Node *node = (Node *)self;
    PyObject *parents = get_parents(self, NULL);
    PyObject *partials = parents ? partials_as_tuple((Node *)self) : NULL;
    if (!partials) {
        Py_XDECREF(parents);
        return NULL;
    }
    /* New references, since allocating can set off Python's collector, and with it Python code. */
    return Py_BuildValue("NNNddNON", Py_NewRef(node->row ? rows[node->row].op : Py_None), parents,
                         partials, node->data, node->grad, Py_NewRef(label_in(node->notes)),
                         node->constant ? Py_True : Py_False, Py_NewRef(scope_in(node->notes)));
}

PyDoc_STRVAR(restore_doc,
"restore(row, parents, partials, data, grad, label, is_constant, scope, /)\n--\n\n"
"A node with these `fields`; nothing is evaluated.");

static PyObject *restore(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *op, *parents, *partials, *label, *scope;
    double data, grad;
    int is_constant;
    if (!PyArg_ParseTuple(args, "OO!O!ddO!pO!:restore", &op, &PyTuple_Type, &parents, &PyTuple_Type,
                          &partials, &data, &grad, &PyUnicode_Type, &label, &is_constant,
                          &PyTuple_Type, &scope))
        return NULL;
    const Py_ssize_t n = PyTuple_GET_SIZE(parents);
    const uint32_t row = op == Py_None ? 0 : find_row(op);
    if (op != Py_None && !row)
        return NULL;
    double local[LOCAL], *numbers = local;
    PyObject *text = NULL;
    Node *node = NULL;
    if (PyTuple_GET_SIZE(partials) != n || (row ? !fits(&rows[row], n) : n != 0)) {
        PyErr_Format(PyExc_ValueError,
                     "%zd parents and %zd partial derivatives do not fit a node of %R", n,
                     PyTuple_GET_SIZE(partials), op);
        goto done;
    }
    if (!are_names(scope)) {
        PyErr_Format(PyExc_TypeError, "a scope is a tuple of str and was given %R", scope);
        goto done;
    }
    if (n > LOCAL && !(numbers = PyMem_New(double, n))) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!is_value(PyTuple_GET_ITEM(parents, i))) {
            PyErr_Format(PyExc_TypeError, "parents are Values, and one is %R",
                         PyTuple_GET_ITEM(parents, i));
            goto done;
        }
        numbers[i] = PyFloat_AsDouble(PyTuple_GET_ITEM(partials, i));
        if (numbers[i] == -1.0 && PyErr_Occurred())
            goto done;
    }
    if (!(text = exact_text(label)))
        goto done;
    for (Py_ssize_t i = 0; i < n; i++)
        Py_INCREF(PyTuple_GET_ITEM(parents, i));
    node = new_child(row, (Node *const *)PySequence_Fast_ITEMS(parents), n);
    if (!node)
        goto done;
    node->data = data;
    node->grad = grad;
    node->constant = (uint8_t)is_constant;
    memcpy(partials_of(node), numbers, (size_t)n * sizeof(double));
    if (!row)
        node->dy = UNKNOWN;
    if (set_notes(node, scope, text) < 0)
        Py_CLEAR(node);
done:
    Py_XDECREF(text);
    if (numbers != local)
        PyMem_Free(numbers);
    let_go_of_row(row);
    return (PyObject *)node;
}

PyDoc_STRVAR(set_variable_doc,
"set_variable(variable, value, /)\n--\n\n"
"Nodes are made in this scope, or in this mode, from now on. Returns a token for `reset_variable`.");

static PyObject *set_variable(PyObject *module, PyObject *const *args, Py_ssize_t n) {
    (void)module;
    if (n != 2)
        return PyErr_Format(PyExc_TypeError, "set_variable takes a variable and its value");
    if (args[0] == scope_variable && !are_names(args[1]))
        return PyErr_Format(PyExc_TypeError, "a scope is a tuple of str and was given %R", args[1]);
    context_matters = true;
    forget_context();
    return PyContextVar_Set(args[0], args[1]);
}

PyDoc_STRVAR(reset_variable_doc,
"reset_variable(variable, token, /)\n--\n\nNodes are made in the former scope or mode again.");

static PyObject *reset_variable(PyObject *module, PyObject *const *args, Py_ssize_t n) {
    (void)module;
    if (n != 2)
        return PyErr_Format(PyExc_TypeError, "reset_variable takes a variable and a token");
    forget_context();
    if (PyContextVar_Reset(args[0], args[1]) < 0)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(living_doc, "living()\n--\n\nHow many nodes exist now.");

static PyObject *living(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return PyLong_FromSsize_t(count_living());
}

/* --- start-up --------------------------------------------------------------------------------------- */

/* Room for the definitions of methods, whose texts come from the table; index 0 is not used. */
static PyMethodDef method_definitions[N_ROWS + 1];
static PyObject *method_texts[N_ROWS + 1];

/* "name($self, low, high)", from which Python reads the signature, and the documentation. */
static PyObject *method_text(PyObject *op, PyObject *name) {
    PyObject *doc = PyObject_GetAttrString(op, "doc");
    PyObject *signature = doc ? PyObject_GetAttrString(op, "__signature__") : NULL;
    PyObject *shown = signature ? PyObject_Str(signature) : NULL, *text = NULL;
    const char *letters = shown ? PyUnicode_AsUTF8(shown) : NULL;
    if (letters) {
        const char *rest = strpbrk(letters, ",)"); /* what follows the first argument */
        text = PyUnicode_FromFormat("%U($self%s\n--\n\n%U", name, rest ? rest : ")", doc);
    }
    Py_XDECREF(doc);
    Py_XDECREF(signature);
    Py_XDECREF(shown);
    return text;
}

static int add_method(uint32_t index, PyMethodDef simple, PyMethodDef general) {
    PyObject *op = rows[index].op;
    PyObject *public = PyObject_GetAttrString(op, "public");
    PyObject *attrs = public ? PyObject_GetAttrString(op, "attrs") : NULL;
    PyObject *text = attrs ? method_text(op, rows[index].name) : NULL;
    int result = -1;
    if (text) {
        const bool plain = rows[index].arity == 1 && PyDict_GET_SIZE(attrs) == 0;
        PyMethodDef *definition = &method_definitions[index];
        *definition = plain ? simple : general;
        Py_XSETREF(method_texts[index], text); /* reads, or the compiler would drop the array */
        definition->ml_doc = PyUnicode_AsUTF8(text);
        PyObject *method = definition->ml_doc && public == Py_True
                               ? PyDescr_NewMethod(ValueType, definition) : NULL;
        if (public != Py_True)
            result = 0;
        else if (method)
            result = PyObject_SetAttr((PyObject *)ValueType, rows[index].name, method);
        Py_XDECREF(method);
    }
    Py_XDECREF(public);
    Py_XDECREF(attrs);
    return result;
}

static int add_methods(void) {
    const PyMethodDef none = {NULL, NULL, 0, NULL};
#define GENERAL(name)                                                                             \
    (PyMethodDef){#name, (PyCFunction)(void (*)(void))method_##name, METH_FASTCALL | METH_KEYWORDS, NULL}
#define ADD_1(name)                                                                               \
    if (add_method(ROW_##name, (PyMethodDef){#name, unary_##name, METH_NOARGS, NULL},             \
                   GENERAL(name)) < 0)                                                            \
        return -1;
#define ADD(name)                                                                                 \
    if (add_method(ROW_##name, none, GENERAL(name)) < 0)                                          \
        return -1;
    ROWS_1(ADD_1)
    ROWS_2(ADD)
    ROWS_3(ADD)
    return 0;
}

static int enter_compiled(PyObject *table) {
#define ENTER(index, identifier, text, arity)                                                     \
    {                                                                                             \
        PyObject *op = PyMapping_GetItemString(table, text);                                      \
        Row row = rows[index];                                                                    \
        const int result = op && describe(&row, op) == 0 ? enter(index, &row) : -1;               \
        Py_XDECREF(op);                                                                           \
        if (result < 0)                                                                           \
            return -1;                                                                            \
    }
#define FIXED(identifier)                                                                         \
    rows[ROW_##identifier].evaluate = evaluate_##identifier;                                      \
    rows[ROW_##identifier].forward = floats_##identifier;                                         \
    rows[ROW_##identifier].tangents = all_tangents_##identifier;
#define SEQUENCE(identifier, vectors, scalars, scratch)                                           \
    rows[ROW_##identifier].n_vectors = vectors;                                                   \
    rows[ROW_##identifier].n_scalars = scalars;                                                   \
    rows[ROW_##identifier].n_scratch = scratch;                                                   \
    rows[ROW_##identifier].sequence_forward = forward_##identifier;                               \
    rows[ROW_##identifier].sequence_partials = partials_##identifier;                             \
    rows[ROW_##identifier].sequence_tangents = tangents_##identifier;
    ROWS_1(FIXED)
    ROWS_2(FIXED)
    ROWS_3(FIXED)
    SEQUENCE_ROWS(SEQUENCE)
    ROWS(ENTER)
    return 0;
}

/* Let calls of rows come here first; their own Python code stays for everything unusual. */
static int take_over_calls(PyObject *type, PyMethodDef *definition, PyObject **slow) {
    if (!PyType_Check(type)) {
        PyErr_Format(PyExc_TypeError, "%R is no type", type);
        return -1;
    }
    *slow = PyObject_GetAttrString(type, "__call__");
    PyObject *fast = *slow ? PyDescr_NewMethod((PyTypeObject *)type, definition) : NULL;
    const int result = fast ? PyObject_SetAttrString(type, "__call__", fast) : -1;
    Py_XDECREF(fast);
    return result;
}

static PyMethodDef row_call_definition = {
    "__call__", (PyCFunction)(void (*)(void))row_call, METH_FASTCALL | METH_KEYWORDS, NULL};
static PyMethodDef sequence_call_definition = {
    "__call__", (PyCFunction)(void (*)(void))sequence_call, METH_FASTCALL | METH_KEYWORDS, NULL};

PyDoc_STRVAR(set_up_doc,
"set_up(table, op_type, sequence_op_type, as_float, floor_of, number_types, double_type, ieee_type,\n"
"scope, mode, going_on, refuse_data, refuse_label, partial_tangents, traits, recipe)\n--\n\nWhat this engine needs of the rest. Called once.");

static PyObject *set_up(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *table, *op_type, *sequence_op_type;
    if (rows)
        return PyErr_Format(PyExc_RuntimeError, "set_up is called once");
    if (!PyArg_ParseTuple(args, "OOOOOO!O!O!OOO!OOOOO:set_up", &table, &op_type, &sequence_op_type,
                          &as_float, &floor_of, &PyTuple_Type, &number_types, &PyType_Type,
                          &double_type, &PyType_Type, &ieee_type, &scope_variable, &mode_variable,
                          &PyList_Type, &going_on, &refuse_data, &refuse_label, &partial_tangents, &traits_of, &recipe_for))
        return NULL;
    Py_INCREF(as_float);
    Py_INCREF(floor_of);
    Py_INCREF(number_types);
    Py_INCREF(double_type);
    Py_INCREF(ieee_type);
    Py_INCREF(scope_variable);
    Py_INCREF(mode_variable);
    Py_INCREF(going_on);
    Py_INCREF(refuse_data);
    Py_INCREF(refuse_label);
    Py_INCREF(partial_tangents);
    Py_INCREF(traits_of);
    Py_INCREF(recipe_for);
    if (!(row_index = PyDict_New()) || grow_rows() < 0 || enter_compiled(table) < 0 ||
        add_methods() < 0 || take_over_calls(op_type, &row_call_definition, &call_fixed) < 0 ||
        take_over_calls(sequence_op_type, &sequence_call_definition, &call_sequence) < 0)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(observe_doc,
"observe(one, every, /)\n--\n\nTell this one when numbers of traced nodes, or of every node, leave the graph, in every thread.");

static PyObject *observe(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *one;
    if (!PyArg_ParseTuple(args, "Op:observe", &one, &observes_all))
        return NULL;
    Py_XSETREF(observer, Py_NewRef(one));
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"constant", constant, METH_O, constant_doc},
    {"record", (PyCFunction)(void (*)(void))record, METH_FASTCALL, record_doc},
    {"record_layer", record_layer, METH_VARARGS, record_layer_doc},
    {"fields", fields, METH_O, fields_doc},
    {"observe", observe, METH_VARARGS, observe_doc},
    {"restore", restore, METH_VARARGS, restore_doc},
    {"tangents", tangents, METH_VARARGS, tangents_doc},
    {"topological_order", (PyCFunction)(void (*)(void))topological_order, METH_VARARGS | METH_KEYWORDS,
     topological_order_doc},
    {"adjoints", adjoints, METH_VARARGS, adjoints_doc},
    {"hessian_products", hessian_products, METH_VARARGS, hessian_products_doc},
    {"dependent", dependent, METH_VARARGS, dependent_doc},
    {"adjoints_in", adjoints_in, METH_VARARGS, adjoints_in_doc},
    {"tangents_in", tangents_in, METH_VARARGS, tangents_in_doc},
    {"needed", needed, METH_VARARGS, needed_doc},
    {"are_finite", are_finite, METH_O, are_finite_doc},
    {"read_numbers", (PyCFunction)(void (*)(void))read_numbers, METH_FASTCALL, read_numbers_doc},
    {"write_numbers", (PyCFunction)(void (*)(void))write_numbers, METH_FASTCALL, write_numbers_doc},
    {"set_variable", (PyCFunction)(void (*)(void))set_variable, METH_FASTCALL, set_variable_doc},
    {"reset_variable", (PyCFunction)(void (*)(void))reset_variable, METH_FASTCALL,
     reset_variable_doc},
    {"living", living, METH_NOARGS, living_doc},
    {"set_up", set_up, METH_VARARGS, set_up_doc},
    DEBUG_FUNCTIONS
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_engine", "The compiled engine; see engine/native/.", -1, functions,
    NULL, NULL, NULL, NULL,
};

static PyObject *BuilderType;

PyMODINIT_FUNC PyInit__engine(void) {
    PyObject *module = PyModule_Create(&definition);
    if (!module)
        return NULL;
    if (!filling && next_slab() < 0)
        goto failed;
    if (!no_names && !(no_names = PyTuple_New(0)))
        goto failed;
    if (!partials_text && !(partials_text = PyUnicode_InternFromString("partials")))
        goto failed;
    if (!partials_on_text && !(partials_on_text = PyUnicode_InternFromString("partials_on")))
        goto failed;
    if (!no_text && !(no_text = PyUnicode_InternFromString("")))
        goto failed;
    if (!ValueType) {
        ValueType = (PyTypeObject *)PyType_FromSpec(&value_spec);
        if (!ValueType)
            goto failed;
        ValueType->tp_vectorcall = value_vectorcall;
    }
    if (!BuilderType && !(BuilderType = PyType_FromSpec(&builder_spec)))
        goto failed;
    PyObject *leaves = lend_leaves();
    const int lent = leaves ? PyModule_AddObjectRef(module, "LEAVES", leaves) : -1;
    Py_XDECREF(leaves);
    if (lent < 0 || PyModule_AddObjectRef(module, "Value", (PyObject *)ValueType) < 0 ||
        PyModule_AddObjectRef(module, "Builder", BuilderType) < 0 ||
        PyModule_AddStringConstant(module, "TABLE_DIGEST", TABLE_DIGEST) < 0)
        goto failed;
    return module;
failed:
    Py_DECREF(module);
    return NULL;
}
