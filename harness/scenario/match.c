/* Floor 3: matching a JSON value against a template. Knows values and variables; knows nothing of clients or steps. */
#include "scenario/match.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A hostile value must not buy time with a user's careless expression. */
enum { REGEX_STEPS = 100000, REGEX_DEPTH = 1000, REGEX_HEAP_KIB = 4096, MAX_PATH = 4096, SHOWN_BYTES = 120 };

typedef struct matching {
    gw_vars *vars;
    gw_buf *why;
    gw_buf path; /* JSON Pointer (RFC 6901) to the value in hand */
    struct {
        const char *name;
        const cJSON *value;
    } saves[GW_MATCH_MAX_SAVES];
    size_t save_count;
    unsigned quiet; /* inside $not and $one-of the reasons of a part say nothing about the whole */
} matching;

static bool match(matching *m, const cJSON *pattern, const cJSON *value);

/* ---- Reasons ---- */

static void show(gw_buf *out, const cJSON *value) {
    if (!value) {
        gw_buf_append_cstr(out, "nothing (it is absent)");
        return;
    }
    char *text = cJSON_PrintUnformatted(value);
    if (!text) {
        gw_buf_append_cstr(out, "a value");
        return;
    }
    gw_span span = gw_span_cstr(text);
    gw_span head = gw_span_sub(span, 0, SHOWN_BYTES);
    /* cut between code points */
    while (head.len < span.len && head.len > 0 && (span.ptr[head.len] & 0xc0) == 0x80) head.len--;
    gw_buf_append_span(out, head);
    if (head.len < span.len) gw_buf_printf(out, "... (%zu bytes)", span.len);
    cJSON_free(text);
}

/* "/path: expected " <what, pattern> ", got " <value>; always false. The path of the value itself is empty. */
static bool differs(matching *m, const char *what, const cJSON *pattern, const cJSON *value) {
    if (m->quiet || !m->why) return false;
    gw_buf_clear(m->why);
    gw_buf_printf(m->why, "%s: expected %s", gw_buf_cstr(&m->path), what);
    if (pattern) show(m->why, pattern);
    gw_buf_append_cstr(m->why, ", got ");
    show(m->why, value);
    return false;
}

/* Appends "/key" and returns the length to go back to. */
static size_t enter(matching *m, const char *key) {
    size_t before = m->path.len;
    gw_buf_append_byte(&m->path, '/');
    for (; *key; key++) {
        if (*key == '~')
            gw_buf_append_cstr(&m->path, "~0");
        else if (*key == '/')
            gw_buf_append_cstr(&m->path, "~1");
        else
            gw_buf_append_byte(&m->path, (uint8_t)*key);
    }
    return before;
}

static void leave(matching *m, size_t before) {
    m->path.len = before;
    m->path.error = GW_OK;
    if (m->path.data) m->path.data[before] = 0;
}

/* ---- Matchers ---- */

static bool is_integer(const cJSON *value) {
    return cJSON_IsNumber(value) && isfinite(value->valuedouble) && value->valuedouble == floor(value->valuedouble);
}

static bool match_type(matching *m, const cJSON *pattern, const cJSON *value) {
    const char *type = cJSON_IsNull(pattern) ? "null" : pattern->valuestring;
    bool ok = false;
    if (!type || !value)
        ok = false;
    else if (strcmp(type, "string") == 0)
        ok = cJSON_IsString(value);
    else if (strcmp(type, "number") == 0)
        ok = cJSON_IsNumber(value);
    else if (strcmp(type, "integer") == 0)
        ok = is_integer(value);
    else if (strcmp(type, "boolean") == 0)
        ok = cJSON_IsBool(value);
    else if (strcmp(type, "object") == 0)
        ok = cJSON_IsObject(value);
    else if (strcmp(type, "array") == 0)
        ok = cJSON_IsArray(value);
    else if (strcmp(type, "null") == 0)
        ok = cJSON_IsNull(value);
    return ok || differs(m, "the type ", pattern, value);
}

static bool match_any(matching *m, const cJSON *pattern, const cJSON *value) {
    (void)pattern;
    return value || differs(m, "any value", NULL, value);
}

static bool match_absent(matching *m, const cJSON *pattern, const cJSON *value) {
    (void)pattern;
    return !value || differs(m, "nothing", NULL, value);
}

static bool match_regex(matching *m, const cJSON *pattern, const cJSON *value) {
    if (!cJSON_IsString(value) || !cJSON_IsString(pattern)) return differs(m, "a text that matches ", pattern, value);
    int code, found = PCRE2_ERROR_NOMEMORY;
    PCRE2_SIZE at;
    pcre2_code *regex = pcre2_compile((PCRE2_SPTR)pattern->valuestring, PCRE2_ZERO_TERMINATED,
                                      PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &code, &at, NULL);
    if (!regex) return differs(m, "a text for what is no regular expression: ", pattern, value);
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(regex, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    if (data && context) {
        pcre2_set_match_limit(context, REGEX_STEPS);
        pcre2_set_depth_limit(context, REGEX_DEPTH);
        pcre2_set_heap_limit(context, REGEX_HEAP_KIB);
        found = pcre2_match(regex, (PCRE2_SPTR)value->valuestring, strlen(value->valuestring), 0, 0, data, context);
    }
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    pcre2_code_free(regex);
    if (found >= 0) return true;
    if (found == PCRE2_ERROR_NOMATCH) return differs(m, "a text that matches ", pattern, value);
    return differs(m, "a text on which the matcher stays within its limits, for ", pattern, value);
}

static bool match_min(matching *m, const cJSON *pattern, const cJSON *value) {
    bool ok = cJSON_IsNumber(pattern) && cJSON_IsNumber(value) && value->valuedouble >= pattern->valuedouble;
    return ok || differs(m, "a number of at least ", pattern, value);
}

static bool match_max(matching *m, const cJSON *pattern, const cJSON *value) {
    bool ok = cJSON_IsNumber(pattern) && cJSON_IsNumber(value) && value->valuedouble <= pattern->valuedouble;
    return ok || differs(m, "a number of at most ", pattern, value);
}

static bool match_near_now(matching *m, const cJSON *pattern, const cJSON *value) {
    gw_ns tolerance = -1;
    if (cJSON_IsString(pattern)) gw_time_parse(gw_span_cstr(pattern->valuestring), &tolerance);
    bool ok = false;
    if (tolerance >= 0 && cJSON_IsNumber(value) && m->vars) {
        /* Unix time passed 1e11 ms in 1973 and passes 1e11 s in the year 5138. */
        double ms = value->valuedouble < 1e11 ? value->valuedouble * 1000 : value->valuedouble;
        ok = fabs(ms - (double)m->vars->now_ms) <= (double)tolerance / GW_MS;
    }
    return ok || differs(m, "a Unix time around now, give or take ", pattern, value);
}

static bool match_save(matching *m, const cJSON *pattern, const cJSON *value) {
    if (!value) return differs(m, "a value", NULL, value);
    if (!cJSON_IsString(pattern) || m->save_count == GW_MATCH_MAX_SAVES)
        return differs(m, "at most 32 names to $save, not ", pattern, value);
    m->saves[m->save_count].name = pattern->valuestring;
    m->saves[m->save_count++].value = value;
    return true;
}

static bool match_one_of(matching *m, const cJSON *pattern, const cJSON *value) {
    size_t saves = m->save_count;
    const cJSON *alternative;
    m->quiet++;
    bool ok = false;
    cJSON_ArrayForEach(alternative, pattern) {
        ok = match(m, alternative, value);
        if (ok) break;
        m->save_count = saves;
    }
    m->quiet--;
    return ok || differs(m, "one of ", pattern, value);
}

static bool match_not(matching *m, const cJSON *pattern, const cJSON *value) {
    size_t saves = m->save_count;
    m->quiet++;
    bool matches = match(m, pattern, value);
    m->quiet--;
    m->save_count = saves;
    return !matches || differs(m, "anything but ", pattern, value);
}

static bool match_length(matching *m, const cJSON *pattern, const cJSON *value) {
    cJSON length = {.type = cJSON_Number};
    if (cJSON_IsString(value)) {
        for (const char *p = value->valuestring; *p; p++)
            if (((uint8_t)*p & 0xc0) != 0x80) length.valuedouble++;
    } else if (cJSON_IsArray(value) || cJSON_IsObject(value)) {
        length.valuedouble = cJSON_GetArraySize(value);
    } else {
        return differs(m, "something with the length ", pattern, value);
    }
    m->quiet++;
    bool ok = match(m, pattern, &length);
    m->quiet--;
    return ok || differs(m, "the length ", pattern, value);
}

static bool match_prefix(matching *m, const cJSON *pattern, const cJSON *value) {
    bool ok = cJSON_IsString(pattern) && cJSON_IsString(value) &&
              strncmp(value->valuestring, pattern->valuestring, strlen(pattern->valuestring)) == 0;
    return ok || differs(m, "a text that begins with ", pattern, value);
}

static bool match_contains(matching *m, const cJSON *pattern, const cJSON *value) {
    bool ok = cJSON_IsString(pattern) && cJSON_IsString(value) && strstr(value->valuestring, pattern->valuestring);
    return ok || differs(m, "a text that contains ", pattern, value);
}

/* RFC 9110 section 5.6.1: lists with commas; tokens compare without regard to case in the headers that matter here. */
static bool match_token(matching *m, const cJSON *pattern, const cJSON *value) {
    bool ok = false;
    gw_span list = cJSON_IsString(value) ? gw_span_cstr(value->valuestring) : (gw_span){0};
    gw_span token = cJSON_IsString(pattern) ? gw_span_cstr(pattern->valuestring) : (gw_span){0};
    while (list.len > 0 && token.len > 0 && !ok) {
        const uint8_t *comma = memchr(list.ptr, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.ptr) : list.len;
        ok = gw_span_equal_nocase(gw_span_trim(gw_span_sub(list, 0, len)), token);
        list = gw_span_from(list, len + 1);
    }
    return ok || differs(m, "a list with the token ", pattern, value);
}

static bool match_members(matching *m, const cJSON *pattern, const cJSON *value);

static bool match_exact(matching *m, const cJSON *pattern, const cJSON *value) {
    if (!match_members(m, pattern, value)) return false;
    const cJSON *member;
    cJSON_ArrayForEach(member, value) {
        if (cJSON_GetObjectItemCaseSensitive(pattern, member->string)) continue;
        size_t before = enter(m, member->string);
        differs(m, "no such member", NULL, member);
        leave(m, before);
        return false;
    }
    return true;
}

static const struct {
    const char *key;
    bool (*match)(matching *, const cJSON *pattern, const cJSON *value);
} matchers[] = {
    {"$type", match_type},         {"$any", match_any},     {"$absent", match_absent},     {"$regex", match_regex},
    {"$min", match_min},           {"$max", match_max},     {"$near-now", match_near_now}, {"$save", match_save},
    {"$one-of", match_one_of},     {"$not", match_not},     {"$length", match_length},     {"$prefix", match_prefix},
    {"$contains", match_contains}, {"$token", match_token}, {"$exact", match_exact},
};

static bool match_one(matching *m, const cJSON *matcher, const cJSON *value) {
    for (size_t i = 0; i < sizeof matchers / sizeof matchers[0]; i++)
        if (strcmp(matchers[i].key, matcher->string) == 0) return matchers[i].match(m, matcher, value);
    return differs(m, "a matcher that exists, not ", matcher, value);
}

/* ---- Templates ---- */

static bool is_matcher(const cJSON *pattern) {
    return cJSON_IsObject(pattern) && pattern->child && pattern->child->string && pattern->child->string[0] == '$';
}

static bool match_members(matching *m, const cJSON *pattern, const cJSON *value) {
    if (!cJSON_IsObject(value)) return differs(m, "an object like ", pattern, value);
    const cJSON *member;
    cJSON_ArrayForEach(member, pattern) {
        size_t before = enter(m, member->string);
        bool ok = match(m, member, cJSON_GetObjectItemCaseSensitive(value, member->string));
        leave(m, before);
        if (!ok) return false;
    }
    return true;
}

static bool match_items(matching *m, const cJSON *pattern, const cJSON *value) {
    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) != cJSON_GetArraySize(pattern))
        return differs(m, "", pattern, value);
    const cJSON *item = value->child, *wanted;
    unsigned index = 0;
    cJSON_ArrayForEach(wanted, pattern) {
        char name[16];
        snprintf(name, sizeof name, "%u", index++);
        size_t before = enter(m, name);
        bool ok = match(m, wanted, item);
        leave(m, before);
        if (!ok) return false;
        item = item->next;
    }
    return true;
}

static bool equal_scalar(const cJSON *a, const cJSON *b) {
    if (!b || (a->type & 0xff) != (b->type & 0xff)) return false;
    if (cJSON_IsNumber(a)) return !(a->valuedouble < b->valuedouble) && !(a->valuedouble > b->valuedouble);
    if (cJSON_IsString(a)) return strcmp(a->valuestring, b->valuestring) == 0;
    return true; /* true, false and null are types of their own */
}

static bool match(matching *m, const cJSON *pattern, const cJSON *value) {
    if (is_matcher(pattern)) {
        const cJSON *one;
        cJSON_ArrayForEach(one, pattern) {
            if (!match_one(m, one, value)) return false;
        }
        return true;
    }
    if (cJSON_IsObject(pattern)) return match_members(m, pattern, value);
    if (cJSON_IsArray(pattern)) return match_items(m, pattern, value);
    return equal_scalar(pattern, value) || differs(m, "", pattern, value);
}

bool gw_match_json(const cJSON *pattern, const cJSON *value, gw_vars *vars, gw_buf *why) {
    matching m = {.vars = vars, .why = why};
    gw_buf_init(&m.path, MAX_PATH);
    bool ok = match(&m, pattern, value);
    for (size_t i = 0; ok && vars && i < m.save_count; i++) {
        if (gw_vars_set(vars, m.saves[i].name, m.saves[i].value) == GW_OK) continue;
        differs(&m, "memory to save it", NULL, m.saves[i].value);
        ok = false;
    }
    gw_buf_deinit(&m.path);
    return ok;
}
