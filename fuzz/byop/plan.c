/* A session script as bytes and moments for one parser: connections are one, what has no meaning for a parser is
 * skipped. */
#include "byop.h"

#include "fuzzing/vocabulary.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 4096, MAX_TEXTS_AGAIN = 15 };

typedef struct maker {
    gw_byop_plan *plan;
    gw_byop_oracle *oracle;
    bool messages; /* the parser takes messages */
    size_t chunk;
    uint64_t now_ms;
    bool ended, failed;
} maker;

static gw_byop_step *add_step(maker *m) {
    gw_byop_plan *plan = m->plan;
    if (plan->count == MAX_STEPS) {
        m->ended = true;
        return NULL;
    }
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity ? plan->capacity * 2 : 64;
        gw_byop_step *steps = realloc(plan->steps, capacity * sizeof *steps);
        if (!steps) {
            m->failed = m->ended = true;
            return NULL;
        }
        plan->steps = steps;
        plan->capacity = capacity;
    }
    gw_byop_step *step = &plan->steps[plan->count++];
    *step = (gw_byop_step){0};
    return step;
}

/* The bytes that were appended to the stream since it had `from` bytes. */
static void end_bytes(maker *m, size_t from) {
    gw_buf *stream = &m->plan->stream;
    if (stream->error != GW_OK) {
        m->failed = m->failed || stream->error == GW_ERR_NOMEM;
        m->ended = true;
        stream->len = from;
        return;
    }
    size_t len = stream->len - from;
    gw_byop_step *step = len ? add_step(m) : NULL;
    if (!step) return;
    step->len = len;
    step->chunk = m->chunk;
    if (m->messages) {
        gw_byop_oracle_text(m->oracle, gw_span_make(stream->data + from, len), m->now_ms);
        return;
    }
    uint8_t *copy = malloc(len);
    if (!copy) {
        m->failed = m->ended = true;
        return;
    }
    memcpy(copy, stream->data + from, len);
    gw_byop_oracle_feed(m->oracle, copy, len, m->now_ms);
    free(copy);
}

static void put_frame(maker *m, gw_frame frame, gw_span payload) {
    if (m->plan->config.role == GWSPEC_CLIENT) frame.masked = !frame.masked;
    gw_frame_append(&m->plan->stream, &frame, payload);
}

static void put_packet(maker *m, gw_span text, unsigned cuts) {
    gw_script_step as = {.a = 0x80 | GW_FRAME_TEXT};
    size_t from = m->plan->stream.len, done = 0;
    for (unsigned i = 0; i <= cuts && !m->messages; i++) {
        size_t end = i == cuts ? text.len : text.len * (i + 1) / (cuts + 1);
        gw_span part = gw_span_sub(text, done, end - done);
        gw_frame frame = gw_script_frame(&as),
                 sized = gw_frame_make(i ? GW_FRAME_CONTINUATION : GW_FRAME_TEXT, part.len);
        sized.fin = i == cuts;
        sized.masked = frame.masked;
        memcpy(sized.key, frame.key, sizeof sized.key);
        put_frame(m, sized, part);
        done = end;
    }
    if (m->messages) gw_buf_append_span(&m->plan->stream, text);
    end_bytes(m, from);
}

static void advance(maker *m, const gw_script_step *script) {
    uint64_t deadline = m->oracle->deadline, left = deadline > m->now_ms ? deadline - m->now_ms : 0, by = 0;
    switch (script->a % GW_SCRIPT_TIME_COUNT) {
    case GW_SCRIPT_MS:
        by = script->b;
        break;
    case GW_SCRIPT_SECONDS:
        by = script->b * UINT64_C(1000);
        break;
    case GW_SCRIPT_SIXTEENTHS:
        by = script->b * (uint64_t)m->plan->config.heartbeat_interval_ms / 16;
        break;
    case GW_SCRIPT_BEFORE_DEADLINE:
        by = left ? left - 1 : 0;
        break;
    case GW_SCRIPT_AT_DEADLINE:
        by = left;
        break;
    default:
        by = left + 1;
        break;
    }
    gw_byop_step *step = add_step(m);
    if (!step) return;
    m->now_ms += by;
    step->is_tick = true;
    step->now_ms = m->now_ms;
    gw_byop_oracle_tick(m->oracle, m->now_ms);
}

static void take_step(maker *m, const gw_script_step *step) {
    const gw_vocabulary *words = &gw_vocabulary_gateway;
    size_t from = m->plan->stream.len;
    switch (step->op) {
    case GW_SCRIPT_RAW:
        gw_buf_append_span(&m->plan->stream, step->bytes);
        end_bytes(m, from);
        break;
    case GW_SCRIPT_FRAME:
        if (m->messages)
            gw_buf_append_span(&m->plan->stream, step->bytes);
        else
            put_frame(m, gw_script_frame(step), step->bytes);
        end_bytes(m, from);
        break;
    case GW_SCRIPT_PACKET:
        put_packet(m, step->bytes, step->flags);
        break;
    case GW_SCRIPT_EVENT:
        put_packet(m, gw_span_cstr(words->packets[step->a % words->packet_count]), step->flags);
        break;
    case GW_SCRIPT_ADVANCE:
        advance(m, step);
        break;
    case GW_SCRIPT_CHUNK:
        m->chunk = step->a;
        break;
    case GW_SCRIPT_EOF:
    case GW_SCRIPT_RST:
        m->ended = true;
        break;
    default:
        break;
    }
}

bool gw_byop_plan_make(gw_byop_plan *plan, gw_byop_oracle *oracle, const gwspec_parser_api *api, uint32_t known,
                       gw_span input) {
    gw_script script;
    gw_script_decode(input, &script);
    gw_script_server server = gw_script_read_config(script.config);
    uint32_t roles = api->roles ? api->roles : 1u << GWSPEC_SERVER;
    bool client = roles == 1u << GWSPEC_CLIENT || (roles & 1u << GWSPEC_CLIENT && script.config & 0x80);
    *plan = (gw_byop_plan){.config = {.role = client ? GWSPEC_CLIENT : GWSPEC_SERVER,
                                      .max_message_bytes = server.max_message_bytes,
                                      .heartbeat_interval_ms = server.interval_ms}};
    gw_buf_init(&plan->stream, GW_BYOP_MAX_STREAM);
    gw_byop_oracle_init(oracle, api, known, &plan->config);
    maker m = {.plan = plan, .oracle = oracle, .messages = (api->reports & GWSPEC_TAKES_MESSAGES) != 0};
    for (size_t i = 0; i < script.count && !m.ended; i++) {
        const gw_script_step *step = &script.steps[i];
        unsigned times = 1;
        if (step->op == GW_SCRIPT_AGAIN && i) {
            /* The same text more often than that is nothing new, and each is a feed of its own. */
            times = m.messages && step->a > MAX_TEXTS_AGAIN ? MAX_TEXTS_AGAIN : step->a;
            step--;
        }
        while (times-- > 0 && !m.ended) take_step(&m, step);
        if (!oracle->done) plan->lively = i + 2;
    }
    return !m.failed && !oracle->failed;
}

void gw_byop_plan_deinit(gw_byop_plan *plan) {
    gw_buf_deinit(&plan->stream);
    free(plan->steps);
}
