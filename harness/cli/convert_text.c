/* Floor 5: what a session becomes, as text of a scenario. */
#include "cli/convert_internal.h"
#include "base/doc.h"
#include "report/text.h"
#include "wire/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gw_convert_refuse(gw_convert_world *w, const char *format, ...) {
    char text[200];
    if (w->status != GW_OK) return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    gw_buf_append_cstr(w->why, text);
    w->status = GW_ERR_UNSUPPORTED;
}

void gw_convert_begin_step(gw_convert_world *w) {
    long long ns = w->waited, unit = ns % GW_MS == 0 ? GW_MS : ns % GW_US == 0 ? GW_US : 1;
    const char *word = unit == GW_MS ? "ms" : unit == GW_US ? "us" : "ns";
    if (ns) gw_buf_printf(w->out, "  - wait: {for: %lld%s}\n", ns / unit, word);
    w->waited = 0;
}

void gw_convert_append_name(const gw_convert_world *w, const gw_convert_client *c) {
    unsigned k = (unsigned)(c - w->clients);
    gw_buf_printf(w->out, "c%u", k);
    if (c->opened > 1) gw_buf_printf(w->out, "-%u", c->opened);
}

bool gw_convert_is_text(gw_span bytes) {
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.ptr[i] == 0 || (bytes.ptr[i] == '$' && i + 1 < bytes.len && bytes.ptr[i + 1] == '{')) return false;
    return gw_utf8_check(bytes, NULL);
}

void gw_convert_append_bytes(gw_convert_world *w, gw_span bytes) {
    if (bytes.len && gw_convert_is_text(bytes)) {
        gw_buf_append_cstr(w->out, ", text: ");
        gw_doc_append_string(w->out, bytes);
    } else if (bytes.len) {
        gw_buf_append_cstr(w->out, ", hex: \"");
        gw_text_append_hex(w->out, bytes);
        gw_buf_append_byte(w->out, '"');
    }
}

void gw_convert_end_send(gw_convert_world *w, const gw_convert_client *c, unsigned times) {
    if (c->chunk) gw_buf_printf(w->out, ", chop: %u", c->chunk);
    if (times > 1) gw_buf_printf(w->out, ", times: %u", times);
    gw_buf_append_cstr(w->out, "}\n");
}

void gw_convert_begin_send(gw_convert_world *w, const gw_convert_client *c, const char *key) {
    gw_convert_begin_step(w);
    gw_buf_printf(w->out, "  - %s: {on: ", key);
    gw_convert_append_name(w, c);
}
