/* Floor 5: every option of every command, and the help made of them. */
#include "cli/options.h"

#include "report/run.h"

#include <stddef.h>
#include <string.h>

enum { HELP_COLUMN = 28 };

#define ON(command) (1u << GW_COMMAND_##command)
#define ALL         ((1u << GW_COMMAND_COUNT) - 1)
#define CONNECTS    (ON(RUN) | ON(INIT))
#define RUNS        (ON(RUN) | ON(CLIENT))
#define SELECTS     (RUNS | ON(LIST))
#define LOADS       (RUNS | ON(LIST) | ON(EXPLAIN) | ON(COVERAGE) | ON(CHECK) | ON(FUZZ_CONVERT))
#define AT(member)  offsetof(gw_options, member)

/* clang-format off */
static const gw_option table[] = {
    {"url", 'u', "URL", GW_OPTION_TEXT, AT(url), ON(RUN), true, "a running gateway: ws://HOST[:PORT]/PATH or wss://..."},
    {"target", 't', "FILE", GW_OPTION_TEXT, AT(target), ON(RUN), true, "a file that says how to start and use the gateway"},
    {"simulate", 0, NULL, GW_OPTION_FLAG, AT(simulate), ON(RUN), true, "run against the reference gateway in memory, on a virtual clock"},
    {"fault", 'f', "NAME", GW_OPTION_LIST, AT(faults), ON(RUN), true, "plant a fault in the reference gateway; may be repeated"},
    {"interval", 0, "MS", GW_OPTION_DURATION, AT(interval), RUNS, true, "heartbeat interval of the reference gateway, or of the one that is played to a client (times are judged to 50 ms: from 100 ms on)"},
    {"protocol", 'p', "FILE", GW_OPTION_TEXT, AT(protocol), LOADS | ON(INIT), true, "the protocol description that is followed: a file, or the name of one that comes along"},
    {"scenarios", 0, "DIR", GW_OPTION_TEXT, AT(scenarios), LOADS, true, "take scenarios from this folder, not the built-in ones"},
    {"listen", 'l', "ADDRESS", GW_OPTION_TEXT, AT(listen), ON(CLIENT), true, "wait at HOST:PORT for a client that somebody starts, scenario after scenario"},
    {"no-deadlines", 0, NULL, GW_OPTION_FLAG, AT(no_deadlines), ON(CLIENT), true, "the client may take its time (a debugger sits between)"},
    {"filter", 0, "WORD", GW_OPTION_LIST, AT(filters), SELECTS, false, "only where id, title or requirement has it; ! negates; all must hold"},
    {"tag", 0, "TAG", GW_OPTION_LIST, AT(tags), SELECTS, false, "only with one of these tags; ! negates"},
    {"expected-failures", 0, "FILE", GW_OPTION_TEXT, AT(expected), RUNS, true, "failures that are known, each with its reason"},
    {"write-expected-failures", 0, "FILE", GW_OPTION_TEXT, AT(write_expected), RUNS, false, "write what failed, and what still holds of the list, as such a file"},
    {"strict", 0, NULL, GW_OPTION_FLAG, AT(strict), RUNS, true, "a non-strict deviation fails the run too"},
    {"jobs", 'j', "N", GW_OPTION_COUNT, AT(jobs), RUNS, false, "scenarios at once (run: all; client: 8 for each CPU)"},
    {"retries", 0, "N", GW_OPTION_COUNT, AT(retries), RUNS, false, "run what fails up to N times again; a pass then counts, marked as flaky"},
    {"crash-search", 0, "TIME", GW_OPTION_DURATION, AT(crash_search), ON(RUN), false, "time for finding out which of several scenarios killed or hung the gateway (60s)"},
    {"timeout-scale", 0, "X", GW_OPTION_FACTOR, AT(timeout_scale), RUNS, true, "stretch tolerances and fixed time limits"},
    {"seed", 0, "N", GW_OPTION_SEED, AT(seed), RUNS, false, "seed of all that is random; the same seed repeats a run"},
    {"report", 'r', "KIND=PATH", GW_OPTION_LIST, AT(reports), RUNS, false, "also write junit=PATH, json=PATH or html=PATH; may be repeated"},
    {"verbose", 'v', NULL, GW_OPTION_FLAG, AT(verbose), RUNS, false, "show notes, whole wire logs and non-strict findings"},
    {"header", 'H', "'NAME: VALUE'", GW_OPTION_LIST, AT(headers), CONNECTS, true, "add a header to each upgrade request; may be repeated"},
    {"ca", 0, "FILE", GW_OPTION_TEXT, AT(ca), CONNECTS, true, "trust these certificates (PEM)"},
    {"insecure", 0, NULL, GW_OPTION_FLAG, AT(insecure), CONNECTS, true, "do not verify the server's certificate"},
    {"cert", 0, "FILE", GW_OPTION_TEXT, AT(cert), CONNECTS | ON(CLIENT), true, "certificate (PEM), with --key: the client's own, or that of the gateway that is played"},
    {"key", 0, "FILE", GW_OPTION_TEXT, AT(key), CONNECTS | ON(CLIENT), true, "its private key (PEM)"},
    {"sni", 0, "NAME", GW_OPTION_TEXT, AT(sni), CONNECTS, true, "server name to ask for and to verify"},
    {"output", 'o', "PATH", GW_OPTION_TEXT, AT(output), ON(FUZZ_CONVERT) | ON(INIT), false, "write to this file (init: target.yaml); several sessions, to this folder"},
    {"ids", 0, NULL, GW_OPTION_FLAG, AT(ids), ON(LIST), false, "only the ids, one a line"},
    {"markdown", 0, NULL, GW_OPTION_FLAG, AT(markdown), ON(COVERAGE), false, "as a page in Markdown"},
    {"no-color", 0, NULL, GW_OPTION_FLAG, AT(no_color), ALL, false, "no colour (so does NO_COLOR in the environment)"},
    {"help", 'h', NULL, GW_OPTION_FLAG, AT(help), ALL, false, "show this help"},
};

static const struct {
    const char *word, *operands, *help;
} commands[] = {
#define COMMAND_ROW(name, word, operands, help) {word, operands, help},
    GW_COMMAND_TABLE(COMMAND_ROW)
#undef COMMAND_ROW
};

static const char *const notes[GW_COMMAND_COUNT] = {
    [GW_COMMAND_RUN] =
        "SCENARIO is an id, a folder of ids (heartbeat), a glob ('framing/*'), or a scenario file of your own.\n"
        "Without --url, --target and --simulate, gwspec starts its own reference gateway and tests that.\n\n"
        "Exit code: 0 conforms, 1 does not (or was not shown to), 2 wrong use or file, 3 the gateway cannot be\n"
        "reached or was lost, 4 internal error, 130 interrupted.\n",
    [GW_COMMAND_CLIENT] =
        "gwspec client [SCENARIO...] [OPTION...] -- COMMAND...\n\n"
        "For each scenario a gateway listens on a port of its own, and COMMAND is started: the URL is in its environment\n"
        "as GWSPEC_URL, and {url} in its words stands for it. It is ended with all that it started when the scenario is\n"
        "over. A client that ends by itself with another code than 0, or by a signal, has crashed.\n\n"
        "Exit code: as for 'gwspec run'; 3: the command cannot be started, or the address is taken.\n",
    [GW_COMMAND_LIST] = "PATTERN is an id, a folder of ids (heartbeat), a glob ('framing/*'), or a scenario file of your own.\n",
    [GW_COMMAND_INIT] =
        "Asks nothing: connects once or twice, and writes what it saw into a commented file (target.yaml), which 'gwspec run\n"
        "--target' can use at once. A file that is there already is left as it is. Values of --header are not written: the\n"
        "file takes them from the environment.\n",
    [GW_COMMAND_SCHEMA] = "KIND is target, protocol or scenario. For editors that complete keys, and for other tools.\n",
    [GW_COMMAND_EXPLAIN] = "ID is one of a scenario (heartbeat/silent-client-is-dropped), a requirement (S6) or a fault; FILE is a\n"
                           "scenario file of your own.\n",
    [GW_COMMAND_COVERAGE] = "Exit code 1 when an observable MUST has no scenario, or an id names nothing.\n",
    [GW_COMMAND_CHECK] = "Says 'FILE: ok' for each good file. What is wrong is told with file, line and column; exit code 2.\n",
    [GW_COMMAND_FUZZ_CONVERT] =
        "FILE is an input or a finding of the fuzz target 'session', or a scenario file (.yaml); PATTERN chooses\n"
        "scenarios of the catalogue. What the other form cannot say is told, and the exit code is 2; of several\n"
        "scenarios the others are written all the same.\n",
};
/* clang-format on */

const gw_option *gw_options_table(size_t *count) {
    *count = sizeof table / sizeof table[0];
    return table;
}

const char *gw_options_command_word(gw_command command) {
    return commands[command].word;
}

void gw_options_append_usage(gw_buf *out) {
    gw_buf_append_cstr(out, "gwspec tests whether a WebSocket gateway keeps its protocol.\n\n"
                            "Usage: gwspec COMMAND [OPTION...]\n\nCommands:\n");
    for (size_t i = 0; i < GW_COMMAND_COUNT; i++)
        gw_buf_printf(out, "  %-12s %s\n", commands[i].word, commands[i].help);
    gw_buf_append_cstr(out, "\n'gwspec help COMMAND' tells the options of a command. A first run:\n"
                            "  gwspec run --url ws://localhost:4000/gateway\n");
}

static void append_option(const gw_option *option, gw_buf *out) {
    size_t start = out->len;
    if (option->letter)
        gw_buf_printf(out, "  -%c, ", option->letter);
    else
        gw_buf_append_cstr(out, "      ");
    gw_buf_printf(out, "--%s", option->name);
    if (option->value) gw_buf_printf(out, " %s", option->value);
    int used = (int)(out->len - start);
    gw_buf_printf(out, "%*s%s\n", used + 2 < HELP_COLUMN ? HELP_COLUMN - used : 2, "", option->help);
}

void gw_options_append_help(gw_command command, gw_buf *out) {
    gw_buf_printf(out, "%s.\n\nUsage: gwspec %s", commands[command].help, commands[command].word);
    gw_buf_printf(out, "%s%s [OPTION...]\n", commands[command].operands[0] ? " " : "", commands[command].operands);
    if (notes[command]) gw_buf_printf(out, "\n%s", notes[command]);
    gw_buf_append_cstr(out, "\nOptions:\n");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].commands & 1u << command) append_option(&table[i], out);
}

static void append_list(const gw_option *option, const gw_option_list *list, gw_buf *out) {
    for (size_t i = 0; i < list->count; i++) {
        gw_buf word;
        gw_buf_init(&word, 1 << 16);
        const char *text = list->items[i];
        bool secret = strcmp(option->name, "header") == 0;
        gw_buf_append(&word, text, secret ? strcspn(text, ":") : strlen(text));
        if (secret) gw_buf_append_cstr(&word, ": ***");
        gw_buf_printf(out, "--%s ", option->name);
        gw_report_append_shell_word(gw_buf_cstr(&word), out);
        gw_buf_append_byte(out, ' ');
        gw_buf_deinit(&word);
    }
}

void gw_options_append_rerun(const gw_options *options, uint64_t seed, gw_buf *out) {
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const gw_option *option = &table[i];
        const void *value = (const char *)options + option->offset;
        if (!option->repeats) continue;
        if (option->kind == GW_OPTION_LIST) append_list(option, value, out);
        if (option->kind == GW_OPTION_FLAG && *(const bool *)value) gw_buf_printf(out, "--%s ", option->name);
        if (option->kind == GW_OPTION_FACTOR && *(const double *)value > 0)
            gw_buf_printf(out, "--%s %g ", option->name, *(const double *)value);
        if (option->kind == GW_OPTION_DURATION && *(const gw_ns *)value > 0)
            gw_buf_printf(out, "--%s %gms ", option->name, (double)*(const gw_ns *)value / (double)GW_MS);
        if (option->kind == GW_OPTION_TEXT && *(const char *const *)value) {
            gw_buf_printf(out, "--%s ", option->name);
            gw_report_append_shell_word(*(const char *const *)value, out);
            gw_buf_append_byte(out, ' ');
        }
    }
    gw_buf_printf(out, "--seed %llu", (unsigned long long)seed);
    if (options->program.count) gw_buf_append_cstr(out, " --");
    for (size_t i = 0; i < options->program.count; i++) {
        gw_buf_append_byte(out, ' ');
        gw_report_append_shell_word(options->program.items[i], out);
    }
}
