/* Data that is made when it is sent: the last sequence number, a fresh nonce, what a question said. Floor 2.
 *
 * A template is JSON in which a string that is one reference alone stands for a value: "${sequence}" (a number, or null
 * while there is none), "${nonce}" (a text), "${data}" and "${data.NAME}" (of the question that is answered; null when
 * it has none). */
#ifndef GW_PROTOCOL_TEMPLATE_H
#define GW_PROTOCOL_TEMPLATE_H

#include "protocol/description.h"

typedef struct gw_template_values {
    bool has_sequence;
    int64_t sequence;
    const char *nonce; /* NULL: an empty text */
    const cJSON *data; /* of the question; NULL: absent */
} gw_template_values;

/* A new value for the caller to cJSON_Delete; NULL for absent data (also when "${data}" alone stands for absent data),
 * and without memory. */
cJSON *gw_template_fill(gw_data_template text, const gw_template_values *values);
/* A reference that is known: "${nonce}" and so on. */
bool gw_template_is_ref(const char *text);
/* Does the template hold "${sequence}"? */
bool gw_template_has_sequence(gw_data_template text);
/* Where "${data...}" stands, and what it names; false when there is none. Pointers live in the arena. */
bool gw_template_echo(gw_arena *arena, gw_data_template text, gw_pointer *from, gw_pointer *to);
/* A hash of the value at `pointer` below `data`, to compare an answer with its question; 0 when there is nothing. */
uint64_t gw_template_hash(const gw_pointer *pointer, const cJSON *data);

#endif
