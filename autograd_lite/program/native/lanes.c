/* Vector mathematics for one set of machine instructions: functions that compute WIDTH numbers at once.
 *
 * They are taken from the C library's libmvec when the machine is imported (`vectors.c`), so that it may be built
 * elsewhere. They are off by less than 4 ulp, and right at every special value. */

#if WIDTH > 1
typedef double NAME(Vector) __attribute__((vector_size(8 * WIDTH)));
typedef int64_t NAME(Bits) __attribute__((vector_size(8 * WIDTH)));
typedef uint64_t NAME(Word) __attribute__((vector_size(8 * WIDTH)));
typedef NAME(Vector) NAME(Loose) __attribute__((aligned(8), may_alias)); /* anywhere in memory */
typedef NAME(Vector) (*NAME(Function_1))(NAME(Vector));
typedef NAME(Vector) (*NAME(Function_2))(NAME(Vector), NAME(Vector));
#define Vector NAME(Vector)
#define Bits NAME(Bits)

/* By leaf: functions of the library, and those that kernels call; NULL where there is none. */
static void *NAME(library)[N_LEAVES], *NAME(called)[N_LEAVES];

static inline Vector NAME(all)(double number) {
    return number - (Vector){0.0};
}

static inline Vector NAME(choose)(Bits where, Vector x, Vector y) {
    return (Vector)(((Bits)x & where) | ((Bits)y & ~where));
}

#include "own.c"

static void *const NAME(own)[N_LEAVES] = {
#define OWN_0(c) NULL
#define OWN_1(c) NAME(own_##c)
#define ENTER_OWN(c, arity, wrap, of, own) [LEAF_##c] = OWN_##own(c),
    VECTOR_LEAVES(ENTER_OWN)
#undef ENTER_OWN
};

/* Leaves that are more than a call of the library's function `of`. */

#define WRAP_none(c, of)

/* See `quiet`. */
#define WRAP_quiet(c, of)                                                                         \
    static Vector NAME(quiet_##c)(Vector x, Vector y) {                                           \
        const Vector nan = NAME(all)(NAN);                                                        \
        return ((NAME(Function_2))NAME(library)[LEAF_##of])(NAME(choose)(x == x, x, nan),         \
                                                           NAME(choose)(y == y, y, nan));         \
    }

/* tanh in half the time of libmvec's own, and within the same limit: -t / (t + 2), where t is expm1(-2|x|). */
#define WRAP_halved(c, of)                                                                        \
    static Vector NAME(halved_##c)(Vector x) {                                                    \
        const Bits sign = (Bits)NAME(all)(-0.0);                                                  \
        const Vector size = (Vector)((Bits)x & ~sign);                                            \
        const Vector t = ((NAME(Function_1))NAME(library)[LEAF_##of])(-2.0 * size);               \
        return NAME(choose)(sign, x, t / (t + 2.0));                                              \
    }

/* For those that lose the sign of a zero, as some for aarch64 do. */
#define KEEP_ZERO_1(c)                                                                            \
    static Vector NAME(zero_##c)(Vector x) {                                                      \
        return NAME(choose)(x == 0.0, x, ((NAME(Function_1))NAME(library)[LEAF_##c])(x));         \
    }
#define KEEP_ZERO_2(c)

#define WRAP(c, arity, wrap, of, own) WRAP_##wrap(c, of) KEEP_ZERO_##arity(c)
VECTOR_LEAVES(WRAP)
#undef WRAP

static void *const NAME(wrappers)[N_LEAVES] = {
#define WRAPPER_none(c) NULL
#define WRAPPER_quiet(c) NAME(quiet_##c)
#define WRAPPER_halved(c) NAME(halved_##c)
#define ENTER_WRAPPER(c, arity, wrap, of, own) [LEAF_##c] = WRAPPER_##wrap(c),
    VECTOR_LEAVES(ENTER_WRAPPER)
#undef ENTER_WRAPPER
};

static void *const NAME(menders)[N_LEAVES] = {
#define MENDER_1(c) NAME(zero_##c)
#define MENDER_2(c) NULL
#define ENTER_MENDER(c, arity, wrap, of, own) [LEAF_##c] = MENDER_##arity(c),
    VECTOR_LEAVES(ENTER_MENDER)
#undef ENTER_MENDER
};

/* What a function gives for WIDTH arguments at `x`, and at `y` if it has two. */
static void NAME(apply)(void *function, int arity, const double *x, const double *y, double *out) {
    const Vector left = *(const NAME(Loose) *)x, right = *(const NAME(Loose) *)y;
    *(NAME(Loose) *)out = arity == 1 ? ((NAME(Function_1))function)(left)
                                     : ((NAME(Function_2))function)(left, right);
}

/* In a kernel: fill `out` and return, if there is a function. */
#define LANE_B(x) (*(const NAME(Loose) *)((x) + i))
#define LANE_U(x) NAME(all)(x)
#define CALLED_none(c) NAME(called)[LEAF_##c]
#define CALLED_quiet WRAPPER_quiet
#define CALLED_halved WRAPPER_halved
#define CALL_VECTORS(c, wrap, arity, ...)                                                         \
    if (NAME(called)[LEAF_##c]) {                                                                 \
        const NAME(Function_##arity) function = CALLED_##wrap(c);                                 \
        for (int i = 0; i < lanes; i += WIDTH)                                                    \
            *(NAME(Loose) *)(out + i) = function(__VA_ARGS__);                                    \
        return;                                                                                   \
    }
#undef Vector
#undef Bits
#else
#define CALL_VECTORS(c, wrap, arity, ...)
#endif
