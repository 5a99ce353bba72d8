/* gwspec-fuzz-pipe: fuzzes a parser in another process. */
#include "pipe.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { BYTEWISE = 48 /* each byte is a round trip */, DOUBTS = 32 };

/* The vtable has no place for a context of its own, and there is one child. */
static gw_pipe child;
static gwspec_config config;
static unsigned doubts = DOUBTS; /* findings after which the child is still ended; a new one takes its time */

static void put(uint8_t *out, uint64_t value, size_t n) {
    while (n-- > 0) {
        out[n] = (uint8_t)value;
        value >>= 8;
    }
}

static void begin(void *self) {
    uint8_t body[13] = {(uint8_t)config.role};
    (void)self;
    put(body + 1, config.max_message_bytes, 8);
    put(body + 9, config.heartbeat_interval_ms, 4);
    gw_pipe_ask(&child, GW_PIPE_CREATE, gw_span_make(body, sizeof body));
}

static void *create(const gwspec_config *wanted) {
    config = *wanted;
    begin(&child);
    return &child;
}

static void feed(void *self, const uint8_t *bytes, size_t len) {
    gw_pipe_ask(self, GW_PIPE_FEED, gw_span_make(bytes, len));
}

static void tick(void *self, uint64_t now_ms) {
    uint8_t body[8];
    put(body, now_ms, sizeof body);
    gw_pipe_ask(self, GW_PIPE_TICK, gw_span_make(body, sizeof body));
}

static void next_event(void *self, gwspec_event *event) {
    gw_pipe_event(self, event);
}

static void destroy(void *self) {
    (void)self;
}

static char name[64];
static gwspec_parser_api api = {.abi = GWSPEC_PARSER_ABI,
                                .name = name,
                                .create = create,
                                .feed = feed,
                                .next_event = next_event,
                                .reset = begin,
                                .destroy = destroy,
                                .tick = tick};

/* Starts the child and asks who it is; false with a message. */
static bool greet(void) {
    uint8_t body[4] = {0, 0, 0, GW_PIPE_VERSION};
    if (!gw_pipe_start(&child) || !gw_pipe_ask(&child, GW_PIPE_HELLO, gw_span_make(body, sizeof body))) {
        fprintf(stderr, "gwspec-fuzz-pipe: %s: %s\n", child.command[0], child.broken);
        return false;
    }
    const uint8_t *p = child.answer.data;
    if (child.answer.len < 16 || p[0] || p[1] || p[2] || p[3] != GW_PIPE_VERSION) {
        fprintf(stderr, "gwspec-fuzz-pipe: %s: the answer to the hello is no version 1\n", child.command[0]);
        return false;
    }
    uint32_t words[4];
    for (size_t i = 0; i < 4; i++)
        words[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    api.reports = words[1];
    api.roles = words[2];
    api.max_depth = words[3];
    snprintf(name, sizeof name, "%.*s", (int)(child.answer.len - 16), (const char *)p + 16);
    return true;
}

static bool check(void *context, const uint8_t *input, size_t size, char *text, size_t text_size) {
    (void)context;
    gw_byop_finding finding = {text, text_size};
    if (!child.pid && !greet()) return gw_byop_found(&finding, "crash: the parser cannot be started again");
    bool good = gw_byop_check_input(&api, BYTEWISE, gw_span_make(input, size), &finding);
    /* A surplus answer is taken for the next one, and looks like a bug in parsing. Only at the end of the child is it
     * sure that none is on its way. */
    if (!good && !child.broken[0] && doubts > 0 && gw_pipe_end(&child)) doubts--;
    return child.broken[0] ? gw_byop_found(&finding, "%s", child.broken) : good;
}

static int usage(void) {
    fprintf(stderr,
            "usage: gwspec-fuzz-pipe [options] SEED... -- COMMAND [ARGUMENT...]\n"
            "COMMAND is a parser that answers on its standard output what is asked on its standard input.\n"
            "SEED is a file or a folder of inputs. Without --runs and --seconds they are replayed and no more.\n"
            "  --runs N --seconds S   also try changes of them, so many or so long\n"
            "  --seed N               the same number gives the same changes (1)\n"
            "  --max-len N            bytes of an input (1024)\n"
            "  --max-findings N       go on until so many different ones (1)\n"
            "  --save DIR             where inputs of findings go (.)\n"
            "  --minimize FILE        make a finding's input smaller, and write it there\n"
            "  --timeout-ms N         how long an answer may take (2000)\n"
            "  --known RULE=REASON    a divergence that is wanted; may be repeated\n"
            "exit: 0 no finding, 1 findings, 2 wrong use, or no parser\n");
    return 2;
}

int main(int argc, char **argv) {
    gw_byop_engine engine;
    gw_byop_pipe_options options = {.timeout_ms = 2000};
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) return usage(), 0;
    if (!gw_byop_options(argc, argv, &engine, &options)) return usage();
    int command = optind;
    if (strcmp(argv[optind - 1], "--") != 0)
        while (command < argc && strcmp(argv[command++], "--") != 0) continue;
    if (command >= argc) {
        fprintf(stderr, "gwspec: no COMMAND is given behind --\n");
        return usage();
    }
    engine.api = &api;
    engine.check = check;
    engine.seeds = (const char *const *)argv + optind;
    engine.seed_count = command > optind ? (size_t)(command - optind - 1) : 0;
    if (!gw_byop_work_given(&engine)) return usage();
    api.known = options.known;
    gw_pipe_init(&child, argv + command, (int)options.timeout_ms);
    int findings = -1;
    if (greet() && gw_byop_api_usable(&api))
        findings = engine.minimize ? gw_byop_minimize(&engine) : gw_byop_engine_run(&engine);
    gw_pipe_deinit(&child);
    return findings < 0 ? 2 : findings > 0;
}
