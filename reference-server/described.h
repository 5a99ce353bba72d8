/* The gateway of any protocol that a description states: hello, heartbeats, answers and events by the table alone.
 *
 * Pure. It takes the place of what gateway.c, gateway_input.c and gateway_send.c do for the gateway document; rooms,
 * connections and frames are the same. Of the harness it knows the description (harness/protocol) and nothing else. */
#ifndef GW_DESCRIBED_H
#define GW_DESCRIBED_H

#include "protocol/description.h"
#include "protocol/template.h"
#include "reference-server/gateway_internal.h"

typedef struct gw_described {
    const gw_protocol *protocol;
    gw_ns interval, timeout; /* I and T; 0: the protocol has none */
    gw_expr_env env;         /* its times */
    cJSON *hello;            /* data made up once; NULL: absent */
    cJSON *greeted;          /* the same of the greeting's answer */
    cJSON *error;            /* of the event that says what was wrong */
} gw_described;

/* `interval_ns` holds unless the protocol fixes its interval. NULL: out of memory, or `error` (GW_GATEWAY_ERROR_BYTES)
 * says what of the protocol cannot be served. */
gw_described *gw_described_create(const gw_protocol *protocol, gw_ns interval_ns, char *error);
void gw_described_destroy(gw_described *described);
/* Does the query of the upgrade request have all that the protocol asks for? */
bool gw_described_admits(const gw_described *described, gw_span query);

/* As gw_gateway_start, ... for a gateway that has a description. */
void gw_described_start(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
void gw_described_on_text(gw_gateway *gateway, gw_gateway_member *member, gw_span text, gw_ns now);
void gw_described_on_binary(gw_gateway *gateway, gw_gateway_member *member);
void gw_described_on_ping(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
void gw_described_on_time(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
gw_status gw_described_event(gw_gateway *gateway, gw_gateway_room *room, gw_span name, gw_span data, gw_ns now,
                             gw_buf *data_sent, size_t *delivered, char *error);

/* ---- between its own files ---- */

/* hello is out: the timers run (described.c). */
void gw_described_begin(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
/* What counts as a heartbeat came (described.c). */
void gw_described_count(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
/* One message of this event to one member; `data` (NULL: absent) stays the caller's (described_send.c). */
void gw_described_send(gw_gateway *gateway, gw_gateway_member *member, const gw_event *event, const cJSON *data);
void gw_described_send_hello(gw_gateway *gateway, gw_gateway_member *member);
/* The question of a server, or its beat, with data made as the description says. */
void gw_described_send_made(gw_gateway *gateway, gw_gateway_member *member, const gw_event *event,
                            gw_data_template data);
/* The message into out. */
void gw_described_compose(const gw_described *described, gw_gateway_member *member, const gw_event *event,
                          const cJSON *data, gw_buf *out);
/* Closes as the protocol has it: with the first of `codes`, or with `usual` where that is one of them. */
void gw_described_close(gw_gateway *gateway, gw_gateway_member *member, const gw_codes *codes, uint16_t usual,
                        const char *why);
/* The smallest value that this schema (NULL: any) takes, for the caller to delete; NULL when none was found
 * (described_sample.c). */
cJSON *gw_described_sample(const gw_schema *schema);

/* Has this fault something to break in this protocol? (described_faults.c) */
bool gw_described_has_fault(const gw_protocol *protocol, gw_fault fault);

#endif
