/* One clear sentence about what the world refused. Floor 4 (net). It carries no code: a gw_status does that. */
#ifndef GW_NET_ERROR_H
#define GW_NET_ERROR_H

#include "base/status.h"

enum { GW_ERROR_MAX = 512 };

/* "127.0.0.1:4000: connect: Connection refused": where, which step, why. Empty when nothing failed. */
typedef struct gw_error {
    char text[GW_ERROR_MAX];
} gw_error;

/* Writes the sentence (cut at GW_ERROR_MAX - 1 bytes) and returns `status`. A NULL error is allowed. */
gw_status gw_error_set(gw_error *error, gw_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The system's text for an errno value, static or thread-local, never NULL. */
const char *gw_error_system(int errno_value);

#endif
