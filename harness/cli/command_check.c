/* Floor 5: gwspec check: is a file of the user well-formed, and does it name only what exists? */
#include "cli/commands.h"

#include "scenario/target.h"

#include <string.h>

typedef enum kind { KIND_SCENARIO, KIND_PROTOCOL, KIND_REQUIREMENTS, KIND_TARGET } kind;

/* By the keys of the file: a folder's name says nothing about a file that the user keeps elsewhere. */
static bool find_kind(const gw_file *file, kind *out, gw_diag *diag) {
    gw_doc *doc = gw_doc_parse(file->text, file->shown, diag);
    if (!doc) return false;
    const gw_doc_node *root = gw_doc_root(doc);
    if (gw_doc_get(root, "steps"))
        *out = KIND_SCENARIO;
    else if (gw_doc_get(root, "target") || gw_doc_get(root, "connect"))
        *out = KIND_TARGET;
    else if (gw_doc_get(root, "protocol") || gw_doc_get(root, "envelope"))
        *out = KIND_PROTOCOL;
    else if (gw_doc_get(root, "requirements"))
        *out = KIND_REQUIREMENTS;
    else
        *out = KIND_SCENARIO;
    gw_doc_destroy(doc);
    return true;
}

static bool check_requirements(const gw_file *file, gw_diag *diag) {
    gw_requirements requirements;
    gw_requirements_init(&requirements);
    bool good = gw_requirements_load(&requirements, file->text, file->shown, diag);
    gw_requirements_deinit(&requirements);
    return good;
}

static bool check_target(const gw_file *file, gw_diag *diag) {
    gw_target *target = gw_target_load(file->text, file->shown, diag);
    gw_target_destroy(target);
    return target != NULL;
}

static bool check_protocol(gw_catalogue *catalogue, const gw_file *file, gw_diag *diag) {
    const gw_protocol_source others = {gw_catalogue_find_protocol, catalogue};
    const gw_protocol *protocol = gw_protocol_load_from(&catalogue->arena, file->text, file->shown, &others, diag);
    return protocol && gw_protocol_check_requirements(protocol, &catalogue->requirements, file->shown, diag);
}

static bool check_file(gw_catalogue *catalogue, const gw_file *file, gw_diag *diag) {
    kind what;
    if (!find_kind(file, &what, diag)) return false;
    switch (what) {
    case KIND_PROTOCOL:
        return check_protocol(catalogue, file, diag);
    case KIND_REQUIREMENTS:
        return check_requirements(file, diag);
    case KIND_TARGET:
        return check_target(file, diag);
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
        if (check_file(&catalogue, &files.items[i], &diag)) {
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
