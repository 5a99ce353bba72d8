/* Floor 3: session scripts for people. */
#include "fuzzing/script.h"

static void print_bytes(gw_span bytes, gw_buf *out) {
    gw_buf_append_cstr(out, " \"");
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.ptr[i];
        if (c == '"' || c == '\\')
            gw_buf_printf(out, "\\%c", c);
        else if (c >= 0x20 && c < 0x7f)
            gw_buf_append_byte(out, c);
        else
            gw_buf_printf(out, "\\x%02x", c);
    }
    gw_buf_append_cstr(out, "\"");
}

static void print_frame(const gw_script_step *step, gw_buf *out) {
    gw_frame frame = gw_script_frame(step);
    gw_buf_printf(out, " %s%s rsv=%u len=%llu form=%d %s", gw_frame_opcode_name(frame.opcode), frame.fin ? " fin" : "",
                  frame.rsv, (unsigned long long)frame.payload_len,
                  frame.length_form == GW_FRAME_LEN7    ? 7
                  : frame.length_form == GW_FRAME_LEN16 ? 16
                                                        : 64,
                  frame.masked ? "masked" : "unmasked");
}

static void print_advance(const gw_script_step *step, const gw_script_server *server, gw_buf *out) {
    static const char *const deadlines[] = {"before", "at", "after"};
    unsigned kind = step->a % GW_SCRIPT_TIME_COUNT;
    if (kind == GW_SCRIPT_MS)
        gw_buf_printf(out, " %u ms", step->b);
    else if (kind == GW_SCRIPT_SECONDS)
        gw_buf_printf(out, " %u s", step->b);
    else if (kind == GW_SCRIPT_SIXTEENTHS)
        gw_buf_printf(out, " %u/16 of %u ms", step->b, server->interval_ms);
    else
        gw_buf_printf(out, " to %s deadline %u", deadlines[kind - GW_SCRIPT_BEFORE_DEADLINE], step->b + 1u);
}

static void print_step(const gw_script_step *step, const gw_script_server *server, gw_buf *out) {
    static const char *const controls[] = {"room", "participant", "event", "remove room", "stop"};
    gw_buf_printf(out, "%u: %s", step->conn, gw_script_op_word((gw_script_op)step->op));
    switch (step->op) {
    case GW_SCRIPT_OPEN:
        gw_buf_append_cstr(out, step->flags & 1 ? " and upgrade" : "");
        break;
    case GW_SCRIPT_FRAME:
        print_frame(step, out);
        break;
    case GW_SCRIPT_ADVANCE:
        print_advance(step, server, out);
        break;
    case GW_SCRIPT_CONTROL:
        gw_buf_printf(out, " %s %u", controls[step->a % GW_SCRIPT_CONTROL_COUNT], step->b);
        break;
    case GW_SCRIPT_PACKET:
        gw_buf_printf(out, " in %u frames", step->flags + 1u);
        break;
    case GW_SCRIPT_EVENT:
        gw_buf_printf(out, " %u in %u frames", step->a, step->flags + 1u);
        break;
    case GW_SCRIPT_UPGRADE:
    case GW_SCRIPT_CHUNK:
    case GW_SCRIPT_READ:
    case GW_SCRIPT_AGAIN:
        gw_buf_printf(out, " %u", step->a);
        break;
    default:
        break;
    }
    if (step->bytes.len) print_bytes(step->bytes, out);
    gw_buf_append_byte(out, '\n');
}

gw_status gw_script_print(const gw_script *script, gw_buf *out) {
    gw_script_server server = gw_script_read_config(script->config);
    gw_buf_printf(out, "server interval=%u ms ask=%u ms message<=%zu rate=%u\n", server.interval_ms, server.ask_ms,
                  server.max_message_bytes, server.rate_messages);
    for (size_t i = 0; i < script->count; i++) print_step(&script->steps[i], &server, out);
    return out->error;
}
