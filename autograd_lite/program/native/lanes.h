/* Vector mathematics: functions of the C library that compute several numbers at once.
 *
 * glibc has them in libmvec. A loop that calls one becomes a loop over vectors, of the size that its
 * target has. They are off by less than 4 ulp, and right at every special value. They go by names
 * of their own here, so that the functions of one number keep their bits. Elsewhere blocks call those. */
#ifndef AUTOGRAD_LITE_LANES_H
#define AUTOGRAD_LITE_LANES_H

#include <math.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__) && \
    defined(__GLIBC__)
#define VECTOR_MATHEMATICS (100 * __GLIBC__ + __GLIBC_MINOR__)
#else
#define VECTOR_MATHEMATICS 0
#endif

/* A nan that signals would be another number to pow and hypot than to Python and to the engine. */
static inline double quiet(double number) {
    return number == number ? number : NAN;
}
#define pow(x, y) pow(quiet(x), quiet(y))
#define hypot(x, y) hypot(quiet(x), quiet(y))

#define VECTORS_OF(name) __asm__(name) __attribute__((simd("notinbranch"), const))

#if VECTOR_MATHEMATICS >= 222
#define vector_exp vector_exp
#define vector_log vector_log
#define vector_sin vector_sin
#define vector_cos vector_cos
extern double vector_exp(double x) VECTORS_OF("exp");
extern double vector_log(double x) VECTORS_OF("log");
extern double vector_sin(double x) VECTORS_OF("sin");
extern double vector_cos(double x) VECTORS_OF("cos");
extern double vector_pow(double x, double y) VECTORS_OF("pow");
#define vector_pow(x, y) vector_pow(quiet(x), quiet(y))
#endif

#if VECTOR_MATHEMATICS >= 235
#define vector_acos vector_acos
#define vector_acosh vector_acosh
#define vector_asin vector_asin
#define vector_asinh vector_asinh
#define vector_atan vector_atan
#define vector_atan2 vector_atan2
#define vector_atanh vector_atanh
#define vector_cbrt vector_cbrt
#define vector_cosh vector_cosh
#define vector_erf vector_erf
#define vector_erfc vector_erfc
#define vector_exp2 vector_exp2
#define vector_expm1 vector_expm1
#define vector_log10 vector_log10
#define vector_log1p vector_log1p
#define vector_log2 vector_log2
#define vector_sinh vector_sinh
#define vector_tan vector_tan
extern double vector_acos(double x) VECTORS_OF("acos");
extern double vector_acosh(double x) VECTORS_OF("acosh");
extern double vector_asin(double x) VECTORS_OF("asin");
extern double vector_asinh(double x) VECTORS_OF("asinh");
extern double vector_atan(double x) VECTORS_OF("atan");
extern double vector_atan2(double y, double x) VECTORS_OF("atan2");
extern double vector_atanh(double x) VECTORS_OF("atanh");
extern double vector_cbrt(double x) VECTORS_OF("cbrt");
extern double vector_cosh(double x) VECTORS_OF("cosh");
extern double vector_erf(double x) VECTORS_OF("erf");
extern double vector_erfc(double x) VECTORS_OF("erfc");
extern double vector_exp2(double x) VECTORS_OF("exp2");
extern double vector_expm1(double x) VECTORS_OF("expm1");
extern double vector_hypot(double x, double y) VECTORS_OF("hypot");
#define vector_hypot(x, y) vector_hypot(quiet(x), quiet(y))
extern double vector_log10(double x) VECTORS_OF("log10");
extern double vector_log1p(double x) VECTORS_OF("log1p");
extern double vector_log2(double x) VECTORS_OF("log2");
extern double vector_sinh(double x) VECTORS_OF("sinh");
extern double vector_tan(double x) VECTORS_OF("tan");

/* In half the time of libmvec's own, and within the same limit: -t / (t + 2), where t is expm1(-2|x|). */
#define vector_tanh vector_tanh
static inline double vector_tanh(double x) {
    const double t = vector_expm1(-2.0 * fabs(x));
    return copysign(t / (t + 2.0), x);
}
#endif

#endif
