/* Numbers in a row that grow, and tables by which equal entries of them are found. */

typedef struct {
    int64_t *items;
    size_t n, capacity;
} Words;

static int reserve(Words *words, size_t more) {
    while (words->capacity - words->n < more) {
        int64_t *items = grow(words->items, &words->capacity, sizeof(int64_t));
        if (!items) {
            PyErr_NoMemory();
            return -1;
        }
        words->items = items;
    }
    return 0;
}

/* Open addressing. A slot is 0, or the upper bits of a hash above the index of an entry plus one. */
typedef struct {
    uint64_t *slots;
    size_t n, capacity;
} Table;

enum { INDEX_BITS = 40 };
#define INDEX_MASK (((uint64_t)1 << INDEX_BITS) - 1)

static inline uint64_t hash_of(const int64_t *words, size_t n) {
    uint64_t hash = n;
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ (uint64_t)words[i]) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    return hash;
}

/* Entries of one word each, or such that begin where `starts` says. */
static inline const int64_t *entry(const Words *words, const Words *starts, size_t i, size_t *n) {
    if (!starts) {
        *n = 1;
        return words->items + i;
    }
    *n = (size_t)(starts->items[i + 1] - starts->items[i]);
    return words->items + starts->items[i];
}

/* The slot of an entry, or the empty one where it belongs. */
static inline uint64_t *slot_of(const Table *table, const Words *words, const Words *starts,
                                const int64_t *wanted, size_t n, uint64_t hash) {
    for (size_t i = hash & (table->capacity - 1);; i = (i + 1) & (table->capacity - 1)) {
        uint64_t *slot = &table->slots[i];
        if (!*slot)
            return slot;
        if ((*slot ^ hash) >> INDEX_BITS)
            continue;
        size_t length;
        const int64_t *found = entry(words, starts, (*slot & INDEX_MASK) - 1, &length);
        if (length == n && memcmp(found, wanted, n * sizeof(int64_t)) == 0)
            return slot;
    }
}

/* Room for one entry more. */
static int make_room(Table *table, const Words *words, const Words *starts) {
    if (2 * (table->n + 1) <= table->capacity)
        return 0;
    Table larger = {NULL, table->n, table->capacity ? 2 * table->capacity : 256};
    if (table->n < INDEX_MASK)
        larger.slots = PyMem_Calloc(larger.capacity, sizeof(uint64_t));
    if (!larger.slots) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < table->n; i++) {
        size_t n, place;
        const int64_t *found = entry(words, starts, i, &n);
        const uint64_t hash = hash_of(found, n);
        for (place = hash & (larger.capacity - 1); larger.slots[place];)
            place = (place + 1) & (larger.capacity - 1);
        larger.slots[place] = (hash & ~INDEX_MASK) | (i + 1);
    }
    PyMem_Free(table->slots);
    *table = larger;
    return 0;
}

