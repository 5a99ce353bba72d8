/* The command line of gwspec-server. */
#include "reference-server/server_options.h"

#include "reference-server/server_protocol.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#ifndef GW_SERVER_OPTIONS_VERSION
#define GW_SERVER_OPTIONS_VERSION "0"
#endif

/* X(name, argument or NULL, help): the order is the order of --help. */
#define OPTION_TABLE(X)                                                                                                \
    X(LISTEN, "listen", "ADDRESS", "address to listen on (127.0.0.1)")                                                 \
    X(PORT, "port", "N", "port of the gateway (4000); 0 takes any free one")                                           \
    X(CONTROL_PORT, "control-port", "N", "port of the control API (0: any free one)")                                  \
    X(PROTOCOL, "protocol", "FILE",                                                                                    \
      "serve this described protocol (the gateway document); a built-in one by its name")                              \
    X(INTERVAL, "interval", "MS", "heartbeatInterval in ms (1000)")                                                    \
    X(SEED, "seed", "N", "seed of everything that is random (1)")                                                      \
    X(ASK_EVERY, "ask-every", "MIN..MAX", "send heartbeat_ack after a random pause of MIN to MAX ms (never)")          \
    X(FAULT, "fault", "NAME", "break a rule on purpose; may be given several times")                                   \
    X(LIST_FAULTS, "list-faults", NULL, "list the faults and the rules that they break")                               \
    X(JSON, "json", NULL, "with --list-faults: as JSON")                                                               \
    X(MAX_MESSAGE, "max-message-bytes", "N", "refuse longer messages with 1009 (1048576)")                             \
    X(MAX_CONNECTIONS, "max-connections", "N", "refuse further connections with 503 (100000)")                         \
    X(RATE, "rate", "N", "close with 4008 beyond N messages a second; 0 lifts the limit (10000)")                      \
    X(HANDSHAKE_TIMEOUT, "handshake-timeout", "MS", "time for the opening request (5000)")                             \
    X(CLOSE_TIMEOUT, "close-timeout", "MS", "time for the client's Close, and for its FIN (2000)")                     \
    X(MAX_QUEUE, "max-queue-bytes", "N", "reset a connection with more unsent output (4194304)")                       \
    X(TLS_CERT, "tls-cert", "FILE", "serve TLS with this certificate chain (PEM)")                                     \
    X(TLS_KEY, "tls-key", "FILE", "private key of the certificate (PEM)")                                              \
    X(TLS_CLIENT_CA, "tls-client-ca", "FILE", "ask clients for a certificate signed by this CA (PEM)")                 \
    X(QUIET, "quiet", NULL, "say nothing but the ready line and errors")                                               \
    X(VERBOSE, "verbose", NULL, "log the network library to stderr")                                                   \
    X(HELP, "help", NULL, "show this text")                                                                            \
    X(VERSION, "version", NULL, "show the version")

typedef enum option_id {
#define OPTION_ENUM(id, name, argument, help) OPTION_##id,
    OPTION_TABLE(OPTION_ENUM)
#undef OPTION_ENUM
        OPTION_COUNT
} option_id;

static const struct {
    const char *name, *argument, *help;
} rows[] = {
#define OPTION_ROW(id, name, argument, help) {name, argument, help},
    OPTION_TABLE(OPTION_ROW)
#undef OPTION_ROW
};

static void write_help(gw_buf *out) {
    gw_buf_append_cstr(out,
                       "Usage: gwspec-server [OPTION]...\n"
                       "The reference gateway: rooms, events and heartbeats over WebSocket, and a control API.\n\n");
    for (size_t i = 0; i < OPTION_COUNT; i++)
        gw_buf_printf(out, "  --%s %-*s %s\n", rows[i].name, (int)(26 - strlen(rows[i].name)),
                      rows[i].argument ? rows[i].argument : "", rows[i].help);
    gw_buf_append_cstr(out, "\nExit: 0 after SIGTERM or SIGINT, 2 bad option or file, 3 the port cannot be had, "
                            "4 internal error.\n");
}

static bool complain(gw_buf *text, option_id id, const char *value, const char *what) {
    gw_buf_printf(text, "gwspec-server: --%s %s: %s\n", rows[id].name, value, what);
    return false;
}

static bool read_number(const char *text, uint64_t *out, const char **end) {
    if (*text < '0' || *text > '9') return false;
    char *after;
    errno = 0;
    *out = strtoull(text, &after, 10);
    *end = after;
    return errno == 0;
}

static bool take_number(gw_buf *text, option_id id, const char *value, uint64_t min, uint64_t max, uint64_t *out) {
    const char *end;
    if (read_number(value, out, &end) && *end == 0 && *out >= min && *out <= max) return true;
    gw_buf_printf(text, "gwspec-server: --%s %s: must be a whole number from %llu to %llu\n", rows[id].name, value,
                  (unsigned long long)min, (unsigned long long)max);
    return false;
}

enum { MAX_MS = 86400000 };

static bool take_ms(gw_buf *text, option_id id, const char *value, gw_ns *out) {
    uint64_t ms;
    if (!take_number(text, id, value, 1, MAX_MS, &ms)) return false;
    *out = (gw_ns)ms * GW_MS;
    return true;
}

static bool take_size(gw_buf *text, option_id id, const char *value, uint64_t min, size_t *out) {
    uint64_t n;
    if (!take_number(text, id, value, min, UINT32_MAX, &n)) return false;
    *out = (size_t)n;
    return true;
}

static bool take_ask(gw_buf *text, const char *value, gw_core_config *core) {
    uint64_t min, max;
    const char *end;
    bool ok = read_number(value, &min, &end) && strncmp(end, "..", 2) == 0 && read_number(end + 2, &max, &end) &&
              *end == 0 && min <= max && max >= 1 && max <= MAX_MS;
    if (!ok) return complain(text, OPTION_ASK_EVERY, value, "must be MIN..MAX in ms, as in 500..2000");
    core->ask_min_ns = (gw_ns)min * GW_MS;
    core->ask_max_ns = (gw_ns)max * GW_MS;
    return true;
}

static bool take_fault(gw_buf *text, const char *value, gw_faults *faults) {
    gw_fault fault;
    gw_span name = gw_span_cstr(value);
    if (gw_faults_find(name, &fault) == GW_OK) {
        gw_faults_add(faults, fault);
        return true;
    }
    const char *meant = gw_faults_suggest(name);
    if (!meant) return complain(text, OPTION_FAULT, value, "there is no such fault; see --list-faults");
    gw_buf_printf(text, "gwspec-server: --fault %s: there is no such fault (did you mean '%s'?)\n", value, meant);
    return false;
}

static bool take_address(gw_buf *text, const char *value, gw_server_options *options) {
    struct in_addr v4;
    options->listen = value;
    if (inet_pton(AF_INET, value, &v4) == 1) return true;
    return complain(text, OPTION_LISTEN, value, "must be an IPv4 address");
}

static bool take(option_id id, const char *value, gw_server_options *options, gw_buf *text) {
    gw_core_config *core = &options->core;
    uint64_t n = 0;
    bool ok = true;
    switch (id) {
    case OPTION_LISTEN:
        return take_address(text, value, options);
    case OPTION_PORT:
        ok = take_number(text, id, value, 0, 65535, &n);
        options->port = (int)n;
        return ok;
    case OPTION_CONTROL_PORT:
        ok = take_number(text, id, value, 0, 65535, &n);
        options->control_port = (int)n;
        return ok;
    case OPTION_INTERVAL:
        return take_ms(text, id, value, &core->interval_ns);
    case OPTION_SEED:
        return take_number(text, id, value, 0, UINT64_MAX, &options->seed);
    case OPTION_ASK_EVERY:
        return take_ask(text, value, core);
    case OPTION_PROTOCOL:
        options->protocol = value;
        return true;
    case OPTION_FAULT:
        return take_fault(text, value, &options->faults);
    case OPTION_MAX_MESSAGE:
        return take_size(text, id, value, 1, &core->max_message_bytes);
    case OPTION_MAX_CONNECTIONS:
        return take_size(text, id, value, 1, &core->max_connections);
    case OPTION_MAX_QUEUE:
        return take_size(text, id, value, 1024, &core->max_queue_bytes);
    case OPTION_RATE:
        ok = take_number(text, id, value, 0, UINT32_MAX, &n);
        core->rate_messages = (uint32_t)n;
        return ok;
    case OPTION_HANDSHAKE_TIMEOUT:
        return take_ms(text, id, value, &core->handshake_timeout_ns);
    case OPTION_CLOSE_TIMEOUT:
        return take_ms(text, id, value, &core->close_timeout_ns);
    case OPTION_TLS_CERT:
        options->tls_cert = value;
        return true;
    case OPTION_TLS_KEY:
        options->tls_key = value;
        return true;
    case OPTION_TLS_CLIENT_CA:
        options->tls_client_ca = value;
        return true;
    case OPTION_QUIET:
        options->quiet = true;
        return true;
    case OPTION_VERBOSE:
        options->verbose = true;
        return true;
    default:
        return true;
    }
}

static gw_server_options_result bad(gw_buf *text, const char *line) {
    gw_buf_printf(text, "gwspec-server: %s\n", line);
    return GW_SERVER_OPTIONS_BAD;
}

/* What is wrong with the options together, or NULL. */
static const char *judge(const gw_server_options *options) {
    if (!options->tls_cert != !options->tls_key) return "--tls-cert and --tls-key need each other";
    if (options->tls_client_ca && !options->tls_cert) return "--tls-client-ca needs --tls-cert";
    return NULL;
}

static bool is_wanted(const void *protocol, gw_fault fault) {
    return gw_core_has_fault(protocol, fault);
}

/* The description, and whether the planted faults have something to break in it. */
static bool load_protocol(gw_server_options *options, gw_buf *text) {
    size_t before = text->len;
    options->core.protocol = gw_server_protocol_load(&options->arena, options->protocol, text);
    if (!options->core.protocol) return text->len == before;
    for (int i = 0; i < GW_FAULT_COUNT; i++) {
        if (!gw_faults_has(&options->faults, (gw_fault)i) || gw_core_has_fault(options->core.protocol, (gw_fault)i))
            continue;
        gw_buf_printf(
            text, "gwspec-server: --fault %s: has nothing to break in this protocol; see --list-faults --protocol %s\n",
            gw_faults_info((gw_fault)i)->name, options->protocol);
        return false;
    }
    return true;
}

gw_server_options_result gw_server_options_parse(int argc, char **argv, gw_server_options *options, gw_buf *text) {
    struct option table[OPTION_COUNT + 1] = {{0}};
    for (int i = 0; i < OPTION_COUNT; i++)
        table[i] = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument, NULL, 256 + i};
    *options = (gw_server_options){.seed = 1, .listen = "127.0.0.1", .port = 4000};
    gw_core_config_default(&options->core);
    gw_arena_init(&options->arena);

    bool list = false, json = false;
    opterr = 0;
    optind = 1;
    for (int found; (found = getopt_long(argc, argv, ":", table, NULL)) != -1;) {
        if (found == ':' || found == '?') {
            const char *arg = argv[optind - 1];
            gw_buf_printf(text, "gwspec-server: %s: %s; see --help\n", arg,
                          found == ':' ? "needs a value" : "unknown or ambiguous option");
            return GW_SERVER_OPTIONS_BAD;
        }
        option_id id = (option_id)(found - 256);
        if (id == OPTION_HELP || id == OPTION_VERSION) {
            if (id == OPTION_HELP)
                write_help(text);
            else
                gw_buf_append_cstr(text, "gwspec-server " GW_SERVER_OPTIONS_VERSION "\n");
            return GW_SERVER_OPTIONS_DONE;
        }
        list |= id == OPTION_LIST_FAULTS;
        json |= id == OPTION_JSON;
        if (!take(id, optarg, options, text)) return GW_SERVER_OPTIONS_BAD;
    }
    if (optind < argc) {
        gw_buf_printf(text, "gwspec-server: unexpected argument %s; see --help\n", argv[optind]);
        return GW_SERVER_OPTIONS_BAD;
    }
    if (json && !list) return bad(text, "--json goes with --list-faults");
    if (options->protocol && !load_protocol(options, text)) return GW_SERVER_OPTIONS_BAD;
    if (list)
        return gw_faults_list(json, is_wanted, options->core.protocol, text) == GW_OK ? GW_SERVER_OPTIONS_DONE
                                                                                      : bad(text, "out of memory");
    const char *why = judge(options);
    return why ? bad(text, why) : GW_SERVER_OPTIONS_RUN;
}
