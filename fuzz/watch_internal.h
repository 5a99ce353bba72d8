/* What the two halves of watch.h share. */
#ifndef GW_FUZZ_WATCH_INTERNAL_H
#define GW_FUZZ_WATCH_INTERNAL_H

#include "fuzz.h"
#include "protocol.h"
#include "protocol/packet.h"
#include "watch.h"
#include "wire/close.h"

extern const gw_violation_sink gw_watch_sink;

/* What a message says. It depends on its bytes alone, so messages seen before are not read again. */
typedef struct gw_watch_packet {
    const gw_event *event; /* NULL: none */
    gw_json_verdict verdict;
    bool data_is_object;
    uint64_t hash;  /* gw_watch_event_hash */
    bool conforms;  /* no violation as a message of the server */
    gw_ns interval; /* of a hello, or 0 */
} gw_watch_packet;
/* `sender` GW_ROLE_SERVER: a violation goes to gw_watch_sink. */
gw_watch_packet gw_watch_read_packet(gw_span text, gw_role sender, gw_ns now);
void gw_watch_blame(gw_watch *watch, gw_watch_guilt guilt);
/* FATAL, to be closed with one of these codes (0: no second one). */
void gw_watch_fail(gw_watch *watch, uint16_t code, uint16_t other);
void gw_watch_push(gw_watch_queue *queue, uint64_t item);
/* False when another item, or none, was to come. */
bool gw_watch_pop(gw_watch_queue *queue, uint64_t item);
uint64_t gw_watch_event_hash(int64_t id, gw_span data);
static inline bool gw_watch_is_over(const gw_watch *watch) {
    return watch->closed_at != GW_NEVER || watch->ended_at != GW_NEVER;
}
/* The server's answer to the request is complete: is it the right one? (watch_handshake.c) */
void gw_watch_judge_answer(gw_watch *watch);
/* Are the first bytes of the request, of the answer to it, those of an opening that was judged and found good? Then
 * nothing of it is left to judge. */
bool gw_watch_knows_request(gw_watch *watch);
bool gw_watch_knows_answer(gw_watch *watch);
/* To the heartbeat model, as long as times mean something. */
void gw_watch_tell(gw_watch *watch, gw_heartbeat_input input);

#endif
