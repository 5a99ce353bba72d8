/*
 * peer_lws_gateway: the gateway on libwebsockets' own WebSocket and HTTP roles and its default event loop:
 * one foreign stack that the tester is tried against. Options, two listening ports, signals.
 */
#include "control.h"
#include "gateway.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST "127.0.0.1"

static const struct {
    const char *name, *requirement;
    peer_misbehave value;
} misbehaviours[] = {
    {"event-twice", "S17", PEER_MISBEHAVE_EVENT_TWICE},
    {"no-ack-answer", "S11", PEER_MISBEHAVE_NO_ACK_ANSWER},
    {"wrong-room", "S17", PEER_MISBEHAVE_WRONG_ROOM},
};
#define MISBEHAVIOURS (sizeof misbehaviours / sizeof *misbehaviours)

typedef struct {
    int port, control_port;
    unsigned interval_ms;
    peer_misbehave misbehave;
    bool is_listing;
} options;

static volatile sig_atomic_t is_stopped;
static struct lws_context *context_to_wake;

static void stop(int signum) {
    (void)signum;
    is_stopped = 1;
    lws_cancel_service(context_to_wake);
}

static bool read_number(const char *name, const char *text, long least, long most, long *out) {
    char *end;
    *out = strtol(text, &end, 10);
    if (*text && !*end && *out >= least && *out <= most) return true;
    fprintf(stderr, "peer_lws_gateway: --%s: expected %ld to %ld, got '%s'\n", name, least, most, text);
    return false;
}

static bool read_misbehaviour(const char *name, peer_misbehave *out) {
    for (size_t i = 0; i < MISBEHAVIOURS; i++) {
        if (strcmp(misbehaviours[i].name, name)) continue;
        *out = misbehaviours[i].value;
        return true;
    }
    fprintf(stderr, "peer_lws_gateway: --misbehave: '%s' is unknown; --list-misbehaviours names them\n", name);
    return false;
}

static bool read_options(int argc, char **argv, options *out) {
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},         {"control-port", required_argument, NULL, 'c'},
        {"interval", required_argument, NULL, 'i'},     {"misbehave", required_argument, NULL, 'm'},
        {"list-misbehaviours", no_argument, NULL, 'l'}, {NULL, 0, NULL, 0},
    };
    *out = (options){.interval_ms = 1000};
    int choice;
    while ((choice = getopt_long(argc, argv, "", known, NULL)) != -1) {
        bool is_good = true;
        long number = 0;
        switch (choice) {
        case 'p':
            is_good = read_number("port", optarg, 0, 65535, &number);
            out->port = (int)number;
            break;
        case 'c':
            is_good = read_number("control-port", optarg, 0, 65535, &number);
            out->control_port = (int)number;
            break;
        case 'i':
            is_good = read_number("interval", optarg, 1, 3600000, &number);
            out->interval_ms = (unsigned)number;
            break;
        case 'm':
            is_good = read_misbehaviour(optarg, &out->misbehave);
            break;
        case 'l':
            out->is_listing = true;
            break;
        default:
            is_good = false;
        }
        if (!is_good) return false;
    }
    if (optind == argc) return true;
    fprintf(stderr, "peer_lws_gateway: unexpected argument '%s'\n", argv[optind]);
    return false;
}

static struct lws_vhost *listen_on(struct lws_context *context, const char *name, int port,
                                   const struct lws_protocols *protocols) {
    struct lws_context_creation_info info = {0};
    info.vhost_name = name;
    info.port = port;
    info.iface = HOST;
    info.protocols = protocols;
    struct lws_vhost *vhost = lws_create_vhost(context, &info);
    if (!vhost) fprintf(stderr, "peer_lws_gateway: cannot listen on " HOST ":%d\n", port);
    return vhost;
}

static int serve(const options *chosen) {
    peer_gateway gateway = {.interval_ms = chosen->interval_ms};
    if (!peer_rooms_init(&gateway.rooms, chosen->misbehave, peer_gateway_output())) return 4;
    const struct lws_protocols gateway_protocols[] = {
        {.name = "gateway",
         .callback = peer_gateway_callback,
         .per_session_data_size = peer_gateway_connection_bytes,
         .user = &gateway},
        {0},
    };
    const struct lws_protocols control_protocols[] = {
        {.name = "control",
         .callback = peer_control_callback,
         .per_session_data_size = peer_control_request_bytes,
         .user = &gateway.rooms},
        {0},
    };
    struct lws_context_creation_info info = {0};
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    struct lws_context *context = lws_create_context(&info);
    int exit_code = 2;
    if (!context) {
        fprintf(stderr, "peer_lws_gateway: libwebsockets gave no context\n");
        goto cleanup;
    }
    struct lws_vhost *ws = listen_on(context, "gateway", chosen->port, gateway_protocols);
    struct lws_vhost *control = ws ? listen_on(context, "control", chosen->control_port, control_protocols) : NULL;
    if (!control) goto cleanup;

    context_to_wake = context;
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    printf("ready ws=ws://" HOST ":%d" PEER_GATEWAY_PATH " control=http://" HOST ":%d\n", lws_get_vhost_listen_port(ws),
           lws_get_vhost_listen_port(control));
    fflush(stdout);
    exit_code = 0;
    while (!is_stopped && !exit_code) {
        if (lws_service(context, 0) < 0) exit_code = 4;
    }

cleanup:
    if (context) lws_context_destroy(context);
    peer_rooms_deinit(&gateway.rooms);
    return exit_code;
}

int main(int argc, char **argv) {
    options chosen;
    if (!read_options(argc, argv, &chosen)) return 2;
    if (chosen.is_listing) {
        for (size_t i = 0; i < MISBEHAVIOURS; i++)
            printf("%s %s\n", misbehaviours[i].name, misbehaviours[i].requirement);
        return 0;
    }
    /* Warnings would tell of every broken frame that the tester sends. */
    lws_set_log_level(LLL_ERR, NULL);
    return serve(&chosen);
}
