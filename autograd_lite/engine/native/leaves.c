/* Numbers of many Values at once: a model's parameters, as an array. */

#include "leaves.h"

static PyObject *lent_make(double number) { return (PyObject *)new_leaf(number); }

static int lent_renew(PyObject *leaf, double number) {
    Node *node = (Node *)leaf;
    PyObject *notes;
    if (current_notes(&notes) < 0)
        return -1;
    Py_XSETREF(node->notes, notes);
    node->data = number;
    node->grad = 0.0;
    node->constant = 0;
    node->stamp = n_made++;
    return 0;
}

static PyObject *lend_leaves(void) {
    static Leaves leaves = {NULL, offsetof(Node, data), offsetof(Node, row), offsetof(Node, weak),
                            lent_make, lent_renew, something_around};
    leaves.type = ValueType;
    return PyCapsule_New(&leaves, LEAVES, NULL);
}

/* Hold a buffer of float64 numbers. */
static int get_numbers(PyObject *array, Py_buffer *view, int flags) {
    if (PyObject_GetBuffer(array, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | flags) < 0)
        return -1;
    if (view->format && strcmp(view->format, "d") == 0)
        return 0;
    PyErr_Format(PyExc_ValueError, "an array of float64 is needed, and was given %R", array);
    PyBuffer_Release(view);
    return -1;
}

/* As many as there are nodes. */
static int numbers_for(PyObject *nodes, PyObject *array, Py_buffer *view, int flags) {
    if (get_numbers(array, view, flags) < 0)
        return -1;
    const Py_ssize_t n = PyTuple_GET_SIZE(nodes), length = view->len / (Py_ssize_t)sizeof(double);
    if (length == n)
        return 0;
    PyErr_Format(PyExc_ValueError, "%zd Values do not fit an array of %zd numbers", n, length);
    PyBuffer_Release(view);
    return -1;
}

PyDoc_STRVAR(read_numbers_doc,
"read_numbers(nodes, into, /)\n--\n\nWrite the numbers of Values to a float64 array.");

static PyObject *read_numbers(PyObject *module, PyObject *const *args, Py_ssize_t n) {
    (void)module;
    Py_buffer view;
    if (n != 2)
        return PyErr_Format(PyExc_TypeError, "read_numbers takes Values and an array");
    PyObject *nodes = nodes_of(args[0]);
    if (!nodes)
        return NULL;
    int state = 0;
    for (Py_ssize_t i = 0; state == 0 && i < PyTuple_GET_SIZE(nodes); i++)
        state = tell_read(PyTuple_GET_ITEM(nodes, i));
    if (state == 0 && (state = numbers_for(nodes, args[1], &view, PyBUF_WRITABLE)) == 0) {
        double *numbers = view.buf;
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(nodes); i++)
            numbers[i] = ((Node *)PyTuple_GET_ITEM(nodes, i))->data;
        PyBuffer_Release(&view);
    }
    Py_DECREF(nodes);
    return state < 0 ? NULL : Py_NewRef(Py_None);
}

PyDoc_STRVAR(are_finite_doc,
"are_finite(numbers, /)\n--\n\nWhether all of a float64 array are neither nan nor infinite.");

static PyObject *are_finite(PyObject *module, PyObject *array) {
    (void)module;
    Py_buffer view;
    if (get_numbers(array, &view, 0) < 0)
        return NULL;
    const bool all = all_finite(view.buf, view.len / (Py_ssize_t)sizeof(double));
    PyBuffer_Release(&view);
    return PyBool_FromLong(all);
}

PyDoc_STRVAR(write_numbers_doc,
"write_numbers(leaves, numbers, /)\n--\n\n"
"Set the data of leaves to the numbers of a float64 array: of all, or after an error of none.");

static PyObject *write_numbers(PyObject *module, PyObject *const *args, Py_ssize_t n) {
    (void)module;
    Py_buffer view;
    if (n != 2)
        return PyErr_Format(PyExc_TypeError, "write_numbers takes leaves and an array");
    PyObject *nodes = nodes_of(args[0]);
    if (!nodes)
        return NULL;
    int state = 0;
    for (Py_ssize_t i = 0; state == 0 && i < PyTuple_GET_SIZE(nodes); i++)
        state = check_leaf(PyTuple_GET_ITEM(nodes, i));
    if (state == 0 && (state = numbers_for(nodes, args[1], &view, 0)) == 0) {
        const double *numbers = view.buf;
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(nodes); i++)
            replace_number((Node *)PyTuple_GET_ITEM(nodes, i), numbers[i]);
        PyBuffer_Release(&view);
    }
    Py_DECREF(nodes);
    return state < 0 ? NULL : Py_NewRef(Py_None);
}
