/* Fuzz target: our JSON judge against jansson in its strict mode and against cJSON, on the same text.
 *
 * Equal: accepted or not; and what cJSON reads, as the harness uses it, is what jansson reads. The known differences
 * stand in `differences`, each with its reason and a seed that shows it; any other aborts. */
#include "fuzz.h"
#include "protocol/json.h"

#include <cjson/cJSON.h>
#include <jansson.h>
#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_PACKET};

/* What an oracle says where the judge has a fault: the same, or the other thing for a reason. */
typedef struct difference {
    gw_json_fault fault;
    const char *reason;
    bool seen;
} difference;

/* Faults for which jansson (2.14, REJECT_DUPLICATES, DECODE_ANY, ALLOW_NUL) may accept the text. */
static difference jansson_accepts[] = {
    {GW_JSON_NUL, "jansson takes a NUL byte behind the value for the end of the text", false},
    {GW_JSON_TOO_DEEP, "jansson's own limit is 2048, the judge's is lower", false},
};
/* Faults for which cJSON (1.7) may accept the text. */
static difference cjson_accepts[] = {
    {GW_JSON_TRAILING_GARBAGE, "cJSON stops behind the value", false},
    {GW_JSON_NUL, "cJSON stops behind the value, or keeps the byte in a string", false},
    {GW_JSON_BOM, "cJSON skips a byte order mark", false},
    {GW_JSON_CONTROL_CHARACTER, "cJSON keeps control characters, and takes any as white space", false},
    {GW_JSON_INVALID_UTF8, "cJSON copies strings without looking at them", false},
    {GW_JSON_BAD_UNICODE_ESCAPE, "cJSON reads \\u with other characters behind it as U+0000", false},
    {GW_JSON_LEADING_ZERO, "cJSON reads numbers with strtod", false},
    {GW_JSON_MISSING_DIGITS, "cJSON reads numbers with strtod", false},
    {GW_JSON_NUMBER_RANGE, "cJSON reads numbers with strtod, which gives infinity", false},
    {GW_JSON_DUPLICATE_KEY, "cJSON keeps both members", false},
    {GW_JSON_TOO_DEEP, "cJSON's own limit is 1000, the judge's is lower", false},
};

static bool find(difference *list, size_t count, gw_json_fault fault) {
    for (size_t i = 0; i < count && !gw_fuzz_unlisted; i++) {
        if (list[i].fault != fault) continue;
        list[i].seen = true;
        return true;
    }
    return false;
}

/* An integer of 19 digits or more stands somewhere outside of strings. */
static bool has_long_integer(const uint8_t *text, size_t size, const gw_json_report *report) {
    (void)report;
    size_t run = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && text[i] >= '0' && text[i] <= '9')
            run++;
        else
            run = 0;
        if (run >= 19) return true;
    }
    return false;
}

static bool has_nul_escape(const uint8_t *text, size_t size, const gw_json_report *report) {
    (void)text;
    (void)size;
    return report->has_nul_escape;
}

/* Valid texts that jansson may reject. */
static struct {
    bool (*holds)(const uint8_t *text, size_t size, const gw_json_report *report);
    const char *reason;
    bool seen;
} jansson_rejects[] = {
    {has_long_integer, "an integer beyond 64 bits is an error to jansson (section 6 sets no limit)", false},
    {has_nul_escape, "jansson takes \\u0000 in values only, not in names", false},
};

/* The caller releases it. */
static json_t *check_jansson(const uint8_t *text, size_t size, const gw_json_report *report) {
    json_error_t error;
    json_t *tree =
        json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    bool valid = report->verdict == GW_JSON_IS_VALID;
    if (tree && !valid)
        GW_FUZZ_CHECK(find(jansson_accepts, sizeof jansson_accepts / sizeof jansson_accepts[0], report->fault),
                      "jansson accepts %s at %zu", gw_json_fault_name(report->fault), report->offset);
    bool known = tree || !valid;
    for (size_t i = 0; i < sizeof jansson_rejects / sizeof jansson_rejects[0] && !known && !gw_fuzz_unlisted; i++) {
        known = jansson_rejects[i].holds(text, size, report);
        if (known) jansson_rejects[i].seen = true;
    }
    GW_FUZZ_CHECK(known, "jansson rejects what the judge accepts: %s", error.text);
    return tree;
}

static bool cjson_forgives(const uint8_t *text, size_t size, const gw_json_report *report) {
    if (find(cjson_accepts, sizeof cjson_accepts / sizeof cjson_accepts[0], report->fault)) return true;
    if (gw_fuzz_unlisted) return false;
    /* A number that the end of the text cuts off is missing digits, and any control character is white space to it. */
    if (report->fault == GW_JSON_UNEXPECTED_END) return size && strchr(".eE+-", text[size - 1]);
    return report->offset < size && text[report->offset] < 0x20;
}

/* The caller releases it. */
static cJSON *check_cjson(const uint8_t *text, size_t size, const gw_json_report *report) {
    cJSON *tree = cJSON_ParseWithLength((const char *)text, size);
    bool valid = report->verdict == GW_JSON_IS_VALID;
    if (tree && !valid)
        GW_FUZZ_CHECK(cjson_forgives(text, size, report), "cJSON accepts %s at %zu", gw_json_fault_name(report->fault),
                      report->offset);
    GW_FUZZ_CHECK(tree || !valid, "cJSON rejects what the judge accepts");
    return tree;
}

static bool is_same(const cJSON *a, const json_t *b);

static bool is_same_object(const cJSON *a, const json_t *b) {
    const cJSON *member = a->child;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)b, name, value) {
        if (!member || strcmp(member->string, name) != 0 || !is_same(member, value)) return false;
        member = member->next;
    }
    return !member;
}

/* Value by value, in order. */
static bool is_same(const cJSON *a, const json_t *b) {
    const cJSON *item = a->child;
    switch (json_typeof(b)) {
    case JSON_OBJECT:
        return cJSON_IsObject(a) && is_same_object(a, b);
    case JSON_ARRAY:
        for (size_t i = 0; i < json_array_size(b); i++, item = item->next)
            if (!item || !is_same(item, json_array_get(b, i))) return false;
        return cJSON_IsArray(a) && !item;
    case JSON_STRING:
        return cJSON_IsString(a) && strcmp(a->valuestring, json_string_value(b)) == 0;
    case JSON_INTEGER:
    case JSON_REAL:
        return cJSON_IsNumber(a) && !(a->valuedouble < json_number_value(b)) &&
               !(a->valuedouble > json_number_value(b));
    case JSON_NULL:
        return cJSON_IsNull(a);
    default:
        return cJSON_IsBool(a) && cJSON_IsTrue(a) == json_is_true(b);
    }
}

static void finish(const difference *list, size_t count, const char *who) {
    for (size_t i = 0; i < count; i++)
        GW_FUZZ_CHECK(list[i].seen, "no input shows that %s accepts %s", who, gw_json_fault_name(list[i].fault));
}

void gw_fuzz_finish(void) {
    finish(jansson_accepts, sizeof jansson_accepts / sizeof jansson_accepts[0], "jansson");
    finish(cjson_accepts, sizeof cjson_accepts / sizeof cjson_accepts[0], "cJSON");
    for (size_t i = 0; i < sizeof jansson_rejects / sizeof jansson_rejects[0]; i++)
        GW_FUZZ_CHECK(jansson_rejects[i].seen, "no input shows that %s", jansson_rejects[i].reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    gw_json_report report;
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    gw_json_judge(gw_span_make(data, size), (gw_json_limits){0}, &report);
    json_t *strict = check_jansson(data, size, &report);
    cJSON *tree = check_cjson(data, size, &report);
    /* \u0000 ends a string of cJSON's. */
    if (report.verdict == GW_JSON_IS_VALID && strict && !report.has_nul_escape)
        GW_FUZZ_CHECK(is_same(tree, strict), "cJSON reads other values than jansson");
    json_decref(strict);
    cJSON_Delete(tree);
    return 0;
}
