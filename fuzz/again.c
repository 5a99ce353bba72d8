/* Users' files in another spelling, for load, print, load. */
#include "base/doc.h"
#include "fuzz.h"

#include <string.h>

/* A number or word that JSON spells in another way (00.9, 0x10, .inf, FALSE, NULL) is another text to a loader that
 * keeps it.
 */
static bool is_spelt_as_json(const gw_doc_node *number) {
    gw_buf text;
    gw_buf_init(&text, GW_FUZZ_MAX_BYTES);
    bool same = gw_doc_to_json(number, &text) == GW_OK && strcmp(gw_buf_cstr(&text), number->text) == 0;
    gw_buf_deinit(&text);
    return same;
}

static bool has_json_text(const gw_doc_node *node) {
    bool spelt = node->kind != GW_DOC_STRING && node->kind != GW_DOC_SEQ && node->kind != GW_DOC_MAP;
    if (spelt && !is_spelt_as_json(node)) return false;
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
