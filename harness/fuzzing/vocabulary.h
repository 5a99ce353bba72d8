/* The words of a protocol, for mutators: packets by event, keys, boundary values, lines. Floor 3, pure, static data. */
#ifndef GW_FUZZING_VOCABULARY_H
#define GW_FUZZING_VOCABULARY_H

#include "base/span.h"

typedef struct gw_vocabulary {
    const char *const *packets; /* one whole packet an event, valid */
    size_t packet_count;
    const char *const *ids; /* JSON texts for the event id, good and bad */
    size_t id_count;
    const char *id_key; /* of the envelope: "e" */
    const char *const *keys;
    size_t key_count;
    const char *const *lines; /* for GW_MUTATE_LINES, without line ends */
    size_t line_count;
} gw_vocabulary;

/* The protocol of the gateway document; lines are those of an opening handshake. */
extern const gw_vocabulary gw_vocabulary_gateway;
/* The same with lines of protocol, target and scenario files. */
extern const gw_vocabulary gw_vocabulary_files;

/* Of any protocol: JSON numbers at a boundary, values of every type, and bytes for inside a string (escapes, broken
 * UTF-8), each a span since some hold NUL bytes. */
typedef struct gw_vocabulary_list {
    const gw_span *items;
    size_t count;
} gw_vocabulary_list;
extern const gw_vocabulary_list gw_vocabulary_numbers;
extern const gw_vocabulary_list gw_vocabulary_values;
extern const gw_vocabulary_list gw_vocabulary_string_parts;
/* Parts of strings that are valid, and that a decoder has to change or must not touch. */
extern const gw_vocabulary_list gw_vocabulary_letters;
/* Close codes at the borders of their classes. */
extern const uint16_t gw_vocabulary_close_codes[];
extern const size_t gw_vocabulary_close_code_count;

#endif
