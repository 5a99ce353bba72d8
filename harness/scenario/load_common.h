/* What the loader's files share: fields read by table, texts, templates, names. Private to floor 3.
 *
 *   load.c          a file: instances, its top-level keys, steps in turn
 *   load_common.c   readers of single values
 *   load_text.c     texts and templates: which ${...} are known
 *   load_client.c   accept, connect, upgrade
 *   load_frames.c   payloads and frames; send, send-frame, send-bytes, close
 *   load_expect.c   expect, expect-none, expect-cadence, expect-response
 *   load_end.c      expect-close, expect-fail, expect-reaction, expect-open
 *   load_steps.c    heartbeat, drop, trigger, wait; the table of steps, their clients and default rules
 *
 * Readers report what is wrong and go on with a default, so that one pass finds all errors; load.c counts them.
 */
#ifndef GW_SCENARIO_LOAD_COMMON_H
#define GW_SCENARIO_LOAD_COMMON_H

#include "scenario/suite.h"

#define LOAD_COUNT(array) (sizeof(array) / sizeof(array)[0])

enum {
    LOAD_MAX_SAVED = 64,
    LOAD_MAX_ROOMS = 32,
    LOAD_MAX_BYTES = 64 << 20 /* literal payload, with its repetitions */
};

typedef struct loader {
    gw_suite *suite;
    gw_arena *arena;
    gw_diag *diag;
    const gw_protocol *protocol;
    gw_scenario *scenario;
    size_t clients_in_file; /* that any step connects */
    gw_client_spec clients[GW_PROGRAM_MAX_CLIENTS];
    struct {
        bool upgraded;   /* by `upgrade`: the response is judged by a step */
        bool in_message; /* a fragmented message is unfinished */
    } state[GW_PROGRAM_MAX_CLIENTS];
    size_t client_count;
    const char *saved[LOAD_MAX_SAVED];
    size_t saved_count;
    const char *rooms[LOAD_MAX_ROOMS];
    size_t room_count;
    const char **triggers; /* grows in the arena */
    size_t trigger_count;
    const char *lacks; /* what the protocol does not have */
    bool illegal;      /* something that no well-behaved client sends */
    uint64_t longest;  /* message, in bytes, that is padded to that length */
    bool takes_limit;  /* a step judges what the server does with too long a message */
} loader;

/* ---- Fields ---- */

typedef struct load_field {
    const char *key;
    void (*read)(loader *l, const gw_doc_node *node, void *at);
    size_t offset; /* of what is read, in the group's base */
    bool required;
} load_field;

typedef struct load_group {
    const load_field *fields;
    size_t count;
    void *base;
} load_group;

#define LOAD_GROUP(table, base)                                                                                        \
    { (table), LOAD_COUNT(table), (base) }

/* Reads the children of `map` into their places. Unknown and missing keys are errors. False when `map` is no map. */
bool load_fields(loader *l, const gw_doc_node *map, const char *what, const load_group *groups, size_t count);

/* Readers; `at` points to a value of the type named. */
void load_bool(loader *l, const gw_doc_node *node, void *at);      /* bool */
void load_bit(loader *l, const gw_doc_node *node, void *at);       /* bool: true, false, 1, 0 */
void load_count(loader *l, const gw_doc_node *node, void *at);     /* uint32_t, at least 1 */
void load_number(loader *l, const gw_doc_node *node, void *at);    /* uint32_t */
void load_u64(loader *l, const gw_doc_node *node, void *at);       /* uint64_t, decimal or 0x */
void load_expr(loader *l, const gw_doc_node *node, void *at);      /* const gw_expr * */
void load_plain(loader *l, const gw_doc_node *node, void *at);     /* const char *, known when the file is loaded */
void load_text(loader *l, const gw_doc_node *node, void *at);      /* const char *, may hold ${...}, no NUL */
void load_on(loader *l, const gw_doc_node *node, void *at);        /* gw_step: on, on_count */
void load_since(loader *l, const gw_doc_node *node, void *at);     /* gw_since */
void load_status(loader *l, const gw_doc_node *node, void *at);    /* gw_code_set of HTTP status codes */
void load_codes(loader *l, const gw_doc_node *node, void *at);     /* gw_code_set of close codes; any: empty */
void load_any_codes(loader *l, const gw_doc_node *node, void *at); /* the same; any: written out, as empty means none */
void load_rule(loader *l, const gw_doc_node *node, void *at);      /* const char *: requirement id */
void load_skip(loader *l, const gw_doc_node *node, void *at);      /* read by somebody else */

const gw_expr *load_constant(loader *l, const char *text);
/* One of the words; false after an error. */
bool load_word(loader *l, const gw_doc_node *node, const char *const *words, size_t count, size_t *out);
/* An event of the protocol by its name or by its role for `sender`. NULL after an error, or when another protocol has
 * it: then the scenario is skipped. */
const gw_event *load_event(loader *l, const gw_doc_node *node, gw_role sender);
/* The protocol does not have something that the scenario needs. */
void load_lacks(loader *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Data of an event has only members that its schema knows; what a matcher says is absent may have any name. */
void load_check_members(loader *l, const gw_doc_node *data, const char *event);
/* Checks a name that a scenario gives to something. */
bool load_check_name(loader *l, const gw_doc_node *node, const char *what);
/* Index of a client, or -1 after an error. */
int load_client(loader *l, const gw_doc_node *node);
/* Adds `name` to the rooms when it is new. */
void load_room(loader *l, const gw_doc_node *node, const char *name);

/* ---- Texts and templates ---- */

/* Every ${...} in the text has a known name. */
bool load_check_refs(loader *l, const gw_doc_node *node, gw_span text);
/* A text for the run: checked, as it stands. NULL after an error. Numbers and booleans count as their text. */
const char *load_run_text(loader *l, const gw_doc_node *node, size_t *len);
typedef enum load_numbers {
    LOAD_NUMBERS_PARSED,
    LOAD_NUMBERS_RAW /* what cJSON would print otherwise keeps its text: 1e0, 9007199254740993 */
} load_numbers;
/* The node as JSON, in the arena; NULL after an error. */
const cJSON *load_template(loader *l, const gw_doc_node *node, load_numbers numbers);
/* A name for later steps; NULL-safe. */
void load_save(loader *l, const gw_doc_node *node);
/* All $save of a template. */
void load_save_all(loader *l, const gw_doc_node *node);
/* Bytes of "81 05 ff"; NULL after an error. */
const uint8_t *load_hex(loader *l, const gw_doc_node *node, size_t *len);

/* ---- Steps ---- */

void load_accept(loader *l, const gw_doc_node *map, gw_step *step);
void load_connect(loader *l, const gw_doc_node *map, gw_step *step);
void load_expect(loader *l, const gw_doc_node *map, gw_step *step);
void load_expect_none(loader *l, const gw_doc_node *map, gw_step *step);
void load_expect_cadence(loader *l, const gw_doc_node *map, gw_step *step);
void load_expect_response(loader *l, const gw_doc_node *map, gw_step *step);
void load_end(loader *l, const gw_doc_node *map, gw_step *step);
void load_send(loader *l, const gw_doc_node *map, gw_step *step);
void load_send_frame(loader *l, const gw_doc_node *map, gw_step *step);
void load_send_bytes(loader *l, const gw_doc_node *map, gw_step *step);
void load_close(loader *l, const gw_doc_node *map, gw_step *step);
/* Bodies of frames in a list; `step` names the clients that will send them. */
const gw_frame_spec *load_frame_list(loader *l, const gw_doc_node *list, const gw_step *step, size_t *count);

/* One step: {kind: {...}}. `optional`: it is left out where the protocol lacks what it names. */
void load_step(loader *l, const gw_doc_node *node, gw_step *step, bool *optional);

extern const load_field load_common_fields[3]; /* on, rule, if-known: base is the gw_step */
extern const load_field load_pacing_fields[5]; /* base is a gw_pacing; the first two are for connect too */

#endif
