/* The control API: what each request does. Pure: it must not know HTTP on the wire (control_http.c does). */
#ifndef GW_CONTROL_H
#define GW_CONTROL_H

#include "reference-server/core.h"

enum { GW_CONTROL_MAX_BODY_BYTES = 2 << 20 };

typedef struct gw_control_answer {
    unsigned status;
    const char *allow; /* for 405: the methods, static; else NULL */
    gw_buf body;       /* JSON; the caller's to init and deinit */
} gw_control_answer;

typedef enum gw_control_method {
    GW_CONTROL_GET,
    GW_CONTROL_POST,
    GW_CONTROL_DELETE,
    GW_CONTROL_OTHER
} gw_control_method;

/* Does what `method path` with this body asks for. `path` is without query. Always an answer. */
void gw_control_handle(gw_core *core, gw_control_method method, gw_span path, gw_span body, gw_ns now,
                       gw_control_answer *answer);
/* {"error": text} with this status. */
void gw_control_refuse(gw_control_answer *answer, unsigned status, const char *text);

#endif
