/* One run of a parser over a plan: what it says is logged; properties of the run itself are watched. */
#include "byop.h"

#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Present where AddressSanitizer or its kin is linked. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

enum {
    DEFAULT_BASE_BYTES = 16 << 10,
    DEFAULT_PER_BYTE = 16,
    EVENTS_PER_BYTE = 3,
    EVENTS_SPARE = 16,
    MEMORY_EVERY = 8 /* feeds */
};

void gw_byop_log_init(gw_byop_log *log) {
    *log = (gw_byop_log){0};
    gw_buf_init(&log->bytes, GW_BYOP_MAX_LOG);
}

void gw_byop_log_deinit(gw_byop_log *log) {
    gw_buf_deinit(&log->bytes);
    free(log->records);
}

typedef struct run {
    const gwspec_parser_api *api;
    void *parser;
    gw_byop_log *log;
    const gw_byop_finding *finding;
    size_t fed, feeds;
    const char *over;    /* the event after which nothing may follow */
    size_t before_bytes; /* allocated, without what the log holds */
} run;

static size_t log_bytes(const gw_byop_log *log) {
    return log->capacity * sizeof *log->records + log->bytes.cap;
}

static size_t allocated(const run *r) {
    return __sanitizer_get_current_allocated_bytes() - log_bytes(r->log);
}

static bool check_memory(run *r) {
    size_t base = r->api->memory_base_bytes ? r->api->memory_base_bytes : DEFAULT_BASE_BYTES;
    size_t factor = r->api->memory_per_byte ? r->api->memory_per_byte : DEFAULT_PER_BYTE;
    size_t used = 0, limit = base + factor * r->fed;
    if (r->api->memory_used) {
        used = r->api->memory_used(r->parser);
    } else if (__sanitizer_get_current_allocated_bytes) {
        size_t now = allocated(r);
        used = now > r->before_bytes ? now - r->before_bytes : 0;
    }
    if (used <= limit) return true;
    return gw_byop_found(r->finding, "memory: %zu bytes held after %zu bytes were fed; the bound is %zu", used, r->fed,
                         limit);
}

static bool keep(run *r, const gwspec_event *event) {
    gw_byop_log *log = r->log;
    if (log->count == log->capacity) {
        size_t capacity = log->capacity ? log->capacity * 2 : 64;
        gw_byop_record *records = realloc(log->records, capacity * sizeof *records);
        if (!records) return gw_byop_found(r->finding, "harness: out of memory");
        log->records = records;
        log->capacity = capacity;
    }
    log->records[log->count++] = (gw_byop_record){*event, log->bytes.len};
    if (event->len && gw_buf_append(&log->bytes, event->bytes, event->len) != GW_OK)
        return gw_byop_found(r->finding, "size: events hold more bytes than were ever fed");
    return true;
}

/* The name of what reports lacks for that kind; NULL: nothing. */
static const char *lacking(uint32_t reports, gwspec_event_kind kind) {
    uint32_t asked = gw_byop_asked_by(kind);
    if (reports & asked) return NULL;
    if (asked & GWSPEC_REPORTS_FRAMES) return "GWSPEC_REPORTS_FRAMES";
    if (asked & GWSPEC_REPORTS_MESSAGES) return "GWSPEC_REPORTS_MESSAGES";
    return asked & GWSPEC_REPORTS_PACKETS ? "GWSPEC_REPORTS_PACKETS" : "GWSPEC_REPORTS_TIMEOUT";
}

/* What no event may be, whatever was fed. */
static bool may_be(const run *r, const gwspec_event *event) {
    if ((unsigned)event->kind > GWSPEC_ERROR) return gw_byop_found(r->finding, "interface: event kind %d", event->kind);
    if (event->len && !event->bytes)
        return gw_byop_found(r->finding, "interface: an event of %zu bytes at NULL", event->len);
    const char *lacks = lacking(r->api->reports, event->kind);
    if (lacks || r->over) {
        char text[160];
        gw_byop_event_text(event, gw_span_make(event->bytes, event->len), text, sizeof text);
        return lacks ? gw_byop_found(r->finding, "interface: %s, but reports lacks %s", text, lacks)
                     : gw_byop_found(r->finding, "sticky: %s after %s", text, r->over);
    }
    if (event->len > r->fed * 8 + 64) return gw_byop_found(r->finding, "size: an event of %zu bytes", event->len);
    return true;
}

static bool drain(run *r) {
    for (;;) {
        gwspec_event event = {.kind = GWSPEC_NEED_MORE};
        r->api->next_event(r->parser, &event);
        if (event.kind == GWSPEC_NEED_MORE) return true;
        if (!may_be(r, &event) || !keep(r, &event)) return false;
        if (r->log->count > EVENTS_PER_BYTE * r->fed + EVENTS_SPARE)
            return gw_byop_found(r->finding, "storm: %zu events out of %zu bytes", r->log->count, r->fed);
        if (event.kind == GWSPEC_CLOSE) r->over = "CLOSE";
        if (event.kind == GWSPEC_ERROR) r->over = "ERROR";
        if (event.kind == GWSPEC_TIMEOUT) r->over = "TIMEOUT";
    }
}

static bool feed(run *r, const uint8_t *bytes, size_t len) {
    /* A block of its own, so that a sanitizer sees each byte beyond its end, and each read after the call. */
    uint8_t *copy = malloc(len);
    if (!copy) return gw_byop_found(r->finding, "harness: out of memory");
    memcpy(copy, bytes, len);
    r->fed += len;
    r->api->feed(r->parser, copy, len);
    memset(copy, 0xa5, len);
    free(copy);
    if (!drain(r)) return false;
    return r->feeds++ % MEMORY_EVERY != 0 || check_memory(r);
}

static size_t piece(const gw_byop_plan *plan, gw_byop_split split, const gw_byop_step *step, size_t pos, size_t left,
                    gw_rng *rng) {
    size_t n = left;
    if (split == GW_BYOP_AS_SENT && step->chunk) n = step->chunk;
    /* The further, the larger: a long stream is some hundred pieces, of which many are still small. */
    if (split == GW_BYOP_BYTES) n = pos < plan->bytewise ? 1 : 61 + pos / 32;
    if (split == GW_BYOP_RANDOM) n = 1 + (size_t)gw_rng_below(rng, gw_rng_below(rng, 4) ? 9 : 200 + pos / 16);
    return n < left ? n : left;
}

bool gw_byop_run(const gwspec_parser_api *api, void *parser, const gw_byop_plan *plan, gw_byop_split split,
                 uint64_t seed, gw_byop_log *log, const gw_byop_finding *finding) {
    run r = {.api = api, .parser = parser, .log = log, .finding = finding};
    bool messages = (api->reports & GWSPEC_TAKES_MESSAGES) != 0;
    gw_rng rng;
    gw_rng_init(&rng, seed);
    if (__sanitizer_get_current_allocated_bytes) r.before_bytes = allocated(&r);
    if (!drain(&r)) return false;
    size_t pos = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const gw_byop_step *step = &plan->steps[i];
        if (step->is_tick) {
            if (api->tick) api->tick(parser, step->now_ms);
            if (!drain(&r)) return false;
            continue;
        }
        size_t left = step->len;
        while (split == GW_BYOP_WHOLE && !messages && i + 1 < plan->count && !plan->steps[i + 1].is_tick)
            left += plan->steps[++i].len;
        while (left > 0) {
            size_t n = messages ? left : piece(plan, split, step, pos, left, &rng);
            if (!feed(&r, plan->stream.data + pos, n)) return false;
            pos += n;
            left -= n;
        }
        if (!check_memory(&r)) return false;
    }
    return true;
}
