/* A build for tests, with AUTOGRAD_LITE_DEBUG: allocations that fail when told to. Nodes come one by one
 * from PyObject_Malloc then, so that tools which watch memory see each of them. */

#ifndef AUTOGRAD_LITE_DEBUG

static inline bool allocation_fails(void) { return false; }
#define DEBUG_FUNCTIONS

#else

static long n_before = -1; /* allocations that succeed before some fail; -1: none fails */
static long n_to_fail, n_failed;
static PyMemAllocatorEx real_raw, real_mem, real_object;

static bool allocation_fails(void) {
    if (n_before > 0)
        n_before--;
    else if (n_before == 0 && n_to_fail > 0) {
        n_to_fail--;
        n_failed++;
        return true;
    }
    return false;
}

static void *failing_malloc(void *context, size_t size) {
    const PyMemAllocatorEx *real = context;
    return allocation_fails() ? NULL : real->malloc(real->ctx, size);
}
static void *failing_calloc(void *context, size_t n, size_t size) {
    const PyMemAllocatorEx *real = context;
    return allocation_fails() ? NULL : real->calloc(real->ctx, n, size);
}
static void *failing_realloc(void *context, void *block, size_t size) {
    const PyMemAllocatorEx *real = context;
    return allocation_fails() ? NULL : real->realloc(real->ctx, block, size);
}
static void real_free(void *context, void *block) {
    const PyMemAllocatorEx *real = context;
    real->free(real->ctx, block);
}

static void watch(PyMemAllocatorDomain domain, PyMemAllocatorEx *real) {
    PyMem_GetAllocator(domain, real);
    PyMemAllocatorEx failing = {real, failing_malloc, failing_calloc, failing_realloc, real_free};
    PyMem_SetAllocator(domain, &failing);
}

PyDoc_STRVAR(fail_after_doc,
"fail_after(n, times, /)\n--\n\nLet n allocations succeed and as many as `times` fail after them.\n\n"
"n = -1: none fails. Returns how many have failed since the last call.");

static PyObject *fail_after(PyObject *module, PyObject *const *args, Py_ssize_t n) {
    (void)module;
    if (n != 2)
        return PyErr_Format(PyExc_TypeError, "fail_after takes two numbers");
    n_before = -1;
    const long before = PyLong_AsLong(args[0]), times = PyLong_AsLong(args[1]), failed = n_failed;
    if (PyErr_Occurred())
        return NULL;
    if (!real_raw.malloc) {
        watch(PYMEM_DOMAIN_RAW, &real_raw);
        watch(PYMEM_DOMAIN_MEM, &real_mem);
        watch(PYMEM_DOMAIN_OBJ, &real_object);
    }
    PyObject *result = PyLong_FromLong(failed);
    n_failed = 0;
    n_to_fail = times;
    n_before = before;
    return result;
}

#define DEBUG_FUNCTIONS {"fail_after", (PyCFunction)(void (*)(void))fail_after, METH_FASTCALL, fail_after_doc},

#endif
