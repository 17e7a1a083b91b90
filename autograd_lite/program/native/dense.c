/* Dense groups: folds over the same blocks, as in a layer of a network, and sums over rows of the products of some
 * blocks with some others, as in its gradient. Both are products of matrices, in tiles whose totals stay in registers
 * while what was fetched once serves several of them. Each total is added up in the order of its fold, or sum, alone.
 * Included by "blocks.c", for vectors of WIDTH numbers. */

typedef double NAME(Numbers) __attribute__((vector_size(8 * WIDTH), aligned(8), may_alias));
typedef double NAME(Few) __attribute__((vector_size(8 * RIGHTS), aligned(8)));
typedef long long NAME(Marks) __attribute__((vector_size(8 * WIDTH)));

#define AT(x, v) (*(NAME(Numbers) *)((x) + WIDTH * (v)))
/* -0.0 stays. */
#define SPLAT(x) ((x) - (NAME(Numbers)){0.0})

/* Whether a number of a vector is nan. */
#undef HAVE_NAN
#if WIDTH == 8
#define HAVE_NAN(x) __builtin_ia32_cmppd512_mask(x, x, 3, -1, 4)
#else
static inline bool NAME(have_nan)(const double *x) {
    double total = 0.0;
    for (int q = 0; q < WIDTH; q++)
        total += x[q];
    return total != total;
}
#define HAVE_NAN(x) NAME(have_nan)((const double *)&(x))
#endif

/* --- folds over the same blocks --------------------------------------------------------------------
 * Each has numbers of its own. refs: how many folds and blocks; where the first number lies, how far from it that of
 * the next fold does, and the next one; results; starts; blocks. */

#define TOTAL(v, s) NAME(Numbers) t##s##v;
#define BEGIN_SAME(v, s) t##s##v = SPLAT(uniform[~starts[s]]);
#define BEGIN_AT(v, s) t##s##v = AT(BLOCK_AT(starts[s]) + i, v);
#define BEGIN(s, vecs)                                                                            \
    OF(ALL, vecs)(TOTAL, s)                                                                       \
    if (starts[s] < 0) {                                                                          \
        OF(ALL, vecs)(BEGIN_SAME, s)                                                              \
    } else {                                                                                      \
        OF(ALL, vecs)(BEGIN_AT, s)                                                                \
    }
#define FETCH(v, _) const NAME(Numbers) x##v = AT(x, v);
#define ADD(v, s, op) t##s##v += x##v op number;
#define STEP(s, vecs, op) { const double number = numbers[s * across]; OF(ALL, vecs)(ADD, s, op) }
#define STORE(v, s) AT(to, v) = t##s##v;
/* Sums with nan are nan; with 0.0 added, only -0.0 has other bits. */
#define DOUBT_TOTAL(v, s)                                                                         \
    nans += t##s##v;                                                                              \
    zeros |= (NAME(Marks))t##s##v ^ (NAME(Marks))(t##s##v + none);
#define DOUBT_TOTALS(s, vecs) OF(ALL, vecs)(DOUBT_TOTAL, s)
#define END(s, vecs) { double *to = BLOCK_AT(results[s]) + i; OF(ALL, vecs)(STORE, s) }

/* Whether totals of the quick row may be others than those of the row itself. */
#define LAYER_TILE(tile, careful, op, outs, vecs)                                                 \
    static bool NAME(tile)(const Frame *frame, const int32_t *refs, int32_t s, int i) {           \
        double *const blocks = frame->blocks;                                                     \
        const double *const uniform = frame->uniform;                                             \
        const Py_ssize_t stride = frame->stride, across = refs[3], along = refs[4];               \
        const int32_t n = refs[0], m = refs[1];                                                   \
        const int32_t *results = refs + 5 + s, *starts = results + n, *xs = refs + 5 + 2 * n;     \
        const double *numbers = uniform + refs[2] + s * across;                                   \
        OF(EACH, outs)(BEGIN, vecs)                                                               \
        for (int32_t k = 0; k < m; k++, numbers += along) {                                       \
            const double *x = BLOCK_AT(xs[k]) + i;                                                \
            OF(ALL, vecs)(FETCH, _)                                                               \
            OF(EACH, outs)(STEP, vecs, op)                                                        \
        }                                                                                         \
        OF(EACH, outs)(END, vecs)                                                                 \
        NAME(Numbers) nans = {0.0}, none = {0.0};                                                 \
        NAME(Marks) zeros = {0};                                                                  \
        long long zero = 0;                                                                       \
        if (careful) {                                                                            \
            OF(EACH, outs)(DOUBT_TOTALS, vecs)                                                    \
            for (int q = 0; q < WIDTH; q++) {                                                     \
                zero |= zeros[q];                                                                 \
            }                                                                                     \
        }                                                                                         \
        return (careful && HAVE_NAN(nans)) || zero;                                               \
    }
#define LAYER_ROWS(name, vecs)                                                                    \
    for (int32_t s = 0; s < refs[0];)                                                             \
        if (s + OUTS <= refs[0]) {                                                                \
            doubtful |= NAME(name##_tile_##vecs)(frame, refs, s, i);                              \
            s += OUTS;                                                                            \
        } else {                                                                                  \
            doubtful |= NAME(name##_single_##vecs)(frame, refs, s++, i);                          \
        }

#define LAYER_2(name, careful, op)                                                                \
    LAYER_TILE(name##_tile_VECS, careful, op, OUTS, VECS)                                         \
    LAYER_TILE(name##_single_VECS, careful, op, 1, VECS)                                          \
    LAYER_TILE(name##_tile_ONE, careful, op, OUTS, ONE)                                           \
    LAYER_TILE(name##_single_ONE, careful, op, 1, ONE)                                            \
    KERNEL(layer_##name) {                                                                        \
        TAKE_FRAME                                                                                \
        int i = 0;                                                                                \
        bool doubtful = false;                                                                    \
        for (; i + WIDTH * VECS <= lanes; i += WIDTH * VECS)                                      \
            LAYER_ROWS(name, VECS)                                                                \
        for (; i < lanes; i += WIDTH * ONE)                                                       \
            LAYER_ROWS(name, ONE)                                                                 \
        for (int32_t s = 0; doubtful && s < refs[0]; s++) {                                       \
            double *total = BLOCK_AT(refs[5 + s]), room[BLOCK];                                   \
            if (!NAME(doubtful)(total, lanes))                                                    \
                continue;                                                                         \
            const int32_t *xs = refs + 5 + 2 * refs[0];                                           \
            const double *from = SPREAD(refs[5 + refs[0] + s], room);                             \
            LANES total[i] = from[i];                                                             \
            for (int32_t k = 0; k < refs[1]; k++) {                                               \
                const double *x = BLOCK_AT(xs[k]);                                                \
                const double number = uniform[refs[2] + s * (Py_ssize_t)refs[3] + k * (Py_ssize_t)refs[4]]; \
                LANES total[i] = step_##name(total[i], x[i], number, NULL, attrs);                \
            }                                                                                     \
        }                                                                                         \
    }
ROLLED_2(LAYER_2)

/* --- sums over rows of products --------------------------------------------------------------------
 * refs: how many left and right blocks; whether the outputs of each left block follow one another; these blocks; the
 * outputs, by left block. Where they do not, totals of a tile go through a room. */

#define NONE(v, l, r) NAME(Numbers) t##l##r##v = {0.0};
#define NONE_OF(r, l) OF(ALL, HALVES)(NONE, l, r)
#define NONE_OF_LEFT(l, rights) const double *left##l = BLOCK_AT(xs[l]); OF(SOME, rights)(NONE_OF, l)
#define RIGHT(r, _) const double *y##r = BLOCK_AT(ys[r]);
#define FETCH_PART(v, r) const NAME(Numbers) y##r##v = AT(y##r + i, v);
#define FETCH_RIGHT(r, _) OF(ALL, HALVES)(FETCH_PART, r)
#define FETCH_LEFT(v, l) const NAME(Numbers) x##v = AT(left##l + i, v);
#define ADD_PART(v, l, r, op) t##l##r##v += x##v op y##r##v;
#define ADD_PARTS(r, l, op) OF(ALL, HALVES)(ADD_PART, l, r, op)
#define ADD_LEFT(l, rights, op) { OF(ALL, HALVES)(FETCH_LEFT, l) OF(SOME, rights)(ADD_PARTS, l, op) }
/* Rows left over. */
#define LAST(l, few) few last##l = {0.0};
#define AT_ROW(r, _) y##r[i],
#define ADD_LAST(l, op) last##l += left##l[i] op row;
#define ADD_LAST_OF(r, l) t##l##r##0 += (NAME(Numbers)){last##l[r]};
#define ADD_LAST_OF_LEFT(l, rights) OF(SOME, rights)(ADD_LAST_OF, l)
#define DOUBT_PART(v, l, r) doubt##l += t##l##r##v;
#define DOUBT(r, l) OF(ALL, HALVES)(DOUBT_PART, l, r)
#define DOUBT_LEFT(l, rights) NAME(Numbers) doubt##l = {0.0}; OF(SOME, rights)(DOUBT, l)
#define DOUBTS(l, _) + doubt##l
#define PUT_TOTALS(l, rights)                                                                     \
    memcpy(even ? frame->totals + outputs[l * refs[1]] : totals + l * rights, &total##l, rights * sizeof(double));
#undef TOTALS
#undef TOTALS_TELL
#undef NAN_AMONG
#if WIDTH == 8 && defined(SHUFFLED)
/* Four or two, each as SUM_OF_PARTS; never -0.0. A nan among the parts is seen in them. */
#define PICK SHUFFLED
#define HALVE(a, b) (PICK(a, b, 0, 1, 2, 3, 8, 9, 10, 11) + PICK(a, b, 4, 5, 6, 7, 12, 13, 14, 15))
#define QUARTER(a, b) (PICK(a, b, 0, 1, 4, 5, 8, 9, 12, 13) + PICK(a, b, 2, 3, 6, 7, 10, 11, 14, 15))
#define OTHERS_OF_4(l) HALVE(t##l##20, t##l##30)
#define OTHERS_OF_2(l) HALVE(t##l##00, t##l##10)
#define TOTALS(l, rights)                                                                         \
    const NAME(Numbers) half##l = QUARTER(HALVE(t##l##00, t##l##10), OF(OTHERS_OF, rights)(l));    \
    const NAME(Numbers) total##l = PICK(half##l, half##l, 0, 2, 4, 6, 0, 2, 4, 6) +               \
                                   PICK(half##l, half##l, 1, 3, 5, 7, 1, 3, 5, 7) + (NAME(Numbers)){0.0};
#define TOTALS_TELL true
#define NAN_AMONG(lefts) HAVE_NAN(OF(EACH, lefts)(TOTALS_OF, _))
#define TOTALS_OF(l, _) + total##l
#else
#define PART(v, l, r) AT(parts, v) = t##l##r##v;
#define ADD_TOTAL(r, l) { double parts[PARTS]; OF(ALL, HALVES)(PART, l, r) total##l[r] = SUM_OF_PARTS(parts) + 0.0; }
#define TOTALS(l, rights) double total##l[rights]; OF(SOME, rights)(ADD_TOTAL, l)
#define TOTALS_TELL false
#define NAN_AMONG(lefts) false
#endif

/* Each product alone, by the row itself where the quick one gives nan. */
#define SUMS_ALONE(name)                                                                          \
    static void NAME(name##_sums_alone)(const Frame *frame, const int32_t *refs, int32_t l, int32_t r, int lefts, \
                                        int rights) {                                             \
        const int32_t *xs = refs + 3, *ys = xs + refs[0], *outputs = ys + refs[1];                \
        for (int32_t p = l; p < l + lefts; p++)                                                   \
            for (int32_t q = r; q < r + rights; q++) {                                            \
                const int32_t one[3] = {outputs[p * refs[1] + q], xs[p], ys[q]};                  \
                NAME(sum_##name##_BB)(frame, one, 2, NULL);                                       \
            }                                                                                     \
    }

#define SUM_TILE(tile, name, careful, op, few, lefts, rights)                                     \
    static void NAME(tile)(const Frame *frame, const int32_t *refs, int32_t l, int32_t r) {       \
        double *const blocks = frame->blocks;                                                     \
        const Py_ssize_t stride = frame->stride;                                                  \
        const int rows = frame->rows, whole = rows & -PARTS;                                      \
        const bool even = refs[2];                                                                \
        const int32_t *xs = refs + 3 + l, *ys = refs + 3 + refs[0] + r;                           \
        const int32_t *outputs = refs + 3 + refs[0] + refs[1] + l * refs[1] + r;                  \
        double totals[lefts * rights];                                                            \
        OF(SOME, rights)(RIGHT, _)                                                                \
        OF(EACH, lefts)(NONE_OF_LEFT, rights)                                                     \
        for (int i = 0; i < whole; i += PARTS) {                                                  \
            OF(SOME, rights)(FETCH_RIGHT, _)                                                      \
            OF(EACH, lefts)(ADD_LEFT, rights, op)                                                 \
        }                                                                                         \
        if (whole < rows) {                                                                       \
            OF(EACH, lefts)(LAST, few)                                                            \
            for (int i = whole; i < rows; i++) {                                                  \
                const few row = {OF(SOME, rights)(AT_ROW, _)};                                    \
                OF(EACH, lefts)(ADD_LAST, op)                                                     \
            }                                                                                     \
            OF(EACH, lefts)(ADD_LAST_OF_LEFT, rights)                                             \
        }                                                                                         \
        if (careful && !TOTALS_TELL) {                                                            \
            OF(EACH, lefts)(DOUBT_LEFT, rights)                                                   \
            const NAME(Numbers) doubt = OF(EACH, lefts)(DOUBTS, _);                               \
            if (HAVE_NAN(doubt)) {                                                                \
                NAME(name##_sums_alone)(frame, refs, l, r, lefts, rights);                        \
                return;                                                                           \
            }                                                                                     \
        }                                                                                         \
        OF(EACH, lefts)(TOTALS, rights)                                                           \
        if (careful && NAN_AMONG(lefts)) {                                                        \
            NAME(name##_sums_alone)(frame, refs, l, r, lefts, rights);                            \
            return;                                                                               \
        }                                                                                         \
        OF(EACH, lefts)(PUT_TOTALS, rights)                                                       \
        for (int k = 0; k < lefts * rights && !even; k++)                                         \
            frame->totals[outputs[k / rights * refs[1] + k % rights]] = totals[k];                \
    }

#define GROUP_2(name, careful, op)                                                                \
    SUMS_ALONE(name)                                                                              \
    SUM_TILE(name##_sums, name, careful, op, NAME(Few), LEFTS, RIGHTS)                            \
    SUM_TILE(name##_sums_of_one, name, careful, op, NAME(Few), 1, RIGHTS)                         \
    SUM_TILE(name##_sums_with_two, name, careful, op, Two, LEFTS, 2)                              \
    KERNEL(group_##name) {                                                                        \
        (void)n, (void)attrs;                                                                     \
        int32_t r = 0;                                                                            \
        for (; r + RIGHTS <= refs[1]; r += RIGHTS) {                                              \
            int32_t l = 0;                                                                        \
            for (; l + LEFTS <= refs[0]; l += LEFTS)                                              \
                NAME(name##_sums)(frame, refs, l, r);                                             \
            for (; l < refs[0]; l++)                                                              \
                NAME(name##_sums_of_one)(frame, refs, l, r);                                      \
        }                                                                                         \
        for (; r + 2 <= refs[1]; r += 2) {                                                        \
            int32_t l = 0;                                                                        \
            for (; l + LEFTS <= refs[0]; l += LEFTS)                                              \
                NAME(name##_sums_with_two)(frame, refs, l, r);                                    \
            NAME(name##_sums_alone)(frame, refs, l, r, refs[0] - l, 2);                           \
        }                                                                                         \
        NAME(name##_sums_alone)(frame, refs, 0, r, refs[0], refs[1] - r);                         \
    }
PRODUCTS_2(GROUP_2)
