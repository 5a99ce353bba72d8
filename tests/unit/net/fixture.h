/* A client and a server end on one loop, each noting what happens to it. Test support of the net tests. */
#ifndef GW_TESTS_NET_FIXTURE_H
#define GW_TESTS_NET_FIXTURE_H

#include "net/listener.h"
#include "net/stream.h"

#include <check.h>

enum { NOTED_READS = 256, NOTED_ENDS = 4 };

typedef struct noted_end {
    gw_stream_end_kind kind;
    gw_ns at_ns;
    char error[GW_ERROR_MAX];
} noted_end;

/* One end of a connection and its history. */
typedef struct side {
    gw_stream *stream;
    bool opened, drained;
    gw_buf bytes; /* all that came */
    size_t reads;
    gw_stream_read read[NOTED_READS]; /* without their data */
    size_t ends;
    noted_end end[NOTED_ENDS];
    bool destroy_on_read, destroy_on_end, destroy_on_open, destroy_on_drain, echo;
} side;

typedef struct fixture {
    gw_loop *loop;
    gw_listener *listener;
    gw_address address; /* where the listener is */
    side client, server;
    size_t accepts, accept_fails;
    char accept_error[GW_ERROR_MAX];
    bool pause_server;
} fixture;

void fixture_init(fixture *f);
void fixture_deinit(fixture *f);
/* Listens on host (any port). */
void fixture_listen(fixture *f, const char *host, const gw_stream_options *options);
void fixture_listen_at(fixture *f, const gw_address *address, const gw_stream_options *options);
/* Connects the client side to where the listener is. */
void fixture_connect(fixture *f, const gw_stream_options *options);
/* listen, connect, wait until both ends are open; plain, 127.0.0.1. */
void fixture_pair(fixture *f);

/* Turns the loop until `condition` holds; fails the test after ten seconds. */
#define WAIT_FOR(f, condition)                                                                                         \
    do {                                                                                                               \
        gw_ns wait_deadline = gw_clock_now() + 10 * GW_S;                                                              \
        while (!(condition)) {                                                                                         \
            ck_assert_msg(gw_clock_now() < wait_deadline, "never came: %s", #condition);                               \
            ck_assert_int_eq(gw_loop_turn((f)->loop, wait_deadline), GW_OK);                                           \
        }                                                                                                              \
    } while (0)

#endif
