/* Floor 4: colours, durations and the reasons of what was skipped. */
#include "report/style.h"

#include "report/text.h"

#include <stdlib.h>
#include <string.h>

const gw_verdict gw_style_order[GW_VERDICT_COUNT] = {
    GW_VERDICT_PASS,  GW_VERDICT_NON_STRICT,   GW_VERDICT_KNOWN_FAIL, GW_VERDICT_UNEXPECTED_PASS, GW_VERDICT_FAIL,
    GW_VERDICT_CRASH, GW_VERDICT_INCONCLUSIVE, GW_VERDICT_ERROR,      GW_VERDICT_SKIPPED};

const char *gw_style_verdict(gw_verdict verdict, bool colour) {
    static const char *const codes[GW_VERDICT_COUNT] = {
        [GW_VERDICT_PASS] = "\033[32m",         [GW_VERDICT_KNOWN_FAIL] = "\033[2m",
        [GW_VERDICT_SKIPPED] = "\033[2m",       [GW_VERDICT_NON_STRICT] = "\033[33m",
        [GW_VERDICT_INCONCLUSIVE] = "\033[35m", [GW_VERDICT_UNEXPECTED_PASS] = "\033[31m",
        [GW_VERDICT_FAIL] = "\033[31m",         [GW_VERDICT_CRASH] = "\033[1;31m",
        [GW_VERDICT_ERROR] = "\033[1;35m"};
    return colour ? codes[verdict] : "";
}

void gw_style_append_duration(gw_ns duration, gw_buf *out) {
    if (duration >= GW_S)
        gw_buf_printf(out, "%.1f s", (double)duration / (double)GW_S);
    else
        gw_buf_printf(out, "%.0f ms", (double)duration / (double)GW_MS);
}

/* A reason as "stem" + last word. */
typedef struct reason {
    const char *text;
    size_t stem;   /* bytes up to and with the blank before the last word */
    size_t weight; /* how many have this stem */
} reason;

/* What skipped most stands first, since the line may be cut. */
static int by_weight(const void *a, const void *b) {
    const reason *x = a, *y = b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return strcmp(x->text, y->text);
}

static size_t collect(const gw_result *const *results, size_t count, reason *out) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (results[i]->verdict != GW_VERDICT_SKIPPED) continue;
        const char *text = gw_report_reason(results[i]);
        const char *blank = strrchr(text, ' ');
        out[n++] = (reason){.text = text, .stem = blank ? (size_t)(blank - text) + 1 : 0};
    }
    return n;
}

static bool same_stem(const reason *a, const reason *b) {
    return a->stem > 0 && a->stem == b->stem && strncmp(a->text, b->text, a->stem) == 0;
}

static void weigh(reason *reasons, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            reasons[i].weight +=
                strcmp(reasons[i].text, reasons[j].text) == 0 || same_stem(&reasons[i], &reasons[j]) ? 1 : 0;
}

void gw_style_append_skip_reasons(const gw_result *const *results, size_t count, gw_buf *out) {
    reason *reasons = count ? malloc(count * sizeof *reasons) : NULL;
    if (!reasons) {
        if (count) out->error = GW_ERR_NOMEM;
        return;
    }
    size_t n = collect(results, count, reasons);
    weigh(reasons, n);
    if (n > 1) qsort(reasons, n, sizeof *reasons, by_weight);
    const reason *last = NULL;
    for (size_t i = 0; i < n; i++) {
        if (reasons[i].text[0] == 0 || (last && strcmp(last->text, reasons[i].text) == 0)) continue;
        bool joined = last && same_stem(last, &reasons[i]);
        if (last) gw_buf_append_cstr(out, joined ? ", " : "; ");
        gw_text_append_printable(out, gw_span_cstr(reasons[i].text + (joined ? reasons[i].stem : 0)));
        last = &reasons[i];
    }
    free(reasons);
}
