/* What a document leaves open, and what is chosen for it. Floor 2. A protocol description states the defaults, a target
 * overrides them. */
#ifndef GW_PROTOCOL_KNOBS_H
#define GW_PROTOCOL_KNOBS_H

#include "base/doc.h"

/* X(NAME, "key", default, "word|word|..."). "any" means that every behaviour conforms. */
#define GW_KNOB_TABLE(X)                                                                                               \
    X(HELLO_ONCE, "hello-once", "must", "must|should|may")                                                             \
    X(WAITS_FOR_HELLO, "waits-for-hello", "must", "must|should|may")                                                   \
    X(ORIGINATOR_GETS_EVENT, "originator-gets-event", "true", "true|false|any")                                        \
    X(KICKED_CLIENT_FIRST, "kicked-client-first", "any", "true|false|any")                                             \
    X(KICKED_CLIENT_DROPPED, "kicked-client-dropped", "any", "true|false|any")                                         \
    X(ROOM_CLOSE_CLOSES, "room-close-closes", "any", "true|false|any")                                                 \
    X(ADDITIONAL_PROPERTIES, "additional-properties", "warn", "allow|warn|deny")                                       \
    X(ENVELOPE_EXTRA, "envelope-extra", "warn", "allow|warn|deny")                                                     \
    X(ABSENT_DATA, "absent-data", "warn", "allow|warn|deny")                                                           \
    X(NULL_DATA, "null-data", "warn", "allow|warn|deny")                                                               \
    X(CLIENT_MAY_ASK, "client-may-ask", "should", "must|should|may")                                                   \
    X(UNANSWERED_ASK, "unanswered-ask", "stays", "stays|dropped|any")                                                  \
    X(FORBIDDEN_EVENT, "forbidden-event", "any", "ignored|closed|any")                                                 \
    X(HEARTBEAT_EXTRA_DATA, "heartbeat-extra-data", "any", "counts|ignored|closed|any")                                \
    X(BINARY_MESSAGE, "binary-message", "any", "ignored|closed|any")                                                   \
    X(SENT_AT_UNIT, "sent-at-unit", "ms", "ms|s|any")

typedef enum gw_knob {
#define GW_KNOB_ENUM(name, key, standard, words) GW_KNOB_##name,
    GW_KNOB_TABLE(GW_KNOB_ENUM)
#undef GW_KNOB_ENUM
        GW_KNOB_COUNT
} gw_knob;

typedef struct gw_knobs {
    const char *value[GW_KNOB_COUNT]; /* static */
} gw_knobs;

void gw_knobs_init(gw_knobs *knobs);
/* Sets those that a map names; unknown keys and values are errors at their place. */
bool gw_knobs_read(gw_knobs *knobs, const gw_doc_node *map, gw_diag *diag);
/* From text, as on a command line. GW_ERR_NOT_FOUND: no such knob; GW_ERR_INVALID: not one of its values. */
gw_status gw_knobs_set(gw_knobs *knobs, const char *key, const char *value);
/* By key; NULL when there is no such knob. */
const char *gw_knobs_get(const gw_knobs *knobs, const char *key);
bool gw_knobs_is(const gw_knobs *knobs, gw_knob knob, const char *value);
/* Key and allowed values ("true|false|any") of a knob; static. */
const char *gw_knob_key(gw_knob knob);
const char *gw_knob_words(gw_knob knob);

#endif
