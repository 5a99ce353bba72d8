/* Floor 5: loading the tree of scenarios/. */
#include "cli/catalogue.h"

#include <stdlib.h>
#include <string.h>

#define PROTOCOLS    "protocols/"
#define REQUIREMENTS "requirements/"

/* Folders of the tree that hold no scenarios. */
static const char *const other_folders[] = {PROTOCOLS, REQUIREMENTS, "targets/", "schema/"};

static bool is_below(const char *path, const char *folder) {
    return strncmp(path, folder, strlen(folder)) == 0;
}

static bool is_scenario(const char *path) {
    for (size_t i = 0; i < sizeof other_folders / sizeof other_folders[0]; i++)
        if (is_below(path, other_folders[i])) return false;
    return true;
}

const char *gw_catalogue_id(gw_arena *arena, const char *path) {
    for (;;) {
        if (is_below(path, "/"))
            path += 1;
        else if (is_below(path, "./"))
            path += 2;
        else if (is_below(path, "../"))
            path += 3;
        else
            break;
    }
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    bool extension = dot && dot > (slash ? slash + 1 : path);
    return gw_arena_strndup(arena, path, extension ? (size_t)(dot - path) : strlen(path));
}

static bool has_any(const gw_files *files, const char *folder) {
    for (size_t i = 0; i < files->count; i++)
        if (is_below(files->items[i].path, folder)) return true;
    return false;
}

/* The user's folder may leave out protocols and requirements, the built-in ones then stand in. */
static void complete(gw_files *files) {
    bool protocols = has_any(files, PROTOCOLS), requirements = has_any(files, REQUIREMENTS);
    size_t own = files->count, kept = own;
    gw_files_add_embedded(files);
    for (size_t i = own; i < files->count; i++) {
        const char *path = files->items[i].path;
        bool wanted = (!protocols && is_below(path, PROTOCOLS)) || (!requirements && is_below(path, REQUIREMENTS));
        if (wanted) files->items[kept++] = files->items[i];
    }
    files->count = kept;
}

static gw_status read_files(gw_catalogue *catalogue, gw_catalogue_source source, gw_diag *diag) {
    if (!source.folder) {
        gw_files_add_embedded(&catalogue->files);
        return GW_OK;
    }
    gw_status status = gw_files_add_folder(&catalogue->files, source.folder, diag);
    if (status == GW_OK) complete(&catalogue->files);
    return status;
}

static const gw_file *find(const gw_files *files, const char *path) {
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->items[i].path, path) == 0) return &files->items[i];
    return NULL;
}

/* Held apart from the list, so that it is not taken for a scenario. NULL: it cannot be read, diag says why. */
static const gw_file *read_apart(gw_catalogue *catalogue, const char *path, gw_diag *diag) {
    if (gw_files_add(&catalogue->files, path, diag) != GW_OK) return NULL;
    gw_file *apart = GW_ARENA_NEW(&catalogue->arena, gw_file);
    *apart = catalogue->files.items[--catalogue->files.count];
    return apart;
}

static const gw_file *find_named(gw_catalogue *catalogue, const char *name) {
    return find(&catalogue->files, gw_arena_printf(&catalogue->arena, PROTOCOLS "%s.yaml", name));
}

bool gw_catalogue_find_protocol(void *context, const char *name, const char *path, gw_span *text, const char **file) {
    gw_catalogue *catalogue = context;
    gw_diag unheard;
    gw_diag_init(&unheard);
    const gw_file *found = name ? find_named(catalogue, name) : read_apart(catalogue, path, &unheard);
    gw_diag_deinit(&unheard);
    if (!found) return false;
    *text = found->text;
    *file = found->shown;
    return true;
}

/* All of the folder, since scenarios may name what another protocol has. One that does not load is for `check` to tell.
 */
static void load_others(gw_catalogue *catalogue) {
    const gw_protocol_source source = {gw_catalogue_find_protocol, catalogue};
    const gw_files *files = &catalogue->files;
    catalogue->protocols = GW_ARENA_ARRAY(&catalogue->arena, const gw_protocol *, files->count + 1);
    for (size_t i = 0; i < files->count; i++) {
        const gw_file *file = &files->items[i];
        if (!is_below(file->path, PROTOCOLS)) continue;
        gw_diag unheard;
        gw_diag_init(&unheard);
        const gw_protocol *p = gw_protocol_load_from(&catalogue->arena, file->text, file->shown, &source, &unheard);
        if (p) catalogue->protocols[catalogue->protocol_count++] = p;
        gw_diag_deinit(&unheard);
    }
    catalogue->suite.others = catalogue->protocols;
    catalogue->suite.other_count = catalogue->protocol_count;
}

static void no_such_protocol(gw_catalogue *catalogue, gw_catalogue_source source, const char *name, gw_diag *diag) {
    const gw_files *files = &catalogue->files;
    const char **names = GW_ARENA_ARRAY(&catalogue->arena, const char *, files->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < files->count; i++)
        if (is_below(files->items[i].path, PROTOCOLS))
            names[count++] = gw_catalogue_id(&catalogue->arena, files->items[i].path + strlen(PROTOCOLS));
    const char *meant = gw_diag_suggest(gw_span_cstr(name), names, count);
    gw_place place = source.protocol_place;
    if (!place.file) place.file = source.protocol_file ? "--protocol" : source.folder ? source.folder : "scenarios";
    gw_buf known;
    gw_buf_init(&known, 1 << 16);
    for (size_t i = 0; i < count && !meant; i++) gw_buf_printf(&known, "%s%s", i ? ", " : "", names[i]);
    gw_diag_error(
        diag, place, "there is no protocol '%s' (%s%s%s); a file of your own is named with its ending: %s.yaml", name,
        meant ? "did you mean '" : "there are: ", meant ? meant : gw_buf_cstr(&known), meant ? "'?" : "", name);
    gw_buf_deinit(&known);
}

static gw_status load_protocol(gw_catalogue *catalogue, gw_catalogue_source source, gw_diag *diag) {
    const gw_file *file = NULL;
    bool is_name = source.protocol_file && !gw_protocol_is_file(source.protocol_file) &&
                   !gw_files_is_file(source.protocol_file) && !strchr(source.protocol_file, '/');
    if (source.protocol_file && !is_name) {
        gw_diag unread;
        gw_diag_init(&unread);
        bool told = source.protocol_place.file != NULL;
        if (!(file = read_apart(catalogue, source.protocol_file, told ? &unread : diag)) && told)
            gw_diag_error(diag, source.protocol_place, "there is no file %s that can be read", source.protocol_file);
        gw_diag_deinit(&unread);
        if (!file) return GW_ERR_IO;
    } else {
        const char *name = is_name ? source.protocol_file : source.protocol_name ? source.protocol_name : "gateway";
        if (!(file = find_named(catalogue, name))) {
            no_such_protocol(catalogue, source, name, diag);
            return GW_ERR_INVALID;
        }
    }
    const gw_protocol_source others = {gw_catalogue_find_protocol, catalogue};
    catalogue->protocol = gw_protocol_load_from(&catalogue->arena, file->text, file->shown, &others, diag);
    bool good = catalogue->protocol && gw_protocol_check_requirements(catalogue->protocol, &catalogue->requirements,
                                                                      file->shown, file->text, diag);
    if (good) gw_requirements_restate(&catalogue->requirements, catalogue->protocol);
    return good ? GW_OK : GW_ERR_INVALID;
}

void gw_catalogue_claim(gw_catalogue_source *source, const gw_target *target, gw_arena *arena) {
    if (source->protocol_file || !target->protocol) return;
    source->protocol_place = target->protocol_place;
    if (!gw_target_protocol_is_file(target)) {
        source->protocol_name = target->protocol;
        return;
    }
    source->protocol_file = gw_protocol_beside(arena, target->file, target->protocol);
}

gw_status gw_catalogue_load_tables(gw_catalogue *catalogue, gw_catalogue_source source, gw_diag *diag) {
    *catalogue = (gw_catalogue){0};
    gw_files_init(&catalogue->files);
    gw_arena_init(&catalogue->arena);
    gw_requirements_init(&catalogue->requirements);
    gw_status status = read_files(catalogue, source, diag);
    for (size_t i = 0; status == GW_OK && i < catalogue->files.count; i++) {
        const gw_file *file = &catalogue->files.items[i];
        if (is_below(file->path, REQUIREMENTS) &&
            !gw_requirements_load(&catalogue->requirements, file->text, file->shown, diag))
            status = GW_ERR_INVALID;
    }
    if (status == GW_OK) status = load_protocol(catalogue, source, diag);
    gw_suite_init(&catalogue->suite, catalogue->protocol, &catalogue->requirements);
    if (status == GW_OK) load_others(catalogue);
    return status;
}

gw_status gw_catalogue_load(gw_catalogue *catalogue, gw_catalogue_source source, gw_diag *diag) {
    gw_status status = gw_catalogue_load_tables(catalogue, source, diag);
    if (status != GW_OK) return status;
    /* All of them, so that one run of a checker shows every mistake. */
    for (size_t i = 0; i < catalogue->files.count; i++) {
        const gw_file *file = &catalogue->files.items[i];
        if (!is_scenario(file->path)) continue;
        const char *id = gw_catalogue_id(&catalogue->arena, file->path);
        if (gw_suite_load(&catalogue->suite, file->text, id, file->shown, diag) != GW_OK) status = GW_ERR_INVALID;
    }
    gw_suite_sort(&catalogue->suite);
    return status;
}

void gw_catalogue_deinit(gw_catalogue *catalogue) {
    gw_suite_deinit(&catalogue->suite);
    gw_requirements_deinit(&catalogue->requirements);
    gw_arena_deinit(&catalogue->arena);
    gw_files_deinit(&catalogue->files);
    free(catalogue->own_files);
    free(catalogue->own_ids);
    *catalogue = (gw_catalogue){0};
}

static gw_status grow_own(gw_catalogue *catalogue) {
    if (catalogue->own_count < catalogue->own_capacity) return GW_OK;
    size_t capacity = catalogue->own_capacity ? catalogue->own_capacity * 2 : 16;
    const char **files = realloc(catalogue->own_files, capacity * sizeof *files);
    if (!files) return GW_ERR_NOMEM;
    catalogue->own_files = files;
    const char **ids = realloc(catalogue->own_ids, capacity * sizeof *ids);
    if (!ids) return GW_ERR_NOMEM;
    catalogue->own_ids = ids;
    catalogue->own_capacity = capacity;
    return GW_OK;
}

gw_status gw_catalogue_add_own(gw_catalogue *catalogue, const char *path, gw_diag *diag) {
    for (size_t i = 0; i < catalogue->own_count; i++)
        if (strcmp(catalogue->own_files[i], path) == 0) return GW_OK;
    gw_status status = grow_own(catalogue);
    if (status == GW_OK) status = gw_files_add(&catalogue->files, path, diag);
    if (status != GW_OK) return status;
    const gw_file *file = &catalogue->files.items[catalogue->files.count - 1];
    const char *id = gw_catalogue_id(&catalogue->arena, path);
    status = gw_suite_load(&catalogue->suite, file->text, id, file->shown, diag);
    if (status != GW_OK) return status;
    gw_suite_sort(&catalogue->suite);
    catalogue->own_files[catalogue->own_count] = file->shown;
    catalogue->own_ids[catalogue->own_count++] = id;
    return GW_OK;
}

static bool is_own_file(const gw_suite *suite, const char *word) {
    const char *dot = strrchr(word, '.');
    if (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0)) return true;
    for (size_t i = 0; i < suite->count; i++)
        if (gw_suite_match(word, suite->scenarios[i]->id)) return false;
    return gw_files_is_file(word);
}

gw_status gw_catalogue_patterns(gw_catalogue *catalogue, const char *const *words, size_t count, gw_diag *diag,
                                const char *const **out) {
    const char **patterns = GW_ARENA_ARRAY(&catalogue->arena, const char *, count + 1);
    gw_status status = GW_OK;
    for (size_t i = 0; i < count; i++) {
        patterns[i] = words[i];
        if (!is_own_file(&catalogue->suite, words[i])) continue;
        gw_status added = gw_catalogue_add_own(catalogue, words[i], diag);
        if (added != GW_OK) status = added;
        patterns[i] = gw_catalogue_id(&catalogue->arena, words[i]);
    }
    *out = patterns;
    return status;
}

bool gw_catalogue_load_expected(gw_arena *arena, gw_span text, const char *shown, gw_diag *diag,
                                const gw_expected **out, size_t *count) {
    static const char *const keys[] = {"expected-failures"};
    gw_doc *doc = gw_doc_parse(text, shown, diag);
    if (!doc) return false;
    const gw_doc_node *list = gw_doc_root(doc);
    bool good = true;
    if (list->kind == GW_DOC_MAP) {
        good = gw_doc_expect_keys(diag, list, keys, 1, "a file of expected failures") &&
               gw_doc_require(diag, list, keys[0], "a file of expected failures");
        list = gw_doc_get(list, keys[0]);
    }
    good = good && gw_expected_load(arena, list, diag, out, count);
    gw_doc_destroy(doc);
    return good;
}
