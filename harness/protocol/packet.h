/* One message: text -> judged JSON -> envelope -> event, and back. Floor 2.
 *
 * The strict judge (json.h) alone decides whether a text is JSON; cJSON only builds the tree that is looked into. */
#ifndef GW_PROTOCOL_PACKET_H
#define GW_PROTOCOL_PACKET_H

#include "base/buf.h"
#include "protocol/description.h"
#include "protocol/json.h"
#include "protocol/violation.h"

/* X(NAME, "text"): what is wrong with the envelope, in the order of looking. */
#define GW_PACKET_FAULT_TABLE(X)                                                                                       \
    X(NONE, "no fault")                                                                                                \
    X(NOT_JSON, "not a JSON text")                                                                                     \
    X(NOT_OBJECT, "not a JSON object")                                                                                 \
    X(NO_ID, "no event id")                                                                                            \
    X(ID_TYPE, "an event id of the wrong type")                                                                        \
    X(UNKNOWN_ID, "an event id that the event table lacks")

typedef enum gw_packet_fault {
#define GW_PACKET_ENUM(name, text) GW_PACKET_##name,
    GW_PACKET_FAULT_TABLE(GW_PACKET_ENUM)
#undef GW_PACKET_ENUM
        GW_PACKET_FAULT_COUNT
} gw_packet_fault;

typedef struct gw_packet {
    gw_packet_fault fault;
    gw_json_report json;   /* what the judge said */
    const gw_event *event; /* NULL unless fault is NONE */
    cJSON *tree;           /* NULL when the body is not JSON; of a flat envelope without its id */
    cJSON *id;             /* of a flat envelope: what was taken out of the tree; else NULL */
    const cJSON *data;     /* in tree; NULL: absent */
    bool has_sequence;     /* a whole number stands at the envelope's sequence */
    int64_t sequence;
    gw_span body;      /* text without a prefix */
    gw_span id_text;   /* exact text of the id, quotes included (a prefix has none); ptr NULL: absent */
    gw_span data_text; /* exact text of the data; ptr NULL: absent */
    gw_span text;      /* own copy of the message, with a NUL behind it */
} gw_packet;

/* Decodes a whole message. NULL only when there is no memory. The caller owns it: gw_packet_destroy. Exact ids: 1.0,
 * 1e0 and "1" are not 1. */
gw_packet *gw_packet_decode(const gw_protocol *protocol, gw_span text);
void gw_packet_destroy(gw_packet *packet);
const char *gw_packet_fault_text(gw_packet_fault fault);

/* Judges a message that `sender` sent: JSON, envelope, known event, direction, data against the event's schema. */
void gw_packet_judge(const gw_packet *packet, const gw_protocol *protocol, gw_role sender, gw_ns at,
                     gw_violation_sink sink);
/* The announced interval of a hello, in ns; false when the field is not a number above 0 (or beyond 292 years). */
bool gw_packet_interval(const gw_packet *packet, const gw_protocol *protocol, gw_ns *interval);
/* T likewise. */
bool gw_packet_timeout(const gw_packet *packet, const gw_protocol *protocol, gw_ns *timeout);

/* What to encode. Zero initialised but for event: the event with data {}. */
typedef struct gw_packet_spec {
    const gw_event *event; /* gives the id; may be NULL when `id` is set, or for no id at all */
    const cJSON *id;       /* any JSON value in place of the event's id */
    const cJSON *data;     /* NULL: {} */
    bool data_absent;
    const cJSON *extra;      /* object: further members of the top level; a prefixed message has none */
    const int64_t *sequence; /* stands at the envelope's sequence, where there is one; NULL: left out */
} gw_packet_spec;

/* Appends the message as compact JSON text. GW_ERR_LIMIT or GW_ERR_NOMEM of the buffer; then it is unchanged but for
 * its error. */
gw_status gw_packet_encode(const gw_protocol *protocol, const gw_packet_spec *spec, gw_buf *out);
/* The usual case. */
gw_status gw_packet_encode_event(const gw_protocol *protocol, const gw_event *event, const cJSON *data, gw_buf *out);

/* Appends a cJSON value as compact JSON text (numbers that are integers up to 2^53 as integers, others with the fewest
 * digits that give the same double back). */
gw_status gw_packet_append_json(gw_buf *out, const cJSON *value);

#endif
