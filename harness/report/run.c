/* Floor 4: names and the rerun command. */
#include "report/run.h"

#include "report/text.h"

#include <string.h>

gw_span gw_report_group(const char *id) {
    static const char client[] = "client/";
    size_t len = strncmp(id, client, sizeof client - 1) == 0 ? sizeof client - 1 : 0;
    return gw_span_make(id, len + strcspn(id + len, "/"));
}

void gw_report_append_shell_word(const char *word, gw_buf *out) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+";
    if (*word && word[strspn(word, plain)] == 0) {
        gw_buf_append_cstr(out, word);
        return;
    }
    gw_buf_append_byte(out, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            gw_buf_append_cstr(out, "'\\''");
        else
            gw_buf_append_byte(out, (uint8_t)*word);
    }
    gw_buf_append_byte(out, '\'');
}

void gw_report_append_rerun(const gw_report_run *run, const gw_scenario *scenario, gw_buf *out) {
    const char *operand = scenario->id;
    for (size_t i = 0; i < run->own_file_count; i++)
        if (scenario->file && strcmp(run->own_files[i], scenario->file) == 0) operand = scenario->file;
    gw_buf_printf(out, "gwspec %s ", run->command ? run->command : "run");
    gw_report_append_shell_word(operand, out);
    if (run->rerun_options && *run->rerun_options) gw_buf_printf(out, " %s", run->rerun_options);
}

void gw_report_append_clause_name(const char *rule, gw_buf *out) {
    size_t digits = strncmp(rule, "RFC", 3) == 0 ? strspn(rule + 3, "0123456789") : 0;
    const char *section = rule + 3 + digits;
    if (digits == 0 || *section != '-') {
        gw_text_append_printable(out, gw_span_cstr(rule));
        return;
    }
    section++;
    gw_buf_printf(out, "RFC %.*s ", (int)digits, rule + 3);
    gw_text_append_printable(out, gw_span_make(section, strcspn(section, "-")));
}

const char *gw_report_reason(const gw_result *result) {
    if (result->finding_count == 0) return "";
    const gw_finding *finding = &result->findings[0];
    if (finding->observed && *finding->observed) return finding->observed;
    return finding->expected ? finding->expected : "";
}
