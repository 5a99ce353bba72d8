/* Floor 3: all scenarios that were loaded. Knows nothing of files or runs. */
#include "scenario/suite.h"

#include <stdlib.h>
#include <string.h>

void gw_suite_init(gw_suite *suite, const gw_protocol *protocol, const gw_requirements *requirements) {
    *suite = (gw_suite){.protocol = protocol, .requirements = requirements};
    gw_arena_init(&suite->arena);
}

void gw_suite_deinit(gw_suite *suite) {
    for (size_t i = 0; i < suite->doc_count; i++) gw_doc_destroy(suite->docs[i]);
    free(suite->docs);
    free(suite->scenarios);
    gw_arena_deinit(&suite->arena);
    *suite = (gw_suite){0};
}

/* Room for `count` more pointers. */
static gw_status grow(void **list, size_t *capacity, size_t used, size_t count) {
    if (used + count <= *capacity) return GW_OK;
    size_t want = *capacity * 2 > used + count ? *capacity * 2 : used + count;
    void *bigger = realloc(*list, want * sizeof(void *));
    if (!bigger) return GW_ERR_NOMEM;
    *list = bigger;
    *capacity = want;
    return GW_OK;
}

gw_status gw_suite_add(gw_suite *suite, gw_doc *doc, const gw_scenario *const *scenarios, size_t count) {
    gw_status status = grow((void **)&suite->scenarios, &suite->capacity, suite->count, count);
    if (status == GW_OK) status = grow((void **)&suite->docs, &suite->doc_capacity, suite->doc_count, 1);
    if (status != GW_OK) return status;
    suite->docs[suite->doc_count++] = doc;
    if (count) memcpy(suite->scenarios + suite->count, scenarios, count * sizeof *scenarios);
    suite->count += count;
    return GW_OK;
}

static int compare(const void *a, const void *b) {
    const gw_scenario *x = *(const gw_scenario *const *)a, *y = *(const gw_scenario *const *)b;
    int order = strcmp(x->family, y->family);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

void gw_suite_sort(gw_suite *suite) {
    if (suite->count) qsort(suite->scenarios, suite->count, sizeof *suite->scenarios, compare);
}
