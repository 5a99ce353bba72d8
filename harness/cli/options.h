/* The command line as data: one table makes parsing, help and completions. Floor 5. It reads no file and no
 * environment, so that every error can be tested. */
#ifndef GW_CLI_OPTIONS_H
#define GW_CLI_OPTIONS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"

/* X(NAME, "word", "operands", "one line for the list of commands") */
#define GW_COMMAND_TABLE(X)                                                                                            \
    X(RUN, "run", "[SCENARIO...]", "Run scenarios against a gateway and say whether it conforms")                      \
    X(CLIENT, "client", "[SCENARIO...]", "Run scenarios against a client: gwspec is the gateway")                      \
    X(INIT, "init", "URL", "Look at a gateway and write a target file to start from")                                  \
    X(LIST, "list", "[PATTERN...]", "List scenarios")                                                                  \
    X(EXPLAIN, "explain", "ID|FILE", "Explain a scenario, a requirement or a fault")                                   \
    X(COVERAGE, "coverage", "", "Show which scenarios and faults cover each requirement")                              \
    X(CHECK, "check", "FILE...", "Validate scenario, protocol, requirement, target and expected-failures files")       \
    X(SCHEMA, "schema", "KIND", "Print the JSON Schema of target, protocol or scenario files")                         \
    X(FUZZ_CONVERT, "fuzz-convert", "FILE|PATTERN",                                                                    \
      "Turn a fuzzed session into a scenario, or scenarios into sessions")                                             \
    X(HELP, "help", "[COMMAND]", "Show how to use gwspec, or one of its commands")                                     \
    X(VERSION, "version", "", "Show the version")

typedef enum gw_command {
#define GW_COMMAND_ENUM(name, word, operands, help) GW_COMMAND_##name,
    GW_COMMAND_TABLE(GW_COMMAND_ENUM)
#undef GW_COMMAND_ENUM
        GW_COMMAND_COUNT
} gw_command;

typedef struct gw_option_list {
    const char **items;
    size_t count;
} gw_option_list;

typedef enum gw_report_kind { GW_REPORT_JUNIT, GW_REPORT_JSON, GW_REPORT_HTML } gw_report_kind;

typedef struct gw_report_request {
    gw_report_kind kind;
    const char *path;
} gw_report_request;

typedef struct gw_options {
    gw_command command;
    bool help; /* --help was given: nothing else counts */
    gw_option_list operands;
    /* which target */
    const char *url, *target, *protocol;
    bool simulate;
    gw_option_list faults, headers;
    gw_ns interval; /* 0: not stated */
    const char *ca, *cert, *key, *sni;
    bool insecure;
    /* which client */
    gw_option_list program; /* the words behind "--" */
    const char *listen;
    bool no_deadlines;
    /* which scenarios */
    const char *scenarios;
    gw_option_list filters, tags;
    const char *expected, *write_expected; /* lists of expected failures */
    /* how */
    bool strict, verbose, no_color;
    unsigned jobs;        /* 0: not stated */
    unsigned retries;     /* 0: not stated */
    gw_ns crash_search;   /* 0: not stated */
    double timeout_scale; /* 0: not stated */
    uint64_t seed;
    bool has_seed;
    gw_option_list reports;         /* as written */
    gw_report_request *report_list; /* the same, understood */
    const char *output;             /* NULL: standard output */
    /* what is shown */
    bool ids, markdown;
    gw_arena arena; /* owns the lists; the words are argv's own */
} gw_options;

typedef enum gw_option_kind {
    GW_OPTION_FLAG,    /* bool */
    GW_OPTION_TEXT,    /* const char * */
    GW_OPTION_LIST,    /* gw_option_list, may come several times */
    GW_OPTION_COUNT,   /* unsigned, at least 1 */
    GW_OPTION_FACTOR,  /* double, above 0 */
    GW_OPTION_SEED,    /* uint64_t, decimal or 0x..., and has_seed */
    GW_OPTION_DURATION /* gw_ns, milliseconds or with a unit */
} gw_option_kind;

typedef struct gw_option {
    const char *name;  /* without dashes */
    char letter;       /* 0: none */
    const char *value; /* "FILE", NULL for a flag */
    gw_option_kind kind;
    size_t offset;     /* in gw_options */
    unsigned commands; /* bits 1 << gw_command */
    bool repeats;      /* belongs to the command that repeats a run */
    const char *help;
} gw_option;

/* The table, for completions and manual pages. */
const gw_option *gw_options_table(size_t *count);
const char *gw_options_command_word(gw_command command);

/* Understands the words behind the program's name. False on a mistake: `message` then holds one line that says what is
 * wrong and what was probably meant, without a newline. `options` is to be given to gw_options_deinit in any case. */
bool gw_options_parse(int argc, char *const *argv, gw_options *options, gw_buf *message);
void gw_options_deinit(gw_options *options);
/* The options that repeat this run, in the words of a shell: "--url ws://localhost:4000/gateway --seed 7314". Values of
 * headers may be secrets: only their names are told. */
void gw_options_append_rerun(const gw_options *options, uint64_t seed, gw_buf *out);
/* Help on the program as a whole, or on one command. */
void gw_options_append_usage(gw_buf *out);
void gw_options_append_help(gw_command command, gw_buf *out);

#endif
