/* Requests, captures and regular expressions of a target file. Floor 3. It must not know when they are sent. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "scenario/target_load.h"

#include <pcre2.h>
#include <string.h>

#define GW_TARGET_HTTP_WITHIN (10 * GW_S)

static const char *const METHOD_KEYS[] = {"get", "post", "put", "patch", "delete"};
static const char *const METHODS[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
enum { METHOD_COUNT = sizeof METHODS / sizeof METHODS[0] };

const char *gw_target_regex(gw_target_loader *loader, const gw_doc_node *node, gw_target_names *names) {
    const char *pattern = gw_target_plain(loader, node, "a regular expression");
    if (!pattern) return NULL;
    int code;
    PCRE2_SIZE offset;
    pcre2_code *regex = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern), PCRE2_UTF, &code, &offset, NULL);
    if (!regex) {
        PCRE2_UCHAR text[160] = "";
        pcre2_get_error_message(code, text, sizeof text);
        gw_doc_error(loader->diag, node, "the regular expression is not valid at its character %zu: %s", offset + 1,
                     (const char *)text);
        return NULL;
    }
    uint32_t count = 0, size = 0;
    PCRE2_SPTR table = NULL;
    pcre2_pattern_info(regex, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(regex, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(regex, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; names && i < count; i++) /* two bytes of group number, then the name */
        gw_target_name_add(loader, names, gw_arena_strdup(loader->arena, (const char *)table + i * size + 2), node);
    pcre2_code_free(regex);
    return pattern;
}

/* RFC 6901 section 3. */
static bool is_pointer(const char *s) {
    if (*s && *s != '/') return false;
    for (; *s; s++)
        if (*s == '~' && s[1] != '0' && s[1] != '1') return false;
    return true;
}

void gw_target_load_capture(gw_target_loader *loader, const gw_doc_node *node, gw_target_capture *out) {
    static const char *const KEYS[] = {"json", "header", "cookie", "regex", "body"};
    if (node->kind != GW_DOC_MAP) {
        gw_doc_error(loader->diag, node,
                     "say where it is to be found: {json: /id}, {header: NAME}, {cookie: NAME}, {regex: PATTERN} or "
                     "{body: true}");
        return;
    }
    if (!gw_doc_expect_keys(loader->diag, node, KEYS, 5, "capture")) return;
    if (node->count != 1) {
        gw_doc_error(loader->diag, node, "a capture needs exactly one of json, header, cookie, regex and body");
        return;
    }
    const gw_doc_node *from = node->first;
    size_t kind = 0;
    while (strcmp(KEYS[kind], from->key) != 0) kind++;
    out->kind = (gw_target_capture_kind)kind; /* KEYS stands in the enum's order */
    out->place = gw_doc_place(from);
    if (kind == GW_TARGET_CAPTURE_BODY) {
        if (from->kind != GW_DOC_BOOL || !from->boolean) gw_doc_error(loader->diag, from, "write 'body: true'");
        return;
    }
    out->from = kind == GW_TARGET_CAPTURE_REGEX ? gw_target_regex(loader, from, NULL)
                                                : gw_target_plain(loader, from, "the place of a capture");
    if (out->from && kind == GW_TARGET_CAPTURE_JSON && !is_pointer(out->from))
        gw_doc_error(loader->diag, from, "'%s' is no JSON Pointer: it must be empty or start with '/'", out->from);
}

static bool is_name(const char *s) {
    for (const char *p = s; *p; p++) {
        bool alpha = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || *p == '_';
        if (!alpha && !(p > s && ((*p >= '0' && *p <= '9') || *p == '-'))) return false;
    }
    return *s != '\0';
}

static void load_captures(gw_target_loader *loader, const gw_doc_node *node, gw_target_names *names,
                          gw_target_call *out) {
    if (!gw_doc_expect_kind(loader->diag, node, GW_DOC_MAP, "capture") || !node->count) return;
    gw_target_capture *list = GW_ARENA_ARRAY(loader->arena, gw_target_capture, node->count);
    for (const gw_doc_node *child = node->first; child; child = child->next) {
        gw_target_capture *capture = &list[out->capture_count++];
        capture->name = child->key;
        if (!is_name(child->key))
            gw_diag_error(loader->diag, gw_doc_key_place(child),
                          "'%s' cannot name a capture: letters, digits, '_' and '-' only", child->key);
        gw_target_load_capture(loader, child, capture);
        gw_target_name_add(loader, names, child->key, child);
    }
    out->captures = list;
}

static void bad_status(gw_target_loader *loader, const gw_doc_node *node) {
    gw_doc_error(loader->diag, node, "a status is a number from 100 to 599, a class such as 2xx, or a list of them");
}

static void add_status(gw_target_loader *loader, const gw_doc_node *node, gw_target_call *out) {
    if (out->status_count == GW_TARGET_MAX_STATUS) {
        gw_doc_error(loader->diag, node, "more than %d statuses", GW_TARGET_MAX_STATUS);
        return;
    }
    uint16_t low, high;
    if (node->kind == GW_DOC_INT && node->integer >= 100 && node->integer <= 599) {
        low = high = (uint16_t)node->integer;
    } else if (node->kind == GW_DOC_STRING && node->text_len == 3 && node->text[0] >= '1' && node->text[0] <= '5' &&
               strcmp(node->text + 1, "xx") == 0) {
        low = (uint16_t)((node->text[0] - '0') * 100);
        high = (uint16_t)(low + 99);
    } else {
        bad_status(loader, node);
        return;
    }
    out->status[out->status_count].low = low;
    out->status[out->status_count++].high = high;
}

static void load_status(gw_target_loader *loader, const gw_doc_node *node, gw_target_call *out) {
    if (!node) {
        out->status[0].low = 200;
        out->status[0].high = 299;
        out->status_count = 1;
    } else if (node->kind == GW_DOC_SEQ) {
        if (!node->count) bad_status(loader, node);
        for (const gw_doc_node *child = node->first; child; child = child->next) add_status(loader, child, out);
    } else {
        add_status(loader, node, out);
    }
}

static void load_json(gw_target_loader *loader, const gw_doc_node *node, unsigned roots, gw_target_call *out) {
    gw_target_check_tree(loader, node, roots);
    gw_buf text;
    gw_buf_init(&text, GW_TARGET_MAX_BYTES);
    cJSON *tree = NULL;
    if (gw_doc_to_json(node, &text) == GW_OK) tree = cJSON_ParseWithLength((const char *)text.data, text.len);
    gw_buf_deinit(&text);
    if (!tree) {
        gw_doc_error(loader->diag, node, "this cannot be written as JSON");
        return;
    }
    struct gw_target_memory *memory = loader->target->memory;
    if (memory->tree_count == memory->tree_capacity) {
        size_t capacity = memory->tree_capacity ? memory->tree_capacity * 2 : 8;
        cJSON **trees = GW_ARENA_ARRAY(loader->arena, cJSON *, capacity);
        if (memory->tree_count) memcpy(trees, memory->trees, memory->tree_count * sizeof *trees);
        memory->trees = trees;
        memory->tree_capacity = capacity;
    }
    memory->trees[memory->tree_count++] = tree;
    out->json = tree;
}

static void load_method(gw_target_loader *loader, const gw_doc_node *node, unsigned roots, gw_target_call *out) {
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const gw_doc_node *url = gw_doc_get(node, METHOD_KEYS[i]);
        if (!url) continue;
        if (out->method) {
            gw_diag_error(loader->diag, gw_doc_key_place(url), "one request has one method, and '%s' stands here too",
                          out->method);
            return;
        }
        out->method = METHODS[i];
        out->url = gw_target_template(loader, url, roots, "a URL");
        if (out->url && strncmp(out->url, "http://", 7) != 0 && strncmp(out->url, "https://", 8) != 0 &&
            strncmp(out->url, "${", 2) != 0)
            gw_doc_error(loader->diag, url, "the URL of a request must start with http:// or https://");
    }
    if (!out->method) gw_doc_error(loader->diag, node, "a request needs one of get, post, put, patch and delete");
}

static void load_capture_and_time(gw_target_loader *loader, const gw_doc_node *node, gw_target_names *names,
                                  gw_target_call *out) {
    const gw_doc_node *capture = gw_doc_get(node, "capture"), *within = gw_doc_get(node, "within");
    out->place = gw_doc_place(node);
    out->within = GW_TARGET_HTTP_WITHIN;
    if (capture && !names)
        gw_diag_error(loader->diag, gw_doc_key_place(capture),
                      "nothing can use what is captured here: captures belong to fixtures");
    else if (capture)
        load_captures(loader, capture, names, out);
    if (within) gw_doc_expect_duration(loader->diag, within, &out->within);
}

static void load_http(gw_target_loader *loader, const gw_doc_node *node, unsigned roots, gw_target_names *names,
                      gw_target_call *out) {
    static const char *const KEYS[] = {"get",     "post",    "put",        "patch",  "delete",  "json",  "body",
                                       "headers", "cookies", "cookies-of", "status", "capture", "within"};
    if (!gw_doc_expect_keys(loader->diag, node, KEYS, sizeof KEYS / sizeof KEYS[0], "http")) return;
    load_method(loader, node, roots, out);
    out->headers = gw_target_template_map(loader, gw_doc_get(node, "headers"), roots, true, "headers");
    out->cookies = gw_target_template_map(loader, gw_doc_get(node, "cookies"), roots, true, "cookies");
    const gw_doc_node *json = gw_doc_get(node, "json"), *body = gw_doc_get(node, "body");
    if (json && body)
        gw_diag_error(loader->diag, gw_doc_key_place(body), "a request has 'json' or 'body', not both");
    else if (json)
        load_json(loader, json, roots, out);
    else if (body)
        out->body = gw_target_template(loader, body, roots, "a body");
    const gw_doc_node *of = gw_doc_get(node, "cookies-of");
    if (of) {
        static const char *const BY[] = {"by"};
        size_t which;
        if (!(roots & GW_TARGET_ROOT_TRIGGER))
            gw_diag_error(
                loader->diag, gw_doc_key_place(of),
                "'cookies-of' is for triggers only: a fixture names its cookies one by one, cookies: {NAME: VALUE}");
        else
            out->cookies_of_by = gw_doc_expect_word(loader->diag, of, BY, 1, "cookies-of", &which);
    }
    load_status(loader, gw_doc_get(node, "status"), out);
    load_capture_and_time(loader, node, names, out);
}

const char *const *gw_target_command(gw_target_loader *loader, const gw_doc_node *node, unsigned roots) {
    if (node->kind != GW_DOC_SEQ) {
        gw_doc_error(loader->diag, node,
                     "command must be a list, the program and each argument by itself: [node, server.js]");
        return NULL;
    }
    if (!node->count) {
        gw_doc_error(loader->diag, node, "a command needs at least the program");
        return NULL;
    }
    const char **list = GW_ARENA_ARRAY(loader->arena, const char *, node->count + 1);
    size_t count = 0;
    for (const gw_doc_node *child = node->first; child; child = child->next)
        list[count++] = gw_target_template(loader, child, roots, "an argument");
    return list;
}

/* A list, or a map that says more. */
static void load_command(gw_target_loader *loader, const gw_doc_node *node, unsigned roots, gw_target_names *names,
                         gw_target_call *out) {
    static const char *const KEYS[] = {"run", "env", "cwd", "capture", "within"};
    if (node->kind == GW_DOC_SEQ) {
        out->place = gw_doc_place(node);
        out->within = GW_TARGET_HTTP_WITHIN;
        out->command = gw_target_command(loader, node, roots);
        return;
    }
    if (!gw_doc_expect_keys(loader->diag, node, KEYS, sizeof KEYS / sizeof KEYS[0], "command")) return;
    if (!gw_doc_require(loader->diag, node, "run", "command")) return;
    out->command = gw_target_command(loader, gw_doc_get(node, "run"), roots);
    out->env = gw_target_template_map(loader, gw_doc_get(node, "env"), roots, false, "env");
    if (gw_doc_get(node, "cwd")) out->cwd = gw_target_plain(loader, gw_doc_get(node, "cwd"), "a folder");
    load_capture_and_time(loader, node, names, out);
    for (size_t i = 0; i < out->capture_count; i++)
        if (out->captures[i].kind == GW_TARGET_CAPTURE_HEADER || out->captures[i].kind == GW_TARGET_CAPTURE_COOKIE)
            gw_diag_error(loader->diag, out->captures[i].place,
                          "the output of a command has no headers: capture by json, regex or body");
}

bool gw_target_load_call(gw_target_loader *loader, const gw_doc_node *node, const char *more, const char *what,
                         unsigned roots, gw_target_names *names, gw_target_call *out) {
    const char *keys[] = {"http", "command", more};
    memset(out, 0, sizeof *out);
    if (node->kind != GW_DOC_MAP) {
        gw_doc_error(loader->diag, node, "%s is {http: {post: URL, ...}} or {command: [PROGRAM, ...]}", what);
        return false;
    }
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const gw_doc_node *method = gw_doc_get(node, METHOD_KEYS[i]);
        if (!method) continue;
        gw_diag_error(loader->diag, gw_doc_key_place(method), "a request stands below 'http': http: {%s: URL, ...}",
                      METHOD_KEYS[i]);
        return false;
    }
    if (!gw_doc_expect_keys(loader->diag, node, keys, more ? 3 : 2, what)) return false;
    const gw_doc_node *http = gw_doc_get(node, "http"), *command = gw_doc_get(node, "command");
    if (!http == !command) {
        gw_doc_error(loader->diag, node, "%s needs 'http' or 'command'%s", what, http ? ", not both" : "");
        return false;
    }
    if (http)
        load_http(loader, http, roots, names, out);
    else
        load_command(loader, command, roots, names, out);
    return true;
}
