/* A build for tests, with AUTOGRAD_LITE_DEBUG: allocations that fail when told to. Nodes come one by one
 * from PyObject_Malloc then, so that tools which watch memory see each of them. */

#ifndef AUTOGRAD_LITE_DEBUG

static inline bool allocation_fails(void) { return false; }
#define DEBUG_FUNCTIONS

#else

static long failing_from = -1; /* so many allocations succeed, then all fail; -1: none fails */
static PyMemAllocatorEx real_raw, real_mem, real_object;

static bool allocation_fails(void) {
    if (failing_from < 0)
        return false;
    if (failing_from == 0)
        return true;
    failing_from--;
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
"fail_after(n, /)\n--\n\nLet n allocations succeed and all later ones fail; -1: none fails.");

static PyObject *fail_after(PyObject *module, PyObject *number) {
    (void)module;
    const long n = PyLong_AsLong(number);
    if (n == -1 && PyErr_Occurred())
        return NULL;
    if (!real_raw.malloc) {
        watch(PYMEM_DOMAIN_RAW, &real_raw);
        watch(PYMEM_DOMAIN_MEM, &real_mem);
        watch(PYMEM_DOMAIN_OBJ, &real_object);
    }
    failing_from = n;
    Py_RETURN_NONE;
}

#define DEBUG_FUNCTIONS {"fail_after", fail_after, METH_O, fail_after_doc},

#endif
