/* What a text message must become: PACKET, REJECT, or either. */
#include "byop.h"

#include <string.h>

enum { EVENTS = 8 /* ids 0 to 7 are in the event table of the gateway document */ };

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(gw_span t, size_t i) {
    while (i < t.len && is_space(t.ptr[i])) i++;
    return i;
}

static size_t skip_string(gw_span t, size_t i) {
    for (i++; i < t.len && t.ptr[i] != '"'; i++) i += t.ptr[i] == '\\';
    return i < t.len ? i + 1 : t.len;
}

static size_t skip_value(gw_span t, size_t i) {
    size_t depth = 0;
    for (; i < t.len; i++) {
        uint8_t c = t.ptr[i];
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
        if (c == '{' || c == '[') depth++;
        if (c == '}' || c == ']') depth--;
        if (c == '"') i = skip_string(t, i) - 1;
    }
    return i;
}

/* A one-letter key, plain or as \u00xx. */
static bool key_is(gw_span raw, char letter) {
    char escape[2][7] = {"\\u00", "\\u00"};
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    unsigned code = (unsigned char)letter;
    escape[0][4] = escape[1][4] = lower[code >> 4];
    escape[0][5] = lower[code & 15];
    escape[1][5] = upper[code & 15];
    return (raw.len == 1 && raw.ptr[0] == code) || gw_span_equal_cstr(raw, escape[0]) ||
           gw_span_equal_cstr(raw, escape[1]);
}

typedef struct members {
    gw_span id, data; /* raw text; ptr NULL: absent */
    unsigned ids, datas;
} members;

/* Of a valid text whose first byte that is no space is '{'. */
static members read_members(gw_span t) {
    members m = {0};
    size_t i = skip_space(t, skip_space(t, 0) + 1);
    while (i < t.len && t.ptr[i] == '"') {
        size_t end = skip_string(t, i);
        gw_span key = gw_span_sub(t, i + 1, end - i - 2);
        i = skip_space(t, skip_space(t, end) + 1);
        end = skip_value(t, i);
        gw_span value = gw_span_sub(t, i, end - i);
        while (value.len && is_space(value.ptr[value.len - 1])) value.len--;
        if (key_is(key, 'e')) m.ids++, m.id = value;
        if (key_is(key, 'd')) m.datas++, m.data = value;
        i = skip_space(t, end + 1);
    }
    return m;
}

static void push_reject(gw_byop_oracle *o, const char *why) {
    gw_byop_item *item = gw_byop_oracle_push(o, (gwspec_event){.kind = GWSPEC_REJECT});
    item->error_classes |= 1u << GWSPEC_BAD_PACKET;
    item->why = why;
}

static void push_packet(gw_byop_oracle *o, gwspec_event event, bool or_reject, bool any_content) {
    gw_byop_item *item = gw_byop_oracle_push(o, event);
    item->or_reject = or_reject;
    item->any_content = any_content;
    if (or_reject) item->error_classes |= 1u << GWSPEC_BAD_PACKET;
}

void gw_byop_oracle_packet(gw_byop_oracle *oracle, gw_span text, uint64_t now, bool maybe) {
    bool loose_json = (oracle->known & 1u << GW_BYOP_LOOSE_JSON) != 0;
    bool loose_id = (oracle->known & 1u << GW_BYOP_LOOSE_ID) != 0;
    bool duplicates = (oracle->known & 1u << GW_BYOP_DUPLICATE_KEY) != 0;
    const gwspec_event any = {.kind = GWSPEC_PACKET};
    gw_json_report report;
    gw_json_verdict verdict = gw_json_judge(text, (gw_json_limits){GW_JSON_MAX_DEPTH}, &report);
    if (!(oracle->reports & GWSPEC_REPORTS_PACKETS)) return;
    bool too_deep = oracle->max_depth && (report.depth > oracle->max_depth || verdict == GW_JSON_IS_LIMIT);
    if (verdict == GW_JSON_IS_INVALID || verdict == GW_JSON_IS_LIMIT || maybe || too_deep) {
        oracle->time_unsure = oracle->time_unsure || loose_json || maybe || verdict == GW_JSON_IS_LIMIT;
        if (loose_json || maybe || (verdict == GW_JSON_IS_LIMIT && !too_deep))
            push_packet(oracle, any, true, true);
        else
            push_reject(oracle,
                        too_deep ? "nesting beyond the parser's own max_depth" : gw_json_fault_text(report.fault));
        return;
    }
    if (text.ptr[skip_space(text, 0)] != '{') {
        push_reject(oracle, "no JSON object");
        return;
    }
    members m = read_members(text);
    gw_json_number number = {0};
    if (m.ids > 1 || m.datas > 1) {
        oracle->time_unsure = oracle->time_unsure || duplicates;
        if (duplicates)
            push_packet(oracle, any, true, true);
        else
            push_reject(oracle, "two event ids, or two data (RFC 8259 section 4)");
        return;
    }
    if (!m.ids || !gw_json_read_number(m.id, &number) || !number.is_integer) {
        oracle->time_unsure = oracle->time_unsure || loose_id;
        if (m.ids && loose_id)
            push_packet(oracle, any, true, true);
        else
            push_reject(oracle, m.ids ? "an event id that is no integer" : "no event id");
        return;
    }
    if (!number.fits_int64) {
        push_reject(oracle, "an event id beyond 64 bits");
        return;
    }
    bool is_object = m.data.len && m.data.ptr[0] == '{';
    bool in_table = number.integer >= 0 && number.integer < EVENTS && m.id.ptr[0] != '-';
    bool certain = verdict == GW_JSON_IS_VALID && in_table && is_object;
    gwspec_event event = {.kind = GWSPEC_PACKET, .id = number.integer, .bytes = m.data.ptr, .len = m.data.len};
    push_packet(oracle, event, !certain, verdict != GW_JSON_IS_VALID);
    if (!in_table || number.integer != 1) return;
    if (certain && gw_span_equal_cstr(m.data, "{}"))
        oracle->deadline = now + oracle->config.heartbeat_interval_ms;
    else
        oracle->time_unsure = true;
}
