/* The protocol of the gateway document and the catalogue of requirements, loaded once from files compiled in. */
#include "protocol.h"
#include "base/embedded.h"
#include "fuzz.h"

extern const gw_embedded_file gw_fuzz_files[];
extern const size_t gw_fuzz_files_count;

static gw_span text_of(const gw_embedded_file *file) {
    return gw_span_make(file->bytes, file->len);
}

static bool is_protocol(const gw_embedded_file *file) {
    return gw_span_starts_with(gw_span_cstr(file->path), GW_SPAN_LIT("protocols/"));
}

const gw_protocol *gw_fuzz_protocol(void) {
    static const gw_protocol *protocol;
    static gw_arena arena;
    if (protocol) return protocol;
    gw_diag diag;
    gw_diag_init(&diag);
    gw_arena_init(&arena);
    for (size_t i = 0; i < gw_fuzz_files_count && !protocol; i++)
        if (is_protocol(&gw_fuzz_files[i]))
            protocol = gw_protocol_load(&arena, text_of(&gw_fuzz_files[i]), gw_fuzz_files[i].path, &diag);
    GW_FUZZ_CHECK(protocol, "%s", gw_buf_cstr(&diag.text));
    gw_diag_deinit(&diag);
    return protocol;
}

const gw_requirements *gw_fuzz_requirements(void) {
    static gw_requirements requirements;
    if (requirements.count) return &requirements;
    gw_diag diag;
    gw_diag_init(&diag);
    gw_requirements_init(&requirements);
    for (size_t i = 0; i < gw_fuzz_files_count; i++)
        if (!is_protocol(&gw_fuzz_files[i]))
            GW_FUZZ_CHECK(gw_requirements_load(&requirements, text_of(&gw_fuzz_files[i]), gw_fuzz_files[i].path, &diag),
                          "%s", gw_buf_cstr(&diag.text));
    GW_FUZZ_CHECK(requirements.count, "no requirements");
    gw_diag_deinit(&diag);
    return &requirements;
}
