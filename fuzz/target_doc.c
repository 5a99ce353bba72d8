/* Fuzz target: the loader of users' files as trees (base/doc.h). load, print, load, print gives the same text, which is
 * valid JSON; a file that does not load has an error with a place. */
#include "base/doc.h"
#include "fuzz.h"
#include "protocol/json.h"

#include <math.h>
#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_LINES, .vocabulary = &gw_vocabulary_files};

static bool has_json_text; /* every number of the document has a JSON text */

static size_t count_nodes(const gw_doc_node *node, const gw_doc_node *parent) {
    size_t nodes = 1, children = 0;
    if (node->kind == GW_DOC_FLOAT && !isfinite(node->number)) has_json_text = false;
    GW_FUZZ_CHECK(node->parent == parent && node->line >= 1 && node->column >= 1, "a node without a place");
    GW_FUZZ_CHECK(!node->text == (node->kind == GW_DOC_SEQ || node->kind == GW_DOC_MAP), "text of a %s",
                  gw_doc_kind_name(node->kind));
    for (const gw_doc_node *child = node->first; child; child = child->next) {
        nodes += count_nodes(child, node);
        children++;
    }
    GW_FUZZ_CHECK(children == node->count, "%zu children, said to be %zu", children, node->count);
    return nodes;
}

static void check_round_trip(const gw_doc *doc, gw_diag *diag) {
    static gw_buf once = {.max = 16 * GW_FUZZ_MAX_BYTES}, twice = {.max = 16 * GW_FUZZ_MAX_BYTES};
    gw_json_report report;
    gw_buf_clear(&once);
    gw_buf_clear(&twice);
    GW_FUZZ_CHECK(gw_doc_to_json(gw_doc_root(doc), &once) == GW_OK, "does not print");
    gw_json_judge(gw_buf_span(&once), (gw_json_limits){0}, &report);
    GW_FUZZ_CHECK(report.verdict == GW_JSON_IS_VALID, "%s at %zu in %s", gw_json_fault_name(report.fault),
                  report.offset, gw_buf_cstr(&once));
    gw_doc *again = gw_doc_parse(gw_buf_span(&once), "again.json", diag);
    GW_FUZZ_CHECK(again, "%s\n%s", gw_buf_cstr(&once), gw_buf_cstr(&diag->text));
    GW_FUZZ_CHECK(gw_doc_to_json(gw_doc_root(again), &twice) == GW_OK, "does not print again");
    GW_FUZZ_CHECK(gw_span_equal(gw_buf_span(&once), gw_buf_span(&twice)), "%s and %s", gw_buf_cstr(&once),
                  gw_buf_cstr(&twice));
    gw_doc_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    gw_diag diag;
    gw_diag_init(&diag);
    gw_doc *doc = gw_doc_parse(gw_span_make(data, size), "input.yaml", &diag);
    GW_FUZZ_CHECK((doc == NULL) == (diag.errors > 0), "%zu errors", diag.errors);
    has_json_text = true;
    if (doc)
        count_nodes(gw_doc_root(doc), NULL);
    else
        GW_FUZZ_CHECK(strncmp(gw_buf_cstr(&diag.text), "input.yaml", 10) == 0, "%s", gw_buf_cstr(&diag.text));
    if (doc && has_json_text) check_round_trip(doc, &diag);
    gw_doc_destroy(doc);
    gw_diag_deinit(&diag);
    return 0;
}
