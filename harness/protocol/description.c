/* Floor 2: look-up in a loaded description. description_load.c builds it. */
#include "protocol/description.h"

#include <string.h>

bool gw_codes_has(const gw_codes *codes, unsigned code) {
    for (size_t i = 0; i < codes->count; i++)
        if (code >= codes->ranges[i].low && code <= codes->ranges[i].high) return true;
    return codes->count == 0;
}

const gw_protocol *gw_protocol_with_knobs(gw_arena *arena, const gw_protocol *protocol, const gw_knobs *knobs) {
    gw_protocol *copy = GW_ARENA_NEW(arena, gw_protocol);
    *copy = *protocol;
    copy->knobs = *knobs;
    return copy;
}

static void check_id(const gw_requirements *requirements, const char *id, const char *where, const char *file,
                     gw_diag *diag) {
    if (gw_requirements_find(requirements, id)) return;
    const char *meant = gw_requirements_suggest(requirements, id);
    gw_diag_error(diag, (gw_place){.file = file}, "%s names the unknown requirement '%s'%s%s%s", where, id,
                  meant ? " (did you mean '" : "", meant ? meant : "", meant ? "'?)" : "");
}

bool gw_protocol_check_requirements(const gw_protocol *protocol, const gw_requirements *requirements, const char *file,
                                    gw_diag *diag) {
    size_t errors = diag->errors;
    for (size_t i = 0; i < protocol->event_count; i++)
        for (int role = 0; role < 2; role++)
            check_id(requirements, protocol->events[i].requirement[role], protocol->events[i].name, file, diag);
    for (int role = 0; role < 2; role++)
        for (int rule = 0; rule < GW_RULE_COUNT; rule++)
            check_id(requirements, protocol->rules[role][rule], gw_rule_word((gw_rule)rule), file, diag);
    return diag->errors == errors;
}

const gw_event *gw_protocol_event(const gw_protocol *protocol, gw_span name) {
    for (size_t i = 0; i < protocol->event_count; i++)
        if (gw_span_equal_cstr(name, protocol->events[i].name)) return &protocol->events[i];
    return NULL;
}

const gw_event *gw_protocol_event_by_id(const gw_protocol *protocol, int64_t id) {
    if (protocol->envelope.id_type != GW_ID_INTEGER) return NULL;
    for (size_t i = 0; i < protocol->event_count; i++)
        if (protocol->events[i].id == id) return &protocol->events[i];
    return NULL;
}

const gw_event *gw_protocol_event_by_id_text(const gw_protocol *protocol, gw_span id) {
    if (protocol->envelope.id_type != GW_ID_STRING) return NULL;
    for (size_t i = 0; i < protocol->event_count; i++)
        if (gw_span_equal_cstr(id, protocol->events[i].id_s)) return &protocol->events[i];
    return NULL;
}

const char *gw_protocol_rule(const gw_protocol *protocol, gw_role role, gw_rule rule) {
    return protocol->rules[role][rule];
}

bool gw_protocol_is_beat(const gw_protocol *protocol, const gw_event *event) {
    for (size_t i = 0; event && i < protocol->heartbeat.reset_count; i++)
        if (protocol->heartbeat.resets[i] == event) return true;
    return false;
}

const cJSON *gw_pointer_get(const gw_pointer *pointer, const cJSON *tree) {
    for (size_t i = 0; tree && i < pointer->count; i++)
        tree = cJSON_IsObject(tree) ? cJSON_GetObjectItemCaseSensitive(tree, pointer->keys[i]) : NULL;
    return tree;
}
