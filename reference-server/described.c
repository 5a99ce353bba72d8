/* A described gateway's life: what it announces, its timers. Pure. */
#include "reference-server/described.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gw_described *give_up(gw_described *described, char *error, const gw_event *event, const char *what) {
    if (event)
        snprintf(error, GW_GATEWAY_ERROR_BYTES, "event '%s': %s", event->name, what);
    else
        snprintf(error, GW_GATEWAY_ERROR_BYTES, "%s", what);
    gw_described_destroy(described);
    return NULL;
}

static gw_ns announced(const gw_announced *a, gw_ns wanted) {
    return a->constant ? a->constant : a->field.text ? wanted : 0;
}

/* A time where hello announces it, in its unit. */
static bool announce(cJSON *data, const gw_announced *a, gw_ns time) {
    if (!a->field.text) return true;
    for (size_t i = 0; i + 1 < a->field.count; i++) data = cJSON_GetObjectItemCaseSensitive(data, a->field.keys[i]);
    cJSON *value = cJSON_CreateNumber((double)time / (double)a->unit);
    if (!a->field.count || !cJSON_IsObject(data) || !value) {
        cJSON_Delete(value);
        return false;
    }
    const char *key = a->field.keys[a->field.count - 1];
    return cJSON_HasObjectItem(data, key) ? cJSON_ReplaceItemInObjectCaseSensitive(data, key, value)
                                          : cJSON_AddItemToObject(data, key, value);
}

gw_described *gw_described_create(const gw_protocol *protocol, gw_ns interval_ns, char *error) {
    const gw_heartbeat_rules *h = &protocol->heartbeat;
    static const char no_data[] = "no data that its schema takes can be made up", no_memory[] = "out of memory";
    gw_described *d = calloc(1, sizeof *d);
    if (!d) return give_up(NULL, error, NULL, no_memory);
    d->protocol = protocol;
    if (!h->hello) return give_up(d, error, NULL, "a protocol without a heartbeat section cannot be served");
    d->interval = announced(&h->interval, interval_ns);
    d->timeout = announced(&h->timeout, interval_ns / 2);
    d->env = gw_protocol_env(protocol, GW_ROLE_SERVER, d->interval, d->timeout, 1.0);
    if (!(d->hello = gw_described_sample(h->hello->data))) return give_up(d, error, h->hello, no_data);
    if (!announce(d->hello, &h->interval, d->interval) || !announce(d->hello, &h->timeout, d->timeout))
        return give_up(d, error, h->hello, "its times have no place in its data");
    const gw_event *answer = h->greeting.answer;
    if (answer && answer != h->hello && !(d->greeted = gw_described_sample(answer->data)))
        return give_up(d, error, answer, no_data);
    for (int i = 0; i < GW_REACTION_COUNT && !d->error; i++)
        if (protocol->reactions[i].error) d->error = gw_described_sample(protocol->reactions[i].error->data);
    return d;
}

void gw_described_destroy(gw_described *d) {
    if (!d) return;
    cJSON_Delete(d->hello);
    cJSON_Delete(d->greeted);
    cJSON_Delete(d->error);
    free(d);
}

bool gw_described_admits(const gw_described *d, gw_span query) {
    for (const char *want = d->protocol->query; want && *want; want += strcspn(want, "&"), want += *want == '&') {
        size_t len = strcspn(want, "&");
        bool found = false;
        for (gw_span rest = query; rest.len > 0 && !found;) {
            const uint8_t *amp = memchr(rest.ptr, '&', rest.len);
            size_t own = amp ? (size_t)(amp - rest.ptr) : rest.len;
            found = own == len && memcmp(rest.ptr, want, len) == 0;
            rest = gw_span_from(rest, own + (amp != NULL));
        }
        if (!found) return false;
    }
    return true;
}

/* ---- timers ---- */

/* A time to wait for the client, as the faults have it; beyond it some grace, as the gateway's own has. */
static gw_ns patience(const gw_gateway *gateway, gw_ns time) {
    if (time == GW_NEVER || gw_gateway_has(gateway, GW_FAULT_TIMEOUT_NEVER)) return GW_NEVER;
    if (gw_gateway_has(gateway, GW_FAULT_TIMEOUT_EARLY)) return time * 6 / 10;
    if (gw_gateway_has(gateway, GW_FAULT_TIMEOUT_SLOW)) return time * 16 / 10;
    if (gw_gateway_has(gateway, GW_FAULT_TIMEOUT_LATE)) return time * 3;
    return gw_time_add(time, gateway->grace_ns);
}

/* How long a client may send no beat; GW_NEVER: any time. */
static gw_ns silence(const gw_gateway *gateway) {
    const gw_described *d = gateway->described;
    const gw_heartbeat_rules *h = &d->protocol->heartbeat;
    if (!gw_protocol_drops_silent(d->protocol, GW_ROLE_SERVER)) return GW_NEVER;
    return patience(gateway, h->drop ? gw_expr_eval(h->drop, d->env) : d->interval * h->misses);
}

static gw_ns gap(const gw_gateway *gateway, const gw_expr *every) {
    gw_ns time = gw_expr_eval(every, gateway->described->env);
    if (gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_LATE)) return time + time / 2;
    if (gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_STORM)) return time / 20 > 0 ? time / 20 : 1;
    return time > 0 ? time : 1;
}

static void plan_ask(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    const gw_heartbeat_rules *h = &gateway->described->protocol->heartbeat;
    gw_ns min = gateway->config.ask_min_ns, max = gateway->config.ask_max_ns;
    member->ask_at = GW_NEVER;
    if (max <= 0 || !h->ask || !(h->ask_by & GW_FROM_SERVER)) return;
    member->ask_at = gw_time_add(now, min + (gw_ns)gw_rng_below(&gateway->rng, (uint64_t)(max - min) + 1));
}

void gw_described_begin(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    const gw_heartbeat_rules *h = &gateway->described->protocol->heartbeat;
    const gw_beat *beat = &h->beat[GW_ROLE_SERVER];
    member->hello_sent_at = now;
    member->hello_at = GW_NEVER;
    if (gw_gateway_has(gateway, GW_FAULT_HELLO_TWICE))
        member->hello_at = gw_time_add(now, gateway->described->interval ? gateway->described->interval : GW_S);
    member->expire_at = h->starts == GW_STARTS_AT_BEAT ? GW_NEVER : gw_time_add(now, silence(gateway));
    plan_ask(gateway, member, now);
    if (!beat->send || gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_NEVER)) return;
    gw_ns first = gap(gateway, beat->first ? beat->first : beat->every);
    /* One timer for all: its rounds are the multiples of the interval on the clock. */
    member->beat_at = h->scope_server ? (now / first + 1) * first : gw_time_add(now, first);
}

void gw_described_count(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (member->hello_sent_at == GW_NEVER) return; /* nothing is timed yet */
    if (++member->beats_heard > 1 && gw_gateway_has(gateway, GW_FAULT_COUNTS_FIRST_ONLY)) return;
    member->reprieved = false;
    member->expire_at = gw_time_add(now, silence(gateway));
}

void gw_described_start(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    const gw_greeting *greeting = &gateway->described->protocol->heartbeat.greeting;
    if (greeting->send && !greeting->after_hello) {
        if (greeting->within) member->expire_at = gw_time_add(now, patience(gateway, greeting->within));
    } else if (gw_gateway_has(gateway, GW_FAULT_HELLO_SLOW) || gw_gateway_has(gateway, GW_FAULT_HELLO_LATE)) {
        member->hello_at = gw_time_add(now, gw_gateway_has(gateway, GW_FAULT_HELLO_SLOW) ? 2 * GW_S : 7 * GW_S);
    } else {
        if (!gw_gateway_has(gateway, GW_FAULT_HELLO_NEVER)) gw_described_send_hello(gateway, member);
        gw_described_begin(gateway, member, now);
    }
}

static void on_beat(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    const gw_heartbeat_rules *h = &gateway->described->protocol->heartbeat;
    const gw_beat *beat = &h->beat[GW_ROLE_SERVER];
    const gw_question *question = &h->question[GW_ROLE_SERVER];
    gw_ns every = gap(gateway, beat->every);
    member->beat_at = gw_time_add(member->beat_at, (1 + (now - member->beat_at) / every) * every);
    member->beats_sent++;
    if (member->beats_sent == 3 && gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_SKIPS)) return;
    if (gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_ONCE)) member->beat_at = GW_NEVER;
    if (question->event == beat->send && question->timeout && member->answer_due == GW_NEVER)
        member->answer_due =
            gw_time_add(now, patience(gateway, gw_expr_eval(question->timeout, gateway->described->env)));
    gw_described_send_made(gateway, member, beat->send, beat->data);
}

static void on_expire(gw_gateway *gateway, gw_gateway_member *member) {
    const gw_heartbeat_rules *h = &gateway->described->protocol->heartbeat;
    bool greeted = member->hello_sent_at != GW_NEVER;
    gw_described_close(gateway, member, greeted ? &h->codes : &h->greeting.late, GW_GATEWAY_CLOSE_TIMEOUT,
                       greeted ? "no heartbeat in time" : "no first message in time");
}

void gw_described_on_time(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    gw_ns due = gw_gateway_deadline(member);
    const gw_heartbeat_rules *h = &gateway->described->protocol->heartbeat;
    if (due > now) return;
    if (due == member->hello_at) {
        member->hello_at = GW_NEVER;
        gw_described_send_hello(gateway, member);
        if (member->room && member->hello_sent_at == GW_NEVER) gw_described_begin(gateway, member, now);
    } else if (due == member->beat_at) {
        on_beat(gateway, member, now);
    } else if (due == member->ask_at) {
        plan_ask(gateway, member, now);
        gw_described_send_made(gateway, member, h->ask, h->question[GW_ROLE_SERVER].data);
    } else if (due == member->answer_at) {
        member->answer_at = GW_NEVER;
        gw_gateway_release(gateway, member);
    } else if (!gw_gateway_has_reprieve(gateway, member,
                                        due == member->answer_due ? &member->answer_due : &member->expire_at, now)) {
        on_expire(gateway, member);
    }
}
