/* The parts of libgwspec_byop. Private to fuzz/byop.
 *
 * An input is a session script (fuzzing/script.h). plan.c turns it into bytes and moments while oracle.c says what they
 * mean; run.c plays the plan to a parser in one split and keeps a log; verdict.c compares log and oracle; check.c plays
 * several splits. */
#ifndef GW_BYOP_H
#define GW_BYOP_H

#include "base/buf.h"
#include "fuzzing/mutate.h"
#include "fuzzing/script.h"
#include "gwspec_parser.h"
#include "protocol/json.h"
#include "wire/message.h"

#include <stdio.h>

enum {
    GW_BYOP_MAX_STREAM = 1 << 17, /* bytes of one input, repetitions counted */
    GW_BYOP_MAX_MESSAGE = 1 << 20,
    GW_BYOP_MAX_LOG = 1 << 23
};

/* X(NAME, "word"): what may stand in the list of known divergences. */
#define GW_BYOP_KNOWN_TABLE(X)                                                                                         \
    X(NON_MINIMAL, "non-minimal-length")                                                                               \
    X(ANY_MASK, "any-mask")                                                                                            \
    X(ANY_SIZE, "any-size")                                                                                            \
    X(LATE_HEADER, "late-header")                                                                                      \
    X(LATE_SIZE, "late-size")                                                                                          \
    X(UTF8, "any-utf8")                                                                                                \
    X(ONE_BYTE_CLOSE, "one-byte-close")                                                                                \
    X(CLOSE_CODE, "any-close-code")                                                                                    \
    X(CLOSE_REASON, "any-close-reason")                                                                                \
    X(DUPLICATE_KEY, "duplicate-key")                                                                                  \
    X(LOOSE_JSON, "loose-json")                                                                                        \
    X(LOOSE_ID, "loose-id")
typedef enum gw_byop_known {
#define GW_BYOP_ENUM(name, word) GW_BYOP_##name,
    GW_BYOP_KNOWN_TABLE(GW_BYOP_ENUM)
#undef GW_BYOP_ENUM
        GW_BYOP_KNOWN_COUNT
} gw_byop_known;

/* ---- Oracle: what the bytes mean ---- */

/* One expected event. */
typedef struct gw_byop_item {
    gwspec_event event;     /* its bytes are in oracle->bytes, at offset */
    uint32_t error_classes; /* 1 << gwspec_error_class: an ERROR of one of them may stand here instead */
    size_t offset;
    bool or_reject;   /* PACKET: REJECT is as good */
    bool any_content; /* PACKET, CLOSE: only the kind is compared */
    bool optional;    /* TIMEOUT, FRAME behind a Close: may be missing */
    const char *why;  /* ERROR, REJECT: the rule that was broken; static */
} gw_byop_item;

typedef struct gw_byop_oracle {
    uint32_t reports, known, max_depth;
    gwspec_config config;
    gw_frame_decoder decoder;
    gw_message message;
    gw_buf payload; /* of the message */
    gw_buf frame;   /* payload of the frame, when frames are reported */
    gw_buf bytes;   /* of the items */
    gw_byop_item *items;
    size_t count, capacity;
    uint32_t window;   /* classes of an ERROR that may come from now on and must come at the end of the message */
    uint32_t once;     /* the same, only before the next item */
    const char *late;  /* the frame is at fault, which may be noticed at its end; NULL: it is not */
    uint64_t deadline; /* ms */
    bool in_close;     /* a Close frame is only partly here */
    bool closed;       /* a Close has come, for a parser of frames alone: it may stop or go on */
    bool time_unsure;  /* a packet may or may not have been a heartbeat */
    bool done;         /* nothing may follow */
    bool failed;       /* no memory */
} gw_byop_oracle;

void gw_byop_oracle_init(gw_byop_oracle *oracle, const gwspec_parser_api *api, uint32_t known,
                         const gwspec_config *config);
void gw_byop_oracle_deinit(gw_byop_oracle *oracle);
/* `now` ms is when the bytes come; they are unmasked in place. */
void gw_byop_oracle_feed(gw_byop_oracle *oracle, uint8_t *bytes, size_t len, uint64_t now);
/* A whole text message. */
void gw_byop_oracle_text(gw_byop_oracle *oracle, gw_span text, uint64_t now);
void gw_byop_oracle_tick(gw_byop_oracle *oracle, uint64_t now);
/* Classes of an ERROR that may come after the last item. */
uint32_t gw_byop_oracle_end_classes(const gw_byop_oracle *oracle);

/* The REPORTS bits of which one asks for a kind; all do for ERROR. */
uint32_t gw_byop_asked_by(gwspec_event_kind kind);
/* Appends an item; its bytes are copied. Kinds that the parser does not report are left out. */
gw_byop_item *gw_byop_oracle_push(gw_byop_oracle *oracle, gwspec_event event);
/* What a text message must become. */
void gw_byop_oracle_packet(gw_byop_oracle *oracle, gw_span text, uint64_t now, bool maybe);

/* Two JSON texts, both valid, mean the same: strings by what they decode to, numbers as doubles, keys in order. */
bool gw_byop_json_same(gw_span a, gw_span b);

/* ---- Plan: the input as bytes and moments ---- */

typedef struct gw_byop_step {
    bool is_tick;
    size_t len;      /* bytes of the stream to feed */
    size_t chunk;    /* in pieces of this size; 0: whole */
    uint64_t now_ms; /* is_tick */
} gw_byop_step;

typedef struct gw_byop_plan {
    gwspec_config config;
    size_t bytewise; /* bytes that GW_BYOP_BYTES feeds one by one, before it takes larger pieces */
    size_t lively;   /* steps of the script up to the one after which nothing may follow */
    gw_buf stream;
    gw_byop_step *steps;
    size_t count, capacity;
} gw_byop_plan;

/* Both are initialised here, and deinitialised by the caller even after a failure (no memory). */
bool gw_byop_plan_make(gw_byop_plan *plan, gw_byop_oracle *oracle, const gwspec_parser_api *api, uint32_t known,
                       gw_span input);
void gw_byop_plan_deinit(gw_byop_plan *plan);

/* ---- Mutation ---- */

/* gw_mutate on a session script, tidied: steps that mean nothing to a parser are left out, and so are most of those
 * that come after the end. engine: as in gw_mutate_config. */
size_t gw_byop_mutate(const gwspec_parser_api *api, gw_mutate_engine *engine, uint8_t *data, size_t size, size_t max,
                      uint32_t seed);

/* ---- Runs ---- */

typedef enum gw_byop_split { GW_BYOP_AS_SENT, GW_BYOP_WHOLE, GW_BYOP_BYTES, GW_BYOP_RANDOM } gw_byop_split;

typedef struct gw_byop_record {
    gwspec_event event; /* bytes is not NULL when there were any; they are in log->bytes at offset */
    size_t offset;
} gw_byop_record;

typedef struct gw_byop_log {
    gw_byop_record *records;
    size_t count, capacity;
    gw_buf bytes;
} gw_byop_log;

void gw_byop_log_init(gw_byop_log *log);
void gw_byop_log_deinit(gw_byop_log *log);

/* Text of a finding. */
typedef struct gw_byop_finding {
    char *text;
    size_t size;
} gw_byop_finding;
/* Writes it and returns false. */
bool gw_byop_found(const gw_byop_finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether the parser can be used as it describes itself; *known becomes the bits 1 << gw_byop_known of its list. */
bool gw_byop_check_api(const gwspec_parser_api *api, uint32_t *known, const gw_byop_finding *finding);
/* The same for programs: false after a message to standard error. */
bool gw_byop_api_usable(const gwspec_parser_api *api);

/* Plays the plan; false with a finding when a property of the run itself is broken. */
bool gw_byop_run(const gwspec_parser_api *api, void *parser, const gw_byop_plan *plan, gw_byop_split split,
                 uint64_t seed, gw_byop_log *log, const gw_byop_finding *finding);
bool gw_byop_logs_equal(const gw_byop_log *a, const gw_byop_log *b, const char *how, const gw_byop_finding *finding);
bool gw_byop_judge(const gw_byop_log *log, const gw_byop_oracle *oracle, const gw_byop_finding *finding);

/* gwspec_check with as many single bytes at most. */
bool gw_byop_check_input(const gwspec_parser_api *api, size_t bytewise, gw_span input, const gw_byop_finding *finding);

/* For people: the configuration, the steps in the words of gw_script_print, and what the parser gets; long ones cut. */
void gw_byop_print_input(const gwspec_parser_api *api, gw_span input, FILE *out);

/* For texts: `PACKET id 1, 2 bytes "{}"`. */
const char *gw_byop_event_text(const gwspec_event *event, gw_span bytes, char *out, size_t size);

/* ---- The engine without libFuzzer ---- */

typedef bool gw_byop_try(void *context, const uint8_t *input, size_t size, char *text, size_t text_size);

typedef struct gw_byop_engine {
    const gwspec_parser_api *api; /* whose inputs are mutated */
    gw_byop_try *check;
    void *context;
    uint64_t runs;    /* 0: no end but `stop` */
    uint32_t seconds; /* 0: no limit */
    uint64_t seed;
    size_t max_len;
    size_t max_findings;      /* stops at so many different ones */
    const char *save_dir;     /* where the inputs of findings go */
    const char *minimize;     /* a file whose finding is to be made smaller, instead of all else; NULL: none */
    const char *const *seeds; /* files and folders */
    size_t seed_count;
} gw_byop_engine;

enum { GW_BYOP_PATH_SIZE = 1024, GW_BYOP_TEXT_SIZE = 512, GW_BYOP_KIND_SIZE = 96 };
/* Findings are of the same kind when their texts are the same, but for numbers and what stands between the outermost
 * quotes. */
void gw_byop_kind(const char *text, char out[GW_BYOP_KIND_SIZE]);

/* Replays the seeds, then changes them for as long as it may; a single file that is only replayed is told, too. Returns
 * the number of findings, or -1 when a seed cannot be read. Prints to standard error. */
int gw_byop_engine_run(const gw_byop_engine *engine);
/* Leaves steps, then bytes out of engine->minimize while its kind of finding stays, and saves what is left. Returns 1,
 * or -1 when there is no finding or a file cannot be read or written. Prints to standard error. */
int gw_byop_minimize(const gw_byop_engine *engine);
/* Options that only the pipe driver has. */
enum { GW_BYOP_MAX_KNOWN = 32 };
typedef struct gw_byop_pipe_options {
    uint64_t timeout_ms;
    gwspec_known known[GW_BYOP_MAX_KNOWN + 1]; /* ends with a rule of NULL */
    size_t known_count;
} gw_byop_pipe_options;

/* The options of the command line up to the first that is none; false after a message. pipe may be NULL: then there are
 * no such options. --known RULE=REASON is split in place. */
bool gw_byop_options(int argc, char **argv, gw_byop_engine *engine, gw_byop_pipe_options *pipe);
/* Whether seeds, limits and --minimize together ask for something; false after a message. */
bool gw_byop_work_given(const gw_byop_engine *engine);
/* Reads one file; false when that fails. The caller frees *data. */
bool gw_byop_read_file(const char *path, uint8_t **data, size_t *size);
/* Writes KIND-HASH into dir; path gets the name. */
bool gw_byop_save(const char *dir, const char *kind, const uint8_t *data, size_t size, char *path, size_t path_size);

#endif
