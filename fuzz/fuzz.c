/* What the fuzz targets share. */
#include "fuzz.h"
#include "base/doc.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool gw_fuzz_thorough, gw_fuzz_unlisted;

void gw_fuzz_fail(const char *file, int line, const char *condition, const char *format, ...) {
    va_list args;
    fprintf(stderr, "%s:%d: property broken: %s: ", file, line, condition);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

uint64_t gw_fuzz_hash(const uint8_t *data, size_t size) {
    uint64_t hash = 0x9e3779b97f4a7c15u ^ size;
    while (size >= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
        data += 8;
        size -= 8;
    }
    for (size_t i = 0; i < size; i++) hash = (hash ^ data[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

/* Objects of their own, so that each ends in a red zone. */
static uint8_t room_0[GW_FUZZ_MAX_BYTES], room_1[GW_FUZZ_MAX_BYTES], room_2[GW_FUZZ_MAX_BYTES];

uint8_t *gw_fuzz_copy(unsigned room, const uint8_t *data, size_t size) {
    uint8_t *const rooms[GW_FUZZ_ROOMS] = {room_0, room_1, room_2};
    uint8_t *copy = rooms[room] + GW_FUZZ_MAX_BYTES - size;
    if (size) memcpy(copy, data, size);
    return copy;
}

static bool has_json_text(const gw_doc_node *node) {
    if (node->kind == GW_DOC_FLOAT && !isfinite(node->number)) return false;
    for (const gw_doc_node *child = node->first; child; child = child->next)
        if (!has_json_text(child)) return false;
    return true;
}

bool gw_fuzz_as_json(gw_span yaml, gw_span *json) {
    static gw_buf text = {.max = 16 * GW_FUZZ_MAX_BYTES};
    gw_diag diag;
    gw_diag_init(&diag);
    gw_buf_clear(&text);
    gw_doc *doc = gw_doc_parse(yaml, "input.yaml", &diag);
    bool ok = doc && has_json_text(gw_doc_root(doc)) && gw_doc_to_json(gw_doc_root(doc), &text) == GW_OK;
    gw_doc_destroy(doc);
    gw_diag_deinit(&diag);
    *json = gw_buf_span(&text);
    return ok;
}

bool gw_fuzz_same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}
