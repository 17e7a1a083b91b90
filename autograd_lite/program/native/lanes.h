/* Functions of the C library as kernels call them. */
#ifndef AUTOGRAD_LITE_LANES_H
#define AUTOGRAD_LITE_LANES_H

#include <math.h>

/* A nan that signals would be another number to pow and hypot than to Python and to the engine. */
static inline double quiet(double number) {
    return number == number ? number : NAN;
}
#define pow(x, y) pow(quiet(x), quiet(y))
#define hypot(x, y) hypot(quiet(x), quiet(y))

#endif
