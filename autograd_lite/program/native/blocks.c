/* Kernels for a block of rows: loops that the compiler makes vectors of. Included once for each target, with
 * VARIANT a suffix for the names.
 *
 * `refs` are where the result and the operands lie: r >= 0 for a block, the r-th of `blocks`; else a number that is
 * the same for all rows, the ~r-th of `uniform`. A result may take the place of an operand,
 * but not that of a fold. */

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(name) JOIN(name, VARIANT)
#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)

/* The compiler sees that lanes are whole TILEs. */
#define LANES LOOP_OF_VECTORS for (int i = 0; i < lanes; i++)
#define BLOCK_AT(r) (blocks + (r) * stride)

/* Operand k of an instruction of fixed arity, in a kernel for which it is a number (U) or a block (B). */
#define SET_U(k, x) const double x = uniform[~refs[k]];
#define SET_B(k, x) const double *x = BLOCK_AT(refs[k]);
#define GET_U(x) x
#define GET_B(x) x[i]

#include "lanes.c"

#define KERNEL(name)                                                                              \
    static void NAME(name)(const Frame *frame, const int32_t *refs, int32_t n, const double *attrs)
#define TAKE_FRAME                                                                                \
    double *const blocks = frame->blocks;                                                         \
    const Py_ssize_t stride = frame->stride;                                                      \
    const double *const uniform = frame->uniform;                                                 \
    const int lanes = frame->lanes & -TILE;                                                       \
    (void)blocks, (void)stride, (void)uniform, (void)n, (void)attrs;

/* `first` may compute all of it, and return. */
#define BLOCK_1_AS(name, first)                                                                   \
    KERNEL(name##_B) {                                                                            \
        TAKE_FRAME                                                                                \
        double *out = BLOCK_AT(refs[0]);                                                          \
        SET_B(1, x)                                                                               \
        first                                                                                     \
        LANES out[i] = forward_##name(x[i], attrs);                                               \
    }
#define BLOCK_2_AS(name, X, Y, first)                                                             \
    KERNEL(name##_##X##Y) {                                                                       \
        TAKE_FRAME                                                                                \
        double *out = BLOCK_AT(refs[0]);                                                          \
        SET_##X(1, x) SET_##Y(2, y)                                                               \
        first                                                                                     \
        LANES out[i] = forward_##name(GET_##X(x), GET_##Y(y), attrs);                             \
    }
#define BLOCK_3_AS(name, X, Y, Z)                                                                 \
    KERNEL(name##_##X##Y##Z) {                                                                    \
        TAKE_FRAME                                                                                \
        double *out = BLOCK_AT(refs[0]);                                                          \
        SET_##X(1, x) SET_##Y(2, y) SET_##Z(3, z)                                                 \
        LANES out[i] = forward_##name(GET_##X(x), GET_##Y(y), GET_##Z(z), attrs);                 \
    }
#define BLOCK_1(name) BLOCK_1_AS(name, )
#define BLOCK_2(name) BLOCK_2_AS(name, B, B, ) BLOCK_2_AS(name, U, B, ) BLOCK_2_AS(name, B, U, )
#define BLOCK_3(name)                                                                             \
    BLOCK_3_AS(name, B, B, B) BLOCK_3_AS(name, U, B, B) BLOCK_3_AS(name, B, U, B)                 \
    BLOCK_3_AS(name, U, U, B) BLOCK_3_AS(name, B, B, U) BLOCK_3_AS(name, U, B, U)                 \
    BLOCK_3_AS(name, B, U, U)
#define LEAF_1(name, c, wrap) BLOCK_1_AS(name, CALL_VECTORS(c, wrap, 1, LANE_B(x)))
#define LEAF_2(name, c, wrap)                                                                     \
    BLOCK_2_AS(name, B, B, CALL_VECTORS(c, wrap, 2, LANE_B(x), LANE_B(y)))                        \
    BLOCK_2_AS(name, U, B, CALL_VECTORS(c, wrap, 2, LANE_U(x), LANE_B(y)))                        \
    BLOCK_2_AS(name, B, U, CALL_VECTORS(c, wrap, 2, LANE_B(x), LANE_U(y)))

LOOPS_1(BLOCK_1)
LOOPS_2(BLOCK_2)
LOOPS_3(BLOCK_3)
LEAVES_1(LEAF_1)
LEAVES_2(LEAF_2)

/* --- folds: elements outside, rows inside ---------------------------------------------------------
 * The totals grow in the result's place, which is no operand's. Four elements at a time, one after the
 * other, so that a total is fetched and stored once for four. */

/* An operand as a block: a number that is the same for all rows is spread out. */
static inline const double *NAME(spread)(const Frame *frame, int32_t r, double *room) {
    if (r >= 0)
        return frame->blocks + r * frame->stride;
    for (int i = 0; i < BLOCK; i++)
        room[i] = frame->uniform[~r];
    return room;
}

#define SPREAD(r, room) NAME(spread)(frame, r, room)
#define FOLD_SET_U(k, r, x) const double x##k = uniform[~(r)];
#define FOLD_SET_B(k, r, x) const double *x##k = SPREAD(r, x##_room[k]);

#define FOLD_SCALARS(numbers, first_of_them)                                                      \
    double scalar_room[numbers + 1][BLOCK], *total = BLOCK_AT(refs[0]);                           \
    const double *scalar[numbers + 1] = {NULL};                                                   \
    for (int q = 0; q < numbers; q++)                                                             \
        scalar[q] = SPREAD(first_of_them[q], scalar_room[q]);                                     \
    (void)scalar_room, (void)scalar, (void)attrs;

/* The single arguments of row i, of which there are few. */
#define SCALARS(numbers)                                                                          \
    double scalars[numbers + 1];                                                                  \
    for (int q = 0; q < numbers; q++)                                                             \
        scalars[q] = scalar[q][i];                                                                \
    (void)scalars;

#define BLOCK_FOLD_1(name, numbers, first, ...)                                                   \
    KERNEL(name##_B) {                                                                            \
        TAKE_FRAME                                                                                \
        const int32_t m = n - numbers, *xs = refs + 1;                                            \
        double x_room[4][BLOCK];                                                                  \
        FOLD_SCALARS(numbers, (xs + m))                                                           \
        const double *x = first ? SPREAD(xs[0], x_room[0]) : total;                               \
        LANES {                                                                                   \
            SCALARS(numbers)                                                                      \
            total[i] = start_##name(first ? x[i] : 0.0, scalars, attrs);                          \
        }                                                                                         \
        int32_t k = first;                                                                        \
        for (; k + 4 <= m; k += 4) {                                                              \
            FOLD_SET_B(0, xs[k], x) FOLD_SET_B(1, xs[k + 1], x)                                   \
            FOLD_SET_B(2, xs[k + 2], x) FOLD_SET_B(3, xs[k + 3], x)                               \
            LANES {                                                                               \
                SCALARS(numbers)                                                                  \
                double t = step_##name(total[i], x0[i], scalars, attrs);                          \
                t = step_##name(t, x1[i], scalars, attrs);                                        \
                t = step_##name(t, x2[i], scalars, attrs);                                        \
                total[i] = step_##name(t, x3[i], scalars, attrs);                                 \
            }                                                                                     \
        }                                                                                         \
        for (; k < m; k++) {                                                                      \
            FOLD_SET_B(0, xs[k], x)                                                               \
            LANES {                                                                               \
                SCALARS(numbers)                                                                  \
                total[i] = step_##name(total[i], x0[i], scalars, attrs);                          \
            }                                                                                     \
        }                                                                                         \
        LANES {                                                                                   \
            SCALARS(numbers)                                                                      \
            total[i] = finish_##name(total[i], m, scalars, attrs);                                  \
        }                                                                                         \
    }

/* The totals by the steps of a row, whose results are those of `name`. */
#define TOTALS_2(step, name, first, X, Y)                                                         \
    LANES {                                                                                       \
        SCALARS(numbers)                                                                          \
        total[i] = start_##name(first ? x[i] : 0.0, first ? y[i] : 0.0, scalars, attrs);          \
    }                                                                                             \
    int32_t k = first;                                                                            \
    for (; k + 4 <= m; k += 4) {                                                                  \
        FOLD_SET_##X(0, xs[k], x) FOLD_SET_##X(1, xs[k + 1], x)                                   \
        FOLD_SET_##X(2, xs[k + 2], x) FOLD_SET_##X(3, xs[k + 3], x)                               \
        FOLD_SET_##Y(0, ys[k], y) FOLD_SET_##Y(1, ys[k + 1], y)                                   \
        FOLD_SET_##Y(2, ys[k + 2], y) FOLD_SET_##Y(3, ys[k + 3], y)                               \
        LANES {                                                                                   \
            SCALARS(numbers)                                                                      \
            double t = step_##step(total[i], GET_##X(x0), GET_##Y(y0), scalars, attrs);           \
            t = step_##step(t, GET_##X(x1), GET_##Y(y1), scalars, attrs);                         \
            t = step_##step(t, GET_##X(x2), GET_##Y(y2), scalars, attrs);                         \
            total[i] = step_##step(t, GET_##X(x3), GET_##Y(y3), scalars, attrs);                  \
        }                                                                                         \
    }                                                                                             \
    for (; k < m; k++) {                                                                          \
        FOLD_SET_##X(0, xs[k], x) FOLD_SET_##Y(0, ys[k], y)                                       \
        LANES {                                                                                   \
            SCALARS(numbers)                                                                      \
            total[i] = step_##step(total[i], GET_##X(x0), GET_##Y(y0), scalars, attrs);           \
        }                                                                                         \
    }

/* Whether totals of the quick row may be others than those of the row itself: nan, or -0.0. */
static bool NAME(doubtful)(const double *total, int lanes) {
    double doubts = 0.0;
    for (int i = 0; i < (lanes & -TILE); i++) {
        const double t = total[i];
        doubts += t != t || (t == 0.0 && copysign(1.0, t) < 0.0) ? 1.0 : 0.0;
    }
    return doubts != 0.0;
}

#define BLOCK_FOLD_2_AS(name, numbers_, first, quick, careful, X, Y)                              \
    KERNEL(name##_##X##Y) {                                                                       \
        TAKE_FRAME                                                                                \
        enum { numbers = numbers_ };                                                              \
        const int32_t m = (n - numbers) / 2, *xs = refs + 1, *ys = xs + m;                        \
        double x_room[4][BLOCK], y_room[4][BLOCK];                                                \
        FOLD_SCALARS(numbers, (ys + m))                                                           \
        const double *x = first ? SPREAD(xs[0], x_room[0]) : total;                               \
        const double *y = first ? SPREAD(ys[0], y_room[0]) : total;                               \
        { TOTALS_2(quick, name, first, X, Y) }                                                    \
        if (careful && NAME(doubtful)(total, lanes)) { TOTALS_2(name, name, first, X, Y) }        \
        LANES {                                                                                   \
            SCALARS(numbers)                                                                      \
            total[i] = finish_##name(total[i], m, scalars, attrs);                                \
        }                                                                                         \
        (void)x_room, (void)y_room;                                                               \
    }
#define BLOCK_FOLD_2(name, numbers, first, quick, careful)                                        \
    BLOCK_FOLD_2_AS(name, numbers, first, quick, careful, B, B)                                   \
    BLOCK_FOLD_2_AS(name, numbers, first, quick, careful, U, B)                                   \
    BLOCK_FOLD_2_AS(name, numbers, first, quick, careful, B, U)

FOLDS_1(BLOCK_FOLD_1)
FOLDS_2(BLOCK_FOLD_2)

/* A look at one element for each row, wherever it lies. */
#define BLOCK_LOOK(name, numbers)                                                                 \
    KERNEL(name##_B) {                                                                            \
        TAKE_FRAME                                                                                \
        const int32_t m = n - numbers, *xs = refs + 1;                                            \
        FOLD_SCALARS(numbers, (xs + m))                                                           \
        for (int i = 0; i < lanes; i++) {                                                         \
            SCALARS(numbers)                                                                      \
            const int32_t k = found_at(place_##name(m, scalars, attrs), m);                       \
            const double x = k < 0 ? NAN : xs[k] < 0 ? uniform[~xs[k]] : BLOCK_AT(xs[k])[i];      \
            total[i] = finish_##name(x, m, scalars, attrs);                                       \
        }                                                                                         \
    }
LOOKS(BLOCK_LOOK)

/* --- sums over rows -------------------------------------------------------------------------------
 * In one order, whatever the compiler: each sum has PARTS, to which every so many rows belong, the first of
 * which also has the rows left over. */

#define SUM_OVER_ROWS(parts, term)                                                                \
    do {                                                                                          \
        const int rows = frame->rows, whole = rows & -PARTS;                                      \
        double last = 0.0;                                                                        \
        for (int q = 0; q < PARTS; q++)                                                           \
            parts[q] = 0.0;                                                                       \
        for (int start = 0; start < whole; start += PARTS)                                        \
            for (int q = 0; q < PARTS; q++) {                                                     \
                const int i = start + q;                                                          \
                parts[q] += term;                                                                 \
            }                                                                                     \
        for (int i = whole; i < rows; i++)                                                        \
            last += term;                                                                         \
        parts[0] += last;                                                                         \
    } while (0)

static inline void NAME(put_parts)(const Frame *frame, int32_t output, const double *parts) {
    frame->totals[output] = SUM_OF_PARTS(parts) + 0.0; /* never -0.0 */
}

/* refs: the output, then where the numbers lie. */
KERNEL(sum_of_block) {
    TAKE_FRAME
    SET_B(1, x)
    double parts[PARTS];
    (void)lanes;
    SUM_OVER_ROWS(parts, x[i]);
    NAME(put_parts)(frame, refs[0], parts);
}

KERNEL(sum_of_uniform) {
    (void)n, (void)attrs;
    double parts[PARTS] = {frame->rows * frame->uniform[~refs[1]]};
    NAME(put_parts)(frame, refs[0], parts);
}

#define SUM_2_AS(name, quick, careful, X, Y)                                                      \
    KERNEL(sum_##name##_##X##Y) {                                                                 \
        TAKE_FRAME                                                                                \
        SET_##X(1, x) SET_##Y(2, y)                                                               \
        double parts[PARTS];                                                                      \
        (void)lanes;                                                                              \
        SUM_OVER_ROWS(parts, forward_##quick(GET_##X(x), GET_##Y(y), attrs));                     \
        const double total = SUM_OF_PARTS(parts);                                                 \
        if (careful && total != total)                                                            \
            SUM_OVER_ROWS(parts, forward_##name(GET_##X(x), GET_##Y(y), attrs));                  \
        NAME(put_parts)(frame, refs[0], parts);                                                   \
    }

#define SUM_2(name, quick, careful)                                                               \
    SUM_2_AS(name, quick, careful, B, B)                                                          \
    SUM_2_AS(name, quick, careful, U, B)                                                          \
    SUM_2_AS(name, quick, careful, B, U)
ARITHMETIC_2(SUM_2)

/* --- rows to blocks ------------------------------------------------------------------------------- */

static void NAME(fetch)(double *to, Py_ssize_t stride, const double *const *rows, const int32_t *columns, int32_t first,
                        int32_t n) {
    for (int32_t q = 0; q < n; q++, to += stride) {
        const int32_t c = columns[q] - first;
#if WIDTH > 2 && defined(SHUFFLED)
        if (q + 1 < n && columns[q + 1] - first == c + 1) { /* two columns of four rows at a time */
            for (int i = 0; i < TILE; i += 4) {
                const Two a = *(const Two *)(rows[i] + c), b = *(const Two *)(rows[i + 1] + c);
                const Two x = *(const Two *)(rows[i + 2] + c), y = *(const Two *)(rows[i + 3] + c);
                const Four even = SHUFFLED(a, x, 0, 1, 2, 3), odd = SHUFFLED(b, y, 0, 1, 2, 3);
                *(Four *)(to + i) = SHUFFLED(even, odd, 0, 4, 2, 6);
                *(Four *)(to + stride + i) = SHUFFLED(even, odd, 1, 5, 3, 7);
            }
            q++;
            to += stride;
            continue;
        }
#endif
        for (int i = 0; i < TILE; i++)
            to[i] = rows[i][c];
    }
}

static bool NAME(are_sure)(const double *numbers, int32_t n) {
    int64_t sure = 0;
    for (int32_t k = 0; k < n; k++)
        sure += (numbers[k] < 0.0) | (numbers[k] > 0.0);
    return sure == n;
}

#ifdef VECTORS
#include "dense.c"
#endif

static const Variant NAME(variant) = {
    .name = TEXT(VARIANT),
    .lanes = WIDTH,
#if WIDTH > 1
    .vector_names = VECTOR_NAMES,
    .library = NAME(library),
    .called = NAME(called),
    .own = NAME(own),
    .wrappers = NAME(wrappers),
    .menders = NAME(menders),
    .apply = NAME(apply),
#endif
    .fetch = NAME(fetch),
    .are_sure = NAME(are_sure),
    .blocks = {
#define ENTER_1(name) [CODE_##name] = {NAME(name##_B)},
#define ENTER_2(name) [CODE_##name] = {NAME(name##_BB), NAME(name##_UB), NAME(name##_BU)},
#define ENTER_3(name)                                                                             \
    [CODE_##name] = {NAME(name##_BBB), NAME(name##_UBB), NAME(name##_BUB), NAME(name##_UUB),      \
                     NAME(name##_BBU), NAME(name##_UBU), NAME(name##_BUU)},
#define ENTER_FOLD_1(name, ...) ENTER_1(name)
#define ENTER_FOLD_2(name, ...) ENTER_2(name)
        KERNELS_1(ENTER_1) KERNELS_2(ENTER_2) KERNELS_3(ENTER_3)
        FOLDS_1(ENTER_FOLD_1) FOLDS_2(ENTER_FOLD_2) LOOKS(ENTER_FOLD_1)
    },
    .sums = {
#define ENTER_SUM(name, ...)                                                                      \
    [CODE_##name] = {NAME(sum_##name##_BB), NAME(sum_##name##_UB), NAME(sum_##name##_BU)},
        ARITHMETIC_2(ENTER_SUM)
    },
#ifdef VECTORS
    .groups = {
#define ENTER_GROUP(name, ...) [CODE_##name] = NAME(group_##name),
        PRODUCTS_2(ENTER_GROUP)
    },
    .layers = {
#define ENTER_LAYER(name, ...) [CODE_##name] = NAME(layer_##name),
        ROLLED_2(ENTER_LAYER)
    },
#endif
    .sum_of_block = NAME(sum_of_block),
    .sum_of_uniform = NAME(sum_of_uniform),
};
