/* Vector mathematics where the C library has none: the commonest functions, with errors below 4 ulp.
 *
 * Arguments are reduced after Cody and Waite (Software Manual for the Elementary Functions, 1980), with constants in
 * pieces of 33 bits, as in fdlibm: their products with whole numbers up to 2**20 are exact. What is left goes into
 * polynomials through the points of Chebyshev, found with 60 digits, whose error is below 0.2 ulp. Special numbers, and
 * those that are too large, go to the function of one number. Signs of zeros are lost: see KEEP_ZERO. */

/* A polynomial of degree n - 1, the lowest coefficient first: even and odd powers are added up side by side. */
static inline Vector NAME(polynomial)(Vector x, const double *coefficients, int n) {
    const Vector square = x * x;
    Vector sums[2] = {NAME(all)(coefficients[(n - 1) & ~1]), NAME(all)(coefficients[(n - 2) | 1])};
    for (int k = n - 3; k >= 0; k--)
        sums[k & 1] = sums[k & 1] * square + coefficients[k];
    return sums[0] + x * sums[1];
}
#define POLYNOMIAL(x, ...)                                                                        \
    NAME(polynomial)(x, (const double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double))

/* Added and taken away again, it rounds to whole numbers; the bits of the sum count them. */
#define ROUNDING 0x1.8p52

static inline Vector NAME(or_scalar)(Vector found, Vector x, Bits usual, double (*scalar)(double)) {
    int64_t all = -1;
    for (int i = 0; i < WIDTH; i++)
        all &= usual[i];
    for (int i = 0; !all && i < WIDTH; i++)
        if (!usual[i])
            found[i] = scalar(x[i]);
    return found;
}

/* x as n * log(2) and a rest, of which this is expm1; and the bits of n, as far as they go, in front. */
static inline Vector NAME(expm1_of_rest)(Vector x, Vector *n, NAME(Word) *scale) {
    const Vector rounded = x * 0x1.71547652b82fep0 + ROUNDING;
    *n = rounded - ROUNDING;
    *scale = (NAME(Word))rounded << 52;
    const Vector rest = (x - *n * 0x1.62e42fefp-1) - *n * 0x1.473de6af278edp-34;
    return rest + rest * rest * POLYNOMIAL(rest, 0.5000000000000001, 0.16666666666666669, 0.041666666666624136,
                                           0.008333333333330063, 0.001388888891720967, 0.00019841269863050506,
                                           2.4801521302241082e-05, 2.7557268464831627e-06, 2.7620085455018414e-07,
                                           2.510038319586702e-08);
}

static Vector NAME(own_exp)(Vector x) {
    Vector n;
    NAME(Word) scale;
    const Vector part = 1.0 + NAME(expm1_of_rest)(x, &n, &scale);
    return NAME(or_scalar)((Vector)((NAME(Word))part + scale), x, (x > -708.0) & (x < 708.0), exp);
}

static Vector NAME(own_expm1)(Vector x) {
    Vector n;
    NAME(Word) scale;
    const Vector part = NAME(expm1_of_rest)(x, &n, &scale);
    const Vector half = (Vector)((NAME(Word))NAME(all)(0.5) + scale);
    const Vector found = NAME(choose)(n == 0.0, part, 2.0 * (half * part + (half - 0.5)));
    return NAME(or_scalar)(found, x, (x > -708.0) & (x < 708.0), expm1);
}

/* Of 2**n * (1 + f), where 1 + f is from sqrt(1/2) to sqrt(2): with s = f / (2 + f), log(1 + f) is 2 * atanh(s). */
static Vector NAME(own_log)(Vector x) {
    const NAME(Word) low = (NAME(Word))NAME(all)(0x1.6a09e667f3bcdp-1), bits = (NAME(Word))x - low;
    const NAME(Word) exponent = (bits + ((uint64_t)1024 << 52)) >> 52;
    const Vector n = (Vector)(exponent | (NAME(Word))NAME(all)(0x1p52)) - (0x1p52 + 1024.0);
    const Vector f = (Vector)((bits & 0xfffffffffffffu) + low) - 1.0;
    const Vector s = f / (2.0 + f), z = s * s, square = 0.5 * f * f;
    const Vector rest = z * POLYNOMIAL(z, 0.666666666666667, 0.3999999999989879, 0.2857142862629889, 0.22222211082033,
                                       0.18182892967216951, 0.15331593968529136, 0.14618026358066144);
    const Vector found = n * 0x1.62e42fefp-1 - ((square - (s * (square + rest) + n * 0x1.473de6af278edp-34)) - f);
    return NAME(or_scalar)(found, x, (x >= 0x1p-1022) & (x < INFINITY), log);
}

/* sin(x + quarters * pi / 2), which is `scalar`. */
static inline Vector NAME(own_circular)(Vector x, int quarters, double (*scalar)(double)) {
    const Vector rounded = x * 0x1.45f306dc9c883p-1 + ROUNDING, n = rounded - ROUNDING;
    const NAME(Word) turns = (NAME(Word))rounded + (uint64_t)quarters;
    const Vector rest = (((x - n * 0x1.921fb544p0) - n * 0x1.0b4611a6p-34) - n * 0x1.3198a2ep-69) -
                        n * 0x1.b839a252049c1p-104;
    const Vector z = rest * rest;
    const Vector sine = rest + rest * (z * POLYNOMIAL(z, -0.16666666666666666, 0.008333333333330948,
                                                      -0.00019841269836756774, 2.7557316101617874e-06,
                                                      -2.505113165023518e-08, 1.5918115263265974e-10));
    const Vector cosine = 1.0 - (0.5 * z - z * z * POLYNOMIAL(z, 0.041666666666666664, -0.0013888888888887398,
                                                              2.480158729876456e-05, -2.7557317271145144e-07,
                                                              2.087614614655861e-09, -1.1382623647474604e-11));
    const Vector found = NAME(choose)(-(Bits)(turns & 1), cosine, sine);
    return NAME(or_scalar)((Vector)((NAME(Word))found ^ (turns & 2) << 62), x, (x < 0x1p20) & (x > -0x1p20), scalar);
}

static Vector NAME(own_sin)(Vector x) {
    return NAME(own_circular)(x, 0, sin);
}

static Vector NAME(own_cos)(Vector x) {
    return NAME(own_circular)(x, 1, cos);
}
