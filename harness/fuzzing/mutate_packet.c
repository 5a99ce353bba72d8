/* Floor 3: changes of one JSON text in the envelope. */
#include "fuzzing/mutate_internal.h"

#include <stdio.h>
#include <string.h>

typedef struct text {
    gw_json_place places[GW_JSON_PLACES_MAX];
    size_t count;
} text;

static void read_places(gw_edit *edit, text *t) {
    t->count = gw_json_places(gw_span_make(edit->data, edit->size), t->places);
}

/* A random place among those whose kind has its bit set; NULL when there is none. */
static const gw_json_place *any_place(gw_edit *edit, text *t, unsigned kinds) {
    read_places(edit, t);
    size_t found = 0;
    const gw_json_place *chosen = NULL;
    for (size_t i = 0; i < t->count; i++)
        if (kinds & 1u << t->places[i].kind && gw_edit_once_in(edit, ++found)) chosen = &t->places[i];
    return chosen;
}

enum {
    KEY = 1 << GW_JSON_PLACE_KEY,
    STRING = 1 << GW_JSON_PLACE_STRING,
    SCALAR = 1 << GW_JSON_PLACE_SCALAR,
    ARRAY = 1 << GW_JSON_PLACE_ARRAY,
    OBJECT = 1 << GW_JSON_PLACE_OBJECT,
    VALUE = STRING | SCALAR | ARRAY | OBJECT
};

static bool put_value(gw_edit *edit, const gw_json_place *place, gw_span value) {
    return place && gw_edit_splice(edit, place->at, place->end - place->at, value);
}

/* The value that belongs to a key; NULL when the text breaks off there. */
static const gw_json_place *value_of(const text *t, const gw_json_place *key) {
    const gw_json_place *value = key + 1;
    return value < t->places + t->count && value->kind != GW_JSON_PLACE_KEY ? value : NULL;
}

/* ---- Whole packets ---- */

static bool put_template(gw_edit *edit, const gw_mutate_config *config) {
    return gw_edit_splice(edit, 0, edit->size,
                          gw_mutate_word(edit, config->vocabulary->packets, config->vocabulary->packet_count));
}

static bool change_id(gw_edit *edit, const gw_mutate_config *config) {
    text t;
    const char *name = config->vocabulary->id_key;
    size_t len = strlen(name);
    read_places(edit, &t);
    for (size_t i = 0; i + 1 < t.count; i++) {
        const gw_json_place *p = &t.places[i];
        if (p->kind != GW_JSON_PLACE_KEY || p->end - p->at != len + 2 || memcmp(edit->data + p->at + 1, name, len) != 0)
            continue;
        return put_value(edit, p + 1, gw_mutate_word(edit, config->vocabulary->ids, config->vocabulary->id_count));
    }
    return false;
}

/* ---- Values ---- */

static bool swap_type(gw_edit *edit, const gw_mutate_config *config) {
    text t;
    (void)config;
    return put_value(edit, any_place(edit, &t, VALUE), gw_mutate_pick(edit, gw_vocabulary_values));
}

static bool put_boundary_number(gw_edit *edit, const gw_mutate_config *config) {
    text t;
    (void)config;
    return put_value(edit, any_place(edit, &t, gw_edit_once_in(edit, 4) ? VALUE : SCALAR),
                     gw_mutate_pick(edit, gw_vocabulary_numbers));
}

/* Escapes, broken UTF-8 and control characters, between the quotes. */
static bool spoil_string(gw_edit *edit, const gw_mutate_config *config) {
    text t;
    const gw_json_place *p = any_place(edit, &t, STRING | KEY);
    (void)config;
    if (!p || p->end - p->at < 2) return false;
    size_t at = p->at + 1 + gw_edit_below(edit, p->end - p->at - 1);
    return gw_edit_splice(edit, at, gw_edit_once_in(edit, 3) ? 1 : 0, gw_mutate_pick(edit, gw_vocabulary_string_parts));
}

/* Valid letters that need decoding, several in a row. */
static bool enrich_string(gw_edit *edit, const gw_mutate_config *config) {
    text t;
    const gw_json_place *p = any_place(edit, &t, STRING);
    (void)config;
    if (!p) return false;
    bool done = false;
    for (size_t n = 1 + gw_edit_below(edit, 8); n > 0; n--)
        done |= gw_edit_splice(edit, p->at + 1, 0, gw_mutate_pick(edit, gw_vocabulary_letters));
    return done;
}

static bool lengthen_string(gw_edit *edit, const gw_mutate_config *config) {
    static const size_t lengths[] = {1, 3, 64, 125, 256, 1000};
    uint8_t run[1000];
    text t;
    const gw_json_place *p = any_place(edit, &t, STRING | KEY);
    (void)config;
    if (!p) return false;
    memset(run, 'z', sizeof run);
    return gw_edit_splice(edit, p->at + 1, 0,
                          gw_span_make(run, lengths[gw_edit_below(edit, GW_MUTATE_COUNT(lengths))]));
}

static bool nest(gw_edit *edit, const gw_mutate_config *config) {
    static const size_t depths[] = {1, 2, 8, 31, 32, 33, 511, 512, 513, 999, 1000, 1001, 1024};
    uint8_t run[1024];
    text t;
    const gw_json_place *p = any_place(edit, &t, VALUE);
    (void)config;
    size_t depth = depths[gw_edit_below(edit, GW_MUTATE_COUNT(depths))];
    if (!p || edit->max - edit->size < 2 * depth) return false;
    memset(run, ']', depth);
    if (!gw_edit_once_in(edit, 4)) gw_edit_splice(edit, p->end, 0, gw_span_make(run, depth));
    memset(run, '[', depth);
    return gw_edit_splice(edit, p->at, 0, gw_span_make(run, depth));
}

static bool wrap_in_object(gw_edit *edit, const gw_mutate_config *config) {
    text t;
    const gw_json_place *p = any_place(edit, &t, VALUE);
    (void)config;
    return p && edit->max - edit->size >= 6 && gw_edit_splice(edit, p->end, 0, GW_SPAN_LIT("}")) &&
           gw_edit_splice(edit, p->at, 0, GW_SPAN_LIT("{\"d\":"));
}

/* ---- Members ---- */

/* A copy of a member, comma included, behind itself: the same key twice, the value changed now and then. */
static bool duplicate_member(gw_edit *edit, const gw_mutate_config *config) {
    text t;
    const gw_json_place *key = any_place(edit, &t, KEY), *value = key ? value_of(&t, key) : NULL;
    (void)config;
    if (!value || edit->max - edit->size < value->end - key->at + 1) return false;
    bool other = gw_edit_once_in(edit, 2);
    return gw_edit_repeat(edit, key->at, value->end - key->at, value->end) &&
           gw_edit_splice(edit, value->end, 0, GW_SPAN_LIT(",")) &&
           (!other ||
            gw_edit_splice(edit, value->at, value->end - value->at, gw_mutate_pick(edit, gw_vocabulary_values)) ||
            true);
}

static bool add_member(gw_edit *edit, const gw_mutate_config *config) {
    char member[128];
    text t;
    const gw_json_place *p = any_place(edit, &t, OBJECT);
    if (!p || p->end - p->at < 2) return false;
    gw_span key = gw_mutate_word(edit, config->vocabulary->keys, config->vocabulary->key_count);
    gw_span value = gw_mutate_pick(edit, gw_edit_once_in(edit, 2) ? gw_vocabulary_values : gw_vocabulary_numbers);
    bool empty = edit->data[p->at + 1] == '}';
    int n = snprintf(member, sizeof member, "\"%.*s\":%.*s%s", GW_SPAN_ARG(key), GW_SPAN_ARG(value), empty ? "" : ",");
    return n > 0 && (size_t)n < sizeof member && gw_edit_splice(edit, p->at + 1, 0, gw_span_make(member, (size_t)n));
}

static bool remove_member(gw_edit *edit, const gw_mutate_config *config) {
    text t;
    const gw_json_place *key = any_place(edit, &t, KEY), *value = key ? value_of(&t, key) : NULL;
    (void)config;
    if (!value) return false;
    size_t at = key->at, end = value->end;
    if (end < edit->size && edit->data[end] == ',')
        end++;
    else if (at && edit->data[at - 1] == ',')
        at--;
    return gw_edit_splice(edit, at, end - at, gw_span_make(NULL, 0));
}

static bool rename_key(gw_edit *edit, const gw_mutate_config *config) {
    text t;
    const gw_json_place *p = any_place(edit, &t, KEY);
    if (!p || p->end - p->at < 2) return false;
    return gw_edit_splice(edit, p->at + 1, p->end - p->at - 2,
                          gw_mutate_word(edit, config->vocabulary->keys, config->vocabulary->key_count));
}

/* ---- Around the text ---- */

static bool add_around(gw_edit *edit, const gw_mutate_config *config) {
    static const gw_span parts[] = {{(const uint8_t *)"\xef\xbb\xbf", 3}, {(const uint8_t *)"", 1},
                                    {(const uint8_t *)" \t\r\n", 4},      {(const uint8_t *)"x", 1},
                                    {(const uint8_t *)"{}", 2},           {(const uint8_t *)",", 1},
                                    {(const uint8_t *)"//c\n", 4},        {(const uint8_t *)"/**/", 4}};
    text t;
    const gw_json_place *p = any_place(edit, &t, VALUE | KEY);
    (void)config;
    size_t at = gw_edit_once_in(edit, 3) ? 0 : gw_edit_once_in(edit, 2) || !p ? edit->size : p->at;
    return gw_edit_splice(edit, at, 0, parts[gw_edit_below(edit, GW_MUTATE_COUNT(parts))]);
}

static bool truncate(gw_edit *edit, const gw_mutate_config *config) {
    (void)config;
    if (edit->size < 2) return false;
    edit->size = 1 + gw_edit_below(edit, edit->size - 1);
    return true;
}

bool gw_mutate_packet(gw_edit *edit, const gw_mutate_config *config) {
    static gw_mutate_op *const ops[] = {
        put_template, change_id,     change_id,       swap_type,  put_boundary_number, spoil_string,
        spoil_string, enrich_string, lengthen_string, nest,       wrap_in_object,      duplicate_member,
        add_member,   add_member,    remove_member,   rename_key, add_around,          truncate};
    if (edit->size == 0) return put_template(edit, config);
    return gw_mutate_any(edit, config, ops, GW_MUTATE_COUNT(ops));
}

/* a with one of its values replaced by one of b's. */
size_t gw_mutate_cross_packet(gw_span a, gw_span b, gw_edit *out) {
    text t;
    gw_mutate_join(a, a.len, b, b.len, out);
    gw_edit other = {NULL, 0, 0, out->rng};
    /* Only read: the places of b. */
    other.data = (uint8_t *)(uintptr_t)b.ptr;
    other.size = other.max = b.len;
    const gw_json_place *from = any_place(&other, &t, VALUE);
    if (!from) return out->size;
    gw_span value = gw_span_sub(b, from->at, from->end - from->at);
    text own;
    put_value(out, any_place(out, &own, VALUE), value);
    return out->size;
}
