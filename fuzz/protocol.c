/* The protocol of the gateway document and the catalogue of requirements, loaded once from files compiled in. */
#include "protocol.h"
#include "base/embedded.h"
#include "fuzz.h"

extern const gw_embedded_file gw_fuzz_files[];
extern const size_t gw_fuzz_files_count;

static gw_span text_of(const gw_embedded_file *file) {
    return gw_span_make(file->bytes, file->len);
}

static bool is_below(const gw_embedded_file *file, gw_span folder) {
    return gw_span_starts_with(gw_span_cstr(file->path), folder);
}

/* Both live as long as the program. */
static const gw_protocol *load(gw_span folder) {
    static gw_arena arena;
    const gw_protocol *protocol = NULL;
    gw_diag diag;
    gw_diag_init(&diag);
    for (size_t i = 0; i < gw_fuzz_files_count && !protocol; i++)
        if (is_below(&gw_fuzz_files[i], folder))
            protocol = gw_protocol_load(&arena, text_of(&gw_fuzz_files[i]), gw_fuzz_files[i].path, &diag);
    GW_FUZZ_CHECK(protocol, "%s", gw_buf_cstr(&diag.text));
    gw_diag_deinit(&diag);
    return protocol;
}

const gw_protocol *gw_fuzz_protocol(void) {
    static const gw_protocol *protocol;
    if (!protocol) protocol = load(GW_SPAN_LIT("scenarios/protocols/"));
    return protocol;
}

const gw_protocol *gw_fuzz_variant(void) {
    static const gw_protocol *protocol;
    if (!protocol) protocol = load(GW_SPAN_LIT("fuzz/variant"));
    return protocol;
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
