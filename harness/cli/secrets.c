/* Floor 5, pure: texts that must never be printed. It must not know where they come from. */
#include "cli/secrets.h"

#include "base/span.h"

#include <stdlib.h>
#include <string.h>

/* The first line of a key in PEM says nothing; what follows does. */
enum { LINE_MIN = 8, PIECE_MAX = 8, PIECE_MIN = 3, SHAPE_MAX = 1 << 20 };

void gw_secrets_deinit(gw_secrets *secrets) {
    for (size_t i = 0; i < secrets->count; i++) free(secrets->list[i].text);
    free(secrets->list);
    *secrets = (gw_secrets){0};
}

static gw_status add_shape(gw_secrets *secrets, gw_span shape) {
    for (size_t i = 0; i < secrets->count; i++)
        if (gw_span_equal(shape, gw_span_make(secrets->list[i].text, secrets->list[i].len))) return GW_OK;
    if (secrets->count == secrets->capacity) {
        size_t capacity = secrets->capacity ? secrets->capacity * 2 : 8;
        struct gw_secrets_shape *list = realloc(secrets->list, capacity * sizeof *list);
        if (!list) return GW_ERR_NOMEM;
        secrets->list = list;
        secrets->capacity = capacity;
    }
    char *copy = malloc(shape.len + 1);
    if (!copy) return GW_ERR_NOMEM;
    memcpy(copy, shape.ptr, shape.len);
    copy[shape.len] = '\0';
    secrets->list[secrets->count++] = (struct gw_secrets_shape){copy, shape.len};
    return GW_OK;
}

static void append_json(gw_buf *out, uint8_t c) {
    static const char NAMED[] = "\b\f\n\r\t", LETTERS[] = "bfnrt";
    const char *named = c ? strchr(NAMED, c) : NULL;
    if (named)
        gw_buf_printf(out, "\\%c", LETTERS[named - NAMED]);
    else if (c == '"' || c == '\\')
        gw_buf_printf(out, "\\%c", c);
    else if (c < 0x20)
        gw_buf_printf(out, "\\u%04x", c);
    else
        gw_buf_append_byte(out, c);
}

/* RFC 3986 section 2: both letter cases of the digits are in use. */
static void append_percent(gw_buf *out, uint8_t c, bool upper) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
    if (plain)
        gw_buf_append_byte(out, c);
    else
        gw_buf_printf(out, upper ? "%%%02X" : "%%%02x", c);
}

static gw_status add_encoded(gw_secrets *secrets, const char *value, int shape) {
    gw_buf text;
    gw_buf_init(&text, SHAPE_MAX);
    for (const char *p = value; *p; p++) {
        uint8_t c = (uint8_t)*p;
        if (shape == 0)
            append_json(&text, c);
        else
            append_percent(&text, c, shape == 1);
    }
    gw_status status = text.error == GW_OK ? add_shape(secrets, gw_buf_span(&text)) : text.error;
    gw_buf_deinit(&text);
    return status;
}

gw_status gw_secrets_add(gw_secrets *secrets, const char *value) {
    if (strlen(value) < GW_SECRETS_MIN_BYTES) return GW_ERR_LIMIT;
    gw_status status = add_shape(secrets, gw_span_cstr(value));
    for (int shape = 0; shape < 3 && status == GW_OK; shape++) status = add_encoded(secrets, value, shape);
    if (!strpbrk(value, "\r\n")) return status;
    for (const char *line = value; *line && status == GW_OK;) {
        size_t len = strcspn(line, "\r\n");
        if (len >= LINE_MIN) status = add_shape(secrets, gw_span_make(line, len));
        line += len + strspn(line + len, "\r\n");
    }
    return status;
}

static size_t common_prefix(gw_span text, const struct gw_secrets_shape *shape) {
    size_t n = 0;
    while (n < text.len && n < shape->len && text.ptr[n] == (uint8_t)shape->text[n]) n++;
    return n;
}

/* Bytes of a secret that stand at the start of text; 0: none. */
static size_t found(const struct gw_secrets_shape *shape, gw_span text) {
    size_t n = common_prefix(text, shape), least = shape->len / 3;
    if (n == shape->len) return n;
    if (least < PIECE_MIN) least = PIECE_MIN;
    if (least > PIECE_MAX) least = PIECE_MAX;
    gw_span rest = gw_span_from(text, n);
    bool cut = rest.len == 0 || (rest.len >= 3 && memcmp(rest.ptr, "...", 3) == 0);
    return cut && n >= least ? n : 0;
}

bool gw_secrets_redact(const gw_secrets *secrets, gw_span text, gw_buf *out) {
    bool any = false;
    for (size_t i = 0; i < text.len;) {
        size_t len = 0;
        for (size_t s = 0; s < secrets->count; s++) {
            const struct gw_secrets_shape *shape = &secrets->list[s];
            if (text.ptr[i] != (uint8_t)shape->text[0]) continue;
            size_t here = found(shape, gw_span_from(text, i));
            if (here > len) len = here;
        }
        if (len)
            gw_buf_append_cstr(out, "***");
        else
            gw_buf_append_byte(out, text.ptr[i]);
        any |= len > 0;
        i += len ? len : 1;
    }
    return any;
}
