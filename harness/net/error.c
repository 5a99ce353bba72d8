/* Floor 4 (net): the sentence about a failure. */
#include "net/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

gw_status gw_error_set(gw_error *error, gw_status status, const char *format, ...) {
    if (!error) return status;
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return status;
}

const char *gw_error_system(int errno_value) {
    const char *text = strerrordesc_np(errno_value);
    return text ? text : "unknown system error";
}
