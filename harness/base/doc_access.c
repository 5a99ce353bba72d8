/* Floor 0: scalars of the core schema, and what readers of a tree need: look-up, places, checks, JSON. */
#include "base/doc.h"
#include "base/doc_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Text ---- */

size_t gw_doc_utf8_sequence(gw_span s) {
    uint8_t c = s.ptr[0];
    if (c < 0x80) return 1;
    size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || s.len < len) return 0;
    for (size_t i = 1; i < len; i++)
        if ((s.ptr[i] & 0xc0) != 0x80) return 0;
    uint8_t second = s.ptr[1];
    bool bad = (c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) || (c == 0xf0 && second < 0x90) ||
               (c == 0xf4 && second > 0x8f);
    return bad ? 0 : len;
}

/* ---- Scalars ---- */

static bool is_word(gw_span s, const char *const *words) {
    for (; *words; words++)
        if (gw_span_equal_cstr(s, *words)) return true;
    return false;
}

static size_t digits(gw_span s, size_t at) {
    size_t n = 0;
    while (at + n < s.len && s.ptr[at + n] >= '0' && s.ptr[at + n] <= '9') n++;
    return n;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?  *integer: no dot and no exponent. */
static bool is_decimal(gw_span s, bool *integer) {
    size_t i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+');
    size_t whole = digits(s, i), fraction = 0;
    i += whole;
    *integer = true;
    if (i < s.len && s.ptr[i] == '.') {
        *integer = false;
        fraction = digits(s, ++i);
        i += fraction;
    }
    if (whole + fraction == 0) return false;
    if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        *integer = false;
        i++;
        i += i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+');
        size_t n = digits(s, i);
        if (n == 0) return false;
        i += n;
    }
    return i == s.len;
}

static bool is_based(gw_span s, int *base) {
    if (s.len < 3 || s.ptr[0] != '0' || (s.ptr[1] != 'x' && s.ptr[1] != 'o')) return false;
    *base = s.ptr[1] == 'x' ? 16 : 8;
    for (size_t i = 2; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool digit = (c >= '0' && c <= (*base == 16 ? '9' : '7'));
        bool letter = *base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
        if (!digit && !letter) return false;
    }
    return true;
}

static void set_integer(gw_doc_node *node, const char *text, int base) {
    errno = 0;
    long long value = strtoll(text, NULL, base);
    if (errno == ERANGE) {
        node->kind = GW_DOC_FLOAT;
        node->number = base == 10 ? strtod(node->text, NULL) : base == 16 ? strtod(node->text, NULL) : INFINITY;
        return;
    }
    node->kind = GW_DOC_INT;
    node->integer = value;
    node->number = (double)value;
}

void gw_doc_resolve_plain(gw_doc_node *node) {
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    static const char *const infinities[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL};
    static const char *const negatives[] = {"-.inf", "-.Inf", "-.INF", NULL};
    static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
    gw_span s = gw_span_make(node->text, node->text_len);
    bool integer;
    int base;
    if (is_word(s, nulls)) {
        node->kind = GW_DOC_NULL;
    } else if (is_word(s, trues) || is_word(s, falses)) {
        node->kind = GW_DOC_BOOL;
        node->boolean = is_word(s, trues);
    } else if (is_decimal(s, &integer)) {
        if (integer) {
            set_integer(node, node->text, 10);
        } else {
            node->kind = GW_DOC_FLOAT;
            node->number = strtod(node->text, NULL);
        }
    } else if (is_based(s, &base)) {
        set_integer(node, node->text + 2, base);
    } else if (is_word(s, infinities) || is_word(s, negatives) || is_word(s, nans)) {
        node->kind = GW_DOC_FLOAT;
        node->number = is_word(s, nans) ? (double)NAN : is_word(s, negatives) ? -INFINITY : INFINITY;
    }
}

/* ---- Look-up ---- */

const gw_doc_node *gw_doc_root(const gw_doc *doc) {
    return doc->root;
}

const gw_doc_node *gw_doc_get(const gw_doc_node *map, const char *key) {
    if (!map || map->kind != GW_DOC_MAP) return NULL;
    for (const gw_doc_node *c = map->first; c; c = c->next)
        if (strcmp(c->key, key) == 0) return c;
    return NULL;
}

gw_place gw_doc_place(const gw_doc_node *node) {
    return (gw_place){.file = node->doc->file,
                      .source = node->doc->source,
                      .line = node->line,
                      .column = node->column,
                      .width = node->width};
}

static uint32_t key_width(const char *key) {
    uint32_t n = 0;
    for (; *key; key++) n += ((uint8_t)*key & 0xc0) != 0x80;
    return n ? n : 1;
}

gw_place gw_doc_key_place(const gw_doc_node *node) {
    gw_place place = gw_doc_place(node);
    if (!node->key || !node->key_line) return place;
    place.line = node->key_line;
    place.column = node->key_column;
    place.width = key_width(node->key);
    return place;
}

const char *gw_doc_kind_name(gw_doc_kind kind) {
    static const char *const names[] = {"nothing",  "true or false", "an integer", "a number",
                                        "a string", "a list",        "a map"};
    return names[kind];
}

/* ---- Checks ---- */

static void report(gw_diag *diag, gw_place place, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
static void report(gw_diag *diag, gw_place place, const char *format, va_list args) {
    gw_buf text;
    gw_buf_init(&text, 4096);
    gw_buf_vprintf(&text, format, args);
    gw_diag_error(diag, place, "%s", gw_buf_cstr(&text));
    gw_buf_deinit(&text);
}

void gw_doc_error(gw_diag *diag, const gw_doc_node *node, const char *format, ...) {
    va_list args;
    va_start(args, format);
    report(diag, gw_doc_place(node), format, args);
    va_end(args);
}

bool gw_doc_expect_kind(gw_diag *diag, const gw_doc_node *node, gw_doc_kind kind, const char *what) {
    if (node->kind == kind || (kind == GW_DOC_FLOAT && node->kind == GW_DOC_INT)) return true;
    gw_doc_error(diag, node, "%s must be %s, not %s", what, gw_doc_kind_name(kind), gw_doc_kind_name(node->kind));
    return false;
}

static void append_suggestion(gw_buf *text, gw_span word, const char *const *words, size_t count) {
    const char *meant = gw_diag_suggest(word, words, count);
    if (meant) {
        gw_buf_printf(text, " (did you mean '%s'?)", meant);
        return;
    }
    for (size_t i = 0; i < count; i++) gw_buf_printf(text, "%s%s", i ? ", " : "; known: ", words[i]);
}

bool gw_doc_expect_keys(gw_diag *diag, const gw_doc_node *map, const char *const *keys, size_t count,
                        const char *what) {
    if (!gw_doc_expect_kind(diag, map, GW_DOC_MAP, what)) return false;
    bool ok = true;
    for (const gw_doc_node *c = map->first; c; c = c->next) {
        size_t i = 0;
        while (i < count && strcmp(keys[i], c->key) != 0) i++;
        if (i < count) continue;
        gw_buf text;
        gw_buf_init(&text, 4096);
        gw_buf_printf(&text, "unknown key '%.80s' in %s", c->key, what);
        append_suggestion(&text, gw_span_cstr(c->key), keys, count);
        gw_diag_error(diag, gw_doc_key_place(c), "%s", gw_buf_cstr(&text));
        gw_buf_deinit(&text);
        ok = false;
    }
    return ok;
}

bool gw_doc_require(gw_diag *diag, const gw_doc_node *map, const char *key, const char *what) {
    if (gw_doc_get(map, key)) return true;
    gw_place place = map->key ? gw_doc_key_place(map) : gw_doc_place(map);
    gw_diag_error(diag, place, "%s needs the key '%s'", what, key);
    return false;
}

bool gw_doc_expect_word(gw_diag *diag, const gw_doc_node *node, const char *const *words, size_t count,
                        const char *what, size_t *out) {
    /* true, false and null are words here too: the user need not know which plain words YAML takes for itself. */
    if (node->kind == GW_DOC_SEQ || node->kind == GW_DOC_MAP || !node->text) {
        gw_doc_error(diag, node, "%s must be a word, not %s", what, gw_doc_kind_name(node->kind));
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], node->text) != 0) continue;
        *out = i;
        return true;
    }
    gw_buf text;
    gw_buf_init(&text, 4096);
    gw_buf_printf(&text, "unknown word '%.80s' for %s", node->text, what);
    append_suggestion(&text, gw_span_make(node->text, node->text_len), words, count);
    gw_diag_error(diag, gw_doc_place(node), "%s", gw_buf_cstr(&text));
    gw_buf_deinit(&text);
    return false;
}

bool gw_doc_expect_duration(gw_diag *diag, const gw_doc_node *node, gw_ns *out) {
    if (node->text && gw_time_parse(gw_span_make(node->text, node->text_len), out) == GW_OK) return true;
    gw_doc_error(diag, node, "not a duration: write a number with its unit, such as 250ms or 1.5s");
    return false;
}

/* ---- JSON ---- */

/* How many bytes the next code point takes, and whether a file may hold it as an escape only. */
static size_t next_point(gw_span text, uint32_t *value, bool *escape) {
    size_t len = gw_doc_utf8_sequence(text);
    *value = len ? gw_doc_code_point(gw_span_sub(text, 0, len)) : 0;
    *escape = gw_doc_needs_escape(*value);
    return len ? len : 1;
}

gw_status gw_doc_append_string(gw_buf *out, gw_span text) {
    uint32_t value;
    bool escape;
    gw_buf_append_byte(out, '"');
    for (size_t len; text.len; text = gw_span_from(text, len)) {
        uint8_t c = text.ptr[0];
        len = next_point(text, &value, &escape);
        if (c == '"' || c == '\\')
            gw_buf_printf(out, "\\%c", c);
        else if (c == '\n')
            gw_buf_append_cstr(out, "\\n");
        else if (c == '\r')
            gw_buf_append_cstr(out, "\\r");
        else if (c == '\t')
            gw_buf_append_cstr(out, "\\t");
        else if (c < 0x20 || escape)
            gw_buf_printf(out, "\\u%04x", (unsigned)value);
        else
            gw_buf_append_span(out, gw_span_sub(text, 0, len));
    }
    gw_buf_append_byte(out, '"');
    return out->error;
}

gw_status gw_doc_append_json(gw_buf *out, gw_span json) {
    uint32_t value;
    bool escape;
    for (size_t len; json.len; json = gw_span_from(json, len)) {
        len = next_point(json, &value, &escape);
        if (escape)
            gw_buf_printf(out, "\\u%04x", (unsigned)value);
        else
            gw_buf_append_span(out, gw_span_sub(json, 0, len));
    }
    return out->error;
}

/* RFC 8259 section 6; stricter than the core schema: no plus, no leading zero, no bare dot. */
static bool is_json_number(gw_span s) {
    bool integer;
    if (!is_decimal(s, &integer) || s.ptr[0] == '+') return false;
    size_t i = s.ptr[0] == '-';
    size_t whole = digits(s, i);
    if (whole == 0 || (whole > 1 && s.ptr[i] == '0')) return false;
    return !(i + whole < s.len && s.ptr[i + whole] == '.' && digits(s, i + whole + 1) == 0);
}

static gw_status append_number(const gw_doc_node *node, gw_buf *out) {
    gw_span text = gw_span_make(node->text, node->text_len);
    if (is_json_number(text)) return gw_buf_append_span(out, text);
    if (node->kind == GW_DOC_INT) return gw_buf_printf(out, "%lld", (long long)node->integer);
    if (!isfinite(node->number)) return out->error = GW_ERR_INVALID;
    return gw_buf_printf(out, "%.17g", node->number);
}

gw_status gw_doc_to_json(const gw_doc_node *node, gw_buf *out) {
    switch (node->kind) {
    case GW_DOC_NULL:
        gw_buf_append_cstr(out, "null");
        break;
    case GW_DOC_BOOL:
        gw_buf_append_cstr(out, node->boolean ? "true" : "false");
        break;
    case GW_DOC_INT:
    case GW_DOC_FLOAT:
        append_number(node, out);
        break;
    case GW_DOC_STRING:
        gw_doc_append_string(out, gw_span_make(node->text, node->text_len));
        break;
    case GW_DOC_SEQ:
    case GW_DOC_MAP:
        gw_buf_append_byte(out, node->kind == GW_DOC_MAP ? '{' : '[');
        for (const gw_doc_node *c = node->first; c; c = c->next) {
            if (c != node->first) gw_buf_append_byte(out, ',');
            if (c->key) {
                gw_doc_append_string(out, gw_span_cstr(c->key));
                gw_buf_append_byte(out, ':');
            }
            gw_doc_to_json(c, out);
        }
        gw_buf_append_byte(out, node->kind == GW_DOC_MAP ? '}' : ']');
        break;
    }
    return out->error;
}
