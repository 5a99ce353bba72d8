/* Data made up for an event: the smallest value that its schema takes, found by asking the schema. Pure. */
#include "reference-server/described.h"

enum { MAX_DEPTH = 6, MAX_MEMBERS = 32 };

static bool fits(const gw_schema *schema, const cJSON *value) {
    return gw_schema_check(schema, value, GW_SCHEMA_EXTRA_ALLOW, NULL, NULL) == 0;
}

static cJSON *sample(const gw_schema *schema, unsigned depth);

/* All members that the schema lists, then without those that it can do without. */
static cJSON *sample_object(const gw_schema *schema, unsigned depth) {
    const char *names[MAX_MEMBERS];
    size_t count = gw_schema_member_names(schema, names, MAX_MEMBERS);
    cJSON *object = cJSON_CreateObject();
    if (!object || fits(schema, object) || depth == 0) return object;
    for (size_t i = 0; i < count; i++) {
        const gw_schema *member = NULL;
        if (!gw_schema_has_member(schema, names[i], &member)) continue;
        cJSON *value = sample(member, depth - 1);
        if (value && !cJSON_AddItemToObject(object, names[i], value)) cJSON_Delete(value);
    }
    for (size_t i = 0; i < count; i++) {
        cJSON *taken = cJSON_DetachItemFromObjectCaseSensitive(object, names[i]);
        if (!taken) continue;
        if (fits(schema, object))
            cJSON_Delete(taken);
        else if (!cJSON_AddItemToObject(object, names[i], taken))
            cJSON_Delete(taken);
    }
    return object;
}

static cJSON *sample(const gw_schema *schema, unsigned depth) {
    if (!schema) return cJSON_CreateObject();
    cJSON *object = sample_object(schema, depth);
    if (object && fits(schema, object)) return object;
    cJSON_Delete(object);
    static const char *const texts[] = {"\"gwspec\"", "1000000", "1",    "10",           "0",    "0.5",
                                        "[]",         "false",   "null", "[\"gwspec\"]", "[{}]", "\"\""};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cJSON *value = cJSON_Parse(texts[i]);
        if (value && fits(schema, value)) return value;
        cJSON_Delete(value);
    }
    return NULL;
}

cJSON *gw_described_sample(const gw_schema *schema) {
    return sample(schema, MAX_DEPTH);
}
