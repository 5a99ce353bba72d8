/* Comparing what a parser said with what it had to say, and with what it said before. */
#include "byop.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool gw_byop_found(const gw_byop_finding *finding, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (finding->size) vsnprintf(finding->text, finding->size, format, args);
    va_end(args);
    return false;
}

static const char *const kinds[] = {"NEED_MORE", "FRAME",  "MESSAGE", "PING",    "PONG",
                                    "CLOSE",     "PACKET", "REJECT",  "TIMEOUT", "ERROR"};
static const char *const classes[] = {"any", "protocol", "utf8", "too-big", "bad-packet"};

const char *gw_byop_event_text(const gwspec_event *event, gw_span bytes, char *out, size_t size) {
    char head[96] = "", quoted[100] = "";
    const char *kind = kinds[event->kind];
    size_t n = 0, i = 0;
    for (; i < bytes.len && n + 8 < sizeof quoted; i++) {
        uint8_t c = bytes.ptr[i];
        n += (size_t)snprintf(quoted + n, sizeof quoted - n, c >= 0x20 && c < 0x7f ? "%c" : "\\x%02x", c);
    }
    if (event->kind == GWSPEC_FRAME)
        snprintf(head, sizeof head, " fin %d rsv %u opcode %u%s", event->fin, event->rsv, event->opcode,
                 event->masked ? " masked" : "");
    if (event->kind == GWSPEC_MESSAGE) snprintf(head, sizeof head, " opcode %u", event->opcode);
    if (event->kind == GWSPEC_CLOSE) snprintf(head, sizeof head, " code %u", event->code);
    if (event->kind == GWSPEC_PACKET) snprintf(head, sizeof head, " id %lld", (long long)event->id);
    if (event->kind == GWSPEC_ERROR)
        snprintf(head, sizeof head, " %s", event->error_class <= GWSPEC_BAD_PACKET ? classes[event->error_class] : "?");
    if (event->kind >= GWSPEC_REJECT)
        snprintf(out, size, "%s%s", kind, head);
    else
        snprintf(out, size, "%s%s, %zu bytes \"%s\"%s", kind, head, bytes.len, quoted, i < bytes.len ? "..." : "");
    return out;
}

static gw_span record_bytes(const gw_byop_log *log, size_t i) {
    return gw_span_sub(gw_buf_span(&log->bytes), log->records[i].offset, log->records[i].event.len);
}

static const char *record_text(const gw_byop_log *log, size_t i, char *out, size_t size) {
    if (i >= log->count) return "nothing";
    return gw_byop_event_text(&log->records[i].event, record_bytes(log, i), out, size);
}

/* Of the members that the kind uses. */
static bool same_event(const gwspec_event *a, const gwspec_event *b) {
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case GWSPEC_FRAME:
        return a->fin == b->fin && a->masked == b->masked && a->rsv == b->rsv && a->opcode == b->opcode;
    case GWSPEC_MESSAGE:
        return a->opcode == b->opcode;
    case GWSPEC_CLOSE:
        return a->code == b->code;
    case GWSPEC_PACKET:
        return a->id == b->id && !a->bytes == !b->bytes;
    default:
        return true;
    }
}

bool gw_byop_logs_equal(const gw_byop_log *a, const gw_byop_log *b, const char *how, const gw_byop_finding *finding) {
    char x[220], y[220];
    size_t count = a->count > b->count ? a->count : b->count;
    for (size_t i = 0; i < count; i++) {
        if (i < a->count && i < b->count) {
            const gwspec_event *p = &a->records[i].event, *q = &b->records[i].event;
            if (same_event(p, q) && p->error_class == q->error_class &&
                gw_span_equal(record_bytes(a, i), record_bytes(b, i)))
                continue;
        }
        return gw_byop_found(finding, "split: event %zu is %s as sent, but %s %s", i + 1,
                             record_text(a, i, x, sizeof x), record_text(b, i, y, sizeof y), how);
    }
    return true;
}

/* ---- Against the oracle ---- */

static gw_span item_bytes(const gw_byop_oracle *oracle, size_t i) {
    return gw_span_sub(gw_buf_span(&oracle->bytes), oracle->items[i].offset, oracle->items[i].event.len);
}

static bool error_may_be(const gwspec_event *event, uint32_t allowed) {
    return event->error_class == GWSPEC_ANY ? allowed != 0 : (allowed & 1u << event->error_class) != 0;
}

static bool matches(const gw_byop_log *log, size_t r, const gw_byop_oracle *oracle, size_t i) {
    const gwspec_event *event = &log->records[r].event;
    const gw_byop_item *item = &oracle->items[i];
    if (event->kind == GWSPEC_ERROR) return error_may_be(event, item->error_classes);
    if (event->kind == GWSPEC_REJECT && item->or_reject) return true;
    if (item->any_content) return event->kind == item->event.kind;
    if (!same_event(event, &item->event)) return false;
    gw_span a = record_bytes(log, r), b = item_bytes(oracle, i);
    return gw_span_equal(a, b) || (event->kind == GWSPEC_PACKET && gw_byop_json_same(a, b));
}

static bool differs(const gw_byop_log *log, size_t r, const gw_byop_oracle *oracle, size_t i,
                    const gw_byop_finding *finding) {
    char x[220], y[220];
    const char *got = record_text(log, r, x, sizeof x);
    if (i >= oracle->count)
        return gw_byop_found(finding, "verdict: event %zu is %s; expected nothing more", r + 1, got);
    const gw_byop_item *item = &oracle->items[i];
    const char *want = gw_byop_event_text(&item->event, item_bytes(oracle, i), y, sizeof y);
    if (item->why)
        return gw_byop_found(finding, "verdict: event %zu is %s; expected %s: %s", r + 1, got,
                             item->event.kind == GWSPEC_ERROR ? "ERROR" : want, item->why);
    return gw_byop_found(finding, "verdict: event %zu is %s; expected %s", r + 1, got, want);
}

static bool is_last(const gwspec_event *event) {
    return event->kind == GWSPEC_ERROR || event->kind == GWSPEC_CLOSE || event->kind == GWSPEC_TIMEOUT;
}

bool gw_byop_judge(const gw_byop_log *log, const gw_byop_oracle *oracle, const gw_byop_finding *finding) {
    size_t i = 0;
    for (size_t r = 0; r < log->count; r++) {
        const gwspec_event *event = &log->records[r].event;
        while (i < oracle->count && oracle->items[i].optional && !matches(log, r, oracle, i)) i++;
        if (i == oracle->count) {
            if (event->kind == GWSPEC_ERROR && error_may_be(event, gw_byop_oracle_end_classes(oracle))) return true;
            return differs(log, r, oracle, i, finding);
        }
        if (!matches(log, r, oracle, i)) return differs(log, r, oracle, i, finding);
        if (is_last(event)) return true;
        i++;
    }
    while (i < oracle->count && oracle->items[i].optional) i++;
    return i == oracle->count || differs(log, log->count, oracle, i, finding);
}
