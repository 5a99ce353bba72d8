/* Floor 5: gwspec check: is a file of the user well-formed, and does it name only what exists? */
#include "cli/commands.h"

#include "scenario/target.h"

#include <string.h>

typedef enum kind { KIND_SCENARIO, KIND_PROTOCOL, KIND_REQUIREMENTS, KIND_TARGET, KIND_EXPECTED, KIND_UNKNOWN } kind;

/* Keys that files of one kind alone have, in the order of looking: a target names a protocol too. */
static const struct {
    const char *key;
    kind what;
} TELLING[] = {
    {"steps", KIND_SCENARIO},
    {"requires", KIND_SCENARIO},
    {"requirements", KIND_REQUIREMENTS},
    {"target", KIND_TARGET},
    {"connect", KIND_TARGET},
    {"url", KIND_TARGET},
    {"start", KIND_TARGET},
    {"fixtures", KIND_TARGET},
    {"triggers", KIND_TARGET},
    {"expected-failures", KIND_EXPECTED},
    {"envelope", KIND_PROTOCOL},
    {"events", KIND_PROTOCOL},
    {"protocol", KIND_PROTOCOL},
    {"title", KIND_SCENARIO},
};

/* By the keys of the file: a folder's name says nothing about a file that the user keeps elsewhere. */
static bool find_kind(const gw_file *file, kind *out, gw_diag *diag) {
    gw_doc *doc = gw_doc_parse(file->text, file->shown, diag);
    if (!doc) return false;
    const gw_doc_node *root = gw_doc_root(doc);
    *out = root->kind == GW_DOC_SEQ ? KIND_EXPECTED : KIND_UNKNOWN;
    for (size_t i = 0; *out == KIND_UNKNOWN && i < sizeof TELLING / sizeof TELLING[0]; i++)
        if (gw_doc_get(root, TELLING[i].key)) *out = TELLING[i].what;
    if (*out == KIND_UNKNOWN)
        gw_doc_error(
            diag, root,
            "this is no file of gwspec: a scenario has 'steps', a target file 'target', a protocol 'events', a list of "
            "requirements 'requirements', one of expected failures 'expected-failures'");
    gw_doc_destroy(doc);
    return *out != KIND_UNKNOWN;
}

/* A scenario of the user's own, which is checked along. */
static bool matches_file(gw_catalogue *catalogue, const gw_files *files, const char *pattern) {
    for (size_t i = 0; i < files->count; i++) {
        const char *id = gw_catalogue_id(&catalogue->arena, files->items[i].shown);
        size_t len = strlen(id);
        if (gw_suite_match(pattern, id) || (strncmp(pattern, id, len) == 0 && pattern[len] == '/')) return true;
    }
    return false;
}

/* A pattern that matches nothing fails each run: better told before the first. */
static bool check_patterns(gw_catalogue_source source, const gw_files *files, const gw_file *file,
                           const gw_expected *list, size_t count, gw_diag *diag) {
    if (!count) return true;
    gw_catalogue whole;
    bool good = gw_catalogue_load(&whole, source, diag) == GW_OK;
    const char **ids = GW_ARENA_ARRAY(&whole.arena, const char *, whole.suite.count + 1);
    for (size_t i = 0; i < whole.suite.count; i++) ids[i] = whole.suite.scenarios[i]->id;
    for (size_t i = 0; good && i < count; i++) {
        bool matches = false;
        for (size_t j = 0; j < whole.suite.count && !matches; j++) matches = gw_suite_match(list[i].pattern, ids[j]);
        if (matches || matches_file(&whole, files, list[i].pattern)) continue;
        const char *meant = gw_diag_suggest(gw_span_cstr(list[i].pattern), ids, whole.suite.count);
        gw_place place = list[i].place;
        place.source = file->text;
        gw_diag_error(
            diag, place,
            "'%s' matches no scenario%s%s%s; gwspec list shows them (one of your own is checked along with this file)",
            list[i].pattern, meant ? " (did you mean '" : "", meant ? meant : "", meant ? "'?)" : "");
    }
    gw_catalogue_deinit(&whole);
    return good && diag->errors == 0;
}

static bool check_expected(gw_catalogue *catalogue, const gw_options *options, const gw_files *files,
                           const gw_file *file, gw_diag *diag) {
    const gw_expected *list;
    size_t count;
    return gw_catalogue_load_expected(&catalogue->arena, file->text, file->shown, diag, &list, &count) &&
           check_patterns((gw_catalogue_source){.folder = options->scenarios, .protocol_file = options->protocol},
                          files, file, list, count, diag);
}

static bool check_requirements(const gw_file *file, gw_diag *diag) {
    gw_requirements requirements;
    gw_requirements_init(&requirements);
    bool good = gw_requirements_load(&requirements, file->text, file->shown, diag);
    gw_requirements_deinit(&requirements);
    return good;
}

/* Against the protocol that it claims, so that a trigger for an event that is not there is found before a run. */
static bool check_target(gw_catalogue *catalogue, const gw_options *options, const gw_files *files, const gw_file *file,
                         gw_diag *diag) {
    gw_target *target = gw_target_load(file->text, file->shown, diag);
    if (!target) return false;
    gw_catalogue own = {0};
    gw_catalogue_source source = {.folder = options->scenarios, .protocol_file = options->protocol};
    gw_catalogue_claim(&source, target, &catalogue->arena);
    bool claims = source.protocol_place.file != NULL;
    bool good = !claims || gw_catalogue_load_tables(&own, source, diag) == GW_OK;
    good = good && gw_target_check_events(target, claims ? own.protocol : catalogue->protocol, diag);
    good = good && check_patterns(source, files, file, target->expected, target->expected_count, diag);
    gw_catalogue_deinit(&own);
    gw_target_destroy(target);
    return good;
}

static bool check_protocol(gw_catalogue *catalogue, const gw_file *file, gw_diag *diag) {
    const gw_protocol_source others = {gw_catalogue_find_protocol, catalogue};
    const gw_protocol *protocol = gw_protocol_load_from(&catalogue->arena, file->text, file->shown, &others, diag);
    return protocol &&
           gw_protocol_check_requirements(protocol, &catalogue->requirements, file->shown, file->text, diag);
}

static bool check_file(gw_catalogue *catalogue, const gw_options *options, const gw_files *files, const gw_file *file,
                       gw_diag *diag) {
    kind what;
    if (!find_kind(file, &what, diag)) return false;
    switch (what) {
    case KIND_PROTOCOL:
        return check_protocol(catalogue, file, diag);
    case KIND_REQUIREMENTS:
        return check_requirements(file, diag);
    case KIND_TARGET:
        return check_target(catalogue, options, files, file, diag);
    case KIND_EXPECTED:
        return check_expected(catalogue, options, files, file, diag);
    case KIND_UNKNOWN:
    case KIND_SCENARIO:
        break;
    }
    const char *id = gw_catalogue_id(&catalogue->arena, file->shown);
    return gw_suite_load(&catalogue->suite, file->text, id, file->shown, diag) == GW_OK;
}

int gw_command_check(const gw_options *options) {
    gw_catalogue catalogue;
    gw_files files;
    gw_files_init(&files);
    gw_diag diag;
    gw_diag_init(&diag);
    bool good = true, written = true;
    gw_catalogue_source source = {.folder = options->scenarios, .protocol_file = options->protocol};
    bool loaded = gw_catalogue_load_tables(&catalogue, source, &diag) == GW_OK;
    /* A path that cannot be read does not keep the others from being checked. */
    for (size_t i = 0; loaded && i < options->operands.count; i++) {
        const char *path = options->operands.items[i];
        good &= (gw_files_is_folder(path) ? gw_files_add_folder(&files, path, &diag)
                                          : gw_files_add(&files, path, &diag)) == GW_OK;
    }
    gw_console_diag(&diag);
    for (size_t i = 0; i < files.count; i++) {
        gw_diag_deinit(&diag);
        gw_diag_init(&diag);
        gw_buf line;
        gw_buf_init(&line, 1 << 16);
        if (check_file(&catalogue, options, &files, &files.items[i], &diag)) {
            gw_buf_printf(&line, "%s: ok\n", files.items[i].shown);
            written &= gw_console_write(gw_buf_span(&line));
        } else {
            gw_console_diag(&diag);
            good = false;
        }
        gw_buf_deinit(&line);
    }
    if (loaded && good && files.count == 0) {
        gw_console_error("there is no .yaml file in '%s'", options->operands.items[0]);
        good = false;
    }
    gw_diag_deinit(&diag);
    gw_files_deinit(&files);
    gw_catalogue_deinit(&catalogue);
    return !written ? GW_EXIT_INTERNAL : loaded && good ? GW_EXIT_OK : GW_EXIT_USAGE;
}
