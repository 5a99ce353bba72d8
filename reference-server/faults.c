/* The table of planted faults as data. Pure; it must not know where the faults act. */
#include "reference-server/faults.h"

#include "base/diag.h"

static const gw_fault_info infos[] = {
#define GW_FAULT_INFO(id, name, layer, rules, sentence) {name, layer, rules, sentence},
    GW_FAULT_TABLE(GW_FAULT_INFO)
#undef GW_FAULT_INFO
};

const gw_fault_info *gw_faults_info(gw_fault fault) {
    return &infos[fault];
}

gw_status gw_faults_find(gw_span name, gw_fault *out) {
    for (size_t i = 0; i < GW_FAULT_COUNT; i++) {
        if (!gw_span_equal_cstr(name, infos[i].name)) continue;
        *out = (gw_fault)i;
        return GW_OK;
    }
    return GW_ERR_NOT_FOUND;
}

const char *gw_faults_suggest(gw_span name) {
    const char *names[GW_FAULT_COUNT];
    for (size_t i = 0; i < GW_FAULT_COUNT; i++) names[i] = infos[i].name;
    return gw_diag_suggest(name, names, GW_FAULT_COUNT);
}

/* The table's texts hold no control characters, so these two are all that JSON wants escaped. */
static void append_json_string(gw_buf *out, const char *s) {
    gw_buf_append_byte(out, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') gw_buf_append_byte(out, '\\');
        gw_buf_append_byte(out, (uint8_t)*s);
    }
    gw_buf_append_byte(out, '"');
}

static void append_json_rules(gw_buf *out, const char *rules) {
    gw_buf_append_cstr(out, "[\"");
    for (; *rules; rules++) {
        if (*rules == ' ')
            gw_buf_append_cstr(out, "\", \"");
        else
            gw_buf_append_byte(out, (uint8_t)*rules);
    }
    gw_buf_append_cstr(out, "\"]");
}

gw_status gw_faults_list(bool json, bool (*wanted)(const void *context, gw_fault fault), const void *context,
                         gw_buf *out) {
    bool first = true;
    if (json) gw_buf_append_cstr(out, "[\n");
    for (size_t i = 0; i < GW_FAULT_COUNT; i++) {
        const gw_fault_info *info = &infos[i];
        if (wanted && !wanted(context, (gw_fault)i)) continue;
        if (!json) {
            gw_buf_printf(out, "%-34s %-10s %s\n    %s\n", info->name, info->layer, info->rules, info->sentence);
            continue;
        }
        gw_buf_printf(out, "%s  {\"name\": \"%s\", \"layer\": \"%s\", \"rules\": ", first ? "" : ",\n", info->name,
                      info->layer);
        append_json_rules(out, info->rules);
        gw_buf_append_cstr(out, ", \"sentence\": ");
        append_json_string(out, info->sentence);
        gw_buf_append_byte(out, '}');
        first = false;
    }
    if (json) gw_buf_append_cstr(out, first ? "]\n" : "\n]\n");
    return out->error;
}
