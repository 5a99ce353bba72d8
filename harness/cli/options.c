/* Floor 5: parsing by the option table. */
#include "cli/options.h"

#include "base/diag.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_LONG = 256, MAX_OPTIONS = 64, MAX_JOBS = 4096, MAX_SHORT = 2 * MAX_OPTIONS + 3 };

static bool fail(gw_buf *message, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(gw_buf *message, const char *format, ...) {
    va_list args;
    va_start(args, format);
    gw_buf_vprintf(message, format, args);
    va_end(args);
    return false;
}

static void append_suggestion(gw_buf *message, const char *word, const char *const *words, size_t count,
                              const char *dashes) {
    const char *meant = gw_diag_suggest(gw_span_cstr(word), words, count);
    if (meant) gw_buf_printf(message, " (did you mean '%s%s'?)", dashes, meant);
}

static bool find_command(const char *word, gw_command *out, gw_buf *message) {
    const char *words[GW_COMMAND_COUNT];
    for (int i = 0; i < GW_COMMAND_COUNT; i++) {
        words[i] = gw_options_command_word((gw_command)i);
        *out = (gw_command)i;
        if (strcmp(word, words[i]) == 0) return true;
    }
    gw_buf_printf(message, "unknown command '%s'", word);
    append_suggestion(message, word, words, GW_COMMAND_COUNT, "");
    return false;
}

static void *member(gw_options *options, const gw_option *option) {
    return (char *)options + option->offset;
}

static void list_add(gw_option_list *list, gw_arena *arena, const char *item, size_t capacity) {
    if (!list->items) list->items = GW_ARENA_ARRAY(arena, const char *, capacity);
    list->items[list->count++] = item;
}

static bool set_count(gw_options *options, const gw_option *option, const char *text, gw_buf *message) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno || *end || text[0] < '0' || text[0] > '9' || value < 1 || value > MAX_JOBS)
        return fail(message, "--%s needs a whole number from 1 to %d, not '%s'", option->name, MAX_JOBS, text);
    *(unsigned *)member(options, option) = (unsigned)value;
    return true;
}

static bool set_factor(gw_options *options, const gw_option *option, const char *text, gw_buf *message) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value <= 0 || value > 1000)
        return fail(message, "--%s needs a number above 0 and at most 1000, such as 2 or 1.5, not '%s'", option->name,
                    text);
    *(double *)member(options, option) = value;
    return true;
}

static bool set_seed(gw_options *options, const gw_option *option, const char *text, gw_buf *message) {
    char *end;
    errno = 0;
    int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    unsigned long long value = strtoull(text, &end, base);
    if (errno || end == text || *end || text[0] < '0' || text[0] > '9')
        return fail(message, "--%s needs a whole number of at most 64 bits, not '%s'", option->name, text);
    *(uint64_t *)member(options, option) = value;
    options->has_seed = true;
    return true;
}

static bool set_duration(gw_options *options, const gw_option *option, const char *text, gw_buf *message) {
    gw_buf with_unit;
    gw_buf_init(&with_unit, 64);
    bool bare = text[strspn(text, "0123456789.")] == 0;
    gw_buf_printf(&with_unit, "%s%s", text, bare ? "ms" : "");
    gw_ns value = 0;
    gw_status status = with_unit.error ? GW_ERR_INVALID : gw_time_parse(gw_buf_span(&with_unit), &value);
    gw_buf_deinit(&with_unit);
    if (status != GW_OK || value <= 0)
        return fail(message, "--%s needs a time above 0, such as 1000 (milliseconds) or 1.5s, not '%s'", option->name,
                    text);
    *(gw_ns *)member(options, option) = value;
    return true;
}

static bool set(gw_options *options, const gw_option *option, const char *text, size_t capacity, gw_buf *message) {
    switch (option->kind) {
    case GW_OPTION_FLAG:
        *(bool *)member(options, option) = true;
        return true;
    case GW_OPTION_TEXT: {
        const char **place = member(options, option);
        if (*place) return fail(message, "--%s is given twice", option->name);
        if (!*text) return fail(message, "--%s needs a value", option->name);
        *place = text;
        return true;
    }
    case GW_OPTION_LIST:
        if (!*text) return fail(message, "--%s needs a value", option->name);
        list_add(member(options, option), &options->arena, text, capacity);
        return true;
    case GW_OPTION_COUNT:
        return set_count(options, option, text, message);
    case GW_OPTION_FACTOR:
        return set_factor(options, option, text, message);
    case GW_OPTION_SEED:
        return set_seed(options, option, text, message);
    case GW_OPTION_DURATION:
        return set_duration(options, option, text, message);
    }
    return false;
}

/* getopt's two forms of the options of one command. */
typedef struct forms {
    struct option longs[MAX_OPTIONS + 1];
    const gw_option *by_index[MAX_OPTIONS];
    char shorts[MAX_SHORT];
    size_t count;
} forms;

static void make_forms(gw_command command, forms *out) {
    size_t count, s = 0;
    const gw_option *table = gw_options_table(&count);
    *out = (forms){0};
    out->shorts[s++] = ':';
    for (size_t i = 0; i < count && out->count < MAX_OPTIONS; i++) {
        if (!(table[i].commands & 1u << command)) continue;
        out->by_index[out->count] = &table[i];
        out->longs[out->count] = (struct option){table[i].name, table[i].value ? required_argument : no_argument, NULL,
                                                 FIRST_LONG + (int)out->count};
        out->count++;
        if (!table[i].letter) continue;
        out->shorts[s++] = table[i].letter;
        if (table[i].value) out->shorts[s++] = ':';
    }
}

static const gw_option *option_of(const forms *f, int value) {
    if (value >= FIRST_LONG) return f->by_index[value - FIRST_LONG];
    for (size_t i = 0; i < f->count; i++)
        if (f->by_index[i]->letter == value) return f->by_index[i];
    return NULL;
}

static bool fail_unknown_long(const char *word, gw_command command, const forms *f, gw_buf *message) {
    size_t len = strcspn(word + 2, "="), count;
    const gw_option *table = gw_options_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strlen(table[i].name) == len && strncmp(table[i].name, word + 2, len) == 0)
            return fail(message, "'gwspec %s' has no option '--%s'", gw_options_command_word(command), table[i].name);
    const char *names[MAX_OPTIONS];
    for (size_t i = 0; i < f->count; i++) names[i] = f->by_index[i]->name;
    gw_buf_printf(message, "unknown option '%.*s'", (int)len + 2, word);
    const char *meant = gw_diag_suggest(gw_span_make(word + 2, len), names, f->count);
    if (meant) gw_buf_printf(message, " (did you mean '--%s'?)", meant);
    return false;
}

static bool fail_unknown(const char *word, gw_command command, const forms *f, gw_buf *message) {
    const gw_option *option = optopt ? option_of(f, optopt) : NULL;
    if (option) return fail(message, "--%s takes no value", option->name);
    if (strncmp(word, "--", 2) == 0) return fail_unknown_long(word, command, f, message);
    return fail(message, "unknown option '-%c' of 'gwspec %s'", optopt, gw_options_command_word(command));
}

static bool parse_options(int argc, char **argv, gw_options *options, gw_buf *message) {
    forms f;
    make_forms(options->command, &f);
    optind = 0; /* glibc: start anew */
    opterr = 0;
    for (;;) {
        int value = getopt_long(argc, argv, f.shorts, f.longs, NULL);
        if (value == -1) break;
        if (value == '?') return fail_unknown(argv[optind - 1], options->command, &f, message);
        const gw_option *option = option_of(&f, value == ':' ? optopt : value);
        if (value == ':') return fail(message, "--%s needs a value: %s", option->name, option->value);
        if (!set(options, option, optarg ? optarg : "", (size_t)argc, message)) return false;
        if (options->help) return true;
    }
    for (int i = optind; i < argc; i++) list_add(&options->operands, &options->arena, argv[i], (size_t)argc);
    return true;
}

static bool parse_reports(gw_options *options, gw_buf *message) {
    static const char *const kinds[] = {
        [GW_REPORT_JUNIT] = "junit", [GW_REPORT_JSON] = "json", [GW_REPORT_HTML] = "html"};
    const size_t kind_count = sizeof kinds / sizeof kinds[0];
    if (options->reports.count)
        options->report_list = GW_ARENA_ARRAY(&options->arena, gw_report_request, options->reports.count);
    for (size_t i = 0; i < options->reports.count; i++) {
        const char *text = options->reports.items[i], *equals = strchr(text, '=');
        size_t len = equals ? (size_t)(equals - text) : strlen(text), kind = 0;
        while (kind < kind_count && (strlen(kinds[kind]) != len || strncmp(text, kinds[kind], len) != 0)) kind++;
        if (kind == kind_count) {
            gw_buf_printf(message, "--report: unknown kind '%.*s', there are junit, json and html", (int)len, text);
            append_suggestion(message, gw_arena_strndup(&options->arena, text, len), kinds, kind_count, "");
            return false;
        }
        if (!equals || !equals[1])
            return fail(message, "--report: '%s' names no file, write %s=PATH", text, kinds[kind]);
        options->report_list[i] = (gw_report_request){.kind = (gw_report_kind)kind, .path = equals + 1};
    }
    return true;
}

static bool is_token_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* RFC 9110 section 5.1: a header that could smuggle another one is refused here, where the user can see it. */
static bool check_headers(const gw_options *options, gw_buf *message) {
    for (size_t i = 0; i < options->headers.count; i++) {
        const char *text = options->headers.items[i];
        size_t len = 0;
        while (is_token_char(text[len])) len++;
        if (len == 0 || text[len] != ':') return fail(message, "--header needs 'NAME: VALUE', not '%s'", text);
        if (strpbrk(text, "\r\n")) return fail(message, "--header: a line break in '%.*s'", (int)len, text);
    }
    return true;
}

static bool check_target(const gw_options *options, gw_buf *message) {
    int ways = (options->url != NULL) + (options->target != NULL) + options->simulate;
    if (ways > 1) return fail(message, "--url, --target and --simulate exclude each other");
    if (options->url && options->faults.count)
        return fail(message, "--fault needs a gateway that gwspec starts or simulates, not --url");
    if (options->url && options->interval)
        return fail(message, "--interval needs a gateway that gwspec starts or simulates, not --url");
    if (options->url && strncmp(options->url, "ws://", 5) != 0 && strncmp(options->url, "wss://", 6) != 0 &&
        strncmp(options->url, "ws+unix:", 8) != 0)
        return fail(message, "--url needs an address that starts with ws:// or wss://, not '%s'", options->url);
    if ((options->cert != NULL) != (options->key != NULL)) return fail(message, "--cert and --key go together");
    if (options->insecure && options->ca) return fail(message, "--insecure and --ca exclude each other");
    return true;
}

static bool check_operands(const gw_options *options, gw_buf *message) {
    size_t count = options->operands.count;
    const char *word = gw_options_command_word(options->command);
    switch (options->command) {
    case GW_COMMAND_CLIENT:
        if (!options->program.count && !options->listen)
            return fail(message,
                        "'gwspec client' needs the client's command behind --, or --listen ADDRESS for one that "
                        "somebody starts");
        return true;
    case GW_COMMAND_EXPLAIN:
        if (count != 1) return fail(message, "'gwspec explain' needs one id, see 'gwspec help explain'");
        return true;
    case GW_COMMAND_INIT:
        if (count != 1)
            return fail(message, "'gwspec init' needs the URL of a gateway, such as ws://localhost:4000/gateway");
        return true;
    case GW_COMMAND_SCHEMA:
        if (count != 1) return fail(message, "'gwspec schema' needs one of target, protocol and scenario");
        return true;
    case GW_COMMAND_CHECK:
        if (count == 0) return fail(message, "'gwspec check' needs a file");
        return true;
    case GW_COMMAND_FUZZ_CONVERT:
        if (count != 1) return fail(message, "'gwspec fuzz-convert' needs one file or pattern");
        return true;
    case GW_COMMAND_HELP:
        if (count > 1) return fail(message, "'gwspec help' takes one command");
        return true;
    case GW_COMMAND_COVERAGE:
    case GW_COMMAND_VERSION:
        if (count) return fail(message, "'gwspec %s' takes no '%s'", word, options->operands.items[0]);
        return true;
    default:
        return true;
    }
}

/* What stands in place of a command: nothing, --help or --version. */
static bool parse_first(const char *word, gw_options *options, gw_buf *message) {
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        options->command = GW_COMMAND_HELP;
        return true;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        options->command = GW_COMMAND_VERSION;
        return true;
    }
    if (word[0] == '-') return fail(message, "a command comes first: gwspec run %s ...", word);
    return find_command(word, &options->command, message);
}

bool gw_options_parse(int argc, char *const *argv, gw_options *options, gw_buf *message) {
    *options = (gw_options){0};
    gw_arena_init(&options->arena);
    if (argc < 2) return fail(message, "no command, see 'gwspec help'");
    if (!parse_first(argv[1], options, message)) return false;
    /* getopt sorts the words it is given, and takes the first for the program's name: here, the command. */
    char **words = GW_ARENA_ARRAY(&options->arena, char *, (size_t)argc);
    int count = 0;
    for (int i = 1; i < argc; i++) {
        if (options->command == GW_COMMAND_CLIENT && strcmp(argv[i], "--") == 0) {
            while (++i < argc) list_add(&options->program, &options->arena, argv[i], (size_t)argc);
            break;
        }
        words[count++] = argv[i];
    }
    if (!parse_options(count, words, options, message)) return false;
    if (options->help) return true;
    gw_command topic;
    if (options->command == GW_COMMAND_HELP && options->operands.count == 1 &&
        !find_command(options->operands.items[0], &topic, message))
        return false;
    return parse_reports(options, message) && check_headers(options, message) && check_target(options, message) &&
           check_operands(options, message);
}

void gw_options_deinit(gw_options *options) {
    gw_arena_deinit(&options->arena);
}
