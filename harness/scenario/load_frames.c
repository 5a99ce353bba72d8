/* Floor 3: payloads and frames of a scenario, and the steps that send them. Knows which of them no well-behaved client
 * sends, so that the canary follows; encodes nothing. */
#include "scenario/load_common.h"

#include "wire/close.h"
#include "wire/frame.h"

#include <string.h>

/* ---- Payload ---- */

static void read_event(loader *l, const gw_doc_node *node, void *at) {
    const gw_event *event = load_event(l, node, gw_role_other(l->scenario->role));
    *(const char **)at = event ? event->name : node->text;
}

static void read_json(loader *l, const gw_doc_node *node, void *at) {
    *(const cJSON **)at = load_template(l, node, LOAD_NUMBERS_RAW);
}

static void read_data(loader *l, const gw_doc_node *node, void *at) {
    gw_payload *payload = at;
    if (node->kind == GW_DOC_STRING && strcmp(node->text, "absent") == 0)
        payload->data_absent = true;
    else
        payload->data = load_template(l, node, LOAD_NUMBERS_RAW);
}

static void read_extra(loader *l, const gw_doc_node *node, void *at) {
    if (gw_doc_expect_kind(l->diag, node, GW_DOC_MAP, "extra")) read_json(l, node, at);
}

static void read_text(loader *l, const gw_doc_node *node, void *at) {
    gw_payload *payload = at;
    payload->text = load_run_text(l, node, &payload->text_len);
}

static void read_hex(loader *l, const gw_doc_node *node, void *at) {
    gw_payload *payload = at;
    payload->hex = load_hex(l, node, &payload->hex_len);
}

static void read_slice(loader *l, const gw_doc_node *node, void *at) {
    gw_payload *payload = at;
    if (node->kind != GW_DOC_SEQ || node->count != 2) {
        gw_doc_error(l->diag, node, "slice takes [from, to], bytes of the payload");
        return;
    }
    load_number(l, node->first, &payload->slice_from);
    load_number(l, node->first->next, &payload->slice_to);
    payload->has_slice = true;
    if (payload->slice_from > payload->slice_to) gw_doc_error(l->diag, node, "slice ends before it begins");
}

static void read_code(loader *l, const gw_doc_node *node, void *at) {
    gw_payload *payload = at;
    uint32_t code = 0;
    load_number(l, node, &code);
    if (code > UINT16_MAX) gw_doc_error(l->diag, node, "a close code has 16 bits: 0 to 65535");
    payload->code = (uint16_t)code;
    payload->has_code = true;
}

static void read_pad(loader *l, const gw_doc_node *node, void *at) {
    load_u64(l, node, at);
    uint64_t bytes = *(uint64_t *)at;
    if (bytes > l->longest) l->longest = bytes;
    if (bytes <= LOAD_MAX_BYTES) return;
    gw_doc_error(l->diag, node, "%s is at most %d bytes", node->key, LOAD_MAX_BYTES);
}

/* base: gw_payload */
static const load_field content_fields[] = {
    {"event", read_event, offsetof(gw_payload, event), false},
    {"json", read_json, offsetof(gw_payload, json), false},
    {"text", read_text, 0, false},
    {"hex", read_hex, 0, false},
    {"data", read_data, 0, false},
    {"id", read_json, offsetof(gw_payload, id), false},
    {"extra", read_extra, offsetof(gw_payload, extra), false},
    {"repeat", load_count, offsetof(gw_payload, repeat), false},
    {"pad-to", read_pad, offsetof(gw_payload, pad_to), false},
};
static const load_field raw_fields[] = {
    {"text", read_text, 0, false},
    {"hex", read_hex, 0, false},
    {"repeat", load_count, offsetof(gw_payload, repeat), false},
};
static const load_field frame_content_fields[] = {
    {"slice", read_slice, 0, false},
    {"code", read_code, 0, false},
    {"reason", load_text, offsetof(gw_payload, reason), false},
};

static void need(loader *l, const gw_doc_node *map, const char *key, const char *other) {
    const gw_doc_node *node = gw_doc_get(map, key);
    if (node) gw_diag_error(l->diag, gw_doc_key_place(node), "'%s' goes with '%s'", key, other);
}

/* What fits together; how many of the contents are there. */
static unsigned check_payload(loader *l, const gw_doc_node *map, const gw_payload *p) {
    static const char *const contents[] = {"event", "json", "text", "hex"};
    const gw_doc_node *first = NULL;
    unsigned count = 0;
    for (size_t i = 0; i < LOAD_COUNT(contents); i++) {
        const gw_doc_node *node = gw_doc_get(map, contents[i]);
        if (!node) continue;
        if (first)
            gw_diag_error(l->diag, gw_doc_key_place(node), "either '%s' or '%s', not both", first->key, node->key);
        else
            first = node;
        count++;
    }
    if (!gw_doc_get(map, "event")) {
        need(l, map, "data", "event");
        need(l, map, "id", "event");
        need(l, map, "extra", "event");
    }
    if (!gw_doc_get(map, "code")) need(l, map, "reason", "code");
    const gw_doc_node *code = gw_doc_get(map, "code");
    if (code && (gw_doc_get(map, "event") || gw_doc_get(map, "json")))
        gw_diag_error(l->diag, gw_doc_key_place(code),
                      "'code' begins a Close payload; it goes with reason, text or hex");
    if (code && gw_doc_get(map, "reason") && count) need(l, map, "reason", "code alone");
    if (!gw_doc_get(map, "event") && !gw_doc_get(map, "json")) need(l, map, "pad-to", "event' or 'json");
    if ((uint64_t)(p->text_len + p->hex_len) * p->repeat > LOAD_MAX_BYTES)
        gw_doc_error(l->diag, gw_doc_get(map, "repeat"), "repeated, the payload is larger than %d bytes",
                     LOAD_MAX_BYTES);
    return count;
}

/* ---- Frame ---- */

static void read_opcode(loader *l, const gw_doc_node *node, void *at) {
    static const char *const names[] = {"continuation", "text", "binary", "close", "ping", "pong"};
    bool text = node->kind == GW_DOC_STRING || node->kind == GW_DOC_INT;
    int opcode = text ? gw_frame_opcode_parse(gw_span_make(node->text, node->text_len)) : -1;
    if (opcode >= 0) {
        *(uint8_t *)at = (uint8_t)opcode;
        return;
    }
    const char *guess = text ? gw_diag_suggest(gw_span_cstr(node->text), names, LOAD_COUNT(names)) : NULL;
    gw_doc_error(l->diag, node, "opcode is continuation, text, binary, close, ping, pong or 0 to 15%s%s%s",
                 guess ? " (did you mean '" : "", guess ? guess : "", guess ? "'?)" : "");
}

static void read_rsv(loader *l, const gw_doc_node *node, void *at) {
    bool bit = false;
    load_bit(l, node, &bit);
    uint8_t value = (uint8_t)(node->key[3] == '1'   ? GW_FRAME_RSV1
                              : node->key[3] == '2' ? GW_FRAME_RSV2
                                                    : GW_FRAME_RSV3);
    if (bit) *(uint8_t *)at |= value;
}

static void read_mask(loader *l, const gw_doc_node *node, void *at) {
    gw_frame_spec *frame = at;
    if (node->kind == GW_DOC_BOOL) {
        frame->mask = node->boolean ? GW_MASK_RANDOM : GW_MASK_OFF;
        return;
    }
    size_t len = 0;
    bool digits = node->kind != GW_DOC_NULL && node->kind < GW_DOC_SEQ && node->text_len == 8 &&
                  strspn(node->text, "0123456789abcdefABCDEF") == 8;
    const uint8_t *key = digits ? load_hex(l, node, &len) : NULL;
    if (len != sizeof frame->key) {
        gw_doc_error(l->diag, node, "mask is true, false or a key of 8 hex digits such as \"00000000\"");
        return;
    }
    memcpy(frame->key, key, len);
    frame->mask = GW_MASK_KEY;
}

static void read_length_form(loader *l, const gw_doc_node *node, void *at) {
    if (node->kind == GW_DOC_INT && (node->integer == 7 || node->integer == 16 || node->integer == 64))
        *(uint8_t *)at = (uint8_t)node->integer;
    else
        gw_doc_error(l->diag, node, "length-form is 7, 16 or 64 bits");
}

static void read_declared(loader *l, const gw_doc_node *node, void *at) {
    gw_frame_spec *frame = at;
    load_u64(l, node, &frame->declared_length);
    frame->has_declared_length = true;
}

/* base: gw_frame_spec */
static const load_field header_fields[] = {
    {"opcode", read_opcode, offsetof(gw_frame_spec, opcode), false},
    {"fin", load_bit, offsetof(gw_frame_spec, fin), false},
    {"rsv1", read_rsv, offsetof(gw_frame_spec, rsv), false},
    {"rsv2", read_rsv, offsetof(gw_frame_spec, rsv), false},
    {"rsv3", read_rsv, offsetof(gw_frame_spec, rsv), false},
    {"mask", read_mask, 0, false},
    {"length-form", read_length_form, offsetof(gw_frame_spec, length_form), false},
    {"declared-length", read_declared, 0, false},
};
static const load_field fragment_fields[] = {
    {"fragment", load_count, offsetof(gw_frame_spec, fragment), false},
    {"empty-fragments", load_bool, offsetof(gw_frame_spec, empty_fragments), false},
};

static uint8_t usual_opcode(const loader *l, const gw_payload *p) {
    if (p->has_code) return GW_FRAME_CLOSE;
    if (p->hex) return GW_FRAME_BINARY;
    return (p->event || p->json) && l->protocol->envelope.binary ? GW_FRAME_BINARY : GW_FRAME_TEXT;
}

/* Clients mask, servers do not. */
static gw_frame_spec new_frame(const loader *l) {
    return (gw_frame_spec){.fin = true,
                           .mask = l->scenario->role == GW_ROLE_SERVER ? GW_MASK_RANDOM : GW_MASK_OFF,
                           .payload = {.repeat = 1}};
}

/* ---- What no well-behaved side sends ---- */

static bool is_odd_control(const loader *l, const gw_frame_spec *f) {
    const gw_payload *p = &f->payload;
    size_t literal =
        (p->text_len + p->hex_len) * p->repeat + (p->has_code ? 2 : 0) + (p->reason ? strlen(p->reason) : 0);
    if (!f->fin || literal > GW_FRAME_MAX_CONTROL) return true;
    if (f->opcode != GW_FRAME_CLOSE) return false;
    return p->text || p->hex || p->event || p->json ||
           (p->has_code && !gw_close_code_is_sendable(p->code, l->scenario->role == GW_ROLE_CLIENT));
}

static bool is_odd_data(const loader *l, const gw_frame_spec *f) {
    const gw_payload *p = &f->payload;
    const gw_event *event = p->event ? gw_protocol_event(l->protocol, gw_span_cstr(p->event)) : NULL;
    if (p->json || p->text || p->hex || p->id || p->extra || p->data_absent || p->repeat > 1) return true;
    if (event && !(event->from & (l->scenario->role == GW_ROLE_SERVER ? GW_FROM_CLIENT : GW_FROM_SERVER))) return true;
    if (event && event->data && p->data && gw_schema_check(event->data, p->data, GW_SCHEMA_EXTRA_DENY, NULL, NULL) > 0)
        return true;
    if (f->opcode == GW_FRAME_CONTINUATION) return false;
    bool binary = f->opcode == GW_FRAME_BINARY;
    return binary != l->protocol->envelope.binary || (!event && f->fin);
}

/* The order of fragments (RFC 6455 section 5.4) on each client of the step. */
static bool is_out_of_order(loader *l, const gw_frame_spec *f, const gw_step *step) {
    bool odd = false;
    for (uint8_t i = 0; i < step->on_count; i++) {
        bool *open = &l->state[step->on[i]].in_message;
        odd |= *open != (f->opcode == GW_FRAME_CONTINUATION);
        *open = !f->fin;
    }
    return odd;
}

static void note_frame(loader *l, const gw_frame_spec *f, const gw_step *step) {
    bool control = gw_frame_is_control(f->opcode);
    bool server = l->scenario->role == GW_ROLE_CLIENT, masked = f->mask != GW_MASK_OFF;
    if (f->rsv || masked == server || f->length_form || f->has_declared_length || gw_frame_is_reserved(f->opcode))
        l->illegal = true;
    else if (control)
        l->illegal |= is_odd_control(l, f);
    else {
        l->illegal |= is_odd_data(l, f);
        l->illegal |= is_out_of_order(l, f, step);
    }
}

/* ---- Bodies ---- */

static void finish_frame(loader *l, const gw_doc_node *map, gw_frame_spec *frame, const gw_step *step) {
    check_payload(l, map, &frame->payload);
    if (!gw_doc_get(map, "opcode")) frame->opcode = usual_opcode(l, &frame->payload);
    if (frame->payload.has_code && frame->opcode != GW_FRAME_CLOSE) need(l, map, "code", "opcode: close");
    note_frame(l, frame, step);
}

const gw_frame_spec *load_frame_list(loader *l, const gw_doc_node *list, const gw_step *step, size_t *count) {
    *count = 0;
    if (!gw_doc_expect_kind(l->diag, list, GW_DOC_SEQ, list->key)) return NULL;
    if (list->count == 0) gw_doc_error(l->diag, list, "%s is empty", list->key);
    gw_frame_spec *frames = GW_ARENA_ARRAY(l->arena, gw_frame_spec, list->count);
    for (const gw_doc_node *n = list->first; n; n = n->next) {
        gw_frame_spec *frame = &frames[(*count)++];
        *frame = new_frame(l);
        const load_group groups[] = {LOAD_GROUP(header_fields, frame), LOAD_GROUP(content_fields, &frame->payload),
                                     LOAD_GROUP(frame_content_fields, &frame->payload),
                                     LOAD_GROUP(fragment_fields, frame)};
        if (load_fields(l, n, "a frame", groups, LOAD_COUNT(groups))) finish_frame(l, n, frame, step);
    }
    return frames;
}

/* ---- Steps ---- */

static void check_pacing(loader *l, const gw_doc_node *map, const gw_pacing *p) {
    if (gw_doc_get(map, "every") && !gw_doc_get(map, "times")) need(l, map, "every", "times");
    if (p->times == 0 && (!p->background || !p->every))
        gw_doc_error(l->diag, gw_doc_get(map, "times"),
                     "times: 0 (until the end) goes with every and background: true");
    if (p->pause && !p->chop && !gw_doc_get(map, "fragment")) need(l, map, "pause", "chop' or 'fragment");
}

void load_send(loader *l, const gw_doc_node *map, gw_step *step) {
    gw_frame_spec *frame = GW_ARENA_NEW(l->arena, gw_frame_spec);
    *frame = new_frame(l);
    step->as.send.frames = frame;
    step->as.send.frame_count = 1;
    step->as.send.pacing.times = 1;
    const load_group groups[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(content_fields, &frame->payload),
                                 LOAD_GROUP(fragment_fields, frame),
                                 LOAD_GROUP(load_pacing_fields, &step->as.send.pacing)};
    if (!load_fields(l, map, "send", groups, LOAD_COUNT(groups))) return;
    if (check_payload(l, map, &frame->payload) == 0) gw_doc_error(l->diag, map, "send needs event, json, text or hex");
    frame->opcode = usual_opcode(l, &frame->payload);
    check_pacing(l, map, &step->as.send.pacing);
    note_frame(l, frame, step);
}

/* Either one frame in the step itself, or several under `frames`. */
static void load_frames_key(loader *l, const gw_doc_node *map, gw_step *step) {
    static const load_field fields[] = {{"frames", load_skip, 0, true}};
    const load_group groups[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(fields, step),
                                 LOAD_GROUP(load_pacing_fields, &step->as.send.pacing)};
    if (!load_fields(l, map, "send-frame with frames", groups, LOAD_COUNT(groups))) return;
    step->as.send.frames = load_frame_list(l, gw_doc_get(map, "frames"), step, &step->as.send.frame_count);
    check_pacing(l, map, &step->as.send.pacing);
}

void load_send_frame(loader *l, const gw_doc_node *map, gw_step *step) {
    step->as.send.pacing.times = 1;
    if (gw_doc_get(map, "frames")) {
        load_frames_key(l, map, step);
        return;
    }
    gw_frame_spec *frame = GW_ARENA_NEW(l->arena, gw_frame_spec);
    *frame = new_frame(l);
    step->as.send.frames = frame;
    step->as.send.frame_count = 1;
    const load_group groups[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(header_fields, frame),
                                 LOAD_GROUP(content_fields, &frame->payload),
                                 LOAD_GROUP(frame_content_fields, &frame->payload),
                                 LOAD_GROUP(load_pacing_fields, &step->as.send.pacing)};
    if (!load_fields(l, map, "send-frame", groups, LOAD_COUNT(groups))) return;
    check_pacing(l, map, &step->as.send.pacing);
    finish_frame(l, map, frame, step);
}

void load_send_bytes(loader *l, const gw_doc_node *map, gw_step *step) {
    gw_payload *payload = &step->as.bytes.payload;
    payload->repeat = 1;
    step->as.bytes.pacing.times = 1;
    const load_group groups[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(raw_fields, payload),
                                 LOAD_GROUP(load_pacing_fields, &step->as.bytes.pacing)};
    if (!load_fields(l, map, "send-bytes", groups, LOAD_COUNT(groups))) return;
    if (check_payload(l, map, payload) == 0) gw_doc_error(l->diag, map, "send-bytes needs hex or text");
    check_pacing(l, map, &step->as.bytes.pacing);
    l->illegal = true;
}

/* `close` is a send-frame of opcode close. */
void load_close(loader *l, const gw_doc_node *map, gw_step *step) {
    static const load_field fields[] = {{"code", read_code, 0, false},
                                        {"reason", load_text, offsetof(gw_payload, reason), false}};
    gw_frame_spec *frame = GW_ARENA_NEW(l->arena, gw_frame_spec);
    *frame = new_frame(l);
    frame->opcode = GW_FRAME_CLOSE;
    step->as.send.frames = frame;
    step->as.send.frame_count = 1;
    step->as.send.pacing.times = 1;
    const load_group groups[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(fields, &frame->payload)};
    if (!load_fields(l, map, "close", groups, LOAD_COUNT(groups))) return;
    check_payload(l, map, &frame->payload);
    note_frame(l, frame, step);
}
