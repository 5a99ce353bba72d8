/* Floor 5: what a session sends: carried out, and written as steps of a scenario. */
#include "cli/convert_internal.h"
#include "base/doc.h"
#include "protocol/packet.h"

#include <string.h>

void gw_convert_accept(gw_convert_world *w, gw_convert_client *c) {
    c->conn = gw_core_on_accept(w->core, c, w->now);
    c->accepted = w->now;
}

void gw_convert_forget(gw_convert_world *w, gw_convert_client *c) {
    if (c->conn) gw_core_on_gone(w->core, c->conn, w->now);
    c->conn = NULL;
}

void gw_convert_drain(gw_convert_world *w) {
    gw_core_conn *conn;
    while ((conn = gw_core_next_ready(w->core))) {
        gw_convert_client *c = gw_core_user(conn);
        gw_core_sent(w->core, conn, gw_core_output(conn).len);
        gw_core_ending ending = gw_core_get_ending(conn);
        if (ending == GW_CORE_CLOSED || ending == GW_CORE_RESET) gw_convert_forget(w, c);
    }
}

static const char passive[] = ", heartbeat: off, answer-asks: false, answer-pings: false, answer-close: false";

/* The request that opens the connection: NULL is the usual one, which has to be taken. */
static void open_with(gw_convert_world *w, gw_convert_client *c, const gw_span *request) {
    if (w->now > c->accepted) { /* as the scenario has it: the connection opens with its first step */
        gw_convert_forget(w, c);
        gw_convert_accept(w, c);
    }
    c->named = true;
    c->opened++;
    gw_convert_begin_step(w);
    gw_buf_printf(w->out, "  - %s: {as: ", request ? "upgrade" : "connect");
    gw_convert_append_name(w, c);
    gw_buf_append_cstr(w->out, passive);
    if (request) {
        gw_buf_append_cstr(w->out, ", request: {raw: ");
        gw_doc_append_string(w->out, *request);
        gw_buf_append_byte(w->out, '}');
    }
    gw_convert_end_send(w, c, 1);
}

static void send(gw_convert_world *w, gw_convert_client *c, gw_span bytes) {
    size_t piece = c->chunk ? c->chunk : bytes.len;
    while (bytes.len && c->conn && w->sent < GW_CONVERT_MAX_SENT) {
        gw_span part = gw_span_sub(bytes, 0, piece);
        bytes = gw_span_from(bytes, part.len);
        w->sent += part.len;
        gw_core_on_bytes(w->core, c->conn, part, w->now);
        gw_convert_drain(w);
    }
}

static void send_times(gw_convert_world *w, gw_convert_client *c, const gw_buf *bytes, unsigned times) {
    if (bytes->error != GW_OK) w->status = bytes->error;
    for (unsigned i = 0; i < times && c->conn; i++) send(w, c, gw_buf_span(bytes));
}

void gw_convert_need_name(gw_convert_world *w, gw_convert_client *c) {
    if (!c->named) open_with(w, c, &(gw_span){(const uint8_t *)"", 0});
}

void gw_convert_bytes(gw_convert_world *w, gw_convert_client *c, gw_span bytes, unsigned times) {
    gw_buf copy;
    if (!bytes.len) return;
    gw_buf_init(&copy, 1 << 20);
    gw_buf_append_span(&copy, bytes);
    if (!c->named && gw_convert_is_text(bytes)) {
        open_with(w, c, &bytes);
        send(w, c, bytes);
        times--;
    }
    if (times) {
        gw_convert_need_name(w, c);
        gw_convert_begin_send(w, c, "send-bytes");
        gw_convert_append_bytes(w, bytes);
        gw_convert_end_send(w, c, times);
        send_times(w, c, &copy, times);
    }
    gw_buf_deinit(&copy);
}

void gw_convert_upgrade(gw_convert_world *w, gw_convert_client *c, uint8_t variant, unsigned times) {
    gw_buf request;
    gw_buf_init(&request, 1 << 16);
    gw_status status = gw_script_request(variant, &request);
    if (status != GW_OK) {
        w->status = status;
    } else if (variant == 0 && !c->named) {
        open_with(w, c, NULL);
        send(w, c, gw_buf_span(&request));
        times--;
    }
    if (times && w->status == GW_OK) gw_convert_bytes(w, c, gw_buf_span(&request), times);
    gw_buf_deinit(&request);
}

static void append_frame(gw_convert_world *w, gw_frame frame, gw_span payload) {
    static const char *const forms[] = {[GW_FRAME_LEN7] = "7", [GW_FRAME_LEN16] = "16", [GW_FRAME_LEN64] = "64"};
    static const uint8_t zero[4];
    const char *name = gw_frame_opcode_name(frame.opcode);
    if (gw_frame_opcode_parse(gw_span_cstr(name)) == (int)frame.opcode)
        gw_buf_printf(w->out, "opcode: %s", name);
    else
        gw_buf_printf(w->out, "opcode: %u", frame.opcode);
    if (!frame.fin) gw_buf_append_cstr(w->out, ", fin: 0");
    for (unsigned i = 1; i <= 3; i++)
        if (frame.rsv & 8u >> i) gw_buf_printf(w->out, ", rsv%u: 1", i);
    if (!frame.masked) gw_buf_append_cstr(w->out, ", mask: false");
    if (frame.masked && memcmp(frame.key, zero, sizeof zero) == 0) gw_buf_append_cstr(w->out, ", mask: \"00000000\"");
    if (frame.length_form != gw_frame_minimal_form(frame.payload_len))
        gw_buf_printf(w->out, ", length-form: %s", forms[frame.length_form]);
    if (frame.payload_len != payload.len)
        gw_buf_printf(w->out, ", declared-length: %llu", (unsigned long long)frame.payload_len);
    gw_convert_append_bytes(w, payload);
}

void gw_convert_frame(gw_convert_world *w, gw_convert_client *c, const gw_script_step *step, unsigned times) {
    gw_frame frame = gw_script_frame(step);
    gw_buf bytes;
    gw_buf_init(&bytes, 1 << 20);
    gw_frame_append(&bytes, &frame, step->bytes);
    gw_convert_need_name(w, c);
    gw_convert_begin_send(w, c, "send-frame");
    gw_buf_append_cstr(w->out, ", ");
    append_frame(w, frame, step->bytes);
    gw_convert_end_send(w, c, times);
    send_times(w, c, &bytes, times);
    gw_buf_deinit(&bytes);
}

/* The event whose usual packet this is, so that the scenario can name it; or NULL. */
static const gw_event *usual_event(const gw_convert_world *w, gw_span text) {
    const gw_event *found = NULL;
    gw_packet *packet = gw_packet_decode(w->protocol, text);
    if (packet && packet->event && packet->event->from & GW_FROM_CLIENT) {
        gw_buf usual;
        cJSON *data = cJSON_CreateObject();
        gw_buf_init(&usual, 1 << 16);
        if (data && gw_packet_encode_event(w->protocol, packet->event, data, &usual) == GW_OK &&
            gw_span_equal(gw_buf_span(&usual), text))
            found = packet->event;
        cJSON_Delete(data);
        gw_buf_deinit(&usual);
    }
    gw_packet_destroy(packet);
    return found;
}

gw_script_step gw_convert_fragment(gw_span text, unsigned fragments, unsigned i) {
    size_t part = text.len / (fragments + 1);
    return (gw_script_step){.op = GW_SCRIPT_FRAME,
                            .a = (uint8_t)((i ? GW_FRAME_CONTINUATION : GW_FRAME_TEXT) | (i == fragments ? 0x80 : 0)),
                            .bytes = gw_span_sub(text, i * part, i == fragments ? text.len : part)};
}

/* In one write, as the fuzz target sends it. */
static void fragmented(gw_convert_world *w, gw_convert_client *c, gw_span text, unsigned fragments, unsigned times) {
    gw_buf bytes;
    gw_buf_init(&bytes, 1 << 20);
    gw_convert_need_name(w, c);
    gw_convert_begin_send(w, c, "send-frame");
    for (unsigned i = 0; i <= fragments; i++) {
        gw_script_step step = gw_convert_fragment(text, fragments, i);
        gw_frame frame = gw_script_frame(&step);
        gw_buf_append_cstr(w->out, i ? ", {" : ", frames: [{");
        append_frame(w, frame, step.bytes);
        gw_buf_append_byte(w->out, '}');
        gw_frame_append(&bytes, &frame, step.bytes);
    }
    gw_buf_append_byte(w->out, ']');
    gw_convert_end_send(w, c, times);
    send_times(w, c, &bytes, times);
    gw_buf_deinit(&bytes);
}

void gw_convert_message(gw_convert_world *w, gw_convert_client *c, gw_span text, unsigned fragments, unsigned times) {
    const gw_event *event = fragments ? NULL : usual_event(w, text);
    if (fragments) {
        fragmented(w, c, text, fragments, times);
        return;
    }
    gw_script_step frame = {.a = 0x80 | GW_FRAME_TEXT, .bytes = text};
    if (!gw_convert_is_text(text)) {
        gw_convert_frame(w, c, &frame, times);
        return;
    }
    gw_frame header = gw_script_frame(&frame);
    gw_buf bytes;
    gw_buf_init(&bytes, 1 << 20);
    gw_frame_append(&bytes, &header, text);
    gw_convert_need_name(w, c);
    gw_convert_begin_send(w, c, "send");
    if (event)
        gw_buf_printf(w->out, ", event: %s", event->name);
    else if (text.len)
        gw_convert_append_bytes(w, text);
    else
        gw_buf_append_cstr(w->out, ", text: \"\"");
    gw_convert_end_send(w, c, times);
    send_times(w, c, &bytes, times);
    gw_buf_deinit(&bytes);
}
