/* Floor 2: data templates. Knows JSON values alone. */
#include "protocol/template.h"

#include "protocol/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA_REF "${data."

static bool is_data_ref(const char *text) {
    size_t len = strlen(text);
    if (strcmp(text, "${data}") == 0) return true;
    return strncmp(text, DATA_REF, sizeof DATA_REF - 1) == 0 && len > sizeof DATA_REF && text[len - 1] == '}' &&
           strcspn(text, "}") == len - 1;
}

bool gw_template_is_ref(const char *text) {
    return strcmp(text, "${sequence}") == 0 || strcmp(text, "${nonce}") == 0 || is_data_ref(text);
}

bool gw_template_has_sequence(gw_data_template text) {
    return text && strstr(text, "\"${sequence}\"");
}

/* The member that "${data.NAME}" names, or all of it. */
static const cJSON *data_of(const char *ref, const cJSON *data) {
    if (strcmp(ref, "${data}") == 0) return data;
    size_t start = sizeof DATA_REF - 1, len = strlen(ref) - start - 1;
    char name[128];
    if (len >= sizeof name || !cJSON_IsObject(data)) return NULL;
    memcpy(name, ref + start, len);
    name[len] = 0;
    return cJSON_GetObjectItemCaseSensitive(data, name);
}

static cJSON *value_of(const char *ref, const gw_template_values *v) {
    if (strcmp(ref, "${sequence}") == 0)
        return v->has_sequence ? cJSON_CreateNumber((double)v->sequence) : cJSON_CreateNull();
    if (strcmp(ref, "${nonce}") == 0) return cJSON_CreateString(v->nonce ? v->nonce : "");
    const cJSON *data = data_of(ref, v->data);
    return data ? cJSON_Duplicate(data, true) : cJSON_CreateNull();
}

static void fill(cJSON *value, const gw_template_values *v) {
    cJSON *child = value->child;
    while (child) {
        cJSON *next = child->next;
        if (cJSON_IsString(child) && gw_template_is_ref(child->valuestring)) {
            cJSON *made = value_of(child->valuestring, v);
            char *key = made && child->string ? strdup(child->string) : NULL;
            if (made) {
                cJSON_free(made->string); /* of the member that it is a copy of */
                made->string = key;
                cJSON_ReplaceItemViaPointer(value, child, made);
            }
        } else {
            fill(child, v);
        }
        child = next;
    }
}

cJSON *gw_template_fill(gw_data_template text, const gw_template_values *values) {
    cJSON *tree = text ? cJSON_Parse(text) : NULL;
    if (!tree) return NULL;
    if (!cJSON_IsString(tree) || !gw_template_is_ref(tree->valuestring)) {
        fill(tree, values);
        return tree;
    }
    bool absent = strcmp(tree->valuestring, "${data}") == 0 && !values->data;
    cJSON *made = absent ? NULL : value_of(tree->valuestring, values);
    cJSON_Delete(tree);
    return made;
}

/* ---- Echo ---- */

static bool find_echo(const cJSON *value, char *path, size_t size, const char **ref) {
    size_t len = strlen(path);
    if (cJSON_IsString(value) && is_data_ref(value->valuestring)) {
        *ref = value->valuestring;
        return true;
    }
    const cJSON *child;
    cJSON_ArrayForEach(child, value) {
        if (!child->string || len + strlen(child->string) + 2 > size) continue;
        snprintf(path + len, size - len, "/%s", child->string);
        if (find_echo(child, path, size, ref)) return true;
        path[len] = 0;
    }
    return false;
}

static gw_pointer pointer_of(gw_arena *arena, const char *path) {
    gw_pointer out = {.text = gw_arena_strdup(arena, path)};
    for (const char *p = path; *p && out.count < GW_PROTOCOL_MAX_PATH;) {
        size_t len = strcspn(++p, "/");
        out.keys[out.count++] = gw_arena_strndup(arena, p, len);
        p += len;
    }
    return out;
}

bool gw_template_echo(gw_arena *arena, gw_data_template text, gw_pointer *from, gw_pointer *to) {
    char path[256] = "", name[256] = "";
    const char *ref = NULL;
    cJSON *tree = text ? cJSON_Parse(text) : NULL;
    bool found = tree && find_echo(tree, path, sizeof path, &ref);
    if (found) {
        if (strcmp(ref, "${data}") != 0)
            snprintf(name, sizeof name, "/%.*s", (int)(strlen(ref) - sizeof DATA_REF), ref + sizeof DATA_REF - 1);
        *from = pointer_of(arena, name);
        *to = pointer_of(arena, path);
    }
    cJSON_Delete(tree);
    return found;
}

uint64_t gw_template_hash(const gw_pointer *pointer, const cJSON *data) {
    const cJSON *value = pointer->text ? gw_pointer_get(pointer, data) : NULL;
    if (!value) return 0;
    gw_buf text;
    gw_buf_init(&text, 1 << 20);
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    if (gw_packet_append_json(&text, value) == GW_OK)
        for (size_t i = 0; i < text.len; i++) hash = (hash ^ text.data[i]) * 1099511628211u;
    gw_buf_deinit(&text);
    return hash ? hash : 1;
}
