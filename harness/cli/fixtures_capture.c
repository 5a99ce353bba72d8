/* What a capture finds in an answer. Floor 5. It must not know what it is for. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "cli/fixtures_internal.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum { MATCH_LIMIT = 1000000, KEY_MAX = 256 };

/* One segment of a JSON Pointer, "~1" and "~0" undone (RFC 6901 section 4). */
static bool take_segment(const char **pointer, char key[KEY_MAX]) {
    const char *p = *pointer + 1;
    size_t len = 0;
    for (; *p && *p != '/'; p++) {
        if (len + 1 == KEY_MAX) return false;
        if (*p == '~') p++;
        key[len++] = p[-1] == '~' ? (*p == '1' ? '/' : '~') : *p;
    }
    key[len] = '\0';
    *pointer = p;
    return true;
}

static const cJSON *follow(const cJSON *value, const char *pointer) {
    char key[KEY_MAX];
    while (value && *pointer) {
        if (!take_segment(&pointer, key)) return NULL;
        if (cJSON_IsArray(value))
            value = *key && strspn(key, "0123456789") == strlen(key) ? cJSON_GetArrayItem(value, atoi(key)) : NULL;
        else
            value = cJSON_GetObjectItemCaseSensitive(value, key);
    }
    return value;
}

static cJSON *capture_json(const gw_target_capture *capture, gw_span body, gw_error *error) {
    cJSON *tree = cJSON_ParseWithLength(body.ptr ? (const char *)body.ptr : "", body.len);
    if (!tree) {
        gw_error_set(error, GW_ERR_INVALID, "the answer's body is no JSON");
        return NULL;
    }
    const cJSON *found = follow(tree, capture->from);
    cJSON *copy = found ? cJSON_Duplicate(found, true) : NULL;
    if (!copy) gw_error_set(error, GW_ERR_NOT_FOUND, "the answer's JSON has nothing at '%s'", capture->from);
    cJSON_Delete(tree);
    return copy;
}

static cJSON *string_of(gw_span text) {
    char *copy = strndup(text.ptr ? (const char *)text.ptr : "", text.len);
    cJSON *value = copy ? cJSON_CreateString(copy) : NULL;
    free(copy);
    return value;
}

static cJSON *capture_regex(const gw_target_capture *capture, gw_span body, gw_error *error) {
    int code;
    PCRE2_SIZE offset;
    cJSON *value = NULL;
    pcre2_match_data *data = NULL;
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_code *regex =
        pcre2_compile((PCRE2_SPTR)capture->from, strlen(capture->from), PCRE2_UTF, &code, &offset, NULL);
    if (regex) data = pcre2_match_data_create_from_pattern(regex, NULL);
    if (!context || !data) {
        gw_error_set(error, GW_ERR_NOMEM, "out of memory");
        goto cleanup;
    }
    pcre2_set_match_limit(context, MATCH_LIMIT);
    int groups = pcre2_match(regex, body.ptr ? body.ptr : (PCRE2_SPTR) "", body.len, 0, 0, data, context);
    if (groups < 1) {
        gw_error_set(error, GW_ERR_NOT_FOUND, "the answer's body does not match '%s'", capture->from);
        goto cleanup;
    }
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data) + (groups > 1 ? 2 : 0);
    value = at[0] == PCRE2_UNSET ? cJSON_CreateString("") : string_of(gw_span_sub(body, at[0], at[1] - at[0]));
cleanup:
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_code_free(regex);
    return value;
}

static gw_span trim_lines(gw_span text) {
    while (text.len && strchr(" \t\r\n", text.ptr[text.len - 1]) && text.ptr[text.len - 1]) text.len--;
    while (text.len && strchr(" \t\r\n", text.ptr[0]) && text.ptr[0]) text = gw_span_from(text, 1);
    return text;
}

cJSON *fixtures_capture(const gw_target_capture *capture, const gw_http_response *response, gw_error *error) {
    gw_span found;
    switch (capture->kind) {
    case GW_TARGET_CAPTURE_JSON:
        return capture_json(capture, response->body, error);
    case GW_TARGET_CAPTURE_REGEX:
        return capture_regex(capture, response->body, error);
    case GW_TARGET_CAPTURE_HEADER:
        found = gw_http_header(response, capture->from);
        if (!found.ptr) gw_error_set(error, GW_ERR_NOT_FOUND, "the answer has no header '%s'", capture->from);
        return found.ptr ? string_of(found) : NULL;
    case GW_TARGET_CAPTURE_COOKIE:
        found = gw_http_cookie(response, capture->from);
        if (!found.ptr) gw_error_set(error, GW_ERR_NOT_FOUND, "the answer sets no cookie '%s'", capture->from);
        return found.ptr ? string_of(found) : NULL;
    case GW_TARGET_CAPTURE_BODY:
        return string_of(trim_lines(response->body));
    }
    return NULL;
}
