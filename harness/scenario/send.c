/* Floor 3: what a scenario says of payloads and frames, as bytes. */
#include "scenario/engine_internal.h"

#include <stdio.h>
#include <string.h>

static bool expand(gw_engine *e, const gw_step *step, const cJSON *template, cJSON **out) {
    gw_status status = GW_OK;
    gw_span missing = {0};
    *out = template ? gw_vars_expand_json(&e->vars, template, &status, &missing) : NULL;
    return !template || *out ? true : judge_missing(e, NULL, step, missing);
}

/* Another form, or other data than the usual. A client's odd data is the business of its scenario; a server's has to be
 * what its description says. */
const gw_event *send_plain_event(const gw_engine *e, const gw_frame_spec *f) {
    const gw_payload *p = &f->payload;
    bool server = engine_role(e) == GW_ROLE_SERVER, masked = f->mask != GW_MASK_OFF;
    const gw_event *event = p->event ? gw_protocol_event(e->config.protocol, gw_span_cstr(p->event)) : NULL;
    bool plain = event && (event->from & (server ? GW_FROM_SERVER : GW_FROM_CLIENT)) && !p->id && !p->extra &&
                 !p->data_absent && !p->has_slice && p->repeat <= 1 &&
                 f->opcode == (e->config.protocol->envelope.binary ? GW_FRAME_BINARY : GW_FRAME_TEXT) && f->fin &&
                 f->rsv == 0 && masked != server && !f->has_declared_length && !f->length_form;
    if (!plain || !p->data) return plain ? event : NULL;
    bool fits =
        server && (!event->data || gw_schema_check(event->data, p->data, GW_SCHEMA_EXTRA_DENY, NULL, NULL) == 0);
    return fits ? event : NULL;
}

bool send_plain_control(const gw_engine *e, const gw_frame_spec *f) {
    bool masked = f->mask != GW_MASK_OFF;
    return (f->opcode == GW_FRAME_PING || f->opcode == GW_FRAME_PONG) && f->fin && f->rsv == 0 &&
           masked == (engine_role(e) == GW_ROLE_CLIENT) && !f->length_form && !f->has_declared_length &&
           f->payload.repeat <= 1 && f->payload.text_len <= GW_FRAME_MAX_CONTROL &&
           f->payload.hex_len <= GW_FRAME_MAX_CONTROL && !f->payload.event;
}

static bool append_event(gw_conn *c, const gw_step *step, const gw_payload *p, gw_buf *out) {
    gw_engine *e = c->engine;
    const gw_protocol *protocol = e->config.protocol;
    const gw_event *event = gw_protocol_event(protocol, gw_span_cstr(p->event));
    cJSON *id = NULL, *data = NULL, *extra = NULL;
    bool ok = expand(e, step, p->id, &id) && expand(e, step, p->data, &data) && expand(e, step, p->extra, &extra);
    bool usual = ok && !p->data && !p->data_absent;
    if (usual) data = client_data(c, event, NULL);
    if (ok) {
        gw_packet_spec spec = {
            .event = event, .id = id, .data = data, .data_absent = p->data_absent || (usual && !data), .extra = extra};
        if (event && event == protocol->heartbeat.hello) server_read_hello(c, data);
        c->echo = gw_heartbeat_echo(protocol, event, data, engine_role(e));
        ok = gw_packet_encode(protocol, &spec, out) == GW_OK;
    }
    cJSON_Delete(id);
    cJSON_Delete(data);
    cJSON_Delete(extra);
    return ok;
}

static bool append_content(gw_conn *c, const gw_step *step, const gw_payload *p, gw_buf *out) {
    gw_engine *e = c->engine;
    if (p->event) return append_event(c, step, p, out);
    if (p->json) {
        cJSON *value = NULL;
        bool ok = expand(e, step, p->json, &value) && gw_packet_append_json(out, value) == GW_OK;
        cJSON_Delete(value);
        return ok;
    }
    if (p->hex) return gw_buf_append(out, p->hex, p->hex_len) == GW_OK;
    if (!p->text) return true;
    gw_span missing = {0};
    if (gw_vars_expand(&e->vars, gw_span_make(p->text, p->text_len), out, &missing) == GW_OK) return true;
    return out->error == GW_OK ? judge_missing(e, NULL, step, missing) : false;
}

static bool append_close(gw_conn *c, const gw_step *step, const gw_payload *p, gw_buf *out) {
    gw_engine *e = c->engine;
    uint8_t code[2] = {(uint8_t)(p->code >> 8), (uint8_t)p->code};
    gw_span missing = {0};
    if (gw_buf_append(out, code, sizeof code) != GW_OK) return false;
    if (!p->reason) return append_content(c, step, p, out);
    if (gw_vars_expand(&e->vars, gw_span_cstr(p->reason), out, &missing) == GW_OK) return true;
    return out->error == GW_OK ? judge_missing(e, NULL, step, missing) : false;
}

/* What was appended since `start`: repeated, padded, cut. */
static bool shape(const gw_payload *payload, gw_buf *out, size_t start) {
    size_t len = out->len - start;
    uint32_t copies = payload->repeat > 1 ? payload->repeat - 1 : 0;
    if (len && copies > out->max / len) return false;
    if (gw_buf_reserve(out, len * copies) != GW_OK) return false;
    for (uint32_t n = 0; n < copies; n++) gw_buf_append(out, out->data + start, len);
    len = out->len - start;
    if (payload->pad_to > len) {
        size_t blanks = (size_t)(payload->pad_to - len);
        if (gw_buf_reserve(out, blanks) != GW_OK) return false;
        memset(out->data + out->len, ' ', blanks);
        out->len += blanks;
        out->data[out->len] = 0;
    }
    if (!payload->has_slice) return true;
    len = out->len - start;
    size_t from = payload->slice_from < len ? payload->slice_from : len;
    size_t to = payload->slice_to < len ? payload->slice_to : len;
    if (to < from) to = from;
    memmove(out->data + start, out->data + start + from, to - from);
    out->len = start + (to - from);
    return true;
}

bool send_payload(gw_conn *c, const gw_step *step, const gw_payload *payload, gw_buf *out) {
    gw_engine *e = c->engine;
    size_t start = out->len;
    if (gw_buf_reserve(out, 1) != GW_OK) return false;
    bool ok = payload->has_code ? append_close(c, step, payload, out) : append_content(c, step, payload, out);
    ok = ok && shape(payload, out, start);
    if (!ok && !e->failed)
        judge_find(e, GW_VERDICT_ERROR, NULL, NULL, step, "a payload of at most 256 MiB",
                   "what the scenario asks for does not fit");
    return ok;
}

static gw_frame header_of(gw_engine *e, const gw_frame_spec *spec, uint64_t len) {
    gw_frame f = gw_frame_make(spec->opcode, spec->has_declared_length ? spec->declared_length : len);
    f.fin = spec->fin;
    f.rsv = spec->rsv;
    f.masked = spec->mask != GW_MASK_OFF;
    if (spec->mask == GW_MASK_RANDOM)
        gw_rng_fill(&e->rng, f.key, sizeof f.key);
    else
        memcpy(f.key, spec->key, sizeof f.key);
    f.length_form = spec->length_form == 16   ? GW_FRAME_LEN16
                    : spec->length_form == 64 ? GW_FRAME_LEN64
                    : spec->length_form == 7  ? GW_FRAME_LEN7
                                              : gw_frame_minimal_form(f.payload_len);
    return f;
}

static void describe(const gw_frame_spec *spec, gw_span payload, bool client, gw_buf *label) {
    gw_buf_printf(label, "%-5s ", gw_frame_opcode_name(spec->opcode));
    if (!spec->fin) gw_buf_append_cstr(label, "(not FIN) ");
    if (spec->rsv & GW_FRAME_RSV1) gw_buf_append_cstr(label, "(RSV1) ");
    if (spec->rsv & GW_FRAME_RSV2) gw_buf_append_cstr(label, "(RSV2) ");
    if (spec->rsv & GW_FRAME_RSV3) gw_buf_append_cstr(label, "(RSV3) ");
    bool masked = spec->mask != GW_MASK_OFF;
    if (masked != client) gw_buf_append_cstr(label, masked ? "(masked) " : "(unmasked) ");
    if (spec->length_form) gw_buf_printf(label, "(length in %u bits) ", spec->length_form);
    if (spec->has_declared_length)
        gw_buf_printf(label, "(declares %llu bytes) ", (unsigned long long)spec->declared_length);
    if (spec->payload.has_code && payload.len >= 2) {
        gw_buf_printf(label, "%u ", spec->payload.code);
        payload = gw_span_from(payload, 2);
    }
    wirelog_printable(payload, 100, label);
}

static bool append_fragments(gw_engine *e, const gw_frame_spec *spec, gw_span payload, gw_buf *out) {
    gw_frame_spec part = *spec;
    bool ok = true, first = true;
    gw_span empty = {0};
    for (size_t at = 0; ok && (at < payload.len || first);) {
        gw_span piece = gw_span_sub(payload, at, spec->fragment);
        if (spec->empty_fragments) {
            part.fin = false;
            gw_frame f = header_of(e, &part, 0);
            ok = gw_frame_append(out, &f, empty) == GW_OK;
            part.opcode = GW_FRAME_CONTINUATION;
            part.rsv = 0;
        }
        at += piece.len;
        part.fin = at >= payload.len && !spec->empty_fragments && spec->fin;
        gw_frame f = header_of(e, &part, piece.len);
        ok = ok && gw_frame_append(out, &f, piece) == GW_OK;
        part.opcode = GW_FRAME_CONTINUATION;
        part.rsv = 0;
        first = false;
    }
    if (!ok || !spec->empty_fragments) return ok;
    part.fin = spec->fin;
    gw_frame last = header_of(e, &part, 0);
    return gw_frame_append(out, &last, empty) == GW_OK;
}

bool send_frame(gw_conn *c, const gw_step *step, const gw_frame_spec *spec, gw_buf *out, gw_buf *label,
                bool *fragmented) {
    gw_engine *e = c->engine;
    gw_buf payload;
    gw_buf_init(&payload, MAX_OUT_BYTES);
    bool ok = send_payload(c, step, &spec->payload, &payload);
    if (ok && spec->fragment) {
        ok = append_fragments(e, spec, gw_buf_span(&payload), out);
        if (fragmented) *fragmented = true;
    } else if (ok) {
        gw_frame f = header_of(e, spec, payload.len);
        gw_status status = gw_frame_append(out, &f, gw_buf_span(&payload));
        ok = status == GW_OK;
        if (status == GW_ERR_INVALID && !e->failed)
            judge_find(e, GW_VERDICT_ERROR, NULL, NULL, step, "a frame header that has an encoding",
                       "the declared length does not fit the length form");
    }
    if (ok) describe(spec, gw_buf_span(&payload), engine_role(e) == GW_ROLE_CLIENT, label);
    gw_buf_deinit(&payload);
    return ok;
}
