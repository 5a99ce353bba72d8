/* Floor 3: the readable record of a run. The first lines and the latest ones are kept, those between are counted; a
 * line that repeats at once is one line. */
#include "scenario/engine_internal.h"

#include "wire/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { LOG_HEAD = 60, LOG_MAX = 260, LOG_TEXT = 400 };

#define AT_ONCE (10 * GW_MS)

void wirelog_init(gw_wirelog *log) {
    *log = (gw_wirelog){.head_max = LOG_HEAD, .max = LOG_MAX};
    log->entries = calloc(LOG_MAX, sizeof *log->entries);
}

void wirelog_deinit(gw_wirelog *log) {
    for (size_t i = 0; i < log->count; i++) free((char *)log->entries[i].text);
    free(log->entries);
    *log = (gw_wirelog){0};
}

static gw_wire_entry *slot(gw_wirelog *log) {
    if (log->count < log->max) return &log->entries[log->count++];
    gw_wire_entry *oldest = &log->entries[log->head_max + log->ring_start];
    log->ring_start = (log->ring_start + 1) % (log->max - log->head_max);
    log->dropped++;
    free((char *)oldest->text);
    return oldest;
}

static gw_wire_entry *latest(gw_wirelog *log) {
    if (log->count < log->max) return log->count ? &log->entries[log->count - 1] : NULL;
    size_t ring = log->max - log->head_max;
    return &log->entries[log->head_max + (log->ring_start + ring - 1) % ring];
}

/* A flood says the same again and again. */
static bool repeats(gw_wirelog *log, const gw_wire_entry *entry) {
    gw_wire_entry *last = latest(log);
    if (!last || last->client != entry->client || last->direction != entry->direction) return false;
    gw_ns since = entry->at - (last->more ? last->last_at : last->at);
    if (since < 0 || since >= AT_ONCE || strcmp(last->text, entry->text) != 0) return false;
    last->more++;
    last->last_at = entry->at;
    return true;
}

void wirelog_add(gw_engine *e, const gw_conn *c, gw_wire_direction direction, gw_ns at, const char *format, ...) {
    if (!e->log.entries) return;
    gw_buf text;
    gw_buf_init(&text, LOG_TEXT * 8);
    va_list args;
    va_start(args, format);
    gw_buf_vprintf(&text, format, args);
    va_end(args);
    gw_wire_entry entry = {
        .at = at - e->started, .direction = direction, .client = c ? c->spec->name : NULL, .text = gw_buf_cstr(&text)};
    if (!repeats(&e->log, &entry) && (entry.text = strdup(entry.text))) *slot(&e->log) = entry;
    gw_buf_deinit(&text);
}

void wirelog_printable(gw_span bytes, size_t max, gw_buf *out) {
    size_t shown = bytes.len < max ? bytes.len : max, bad = 0;
    bool text = gw_utf8_check(gw_span_sub(bytes, 0, shown), &bad) || bad + 3 >= shown;
    for (size_t i = 0; i < shown; i++) {
        uint8_t b = bytes.ptr[i];
        if (b == '\r')
            gw_buf_append_cstr(out, "\\r");
        else if (b == '\n')
            gw_buf_append_cstr(out, "\\n");
        else if (b < 0x20 || b == 0x7f || (b >= 0x80 && (!text || i >= bad)))
            gw_buf_printf(out, "\\x%02x", b);
        else
            gw_buf_append_byte(out, b);
    }
    if (bytes.len > shown) gw_buf_printf(out, "... (%zu bytes)", bytes.len);
}

static int by_time(const void *a, const void *b) {
    const gw_wire_entry *x = *(gw_wire_entry *const *)a, *y = *(gw_wire_entry *const *)b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x < y ? -1 : x > y;
}

void wirelog_finish(gw_engine *e, gw_result *result) {
    gw_wirelog *log = &e->log;
    if (log->count == 0) return;
    const gw_wire_entry **order = malloc(log->count * sizeof(*order));
    if (!order) return;
    size_t head = log->count < log->head_max ? log->count : log->head_max, n = 0;
    for (size_t i = 0; i < head; i++) order[n++] = &log->entries[i];
    for (size_t i = head; i < log->count; i++) {
        size_t ring = log->max - log->head_max;
        order[n++] = &log->entries[log->head_max + (log->ring_start + i - head) % ring];
    }
    if (log->dropped == 0) qsort(order, n, sizeof *order, by_time);
    gw_wire_entry *copy = GW_ARENA_ARRAY(result->arena, gw_wire_entry, n);
    for (size_t i = 0; i < n; i++) {
        copy[i] = *order[i];
        copy[i].text = gw_arena_strdup(result->arena, order[i]->text);
    }
    free(order);
    result->wire = copy;
    result->wire_count = n;
    result->wire_dropped = log->dropped;
}
