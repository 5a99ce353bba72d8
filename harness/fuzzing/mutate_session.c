/* Floor 3: changes of a session script, step by step. */
#include "fuzzing/mutate_internal.h"
#include "fuzzing/script.h"

#include <string.h>

enum { MAX_WORK = 1024 /* bytes of one step's payload that is changed */ };

/* A script being changed, with room for the payload of one new step. */
typedef struct work {
    gw_edit *edit;
    const gw_mutate_config *config;
    gw_script *script;
    uint8_t *payload; /* MAX_WORK */
} work;

typedef bool step_op(work *w);

/* Opens a gap before step `at`. */
static bool open_gap(gw_script *script, size_t at) {
    if (script->count == GW_SCRIPT_MAX_STEPS) return false;
    memmove(&script->steps[at + 1], &script->steps[at], (script->count - at) * sizeof script->steps[0]);
    script->count++;
    return true;
}

static void close_gap(gw_script *script, size_t at) {
    script->count--;
    memmove(&script->steps[at], &script->steps[at + 1], (script->count - at) * sizeof script->steps[0]);
}

static gw_script_step *any_step(work *w) {
    return w->script->count ? &w->script->steps[gw_edit_below(w->edit, w->script->count)] : NULL;
}

static uint8_t any_conn(work *w) {
    return (uint8_t)(gw_edit_once_in(w->edit, 4) ? gw_edit_below(w->edit, GW_SCRIPT_CONNS) : 0);
}

/* ---- New steps ---- */

static gw_span packet_payload(work *w) {
    gw_edit inner = {w->payload, 0, MAX_WORK, w->edit->rng};
    gw_edit_splice(&inner, 0, 0,
                   gw_mutate_word(w->edit, w->config->vocabulary->packets, w->config->vocabulary->packet_count));
    for (size_t n = gw_edit_below(w->edit, 3); n-- > 0;) gw_mutate_packet(&inner, w->config);
    return gw_span_make(inner.data, inner.size);
}

static gw_span frame_payload(work *w, uint8_t opcode) {
    if (opcode == GW_FRAME_TEXT) return packet_payload(w);
    size_t n = gw_edit_once_in(w->edit, 4) ? 120 + gw_edit_below(w->edit, 12) : gw_edit_below(w->edit, 8);
    memset(w->payload, 'p', n);
    if (opcode == GW_FRAME_CLOSE && n >= 2) {
        uint16_t code = gw_vocabulary_close_codes[gw_edit_below(w->edit, gw_vocabulary_close_code_count)];
        w->payload[0] = (uint8_t)(code >> 8);
        w->payload[1] = (uint8_t)code;
    }
    return gw_span_make(w->payload, n);
}

static gw_script_step new_frame(work *w) {
    static const uint8_t heads[] = {0x81, 0x01, 0x00, 0x80, 0x82, 0x02, 0x88, 0x89, 0x8a, 0x09, 0xc1, 0x83, 0x8b};
    gw_script_step step = {.op = GW_SCRIPT_FRAME};
    step.a = heads[gw_edit_below(w->edit, sizeof heads)];
    step.b = gw_edit_once_in(w->edit, 3) ? (uint8_t)gw_rng_next(w->edit->rng) : 0;
    step.bytes = frame_payload(w, step.a & 0x0f);
    return step;
}

static gw_script_step new_step(work *w) {
    static const uint8_t ops[] = {
        GW_SCRIPT_OPEN,    GW_SCRIPT_OPEN,    GW_SCRIPT_UPGRADE, GW_SCRIPT_RAW,   GW_SCRIPT_FRAME, GW_SCRIPT_FRAME,
        GW_SCRIPT_FRAME,   GW_SCRIPT_PACKET,  GW_SCRIPT_PACKET,  GW_SCRIPT_EVENT, GW_SCRIPT_EVENT, GW_SCRIPT_EVENT,
        GW_SCRIPT_ADVANCE, GW_SCRIPT_ADVANCE, GW_SCRIPT_ADVANCE, GW_SCRIPT_CHUNK, GW_SCRIPT_READ,  GW_SCRIPT_EOF,
        GW_SCRIPT_RST,     GW_SCRIPT_CONTROL, GW_SCRIPT_AGAIN};
    gw_script_step step = {.op = ops[gw_edit_below(w->edit, sizeof ops)]};
    switch (step.op) {
    case GW_SCRIPT_OPEN:
        step.flags = !gw_edit_once_in(w->edit, 4);
        break;
    case GW_SCRIPT_UPGRADE:
        step.a = (uint8_t)(gw_edit_once_in(w->edit, 2) ? 0 : gw_edit_below(w->edit, 32));
        break;
    case GW_SCRIPT_RAW: {
        gw_edit inner = {w->payload, 0, MAX_WORK, w->edit->rng};
        gw_mutate_frames(&inner, w->config);
        step.bytes = gw_span_make(inner.data, inner.size);
        break;
    }
    case GW_SCRIPT_FRAME:
        step = new_frame(w);
        break;
    case GW_SCRIPT_PACKET:
        step.flags = (uint8_t)(gw_edit_once_in(w->edit, 4) ? gw_edit_below(w->edit, 4) : 0);
        step.bytes = packet_payload(w);
        break;
    case GW_SCRIPT_EVENT:
        step.a =
            (uint8_t)(gw_edit_once_in(w->edit, 2) ? 1 : gw_edit_below(w->edit, w->config->vocabulary->packet_count));
        break;
    case GW_SCRIPT_ADVANCE:
        step.a = (uint8_t)gw_edit_below(w->edit, GW_SCRIPT_TIME_COUNT);
        step.b = (uint8_t)gw_edit_below(w->edit, gw_edit_once_in(w->edit, 4) ? 256 : 20);
        break;
    case GW_SCRIPT_CONTROL:
        step.a = (uint8_t)gw_edit_below(w->edit, GW_SCRIPT_CONTROL_COUNT);
        step.b = (uint8_t)gw_edit_below(w->edit, 8);
        break;
    default:
        step.a = (uint8_t)gw_edit_below(w->edit, gw_edit_once_in(w->edit, 8) ? 256 : 8);
        break;
    }
    step.conn = any_conn(w);
    return step;
}

static bool insert_step(work *w) {
    size_t at = gw_edit_once_in(w->edit, 2) ? w->script->count : gw_edit_below(w->edit, w->script->count + 1);
    if (!open_gap(w->script, at)) return false;
    w->script->steps[at] = new_step(w);
    return true;
}

/* Time, a packet, time, at the end: more than an interval together as a rule, each less than one. What counts as a
 * heartbeat shows only there. */
static bool append_beat(work *w) {
    gw_script_step steps[] = {{.op = GW_SCRIPT_ADVANCE, .a = GW_SCRIPT_SIXTEENTHS},
                              {.op = GW_SCRIPT_EVENT},
                              {.op = GW_SCRIPT_ADVANCE, .a = GW_SCRIPT_SIXTEENTHS}};
    if (w->script->count + GW_MUTATE_COUNT(steps) > GW_SCRIPT_MAX_STEPS) return false;
    steps[0].b = (uint8_t)(8 + gw_edit_below(w->edit, 8));
    steps[1].a = (uint8_t)gw_edit_below(w->edit, w->config->vocabulary->packet_count);
    steps[2].b = (uint8_t)(8 + gw_edit_below(w->edit, 8));
    for (size_t i = 0; i < GW_MUTATE_COUNT(steps); i++) w->script->steps[w->script->count++] = steps[i];
    return true;
}

/* ---- Steps that are there ---- */

static bool delete_step(work *w) {
    if (w->script->count < 2) return false;
    close_gap(w->script, gw_edit_below(w->edit, w->script->count));
    return true;
}

static bool duplicate_step(work *w) {
    if (!w->script->count) return false;
    gw_script_step step = *any_step(w);
    size_t at = gw_edit_below(w->edit, w->script->count + 1);
    if (!open_gap(w->script, at)) return false;
    w->script->steps[at] = step;
    return true;
}

static bool swap_steps(work *w) {
    if (w->script->count < 2) return false;
    gw_script_step *a = any_step(w), *b = any_step(w), kept = *a;
    *a = *b;
    *b = kept;
    return true;
}

static bool change_argument(work *w) {
    gw_script_step *step = any_step(w);
    if (!step) return false;
    uint8_t value = (uint8_t)(gw_edit_once_in(w->edit, 2) ? gw_edit_below(w->edit, 16) : gw_rng_next(w->edit->rng));
    switch (gw_edit_below(w->edit, 4)) {
    case 0:
        step->a = value;
        break;
    case 1:
        step->b = value;
        break;
    case 2:
        step->flags = value & 3;
        break;
    default:
        step->conn = value % GW_SCRIPT_CONNS;
        break;
    }
    return true;
}

static bool change_config(work *w) {
    w->script->config = (uint8_t)gw_rng_next(w->edit->rng);
    return true;
}

static bool change_step_bytes(work *w) {
    gw_script_step *step = any_step(w);
    if (!step || (step->op != GW_SCRIPT_RAW && step->op != GW_SCRIPT_FRAME && step->op != GW_SCRIPT_PACKET &&
                  step->op != GW_SCRIPT_CONTROL))
        return false;
    if (step->bytes.len > MAX_WORK) return false;
    gw_edit inner = {w->payload, step->bytes.len, MAX_WORK, w->edit->rng};
    if (inner.size) memcpy(inner.data, step->bytes.ptr, inner.size);
    bool text = step->op != GW_SCRIPT_RAW && (step->op != GW_SCRIPT_FRAME || (step->a & 0x0f) == GW_FRAME_TEXT);
    if (gw_edit_once_in(w->edit, 4))
        gw_mutate_blind(&inner, w->config);
    else if (text)
        gw_mutate_packet(&inner, w->config);
    else
        gw_mutate_frames(&inner, w->config);
    step->bytes = gw_span_make(inner.data, inner.size);
    return true;
}

bool gw_mutate_session(gw_edit *edit, const gw_mutate_config *config) {
    static step_op *const ops[] = {insert_step,       insert_step,       insert_step,     delete_step,
                                   duplicate_step,    swap_steps,        change_argument, change_argument,
                                   change_step_bytes, change_step_bytes, change_config,   append_beat};
    uint8_t payload[MAX_WORK], out[GW_SCRIPT_MAX_ENCODED];
    gw_script script;
    work w = {edit, config, &script, payload};
    gw_script_decode(gw_span_make(edit->data, edit->size), &script);
    bool done = false;
    for (int tries = 0; tries < 8 && !done; tries++) done = ops[gw_edit_below(edit, GW_MUTATE_COUNT(ops))](&w);
    if (!done) return false;
    size_t len = gw_script_encode(&script, out, edit->max < sizeof out ? edit->max : sizeof out);
    return len > 0 && gw_edit_splice(edit, 0, edit->size, gw_span_make(out, len));
}

/* The first steps of one, the last of the other. */
size_t gw_mutate_cross_session(gw_span a, gw_span b, gw_edit *out) {
    gw_script script, other;
    gw_script_decode(a, &script);
    gw_script_decode(b, &other);
    size_t kept = gw_edit_below(out, script.count + 1), from = gw_edit_below(out, other.count + 1);
    script.count = kept;
    while (from < other.count && script.count < GW_SCRIPT_MAX_STEPS) script.steps[script.count++] = other.steps[from++];
    out->size = gw_script_encode(&script, out->data, out->max);
    return out->size;
}
