/* Floor 3: variables and ${...}. Knows JSON values and texts; knows nothing of steps, clients or time windows. */
#include "scenario/vars.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NAME = 128, MAX_TEXT_BYTES = 16 << 20 };

gw_status gw_vars_init(gw_vars *vars, gw_rng *rng) {
    *vars = (gw_vars){.values = cJSON_CreateObject(), .rng = rng};
    return vars->values ? GW_OK : GW_ERR_NOMEM;
}

void gw_vars_deinit(gw_vars *vars) {
    cJSON_Delete(vars->values);
    *vars = (gw_vars){0};
}

/* Puts `value` (owned from here on) under `name`, in place of what was there. */
static gw_status put(cJSON *object, const char *name, cJSON *value) {
    if (!value) return GW_ERR_NOMEM;
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    if (cJSON_AddItemToObject(object, name, value)) return GW_OK;
    cJSON_Delete(value);
    return GW_ERR_NOMEM;
}

gw_status gw_vars_set(gw_vars *vars, const char *name, const cJSON *value) {
    assert(!strchr(name, '.'));
    return put(vars->values, name, cJSON_Duplicate(value, true));
}

gw_status gw_vars_set_string(gw_vars *vars, const char *object, const char *member, const char *value) {
    cJSON *owner = cJSON_GetObjectItemCaseSensitive(vars->values, object);
    if (!cJSON_IsObject(owner)) {
        gw_status status = put(vars->values, object, cJSON_CreateObject());
        if (status != GW_OK) return status;
        owner = cJSON_GetObjectItemCaseSensitive(vars->values, object);
    }
    return put(owner, member, cJSON_CreateString(value));
}

static const cJSON *child(const cJSON *parent, gw_span name) {
    char key[MAX_NAME];
    if (name.len == 0 || name.len >= sizeof key) return NULL;
    memcpy(key, name.ptr, name.len);
    key[name.len] = 0;
    if (!cJSON_IsArray(parent)) return cJSON_GetObjectItemCaseSensitive(parent, key);
    if (strspn(key, "0123456789") != name.len || name.len > 6) return NULL;
    return cJSON_GetArrayItem(parent, atoi(key));
}

const cJSON *gw_vars_get(const gw_vars *vars, gw_span path) {
    const cJSON *value = vars->values;
    while (value) {
        const uint8_t *dot = path.len ? memchr(path.ptr, '.', path.len) : NULL;
        size_t len = dot ? (size_t)(dot - path.ptr) : path.len;
        value = child(value, gw_span_sub(path, 0, len));
        if (!dot) break;
        path = gw_span_from(path, len + 1);
    }
    return value;
}

static gw_span find(gw_span text, const char *what) {
    size_t len = strlen(what);
    const uint8_t *at = text.len ? memmem(text.ptr, text.len, what, len) : NULL;
    return at ? gw_span_from(text, (size_t)(at - text.ptr)) : (gw_span){0};
}

gw_vars_token gw_vars_next(gw_span *text, gw_span *piece) {
    *piece = *text;
    if (text->len == 0) return GW_VARS_END;
    if (gw_span_starts_with(*text, GW_SPAN_LIT("$${"))) {
        *piece = gw_span_sub(*text, 1, 2);
        *text = gw_span_from(*text, 3);
        return GW_VARS_TEXT;
    }
    if (gw_span_starts_with(*text, GW_SPAN_LIT("${"))) {
        gw_span end = find(*text, "}");
        if (end.len == 0) return GW_VARS_UNCLOSED;
        *piece = gw_span_trim(gw_span_sub(*text, 2, text->len - end.len - 2));
        *text = gw_span_from(end, 1);
        return GW_VARS_REF;
    }
    gw_span next = find(*text, "${");
    size_t len = text->len - next.len;
    /* "$${" is an escape; of "$$${" the first '$' is plain */
    if (next.len && len > 0 && text->ptr[len - 1] == '$') len--;
    *piece = gw_span_sub(*text, 0, len);
    *text = gw_span_from(*text, len);
    return GW_VARS_TEXT;
}

bool gw_vars_is_ref(gw_span text, gw_span *path) {
    return gw_vars_next(&text, path) == GW_VARS_REF && text.len == 0;
}

/* RFC 9562 section 5.4: version 4. */
static void make_uuid(gw_rng *rng, char out[37]) {
    uint8_t b[16];
    gw_rng_fill(rng, b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    char *p = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
        p += snprintf(p, 3, "%02x", b[i]);
    }
}

/* The value of a reference, as a new JSON value. */
static cJSON *resolve(gw_vars *vars, gw_span path, gw_status *status) {
    cJSON *value = NULL;
    *status = GW_OK;
    if (gw_span_equal_cstr(path, "uuid")) {
        char uuid[37];
        make_uuid(vars->rng, uuid);
        value = cJSON_CreateString(uuid);
    } else if (gw_span_equal_cstr(path, "now-ms")) {
        value = cJSON_CreateNumber((double)vars->now_ms);
    } else {
        const cJSON *known = gw_vars_get(vars, path);
        if (!known) {
            *status = GW_ERR_NOT_FOUND;
            return NULL;
        }
        value = cJSON_Duplicate(known, true);
    }
    if (!value) *status = GW_ERR_NOMEM;
    return value;
}

/* Whole numbers without exponent or fraction, so that "${I}" reads 1000 and "${now-ms}" is what a clock says. */
static gw_status append_value(const cJSON *value, gw_buf *out) {
    if (cJSON_IsString(value)) return gw_buf_append_cstr(out, value->valuestring);
    if (cJSON_IsNumber(value) && value->valuedouble > -9e15 && value->valuedouble < 9e15 &&
        value->valuedouble == (double)(int64_t)value->valuedouble)
        return gw_buf_printf(out, "%lld", (long long)value->valuedouble);
    char *text = cJSON_PrintUnformatted(value);
    if (!text) return GW_ERR_NOMEM;
    gw_status status = gw_buf_append_cstr(out, text);
    cJSON_free(text);
    return status;
}

gw_status gw_vars_expand(gw_vars *vars, gw_span text, gw_buf *out, gw_span *missing) {
    gw_span piece;
    for (;;) {
        gw_status status = GW_OK;
        switch (gw_vars_next(&text, &piece)) {
        case GW_VARS_END:
            return GW_OK;
        case GW_VARS_UNCLOSED:
            return GW_ERR_INVALID;
        case GW_VARS_TEXT:
            status = gw_buf_append_span(out, piece);
            break;
        case GW_VARS_REF: {
            cJSON *value = resolve(vars, piece, &status);
            if (status == GW_ERR_NOT_FOUND) *missing = piece;
            if (status == GW_OK) status = append_value(value, out);
            cJSON_Delete(value);
            break;
        }
        }
        if (status != GW_OK) return status;
    }
}

static cJSON *expand_string(gw_vars *vars, const char *text, gw_status *status, gw_span *missing) {
    gw_span span = gw_span_cstr(text), path;
    if (gw_vars_is_ref(span, &path)) {
        cJSON *value = resolve(vars, path, status);
        if (*status == GW_ERR_NOT_FOUND) *missing = path;
        return value;
    }
    gw_buf out;
    gw_buf_init(&out, MAX_TEXT_BYTES);
    *status = gw_vars_expand(vars, span, &out, missing);
    cJSON *value = *status == GW_OK ? cJSON_CreateString(gw_buf_cstr(&out)) : NULL;
    if (*status == GW_OK && !value) *status = GW_ERR_NOMEM;
    gw_buf_deinit(&out);
    return value;
}

cJSON *gw_vars_expand_json(gw_vars *vars, const cJSON *template, gw_status *status, gw_span *missing) {
    *status = GW_OK;
    if (cJSON_IsString(template)) return expand_string(vars, template->valuestring, status, missing);
    cJSON *copy = NULL;
    if (cJSON_IsArray(template))
        copy = cJSON_CreateArray();
    else if (cJSON_IsObject(template))
        copy = cJSON_CreateObject();
    else
        copy = cJSON_Duplicate(template, true);
    if (!copy) *status = GW_ERR_NOMEM;
    if (!copy || !(cJSON_IsArray(template) || cJSON_IsObject(template))) return copy;
    const cJSON *item;
    cJSON_ArrayForEach(item, template) {
        cJSON *value = gw_vars_expand_json(vars, item, status, missing);
        if (*status == GW_OK) {
            bool added = cJSON_IsArray(copy) ? cJSON_AddItemToArray(copy, value)
                                             : cJSON_AddItemToObject(copy, item->string, value);
            if (added) continue;
            cJSON_Delete(value);
            *status = GW_ERR_NOMEM;
        }
        cJSON_Delete(copy);
        return NULL;
    }
    return copy;
}
