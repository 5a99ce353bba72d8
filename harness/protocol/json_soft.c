/* Floor 2: texts that are JSON, but too much for cJSON 1.7. */
#include "protocol/json_soft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CJSON_MAX_NUMBER = 63 };

static bool is_number_byte(uint8_t c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static unsigned hex4(const char *p) {
    char digits[5] = {p[0], p[1], p[2], p[3], 0};
    return (unsigned)strtoul(digits, NULL, 16);
}

/* p stands on a backslash of judged text. Returns the length of the escape, both halves of a pair together. */
static size_t soften_escape(char *p, bool *changed) {
    if (p[1] != 'u') return 2;
    unsigned unit = hex4(p + 2);
    if (unit < 0xd800 || unit > 0xdfff) return 6;
    bool paired = unit < 0xdc00 && p[6] == '\\' && p[7] == 'u' && hex4(p + 8) >= 0xdc00 && hex4(p + 8) <= 0xdfff;
    if (paired) return 12;
    *changed = true;
    memcpy(p + 2, "fffd", 4);
    return 6;
}

static void soften_number(char *p, size_t len) {
    char *copy = malloc(len + 1), shorter[40];
    if (!copy) return;
    memcpy(copy, p, len);
    copy[len] = 0;
    double value = strtod(copy, NULL);
    free(copy);
    int n = snprintf(shorter, sizeof shorter, "%.17g", value);
    /* Infinity has no JSON text of its own. */
    if (strchr(shorter, 'n')) n = snprintf(shorter, sizeof shorter, "%s1e999", value < 0 ? "-" : "");
    memcpy(p, shorter, (size_t)n);
    memset(p + n, ' ', len - (size_t)n);
}

static bool walk(char *text, size_t len, bool write) {
    bool changed = false;
    char scratch[13];
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        if (text[i] == '"') {
            for (i++; i < len && text[i] != '"';) {
                if (text[i] != '\\') {
                    i++;
                    continue;
                }
                char *p = text + i;
                if (!write) {
                    size_t rest = len - i < 12 ? len - i : 12;
                    memset(scratch, 0, sizeof scratch);
                    memcpy(scratch, p, rest);
                    p = scratch;
                }
                i += soften_escape(p, &changed);
            }
            i++;
            continue;
        }
        while (i + n < len && is_number_byte((uint8_t)text[i + n])) n++;
        if (n > CJSON_MAX_NUMBER) {
            changed = true;
            if (write) soften_number(text + i, n);
        }
        i += n ? n : 1;
    }
    return changed;
}

bool gw_json_needs_softening(gw_span text) {
    return walk((char *)(uintptr_t)text.ptr, text.len, false);
}

void gw_json_soften(char *text, size_t len) {
    walk(text, len, true);
}
