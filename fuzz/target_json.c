/* Fuzz target: the strict judge of JSON (protocol/json.h).
 *
 * The verdict does not depend on what stands behind the text, nor on the depth limit where the text stays below it;
 * what is written as a string is valid and reads back. */
#include "fuzz.h"
#include "protocol/json.h"
#include "protocol/violation.h"
#include "wire/utf8.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_PACKET};

static void check_report(const gw_json_report *report, size_t size) {
    GW_FUZZ_CHECK(report->offset <= size, "offset %zu of %zu", report->offset, size);
    GW_FUZZ_CHECK(report->verdict == gw_json_fault_verdict(report->fault), "fault %s",
                  gw_json_fault_name(report->fault));
    GW_FUZZ_CHECK(report->depth <= GW_JSON_MAX_DEPTH + 1, "depth %u", report->depth);
    GW_FUZZ_CHECK(gw_json_fault_text(report->fault), "no text");
}

static void compare(const gw_json_report *a, const gw_json_report *b, const char *what) {
    GW_FUZZ_CHECK(a->verdict == b->verdict && a->fault == b->fault && a->offset == b->offset && a->depth == b->depth &&
                      a->has_nul_escape == b->has_nul_escape,
                  "%s: %s at %zu, %s at %zu", what, gw_json_fault_name(a->fault), a->offset,
                  gw_json_fault_name(b->fault), b->offset);
}

/* The same bytes with others behind them: a judge that reads on would see another text. */
static void check_surroundings(const uint8_t *data, size_t size, const gw_json_report *whole) {
    static uint8_t room[GW_FUZZ_MAX_BYTES + 16];
    static const char *const tails[] = {"0]}\"", "\"\\u00", "e5,:", "\xbf\xbf"};
    gw_json_report report;
    const char *tail = tails[gw_fuzz_hash(data, size) % 4];
    if (size) memcpy(room, data, size);
    memcpy(room + size, tail, strlen(tail));
    gw_json_judge(gw_span_make(room, size), (gw_json_limits){0}, &report);
    compare(whole, &report, "with bytes behind it");
}

static void check_depth_limit(const uint8_t *data, size_t size, const gw_json_report *whole) {
    gw_json_report report;
    uint32_t limit = 1 + (uint32_t)(gw_fuzz_hash(data, size) >> 8) % 40;
    gw_json_judge(gw_span_make(data, size), (gw_json_limits){limit}, &report);
    check_report(&report, size);
    if (whole->depth <= limit)
        compare(whole, &report, "with a lower limit");
    else
        GW_FUZZ_CHECK(report.verdict == GW_JSON_IS_LIMIT || report.verdict == GW_JSON_IS_INVALID, "depth %u, limit %u",
                      whole->depth, limit);
}

static void check_find(const uint8_t *data, size_t size, const gw_json_report *whole) {
    static const char *const pointers[] = {"", "/e", "/d", "/d/heartbeatInterval", "/0", "/d/0", "/a~1b", "/__proto__"};
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        gw_span value;
        gw_json_report report;
        if (!gw_json_find(gw_span_make(data, size), pointers[i], &value)) continue;
        GW_FUZZ_CHECK(value.ptr >= data && value.ptr + value.len <= data + size, "%s leaves the input", pointers[i]);
        gw_json_number number;
        gw_json_read_number(value, &number);
        if (whole->verdict != GW_JSON_IS_VALID) continue;
        gw_json_judge(value, (gw_json_limits){0}, &report);
        GW_FUZZ_CHECK(report.verdict == GW_JSON_IS_VALID, "%s: %s", pointers[i], gw_json_fault_name(report.fault));
    }
    if (whole->verdict == GW_JSON_IS_VALID) {
        gw_span value;
        GW_FUZZ_CHECK(gw_json_find(gw_span_make(data, size), "", &value), "a valid text has no root");
    }
}

/* Any bytes as a JSON string are a valid text, and writing is a fixpoint. */
static void check_string(const uint8_t *data, size_t size) {
    static gw_buf out = {.max = 8 * GW_FUZZ_MAX_BYTES};
    gw_json_report report;
    gw_buf_clear(&out);
    GW_FUZZ_CHECK(gw_json_append_string(&out, gw_span_make(data, size)) == GW_OK, "no room");
    gw_json_judge(gw_buf_span(&out), (gw_json_limits){0}, &report);
    GW_FUZZ_CHECK(report.verdict == GW_JSON_IS_VALID, "%s at %zu", gw_json_fault_name(report.fault), report.offset);
}

/* Any bytes in a message: printable, valid UTF-8, within the room. */
static void check_quote(const uint8_t *data, size_t size) {
    char room[GW_VIOLATION_MAX_TEXT];
    size_t most = 4 + gw_fuzz_hash(data, size) % (sizeof room - 3);
    gw_violation_quote(gw_span_make(data, size), room, most);
    const char *end = memchr(room, 0, most);
    GW_FUZZ_CHECK(end, "no end within %zu", most);
    GW_FUZZ_CHECK(gw_utf8_check(gw_span_make(room, (size_t)(end - room)), NULL), "not UTF-8: %s", room);
    for (const char *p = room; p < end; p++) GW_FUZZ_CHECK((uint8_t)*p >= 0x20 && *p != 0x7f, "a control character");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    gw_json_report whole;
    const uint8_t *text = gw_fuzz_copy(0, data, size);
    gw_json_verdict verdict = gw_json_judge(gw_span_make(text, size), (gw_json_limits){0}, &whole);
    GW_FUZZ_CHECK(verdict == whole.verdict, "two verdicts");
    check_report(&whole, size);
    check_surroundings(data, size, &whole);
    check_depth_limit(text, size, &whole);
    check_find(text, size, &whole);
    check_string(text, size);
    check_quote(text, size);
    return 0;
}
