/* Floor 3: texts and templates of a scenario. Knows which ${...} a running scenario will know; runs nothing. */
#include "scenario/load_common.h"
#include "scenario/vars.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { MAX_NAMES = GW_PROGRAM_MAX_CLIENTS + LOAD_MAX_SAVED + 5 };

/* ---- Names ---- */

static size_t known_names(const loader *l, const char **names) {
    static const char *const standing[] = {"I", "eps", "uuid", "now-ms", "protocol"};
    size_t count = 0;
    for (size_t i = 0; i < LOAD_COUNT(standing); i++) names[count++] = standing[i];
    for (size_t i = 0; i < l->client_count; i++) names[count++] = l->clients[i].name;
    for (size_t i = 0; i < l->saved_count; i++) names[count++] = l->saved[i];
    return count;
}

static bool check_ref(loader *l, const gw_doc_node *node, gw_span path) {
    const char *names[MAX_NAMES];
    size_t count = known_names(l, names);
    const uint8_t *dot = path.len ? memchr(path.ptr, '.', path.len) : NULL;
    gw_span head = gw_span_sub(path, 0, dot ? (size_t)(dot - path.ptr) : path.len);
    for (size_t i = 0; i < count; i++)
        if (gw_span_equal_cstr(head, names[i])) return true;
    const char *guess = gw_diag_suggest(head, names, count);
    gw_doc_error(l->diag, node, "'${%.*s}' has no value here: no variable, client or saved value is named '%.*s'%s%s%s",
                 GW_SPAN_ARG(path), GW_SPAN_ARG(head), guess ? " (did you mean '" : "", guess ? guess : "",
                 guess ? "'?)" : "");
    return false;
}

bool load_check_refs(loader *l, const gw_doc_node *node, gw_span text) {
    gw_span piece;
    for (;;) {
        switch (gw_vars_next(&text, &piece)) {
        case GW_VARS_END:
            return true;
        case GW_VARS_TEXT:
            break;
        case GW_VARS_REF:
            if (!check_ref(l, node, piece)) return false;
            break;
        case GW_VARS_UNCLOSED:
            gw_doc_error(l->diag, node, "'${' without '}' (write '$${' for the two characters themselves)");
            return false;
        }
    }
}

void load_save(loader *l, const gw_doc_node *node) {
    if (node->kind != GW_DOC_STRING) return; /* its form is checked where it is read */
    for (size_t i = 0; i < l->client_count; i++) {
        if (strcmp(l->clients[i].name, node->text) != 0) continue;
        gw_doc_error(l->diag, node, "'%s' is a client already; save under another name", node->text);
        return;
    }
    for (size_t i = 0; i < l->saved_count; i++)
        if (strcmp(l->saved[i], node->text) == 0) return;
    if (l->saved_count == LOAD_MAX_SAVED)
        gw_doc_error(l->diag, node, "more than %d saved values", LOAD_MAX_SAVED);
    else
        l->saved[l->saved_count++] = node->text;
}

void load_save_all(loader *l, const gw_doc_node *node) {
    if (!node) return;
    if (node->key && strcmp(node->key, "$save") == 0) load_save(l, node);
    for (const gw_doc_node *n = node->first; n; n = n->next) load_save_all(l, n);
}

/* ---- Texts ---- */

const char *load_run_text(loader *l, const gw_doc_node *node, size_t *len) {
    if (node->kind >= GW_DOC_SEQ || node->kind == GW_DOC_NULL) {
        gw_doc_error(l->diag, node, "%s takes a text, not %s", node->key ? node->key : "this",
                     node->kind == GW_DOC_NULL ? "null (write \"null\" for the word)" : gw_doc_kind_name(node->kind));
        return NULL;
    }
    if (!load_check_refs(l, node, gw_span_make(node->text, node->text_len))) return NULL;
    *len = node->text_len;
    return node->text;
}

void load_text(loader *l, const gw_doc_node *node, void *at) {
    size_t len;
    const char *text = load_run_text(l, node, &len);
    if (text && strlen(text) != len)
        gw_doc_error(l->diag, node, "a NUL cannot stand here");
    else if (text)
        *(const char **)at = text;
}

void load_plain(loader *l, const gw_doc_node *node, void *at) {
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_STRING, node->key ? node->key : "this")) return;
    gw_span text = gw_span_make(node->text, node->text_len), piece;
    if (node->text_len == 0 || strlen(node->text) != node->text_len) {
        gw_doc_error(l->diag, node, node->text_len ? "a NUL cannot stand here" : "this text is empty");
        return;
    }
    if (!load_check_refs(l, node, text)) return;
    char *out = gw_arena_alloc(l->arena, text.len + 1), *end = out;
    for (gw_vars_token token; (token = gw_vars_next(&text, &piece)) != GW_VARS_END;) {
        if (token == GW_VARS_REF) {
            gw_doc_error(l->diag, node,
                         "'${%.*s}' is known only while the scenario runs; here only for-each variables stand",
                         GW_SPAN_ARG(piece));
            return;
        }
        memcpy(end, piece.ptr, piece.len);
        end += piece.len;
    }
    *(const char **)at = out;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

const uint8_t *load_hex(loader *l, const gw_doc_node *node, size_t *len) {
    const char *p = node->kind < GW_DOC_SEQ && node->kind != GW_DOC_NULL ? node->text : NULL;
    uint8_t *out = gw_arena_alloc(l->arena, p ? node->text_len / 2 + 1 : 1);
    *len = 0;
    while (p && *p) {
        if (*p == ' ' || *p == '\n') {
            p++;
            continue;
        }
        int high = hex_digit(p[0]), low = high < 0 ? -1 : hex_digit(p[1]);
        if (low < 0)
            p = NULL;
        else {
            out[(*len)++] = (uint8_t)(high * 16 + low);
            p += 2;
        }
    }
    if (p) return out;
    gw_doc_error(l->diag, node, "%s takes bytes as pairs of hex digits, such as \"81 05 ff\"",
                 node->key ? node->key : "this");
    return NULL;
}

/* ---- Templates ---- */

#define MAX_EXACT (INT64_C(1) << 49) /* below it cJSON prints whole numbers digit by digit */

static bool fill(loader *l, const gw_doc_node *node, load_numbers numbers, cJSON *out);

/* cJSON's own saturating rule for valueint. */
static bool fill_number(loader *l, const gw_doc_node *node, load_numbers numbers, cJSON *out) {
    char usual[32];
    gw_buf text;
    gw_buf_init(&text, 4096);
    gw_status status = gw_doc_to_json(node, &text);
    out->type = cJSON_Number;
    out->valuedouble = status == GW_OK ? node->number : 0;
    out->valueint = out->valuedouble >= INT_MAX   ? INT_MAX
                    : out->valuedouble <= INT_MIN ? INT_MIN
                                                  : (int)out->valuedouble;
    snprintf(usual, sizeof usual, "%lld", (long long)node->integer);
    bool as_printed = node->kind == GW_DOC_INT && node->integer > -MAX_EXACT && node->integer < MAX_EXACT &&
                      strcmp(usual, node->text) == 0;
    if (status == GW_ERR_INVALID) {
        gw_doc_error(l->diag, node, "JSON has no such number; put it in quotes, or send it with text");
    } else if (status != GW_OK) {
        gw_doc_error(l->diag, node, "a number has at most 4096 characters; send it with text");
    } else if (numbers != LOAD_NUMBERS_PARSED && !as_printed) {
        out->type = cJSON_Raw;
        out->valuestring = gw_arena_strndup(l->arena, text.data, text.len);
    }
    gw_buf_deinit(&text);
    return status == GW_OK;
}

static bool fill_children(loader *l, const gw_doc_node *node, load_numbers numbers, cJSON *out) {
    out->type = node->kind == GW_DOC_MAP ? cJSON_Object : cJSON_Array;
    cJSON *last = NULL;
    bool ok = true;
    for (const gw_doc_node *n = node->first; n; n = n->next) {
        cJSON *item = GW_ARENA_NEW(l->arena, cJSON);
        item->string = (char *)n->key;
        if (n->key && strstr(n->key, "${")) {
            gw_diag_error(l->diag, gw_doc_key_place(n), "in a key only for-each variables can stand");
            ok = false;
        }
        ok &= fill(l, n, numbers, item);
        item->prev = last;
        if (last)
            last->next = item;
        else
            out->child = item;
        last = item;
    }
    if (out->child) out->child->prev = last; /* cJSON's way of finding the end */
    return ok;
}

static bool fill(loader *l, const gw_doc_node *node, load_numbers numbers, cJSON *out) {
    switch (node->kind) {
    case GW_DOC_NULL:
        out->type = cJSON_NULL;
        return true;
    case GW_DOC_BOOL:
        out->type = node->boolean ? cJSON_True : cJSON_False;
        out->valueint = node->boolean;
        return true;
    case GW_DOC_INT:
    case GW_DOC_FLOAT:
        return fill_number(l, node, numbers, out);
    case GW_DOC_STRING:
        if (strlen(node->text) != node->text_len) {
            gw_doc_error(l->diag, node, "a NUL cannot stand in a template; send it with text");
            return false;
        }
        out->type = cJSON_String;
        out->valuestring = (char *)node->text;
        return load_check_refs(l, node, gw_span_make(node->text, node->text_len));
    case GW_DOC_SEQ:
    case GW_DOC_MAP:
        return fill_children(l, node, numbers, out);
    }
    return false;
}

const cJSON *load_template(loader *l, const gw_doc_node *node, load_numbers numbers) {
    cJSON *out = GW_ARENA_NEW(l->arena, cJSON);
    return fill(l, node, numbers, out) ? out : NULL;
}

/* ---- Members that an event has ---- */

enum { MAX_MEMBERS = 128 };

static bool is_absent(const gw_doc_node *node) {
    return node->kind == GW_DOC_MAP && gw_doc_get(node, "$absent") != NULL;
}

static bool others_have_member(const loader *l, const char *event, const char *member) {
    for (size_t i = 0; i < l->suite->other_count; i++) {
        const gw_protocol *other = l->suite->others[i];
        const gw_event *same = gw_protocol_event_for(other, gw_span_cstr(event), GW_ROLE_SERVER);
        const gw_schema *schema;
        if (other != l->protocol && same && same->data && gw_schema_has_member(same->data, member, &schema))
            return true;
    }
    return false;
}

static void check_members(loader *l, const gw_doc_node *node, const gw_schema *schema, const char *event) {
    for (const gw_doc_node *n = node->kind == GW_DOC_MAP ? node->first : NULL; n; n = n->next) {
        const gw_schema *member = schema;
        if (n->key[0] == '$') { /* the same value, seen by a matcher */
            for (const gw_doc_node *a = strcmp(n->key, "$one-of") == 0 ? n->first : NULL; a; a = a->next)
                check_members(l, a, schema, event);
            if (strcmp(n->key, "$exact") == 0 || strcmp(n->key, "$not") == 0) check_members(l, n, schema, event);
        } else if (gw_schema_has_member(schema, n->key, &member)) {
            check_members(l, n, member, event);
        } else if (!is_absent(n) && others_have_member(l, event, n->key)) {
            load_lacks(l, "the event '%s' of the protocol has no '%s'", event, n->key);
        } else if (!is_absent(n)) {
            const char *names[MAX_MEMBERS];
            size_t count = gw_schema_member_names(schema, names, MAX_MEMBERS);
            const char *guess = gw_diag_suggest(gw_span_cstr(n->key), names, count);
            gw_diag_error(l->diag, gw_doc_key_place(n), "the data of '%s' has no '%s'%s%s%s", event, n->key,
                          guess ? " (did you mean '" : "", guess ? guess : "", guess ? "'?)" : "");
        }
    }
}

void load_check_members(loader *l, const gw_doc_node *data, const char *name) {
    const gw_event *event = name ? gw_protocol_event(l->protocol, gw_span_cstr(name)) : NULL;
    if (data && event) check_members(l, data, event->data, name);
}
