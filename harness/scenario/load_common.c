/* Floor 3: readers of single values. Knows forms (number, word, expression, code set); knows no step. */
#include "scenario/load_common.h"

#include "wire/close.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_FIELDS = 48 };

static void read_field(loader *l, const gw_doc_node *node, const load_group *groups, size_t count) {
    for (size_t g = 0; g < count; g++)
        for (size_t f = 0; f < groups[g].count; f++)
            if (strcmp(groups[g].fields[f].key, node->key) == 0)
                groups[g].fields[f].read(l, node, (char *)groups[g].base + groups[g].fields[f].offset);
}

bool load_fields(loader *l, const gw_doc_node *map, const char *what, const load_group *groups, size_t count) {
    const char *keys[MAX_FIELDS];
    size_t key_count = 0;
    for (size_t g = 0; g < count; g++)
        for (size_t f = 0; f < groups[g].count && key_count < MAX_FIELDS; f++)
            keys[key_count++] = groups[g].fields[f].key;
    if (!gw_doc_expect_kind(l->diag, map, GW_DOC_MAP, what)) return false;
    gw_doc_expect_keys(l->diag, map, keys, key_count, what);
    for (size_t g = 0; g < count; g++)
        for (size_t f = 0; f < groups[g].count; f++)
            if (groups[g].fields[f].required) gw_doc_require(l->diag, map, groups[g].fields[f].key, what);
    for (const gw_doc_node *n = map->first; n; n = n->next) read_field(l, n, groups, count);
    return true;
}

void load_skip(loader *l, const gw_doc_node *node, void *at) {
    (void)l, (void)node, (void)at;
}

void load_bool(loader *l, const gw_doc_node *node, void *at) {
    if (gw_doc_expect_kind(l->diag, node, GW_DOC_BOOL, node->key)) *(bool *)at = node->boolean;
}

void load_bit(loader *l, const gw_doc_node *node, void *at) {
    bool number = node->kind == GW_DOC_INT && (node->integer == 0 || node->integer == 1);
    if (!number && node->kind != GW_DOC_BOOL) {
        gw_doc_error(l->diag, node, "%s is true, false, 1 or 0", node->key);
        return;
    }
    *(bool *)at = number ? node->integer == 1 : node->boolean;
}

static void read_number(loader *l, const gw_doc_node *node, uint32_t least, uint32_t *out) {
    if (node->kind == GW_DOC_INT && node->integer >= least && node->integer <= UINT32_MAX)
        *out = (uint32_t)node->integer;
    else
        gw_doc_error(l->diag, node, "%s takes a whole number from %lu to %lu", node->key ? node->key : "this",
                     (unsigned long)least, (unsigned long)UINT32_MAX);
}

void load_number(loader *l, const gw_doc_node *node, void *at) {
    read_number(l, node, 0, at);
}

void load_count(loader *l, const gw_doc_node *node, void *at) {
    read_number(l, node, 1, at);
}

void load_u64(loader *l, const gw_doc_node *node, void *at) {
    char *end = NULL;
    const char *text = node->kind < GW_DOC_SEQ && node->kind > GW_DOC_BOOL ? node->text : "";
    errno = 0;
    unsigned long long value = strtoull(text, &end, strncasecmp(text, "0x", 2) == 0 ? 16 : 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == 0 && errno == 0)
        *(uint64_t *)at = value;
    else
        gw_doc_error(l->diag, node, "%s takes a whole number from 0 to 2^64 - 1, decimal or 0x...", node->key);
}

/* A time that a protocol lacks is beyond all others: an expression may still have a value, such as min(300ms, I). */
static void check_times(loader *l, const gw_expr *expr) {
    const gw_protocol *p = l->protocol;
    const char *lacking = gw_protocol_lacks_time(p, l->scenario->role, gw_expr_symbols(expr));
    if (lacking && gw_expr_eval(expr, gw_protocol_env(p, l->scenario->role, GW_S, GW_S, 1.0)) == GW_NEVER)
        load_lacks(l, "the protocol has %s", lacking);
}

void load_expr(loader *l, const gw_doc_node *node, void *at) {
    const gw_expr *expr = gw_expr_from_doc(l->arena, node, node->key, l->diag);
    *(const gw_expr **)at = expr;
    if (expr) check_times(l, expr);
}

const gw_expr *load_constant(loader *l, const char *text) {
    gw_expr_error error;
    return gw_expr_compile(l->arena, gw_span_cstr(text), &error);
}

bool load_word(loader *l, const gw_doc_node *node, const char *const *words, size_t count, size_t *out) {
    return gw_doc_expect_word(l->diag, node, words, count, node->key, out);
}

void load_since(loader *l, const gw_doc_node *node, void *at) {
    static const char *const words[] = {"step", "hello", "heartbeat", "open"};
    static const gw_since values[] = {GW_SINCE_STEP, GW_SINCE_HELLO, GW_SINCE_HEARTBEAT, GW_SINCE_OPEN};
    size_t index;
    if (load_word(l, node, words, LOAD_COUNT(words), &index)) *(gw_since *)at = values[index];
}

/* ---- Sets of codes ---- */

typedef struct code_form {
    const char *example;
    unsigned low, high; /* what a code may be */
    bool classes;       /* "4xx" */
    bool none;          /* "none" */
} code_form;

static const code_form status_form = {"a status such as 404, \"4xx\", \"400-403\" or a list of these", 100, 599, true,
                                      false};
static const code_form close_form = {"a close code such as 1002, \"3000-3999\", none, any, or a list of these", 0,
                                     65535, false, true};

static bool parse_range(const char *text, const code_form *form, unsigned *low, unsigned *high) {
    if (form->classes && strlen(text) == 3 && text[0] >= '1' && text[0] <= '5' && strcasecmp(text + 1, "xx") == 0) {
        *low = (unsigned)(text[0] - '0') * 100;
        *high = *low + 99;
        return true;
    }
    char *end;
    if (*text < '0' || *text > '9') return false;
    unsigned long a = strtoul(text, &end, 10), b = a;
    end += strspn(end, " ");
    if (*end == '-') {
        end += 1 + strspn(end + 1, " ");
        if (*end < '0' || *end > '9') return false;
        b = strtoul(end, &end, 10);
    }
    if (*end || a < form->low || b > form->high || a > b) return false;
    *low = (unsigned)a, *high = (unsigned)b;
    return true;
}

/* Codes that the description gives, by what they are for. */
static bool add_named(loader *l, const gw_doc_node *node, gw_code_set *set) {
    const gw_heartbeat_rules *h = &l->protocol->heartbeat;
    const struct {
        const char *word;
        bool there;
        const gw_codes *codes;
    } named[] = {{"late-greeting", h->greeting.send && h->greeting.within, &h->greeting.late},
                 {"second-greeting", h->greeting.judges_twice, &h->greeting.twice},
                 {"before-greeting", h->greeting.judges_before, &h->greeting.before},
                 {"miss", h->hello && h->miss_by, &h->codes}};
    for (size_t i = 0; i < LOAD_COUNT(named); i++) {
        if (node->kind != GW_DOC_STRING || strcmp(node->text, named[i].word) != 0) continue;
        if (!named[i].there) load_lacks(l, "the protocol has no close code for '%s'", node->text);
        for (size_t n = 0; n < named[i].codes->count && set->count < GW_PROGRAM_MAX_CODES; n++) {
            set->ranges[set->count].low = named[i].codes->ranges[n].low;
            set->ranges[set->count++].high = named[i].codes->ranges[n].high;
        }
        return true;
    }
    return false;
}

static void add_code(loader *l, const gw_doc_node *node, const code_form *form, gw_code_set *set) {
    unsigned low, high;
    if (form->none && add_named(l, node, set)) return;
    bool text = node->kind == GW_DOC_INT || node->kind == GW_DOC_STRING;
    if (text && form->none && strcmp(node->text, "none") == 0) {
        set->none = true;
    } else if (!text || !parse_range(node->text, form, &low, &high)) {
        gw_doc_error(l->diag, node, "expected %s", form->example);
    } else if (set->count == GW_PROGRAM_MAX_CODES) {
        gw_doc_error(l->diag, node, "more than %d codes in one set", GW_PROGRAM_MAX_CODES);
    } else {
        set->ranges[set->count].low = (uint16_t)low;
        set->ranges[set->count++].high = (uint16_t)high;
    }
}

static bool is_any(const gw_doc_node *node) {
    return node->kind == GW_DOC_STRING && strcmp(node->text, "any") == 0;
}

static void read_codes(loader *l, const gw_doc_node *node, const code_form *form, gw_code_set *set) {
    if (node->kind != GW_DOC_SEQ) {
        add_code(l, node, form, set);
        return;
    }
    if (node->count == 0) gw_doc_error(l->diag, node, "an empty list; expected %s", form->example);
    for (const gw_doc_node *n = node->first; n; n = n->next) add_code(l, n, form, set);
}

void load_status(loader *l, const gw_doc_node *node, void *at) {
    read_codes(l, node, &status_form, at);
}

void load_codes(loader *l, const gw_doc_node *node, void *at) {
    if (!is_any(node)) read_codes(l, node, &close_form, at);
}

void load_any_codes(loader *l, const gw_doc_node *node, void *at) {
    if (is_any(node))
        *(gw_code_set *)at = (gw_code_set){.ranges = {{0, 65535}}, .count = 1, .none = true};
    else
        read_codes(l, node, &close_form, at);
}

/* ---- Names of the protocol, the catalogue and the scenario ---- */

void load_lacks(loader *l, const char *format, ...) {
    char text[256];
    va_list args;
    if (l->lacks) return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    l->lacks = gw_arena_strdup(l->arena, text);
}

static bool others_have(const loader *l, gw_span name) {
    for (size_t i = 0; i < l->suite->other_count; i++)
        if (gw_protocol_event(l->suite->others[i], name)) return true;
    return gw_protocol_is_role(name);
}

const gw_event *load_event(loader *l, const gw_doc_node *node, gw_role sender) {
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_STRING, "event")) return NULL;
    gw_span name = gw_span_make(node->text, node->text_len);
    const gw_event *event = gw_protocol_event_for(l->protocol, name, sender);
    if (event) return event;
    if (others_have(l, name)) {
        load_lacks(l, "the protocol has no event '%s'", node->text);
        return NULL;
    }
    const char *names[GW_PROTOCOL_MAX_EVENTS];
    size_t count = 0;
    for (; count < l->protocol->event_count && count < GW_PROTOCOL_MAX_EVENTS; count++)
        names[count] = l->protocol->events[count].name;
    const char *guess = gw_diag_suggest(name, names, count);
    gw_doc_error(l->diag, node, "the protocol '%s' has no event '%s'%s%s%s", l->protocol->name, node->text,
                 guess ? " (did you mean '" : "", guess ? guess : "", guess ? "'?)" : "");
    return NULL;
}

static const char *rule_of_word(const loader *l, const char *word) {
    for (int i = 0; i < GW_RULE_COUNT; i++)
        if (strcmp(gw_rule_word((gw_rule)i), word) == 0)
            return gw_protocol_rule(l->protocol, l->scenario->role, (gw_rule)i);
    return NULL;
}

void load_rule(loader *l, const gw_doc_node *node, void *at) {
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_STRING, node->key ? node->key : "a requirement")) return;
    const gw_requirement *found = gw_requirements_find(l->suite->requirements, node->text);
    const char *id = found ? found->id : rule_of_word(l, node->text);
    if (id) {
        *(const char **)at = id;
        return;
    }
    const char *guess = gw_requirements_suggest(l->suite->requirements, node->text);
    gw_doc_error(l->diag, node, "no requirement has the id '%s'%s%s%s", node->text, guess ? " (did you mean '" : "",
                 guess ? guess : "", guess ? "'?)" : "");
}

bool load_check_name(loader *l, const gw_doc_node *node, const char *what) {
    static const char *const taken[] = {"I", "eps", "uuid", "now-ms", "protocol", "canary"};
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_STRING, what)) return false;
    size_t len = strspn(node->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    bool ok = len == node->text_len && len > 0;
    if (!ok) gw_doc_error(l->diag, node, "%s has only letters, digits, '-' and '_'", what);
    for (size_t i = 0; i < LOAD_COUNT(taken); i++) {
        if (strcmp(node->text, taken[i]) != 0) continue;
        gw_doc_error(l->diag, node, "'%s' has a meaning of its own; choose another name", node->text);
        ok = false;
    }
    return ok;
}

int load_client(loader *l, const gw_doc_node *node) {
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_STRING, "a client")) return -1;
    const char *names[GW_PROGRAM_MAX_CLIENTS];
    for (size_t i = 0; i < l->client_count; i++) {
        names[i] = l->clients[i].name;
        if (strcmp(names[i], node->text) == 0) return (int)i;
    }
    const char *guess = gw_diag_suggest(gw_span_cstr(node->text), names, l->client_count);
    gw_doc_error(l->diag, node, "no earlier step connects '%s'%s%s%s", node->text, guess ? " (did you mean '" : "",
                 guess ? guess : "", guess ? "'?)" : "");
    return -1;
}

static void add_on(loader *l, const gw_doc_node *node, gw_step *step) {
    int index = load_client(l, node);
    if (index < 0) return;
    for (uint8_t i = 0; i < step->on_count; i++) {
        if (step->on[i] != index) continue;
        gw_doc_error(l->diag, node, "'%s' is named twice", node->text);
        return;
    }
    if (step->on_count == GW_PROGRAM_MAX_ON)
        gw_doc_error(l->diag, node, "more than %d clients", GW_PROGRAM_MAX_ON);
    else
        step->on[step->on_count++] = (uint16_t)index;
}

void load_on(loader *l, const gw_doc_node *node, void *at) {
    if (node->kind != GW_DOC_SEQ) {
        add_on(l, node, at);
        return;
    }
    if (node->count == 0) gw_doc_error(l->diag, node, "an empty list of clients");
    for (const gw_doc_node *n = node->first; n; n = n->next) add_on(l, n, at);
}

void load_room(loader *l, const gw_doc_node *node, const char *name) {
    for (size_t i = 0; i < l->room_count; i++)
        if (strcmp(l->rooms[i], name) == 0) return;
    if (l->room_count == LOAD_MAX_ROOMS)
        gw_doc_error(l->diag, node, "more than %d rooms", LOAD_MAX_ROOMS);
    else
        l->rooms[l->room_count++] = name;
}

/* load_step() looks at its value. */
static void load_known(loader *l, const gw_doc_node *node, void *at) {
    (void)at;
    gw_doc_expect_kind(l->diag, node, GW_DOC_BOOL, "if-known");
}

const load_field load_common_fields[3] = {
    {"on", load_on, 0, false},
    {"rule", load_rule, offsetof(gw_step, rule), false},
    {"if-known", load_known, 0, false},
};

const load_field load_pacing_fields[5] = {
    {"chop", load_count, offsetof(gw_pacing, chop), false},
    {"pause", load_expr, offsetof(gw_pacing, pause), false},
    {"every", load_expr, offsetof(gw_pacing, every), false},
    {"times", load_number, offsetof(gw_pacing, times), false},
    {"background", load_bool, offsetof(gw_pacing, background), false},
};
