/* The target file as a whole. Floor 3, pure. It must not know how any of it is carried out. */
#include "scenario/target.h"

#include "scenario/target_load.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_JOBS = 256 };

static const char *const SCOPES[GW_TARGET_SCOPES] = {"run", "scenario", "room", "participant"};
#define RUN_ROOTS (GW_TARGET_ROOT_READY | GW_TARGET_ROOT_RUN)
static const unsigned SCOPE_ROOTS[GW_TARGET_SCOPES] = {
    RUN_ROOTS,
    RUN_ROOTS | GW_TARGET_ROOT_SCENARIO,
    RUN_ROOTS | GW_TARGET_ROOT_SCENARIO | GW_TARGET_ROOT_ROOM,
    RUN_ROOTS | GW_TARGET_ROOT_SCENARIO | GW_TARGET_ROOT_ROOM | GW_TARGET_ROOT_PARTICIPANT,
};
#define CONNECT_ROOTS (SCOPE_ROOTS[GW_TARGET_PARTICIPANT])
#define TRIGGER_ROOTS (SCOPE_ROOTS[GW_TARGET_ROOM] | GW_TARGET_ROOT_TRIGGER)

static void check_url(gw_target_loader *loader, const gw_doc_node *node, const char *url) {
    static const char *const SCHEMES[] = {"ws://", "wss://", "ws+unix:", "wss+unix:", "${"};
    for (size_t i = 0; url && i < sizeof SCHEMES / sizeof SCHEMES[0]; i++)
        if (strncmp(url, SCHEMES[i], strlen(SCHEMES[i])) == 0) return;
    if (!url) return;
    const char *meant = strncmp(url, "http://", 7) == 0 ? "ws://" : strncmp(url, "https://", 8) == 0 ? "wss://" : NULL;
    gw_doc_error(loader->diag, node, "the URL must start with ws://, wss:// or ws+unix:%s%s%s",
                 meant ? " (did you mean '" : "", meant ? meant : "", meant ? "'?)" : "");
}

static void load_connect(gw_target_loader *loader, const gw_doc_node *root, gw_target_connect *out) {
    static const char *const KEYS[] = {"url", "query", "headers", "cookies", "subprotocol", "origin"};
    const gw_doc_node *url = gw_doc_get(root, "url"), *node = gw_doc_get(root, "connect");
    if (!url == !node) {
        if (url)
            gw_diag_error(loader->diag, gw_doc_key_place(node), "a target has either 'url' or 'connect', not both");
        else
            gw_doc_error(
                loader->diag, root,
                "a target needs 'url' or 'connect': where clients connect, such as url: ws://localhost:4000/gateway");
        return;
    }
    if (node) {
        if (!gw_doc_expect_keys(loader->diag, node, KEYS, sizeof KEYS / sizeof KEYS[0], "connect") ||
            !gw_doc_require(loader->diag, node, "url", "connect"))
            return;
        url = gw_doc_get(node, "url");
    }
    out->url = gw_target_template(loader, url, CONNECT_ROOTS, "the URL");
    check_url(loader, url, out->url);
    out->query = gw_target_template_map(loader, gw_doc_get(node, "query"), CONNECT_ROOTS, false, "query");
    out->headers = gw_target_template_map(loader, gw_doc_get(node, "headers"), CONNECT_ROOTS, true, "headers");
    out->cookies = gw_target_template_map(loader, gw_doc_get(node, "cookies"), CONNECT_ROOTS, true, "cookies");
    const gw_doc_node *subprotocol = gw_doc_get(node, "subprotocol"), *origin = gw_doc_get(node, "origin");
    if (subprotocol) out->subprotocol = gw_target_template(loader, subprotocol, CONNECT_ROOTS, "subprotocol");
    if (origin) out->origin = gw_target_template(loader, origin, CONNECT_ROOTS, "origin");
}

static void load_tls(gw_target_loader *loader, const gw_doc_node *node, gw_target_tls *out) {
    static const char *const KEYS[] = {"ca", "insecure", "sni", "cert", "key"};
    if (!gw_doc_expect_keys(loader->diag, node, KEYS, 5, "tls")) return;
    const char **const places[] = {&out->ca, NULL, &out->sni, &out->cert, &out->key};
    for (size_t i = 0; i < 5; i++) {
        const gw_doc_node *value = gw_doc_get(node, KEYS[i]);
        if (value && places[i]) *places[i] = gw_target_plain(loader, value, KEYS[i]);
    }
    const gw_doc_node *insecure = gw_doc_get(node, "insecure");
    if (insecure && gw_doc_expect_kind(loader->diag, insecure, GW_DOC_BOOL, "insecure"))
        out->insecure = insecure->boolean;
    if (out->key && !out->cert) gw_doc_error(loader->diag, gw_doc_get(node, "key"), "'key' needs 'cert'");
}

/* fixtures: or cleanup: */
static void load_calls(gw_target_loader *loader, const gw_doc_node *node, bool capturing, gw_target_calls *out) {
    const char *what = capturing ? "fixtures" : "cleanup";
    if (!node || !gw_doc_expect_keys(loader->diag, node, SCOPES, GW_TARGET_SCOPES, what)) return;
    for (size_t scope = 0; scope < GW_TARGET_SCOPES; scope++) {
        const gw_doc_node *list = gw_doc_get(node, SCOPES[scope]);
        if (list && list->kind != GW_DOC_SEQ)
            gw_doc_error(loader->diag, list, "%s must be a list of calls, each with '- http: ...' or '- command: ...'",
                         SCOPES[scope]);
        if (!list || list->kind != GW_DOC_SEQ || !list->count) continue;
        gw_target_call *calls = GW_ARENA_ARRAY(loader->arena, gw_target_call, list->count);
        for (const gw_doc_node *item = list->first; item; item = item->next) {
            if (gw_target_load_call(loader, item, NULL, capturing ? "a fixture" : "a cleanup", SCOPE_ROOTS[scope],
                                    capturing ? &loader->captured[scope] : NULL, &calls[out[scope].count]))
                out[scope].count++;
        }
        out[scope].list = calls;
    }
}

static void load_triggers(gw_target_loader *loader, const gw_doc_node *node) {
    gw_target *target = loader->target;
    if (!node || !gw_doc_expect_kind(loader->diag, node, GW_DOC_MAP, "triggers") || !node->count) return;
    gw_target_trigger *list = GW_ARENA_ARRAY(loader->arena, gw_target_trigger, node->count);
    for (const gw_doc_node *child = node->first; child; child = child->next) {
        gw_target_trigger *trigger = &list[target->trigger_count];
        if (!gw_target_load_call(loader, child, "data", "a trigger", TRIGGER_ROOTS, NULL, &trigger->call)) continue;
        target->trigger_count++;
        trigger->event = child->key;
        trigger->place = gw_doc_key_place(child);
        const gw_doc_node *data = gw_doc_get(child, "data");
        if (!data) continue;
        gw_target_capture *capture = GW_ARENA_NEW(loader->arena, gw_target_capture);
        gw_target_load_capture(loader, data, capture);
        trigger->data = capture;
    }
    target->triggers = list;
}

static void load_limits(gw_target_loader *loader, const gw_doc_node *node) {
    static const char *const KEYS[] = {"jobs"};
    if (!node || !gw_doc_expect_keys(loader->diag, node, KEYS, 1, "limits")) return;
    const gw_doc_node *jobs = gw_doc_get(node, "jobs");
    if (!jobs) return;
    if (jobs->kind != GW_DOC_INT || jobs->integer < 1 || jobs->integer > MAX_JOBS)
        gw_doc_error(loader->diag, jobs, "jobs must be a number from 1 to %d", MAX_JOBS);
    else
        loader->target->max_jobs = (unsigned)jobs->integer;
}

static void load_knobs(gw_target_loader *loader, const gw_doc_node *node) {
    gw_knobs known;
    gw_knobs_init(&known);
    if (!node || !gw_knobs_read(&known, node, loader->diag) || !node->count) return;
    gw_target_pair *list = GW_ARENA_ARRAY(loader->arena, gw_target_pair, node->count);
    size_t count = 0;
    for (const gw_doc_node *child = node->first; child; child = child->next)
        list[count++] = (gw_target_pair){child->key, child->text};
    loader->target->knobs = (gw_target_pairs){list, count};
}

static void load_expected(gw_target_loader *loader, const gw_doc_node *node) {
    gw_target *target = loader->target;
    if (node) gw_expected_load(loader->arena, node, loader->diag, &target->expected, &target->expected_count);
}

static void load_root(gw_target_loader *loader, const gw_doc_node *root) {
    static const char *const KEYS[] = {"target",   "protocol", "url",      "connect", "tls",    "start",
                                       "fixtures", "cleanup",  "triggers", "knobs",   "limits", "expected-failures"};
    gw_target *target = loader->target;
    if (!gw_doc_expect_keys(loader->diag, root, KEYS, sizeof KEYS / sizeof KEYS[0], "a target") ||
        !gw_doc_require(loader->diag, root, "target", "a target file"))
        return;
    const gw_doc_node *protocol = gw_doc_get(root, "protocol"), *start = gw_doc_get(root, "start"),
                      *tls = gw_doc_get(root, "tls");
    target->name = gw_target_plain(loader, gw_doc_get(root, "target"), "the target's name");
    if (protocol) {
        target->protocol = gw_target_plain(loader, protocol, "protocol");
        target->protocol_place = gw_doc_place(protocol);
    }
    /* What later texts may refer to is captured by what stands before them here. */
    if (start) gw_target_load_start(loader, start, &target->start);
    load_calls(loader, gw_doc_get(root, "fixtures"), true, target->fixtures);
    load_calls(loader, gw_doc_get(root, "cleanup"), false, target->cleanup);
    load_connect(loader, root, &target->connect);
    if (tls) load_tls(loader, tls, &target->tls);
    load_triggers(loader, gw_doc_get(root, "triggers"));
    load_knobs(loader, gw_doc_get(root, "knobs"));
    load_limits(loader, gw_doc_get(root, "limits"));
    load_expected(loader, gw_doc_get(root, "expected-failures"));
}

static gw_target *create(void) {
    gw_target *target = calloc(1, sizeof *target);
    struct gw_target_memory *memory = calloc(1, sizeof *memory);
    if (!target || !memory) {
        free(target);
        free(memory);
        return NULL;
    }
    gw_arena_init(&memory->arena);
    target->memory = memory;
    return target;
}

static void add_built_in_names(gw_target_loader *loader) {
    for (int scope = GW_TARGET_SCENARIO; scope < GW_TARGET_SCOPES; scope++)
        gw_target_name_add(loader, &loader->captured[scope], "name", NULL);
}

gw_target *gw_target_load(gw_span text, const char *file, gw_diag *diag) {
    gw_target *target = create();
    if (!target) {
        gw_diag_error(diag, (gw_place){.file = file}, "out of memory");
        return NULL;
    }
    size_t errors_before = diag->errors;
    struct gw_target_memory *memory = target->memory;
    gw_target_loader loader = {.target = target, .arena = &memory->arena, .diag = diag};
    target->file = gw_arena_strdup(&memory->arena, file);
    add_built_in_names(&loader);
    memory->doc = gw_doc_parse(text, file, diag);
    if (memory->doc) load_root(&loader, gw_doc_root(memory->doc));
    if (!memory->doc || diag->errors > errors_before) {
        gw_target_destroy(target);
        return NULL;
    }
    const char **env = GW_ARENA_ARRAY(&memory->arena, const char *, GW_TARGET_MAX_NAMES);
    memcpy(env, loader.env.list, loader.env.count * sizeof *env);
    target->env_names = env;
    target->env_count = loader.env.count;
    return target;
}

/* "${" as a text that expands to itself. */
static const char *quote(gw_arena *arena, const char *url) {
    gw_buf text;
    gw_buf_init(&text, GW_TARGET_MAX_BYTES);
    for (const char *p = url; *p; p++) {
        if (p[0] == '$' && p[1] == '{') gw_buf_append_byte(&text, '$');
        gw_buf_append_byte(&text, (uint8_t)*p);
    }
    const char *quoted = gw_arena_strdup(arena, gw_buf_cstr(&text));
    gw_buf_deinit(&text);
    return quoted;
}

static const char *copy_or_null(gw_arena *arena, const char *s) {
    return s ? gw_arena_strdup(arena, s) : NULL;
}

static bool split_header(gw_arena *arena, const char *line, gw_target_pair *out) {
    const char *colon = strchr(line, ':');
    if (!colon || colon == line || strpbrk(line, "\r\n")) return false;
    gw_span value = gw_span_trim(gw_span_cstr(colon + 1));
    out->name = gw_arena_strndup(arena, line, (size_t)(colon - line));
    out->value = quote(arena, gw_arena_strndup(arena, value.ptr, value.len));
    return true;
}

gw_target *gw_target_from_url(const char *url, const gw_target_tls *tls, const char *const *headers,
                              size_t header_count) {
    gw_target *target = create();
    if (!target) return NULL;
    gw_arena *arena = &target->memory->arena;
    target->name = gw_arena_strdup(arena, url);
    target->connect.url = quote(arena, url);
    if (tls)
        target->tls = (gw_target_tls){copy_or_null(arena, tls->ca), copy_or_null(arena, tls->cert),
                                      copy_or_null(arena, tls->key), copy_or_null(arena, tls->sni), tls->insecure};
    gw_target_pair *list = GW_ARENA_ARRAY(arena, gw_target_pair, header_count + 1);
    for (size_t i = 0; i < header_count; i++) {
        if (split_header(arena, headers[i], &list[i])) continue;
        gw_target_destroy(target);
        return NULL;
    }
    target->connect.headers = (gw_target_pairs){list, header_count};
    return target;
}

void gw_target_destroy(gw_target *target) {
    if (!target) return;
    struct gw_target_memory *memory = target->memory;
    for (size_t i = 0; i < memory->tree_count; i++) cJSON_Delete(memory->trees[i]);
    gw_doc_destroy(memory->doc);
    gw_arena_deinit(&memory->arena);
    free(memory);
    free(target);
}

const gw_target_trigger *gw_target_find_trigger(const gw_target *target, const char *event) {
    for (size_t i = 0; i < target->trigger_count; i++)
        if (strcmp(target->triggers[i].event, event) == 0) return &target->triggers[i];
    return strcmp(event, GW_TARGET_ANY_EVENT) == 0 ? NULL : gw_target_find_trigger(target, GW_TARGET_ANY_EVENT);
}

bool gw_target_check_events(const gw_target *target, const gw_protocol *protocol, gw_diag *diag) {
    const char *names[GW_PROTOCOL_MAX_EVENTS];
    size_t count = 0, errors = diag->errors;
    for (size_t i = 0; i < protocol->event_count; i++)
        if (protocol->events[i].from & GW_FROM_SERVER) names[count++] = protocol->events[i].name;
    for (size_t i = 0; i < target->trigger_count; i++) {
        const gw_target_trigger *trigger = &target->triggers[i];
        if (strcmp(trigger->event, GW_TARGET_ANY_EVENT) == 0) continue;
        const gw_event *event = gw_protocol_event(protocol, gw_span_cstr(trigger->event));
        if (event && event->from & GW_FROM_SERVER) continue;
        const char *meant = gw_diag_suggest(gw_span_cstr(trigger->event), names, count);
        gw_diag_error(diag, trigger->place, "the protocol %s has no event '%s' that a server sends%s%s%s",
                      protocol->name, trigger->event, meant ? " (did you mean '" : "", meant ? meant : "",
                      meant ? "'?)" : "");
    }
    return diag->errors == errors;
}

bool gw_target_protocol_is_file(const gw_target *target) {
    return gw_protocol_is_file(target->protocol);
}

void gw_target_apply_knobs(const gw_target *target, gw_knobs *knobs) {
    for (size_t i = 0; i < target->knobs.count; i++)
        gw_knobs_set(knobs, target->knobs.list[i].name, target->knobs.list[i].value);
}

bool gw_target_has_rooms(const gw_target *target) {
    return target->fixtures[GW_TARGET_ROOM].count > 0;
}
