/* Floor 5, pure: texts that must never be printed. It must not know where they come from. */
#include "cli/secrets.h"

#include "cli/spelling.h"
#include "wire/base64.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A shorter line, part or header could stand anywhere by chance: "true" is no secret. */
enum { PART_MIN = 8, PIECE_MAX = 8, PIECE_MIN = 3 };

void gw_secrets_deinit(gw_secrets *secrets) {
    for (size_t i = 0; i < secrets->count; i++) free(secrets->list[i].text);
    free(secrets->list);
    *secrets = (gw_secrets){0};
}

static gw_status add_one(gw_secrets *secrets, gw_span text) {
    for (size_t i = 0; i < secrets->count; i++)
        if (gw_span_equal(text, gw_span_make(secrets->list[i].text, secrets->list[i].len))) return GW_OK;
    if (secrets->count == secrets->capacity) {
        size_t capacity = secrets->capacity ? secrets->capacity * 2 : 8;
        struct gw_secrets_text *list = realloc(secrets->list, capacity * sizeof *list);
        if (!list) return GW_ERR_NOMEM;
        secrets->list = list;
        secrets->capacity = capacity;
    }
    char *copy = malloc(text.len);
    if (!copy) return GW_ERR_NOMEM;
    memcpy(copy, text.ptr, text.len);
    secrets->list[secrets->count++] = (struct gw_secrets_text){copy, text.len};
    return GW_OK;
}

/* The text itself, and what it is once percent signs are read: a server tells of either. */
static gw_status add_text(gw_secrets *secrets, gw_span text) {
    gw_status status = add_one(secrets, text);
    gw_buf plain;
    gw_buf_init(&plain, text.len);
    gw_spelling_append_plain(text, &plain);
    if (status == GW_OK) status = plain.error;
    if (status == GW_OK && plain.len >= GW_SECRETS_MIN_BYTES) status = add_one(secrets, gw_buf_span(&plain));
    gw_buf_deinit(&plain);
    return status;
}

/* "name:password" in base64 (RFC 7617 section 2). What is no base64, or has no colon, has no password. */
static gw_status add_basic(gw_secrets *secrets, gw_span credentials) {
    size_t len = 0;
    uint8_t *pair = malloc(credentials.len + 1);
    if (!pair) return GW_ERR_NOMEM;
    gw_status status = GW_OK;
    bool encoded = gw_base64_decode(credentials, pair, credentials.len, &len) == GW_OK;
    const uint8_t *colon = encoded ? memchr(pair, ':', len) : NULL;
    if (colon) {
        gw_span all = gw_span_make(pair, len), password = gw_span_from(all, (size_t)(colon + 1 - pair));
        if (all.len >= GW_SECRETS_MIN_BYTES) status = add_text(secrets, all);
        if (status == GW_OK && password.len >= GW_SECRETS_MIN_BYTES) status = add_text(secrets, password);
    }
    free(pair);
    return status;
}

/* Bytes of a word at the start: the name of a scheme or cookie (RFC 9110 section 5.6.2, without rare marks). */
static size_t word_len(gw_span text) {
    size_t len = 0;
    while (len < text.len && (isalnum(text.ptr[len]) || (text.ptr[len] && strchr("-._", text.ptr[len])))) len++;
    return len;
}

/* Bytes of "Bearer " at the start, with the blanks (RFC 9110 section 11.4); 0: no word stands before blanks. */
static size_t scheme_len(gw_span text) {
    size_t word = word_len(text), blanks = 0;
    while (word + blanks < text.len && (text.ptr[word + blanks] == ' ' || text.ptr[word + blanks] == '\t')) blanks++;
    return word && blanks ? word + blanks : 0;
}

/* What stands behind the name of a scheme. Of a scheme that is known it is a secret though it be short. */
static gw_status add_credentials(gw_secrets *secrets, gw_span value) {
    size_t len = scheme_len(value);
    gw_span scheme = gw_span_sub(value, 0, word_len(value)), credentials = gw_span_from(value, len);
    bool basic = gw_span_equal_nocase(scheme, GW_SPAN_LIT("Basic"));
    bool known = basic || gw_span_equal_nocase(scheme, GW_SPAN_LIT("Bearer"));
    if (!len || credentials.len < (known ? GW_SECRETS_MIN_BYTES : PART_MIN)) return GW_OK;
    gw_status status = add_text(secrets, credentials);
    return status == GW_OK && basic ? add_basic(secrets, credentials) : status;
}

/* 'Scheme a="b", c="d"', the values of "a=b; c=d" (RFC 6265 section 4.2.1), and the words of "bearer, TOKEN". */
static gw_status add_list(gw_secrets *secrets, gw_span value) {
    gw_status status = GW_OK;
    while (value.len && status == GW_OK) {
        size_t len = 0;
        while (len < value.len && value.ptr[len] != ';' && value.ptr[len] != ',') len++;
        gw_span part = gw_span_trim(gw_span_sub(value, 0, len));
        value = gw_span_from(value, len + 1);
        part = gw_span_from(part, scheme_len(part));
        size_t name = word_len(part);
        if (name && name < part.len && part.ptr[name] == '=') part = gw_span_from(part, name + 1);
        if (part.len >= 2 && part.ptr[0] == '"' && part.ptr[part.len - 1] == '"')
            part = gw_span_sub(part, 1, part.len - 2);
        if (part.len >= PART_MIN) status = add_text(secrets, part);
    }
    return status;
}

static gw_status add_value(gw_secrets *secrets, gw_span value) {
    gw_status status = value.len < GW_SECRETS_MIN_BYTES ? GW_ERR_LIMIT : add_text(secrets, value);
    while (value.len && status == GW_OK) {
        size_t len = 0;
        while (len < value.len && value.ptr[len] != '\r' && value.ptr[len] != '\n') len++;
        gw_span line = gw_span_sub(value, 0, len);
        value = gw_span_from(value, len + 1);
        if (len < PART_MIN) continue;
        status = add_text(secrets, line);
        if (status == GW_OK) status = add_credentials(secrets, line);
        if (status == GW_OK) status = add_basic(secrets, line); /* "Basic ${env.NAME}" in the target's file */
        if (status == GW_OK) status = add_list(secrets, line);
    }
    return status;
}

gw_status gw_secrets_add(gw_secrets *secrets, const char *value) {
    return add_value(secrets, gw_span_cstr(value));
}

gw_status gw_secrets_add_header(gw_secrets *secrets, const char *header) {
    static const char *const PUBLIC[] = {"Origin", "Host", "User-Agent", "Accept", "Accept-Language"};
    gw_span name = gw_span_make(header, strcspn(header, ":"));
    gw_span value = gw_span_trim(gw_span_cstr(header + name.len + (header[name.len] == ':')));
    for (size_t i = 0; i < sizeof PUBLIC / sizeof PUBLIC[0]; i++)
        if (gw_span_equal_nocase(name, gw_span_cstr(PUBLIC[i]))) return GW_OK;
    return value.len < PART_MIN ? GW_OK : add_value(secrets, value);
}

/* Bytes of a secret that stand at the start of text; 0: none. */
static size_t found(gw_span secret, gw_span text) {
    gw_spelled spelled = gw_spelling_match(secret, text);
    size_t least = secret.len / 3;
    if (least < PIECE_MIN) least = PIECE_MIN;
    if (least > PIECE_MAX) least = PIECE_MAX;
    return spelled.whole ? spelled.whole : spelled.piece >= least ? spelled.piece : 0;
}

bool gw_secrets_redact(const gw_secrets *secrets, gw_span text, gw_buf *out) {
    bool any = false;
    for (size_t i = 0; i < text.len;) {
        size_t len = 0;
        for (size_t s = 0; s < secrets->count; s++) {
            gw_span secret = gw_span_make(secrets->list[s].text, secrets->list[s].len);
            if (!gw_spelling_may_start(secret, text.ptr[i])) continue;
            size_t here = found(secret, gw_span_from(text, i));
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
