/* Floor 4: a run as JSON lines. Written by hand so that the order of keys is fixed and malformed bytes are escaped. */
#include "report/json.h"

#include "report/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* A member's key; every object opens with a member of its own, so that each of these starts with a comma. */
static void key(gw_buf *out, const char *name) {
    gw_buf_printf(out, ",\"%s\":", name);
}

static void string(gw_buf *out, const char *name, const char *text) {
    key(out, name);
    if (text)
        gw_text_append_json(out, gw_span_cstr(text));
    else
        gw_buf_append_cstr(out, "null");
}

static void integer(gw_buf *out, const char *name, int64_t value) {
    key(out, name);
    gw_buf_printf(out, "%" PRId64, value);
}

static void boolean(gw_buf *out, const char *name, bool value) {
    key(out, name);
    gw_buf_append_cstr(out, value ? "true" : "false");
}

static void strings(gw_buf *out, const char *name, const char *const *list, size_t count) {
    key(out, name);
    gw_buf_append_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i) gw_buf_append_byte(out, ',');
        gw_text_append_json(out, gw_span_cstr(list[i]));
    }
    gw_buf_append_byte(out, ']');
}

static const char *level_word(gw_level level) {
    static const char *const words[] = {
        [GW_LEVEL_MUST] = "must", [GW_LEVEL_SHOULD] = "should", [GW_LEVEL_MAY] = "may", [GW_LEVEL_OPEN] = "open"};
    return words[level];
}

gw_status gw_json_append_run(const gw_report_run *run, gw_buf *out) {
    gw_buf_printf(out, "{\"type\":\"run\",\"format\":%d", GW_JSON_FORMAT);
    string(out, "gwspec", run->version);
    string(out, "protocol", run->protocol);
    string(out, "target", run->target);
    /* As text: a seed has 64 bits, a JSON number safely 53. */
    key(out, "seed");
    gw_buf_printf(out, "\"%" PRIu64 "\"", run->seed);
    boolean(out, "strict", run->strict);
    string(out, "started", run->started);
    string(out, "rerun_options", run->rerun_options);
    gw_buf_append_cstr(out, "}\n");
    return out->error;
}

static void append_finding(const gw_finding *finding, gw_buf *out) {
    gw_buf_printf(out, "{\"verdict\":\"%s\"", gw_verdict_word(finding->verdict));
    string(out, "rule", finding->rule);
    string(out, "expected", finding->expected);
    string(out, "observed", finding->observed);
    string(out, "client", finding->client);
    integer(out, "at_ns", finding->at);
    string(out, "file", finding->place.file);
    if (finding->place.file) {
        integer(out, "line", finding->place.line);
        integer(out, "column", finding->place.column);
    }
    gw_buf_append_byte(out, '}');
}

static void append_wire(const gw_wire_entry *entry, gw_buf *out) {
    static const char *const words[] = {
        [GW_WIRE_SENT] = "sent", [GW_WIRE_RECEIVED] = "received", [GW_WIRE_NOTE] = "note"};
    gw_buf_printf(out, "{\"at_ns\":%" PRId64, entry->at);
    string(out, "direction", words[entry->direction]);
    string(out, "client", entry->client);
    string(out, "text", entry->text);
    if (entry->more) {
        integer(out, "more", entry->more);
        integer(out, "last_at_ns", entry->last_at);
    }
    gw_buf_append_byte(out, '}');
}

static void append_scenario(const gw_scenario *scenario, gw_buf *out) {
    string(out, "id", scenario->id);
    string(out, "family", scenario->family);
    string(out, "file", scenario->file);
    string(out, "title", scenario->title);
    string(out, "level", level_word(scenario->level));
    strings(out, "requires", scenario->requires_ids, scenario->requires_count);
    strings(out, "tags", scenario->tags, scenario->tag_count);
}

gw_status gw_json_append_result(const gw_result *result, gw_buf *out) {
    gw_buf_append_cstr(out, "{\"type\":\"result\"");
    append_scenario(result->scenario, out);
    string(out, "verdict", gw_verdict_word(result->verdict));
    string(out, "known_reason", result->known_reason);
    integer(out, "retries", result->retries);
    string(out, "flaky", result->flaky);
    integer(out, "started_ns", result->started);
    integer(out, "duration_ns", result->duration);
    integer(out, "lateness_ns", result->lateness);
    integer(out, "interval_ns", result->interval);
    integer(out, "eps_ns", result->eps);
    key(out, "findings");
    gw_buf_append_byte(out, '[');
    for (size_t i = 0; i < result->finding_count; i++) {
        if (i) gw_buf_append_byte(out, ',');
        append_finding(&result->findings[i], out);
    }
    gw_buf_append_byte(out, ']');
    key(out, "stimulus");
    if (result->stimulus) {
        gw_buf_append_byte(out, '"');
        gw_text_append_hex(out, gw_span_make(result->stimulus, result->stimulus_len));
        gw_buf_append_byte(out, '"');
    } else {
        gw_buf_append_cstr(out, "null");
    }
    string(out, "server_log", result->server_log);
    integer(out, "wire_dropped", (int64_t)result->wire_dropped);
    key(out, "wire");
    gw_buf_append_byte(out, '[');
    for (size_t i = 0; i < result->wire_count; i++) {
        if (i) gw_buf_append_byte(out, ',');
        append_wire(&result->wire[i], out);
    }
    gw_buf_append_cstr(out, "]}\n");
    return out->error;
}

gw_status gw_json_append_summary(const gw_summary *summary, bool strict, gw_buf *out) {
    static const char *const words[] = {[GW_CONFORMANCE_YES] = "conforms",
                                        [GW_CONFORMANCE_NO] = "does-not-conform",
                                        [GW_CONFORMANCE_NOT_SHOWN] = "not-shown"};
    gw_buf_append_cstr(out, "{\"type\":\"summary\"");
    integer(out, "total", (int64_t)summary->total);
    integer(out, "judged", (int64_t)gw_summary_judged(summary));
    key(out, "verdicts");
    for (int verdict = 0; verdict < GW_VERDICT_COUNT; verdict++)
        gw_buf_printf(out, "%s\"%s\":%zu", verdict ? "," : "{", gw_verdict_word((gw_verdict)verdict),
                      summary->counts[verdict]);
    gw_buf_append_byte(out, '}');
    integer(out, "flaky", (int64_t)summary->flaky);
    integer(out, "elapsed_ns", summary->elapsed);
    integer(out, "longest_ns", summary->longest);
    string(out, "longest_id", summary->longest_id);
    integer(out, "lateness_p50_ns", summary->lateness.p50);
    integer(out, "lateness_p99_ns", summary->lateness.p99);
    integer(out, "lateness_max_ns", summary->lateness.max);
    integer(out, "unused_expectations", (int64_t)summary->unused_count);
    string(out, "conformance", words[gw_summary_conformance(summary, strict)]);
    string(out, "end", summary->end ? summary->end : "complete");
    string(out, "message", summary->message);
    integer(out, "exit", gw_summary_exit_code(summary, strict));
    gw_buf_append_cstr(out, "}\n");
    return out->error;
}
