/* Protocols and the catalogue of requirements, loaded once from files compiled in. */
#include "protocol.h"
#include "base/embedded.h"
#include "fuzz.h"

#include <stdio.h>

extern const gw_embedded_file gw_fuzz_files[];
extern const size_t gw_fuzz_files_count;

static gw_span text_of(const gw_embedded_file *file) {
    return gw_span_make(file->bytes, file->len);
}

static bool is_below(const gw_embedded_file *file, gw_span folder) {
    return gw_span_starts_with(gw_span_cstr(file->path), folder);
}

static const gw_embedded_file *find(gw_span path) {
    for (size_t i = 0; i < gw_fuzz_files_count; i++)
        if (gw_span_equal_cstr(path, gw_fuzz_files[i].path)) return &gw_fuzz_files[i];
    return NULL;
}

static bool find_protocol(void *context, const char *name, const char *elsewhere, gw_span *text, const char **file) {
    char path[128];
    (void)context;
    (void)elsewhere;
    if (!name) return false;
    snprintf(path, sizeof path, "scenarios/protocols/%s.yaml", name);
    const gw_embedded_file *found = find(gw_span_cstr(path));
    if (!found) return false;
    *text = text_of(found);
    *file = found->path;
    return true;
}

const gw_protocol_source gw_fuzz_source = {find_protocol, NULL};

/* Lives as long as the program. */
static const gw_protocol *load(const gw_embedded_file *file) {
    static gw_arena arena;
    gw_diag diag;
    gw_diag_init(&diag);
    const gw_protocol *protocol = gw_protocol_load_from(&arena, text_of(file), file->path, &gw_fuzz_source, &diag);
    GW_FUZZ_CHECK(protocol, "%s", gw_buf_cstr(&diag.text));
    gw_diag_deinit(&diag);
    return protocol;
}

const gw_protocol *gw_fuzz_protocol(void) {
    static const gw_protocol *protocol;
    if (!protocol) protocol = load(find(GW_SPAN_LIT("scenarios/protocols/gateway.yaml")));
    return protocol;
}

const gw_protocol *const *gw_fuzz_protocols(size_t *count) {
    static const gw_protocol *all[GW_FUZZ_MAX_PROTOCOLS];
    static size_t loaded;
    size_t n = 0;
    for (size_t i = 0; loaded == 0 && i < gw_fuzz_files_count; i++) {
        const gw_embedded_file *file = &gw_fuzz_files[i];
        if (!is_below(file, GW_SPAN_LIT("scenarios/protocols/")) && !is_below(file, GW_SPAN_LIT("fuzz/variant")))
            continue;
        GW_FUZZ_CHECK(n < GW_FUZZ_MAX_PROTOCOLS, "too many descriptions");
        all[n++] = load(file);
    }
    if (loaded == 0) loaded = n;
    *count = loaded;
    return all;
}

const gw_requirements *gw_fuzz_requirements(void) {
    static gw_requirements requirements;
    if (requirements.count) return &requirements;
    gw_diag diag;
    gw_diag_init(&diag);
    gw_requirements_init(&requirements);
    for (size_t i = 0; i < gw_fuzz_files_count; i++)
        if (is_below(&gw_fuzz_files[i], GW_SPAN_LIT("scenarios/requirements/")))
            GW_FUZZ_CHECK(gw_requirements_load(&requirements, text_of(&gw_fuzz_files[i]), gw_fuzz_files[i].path, &diag),
                          "%s", gw_buf_cstr(&diag.text));
    GW_FUZZ_CHECK(requirements.count, "no requirements");
    gw_diag_deinit(&diag);
    return &requirements;
}
