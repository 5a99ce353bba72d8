/* Floor 5: gwspec fuzz-convert: sessions of the fuzzers as scenarios, and scenarios as sessions. */
#include "cli/commands.h"

#include "cli/convert.h"
#include "cli/select.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_scenario(const char *path) {
    size_t len = strlen(path);
    return (len > 5 && strcmp(path + len - 5, ".yaml") == 0) || (len > 4 && strcmp(path + len - 4, ".yml") == 0);
}

/* To a file, or without one to standard output. */
static bool write_out(const char *path, gw_span bytes) {
    if (!path) return gw_console_write(bytes);
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len;
    if (file && fclose(file) != 0) written = false;
    if (!written) gw_console_error("cannot write '%s': %s", path, strerror(errno));
    return written;
}

/* Without the ending of the file: there, back and there again has one title. */
static void append_title(gw_buf *out, const char *path) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *dot = strrchr(base, '.');
    int len = (int)(dot && dot != base ? (size_t)(dot - base) : strlen(base));
    gw_buf_printf(out, "the session %.*s", len, base);
}

static int convert_session(const gw_catalogue *catalogue, const gw_file *file, const char *output) {
    static gw_script script;
    gw_buf out, why, name;
    int exit_code = GW_EXIT_USAGE;
    gw_buf_init(&out, GW_CONSOLE_MAX_TEXT);
    gw_buf_init(&why, 4096);
    gw_buf_init(&name, 4096);
    append_title(&name, file->shown);
    gw_script_decode(file->text, &script);
    gw_status status = gw_convert_to_scenario(&script, catalogue->protocol, gw_buf_cstr(&name), &out, &why);
    if (status == GW_OK)
        exit_code = write_out(output, gw_buf_span(&out)) ? GW_EXIT_OK : GW_EXIT_INTERNAL;
    else
        gw_console_error("%s: %s", file->shown,
                         status == GW_ERR_UNSUPPORTED ? gw_buf_cstr(&why) : gw_status_text(status));
    gw_buf_deinit(&name);
    gw_buf_deinit(&why);
    gw_buf_deinit(&out);
    return exit_code;
}

/* GW_EXIT_USAGE: it has no counterpart, which was told; GW_EXIT_INTERNAL: it could not be written. */
static int convert_scenario(const gw_catalogue *catalogue, const gw_scenario *scenario, const char *path) {
    static gw_script script;
    static uint8_t bytes[GW_SCRIPT_MAX_ENCODED];
    gw_arena arena;
    gw_buf why;
    int exit_code = GW_EXIT_USAGE;
    gw_arena_init(&arena);
    gw_buf_init(&why, 4096);
    gw_status status = gw_convert_to_script(scenario, catalogue->protocol, &arena, &script, &why);
    if (status != GW_OK)
        gw_console_error("%s: %s", scenario->id, why.len ? gw_buf_cstr(&why) : gw_status_text(status));
    else if (write_out(path, gw_span_make(bytes, gw_script_encode(&script, bytes, sizeof bytes))))
        exit_code = GW_EXIT_OK;
    else
        exit_code = GW_EXIT_INTERNAL;
    gw_buf_deinit(&why);
    gw_arena_deinit(&arena);
    return exit_code;
}

/* To files of a folder; the last line says how many, and how many could not. */
static int convert_several(const gw_catalogue *catalogue, const gw_chosen *chosen, const char *folder) {
    size_t done = 0;
    int exit_code = GW_EXIT_OK;
    gw_buf text;
    gw_buf_init(&text, 1 << 16);
    for (size_t i = 0; i < chosen->count && exit_code != GW_EXIT_INTERNAL; i++) {
        gw_buf_clear(&text);
        gw_buf_printf(&text, "%s/", folder);
        for (const char *c = chosen->items[i]->id; *c; c++) gw_buf_append_byte(&text, *c == '/' ? '-' : (uint8_t)*c);
        int one = convert_scenario(catalogue, chosen->items[i], gw_buf_cstr(&text));
        if (one == GW_EXIT_OK)
            done++;
        else
            exit_code = one;
    }
    gw_buf_clear(&text);
    gw_buf_printf(&text, "%zu of %zu scenarios are sessions in %s", done, chosen->count, folder);
    if (exit_code == GW_EXIT_USAGE) gw_buf_printf(&text, "; without a counterpart: %zu", chosen->count - done);
    gw_buf_append_byte(&text, '\n');
    if (!gw_console_write(gw_buf_span(&text))) exit_code = GW_EXIT_INTERNAL;
    gw_buf_deinit(&text);
    return exit_code;
}

static int convert_chosen(const gw_catalogue *catalogue, const gw_chosen *chosen, const char *output) {
    if (chosen->count == 1) return convert_scenario(catalogue, chosen->items[0], output);
    if (output && gw_files_is_folder(output)) return convert_several(catalogue, chosen, output);
    gw_console_error("%zu scenarios: name a folder that is there with --output", chosen->count);
    return GW_EXIT_USAGE;
}

int gw_command_fuzz_convert(const gw_options *options) {
    gw_catalogue catalogue;
    gw_chosen chosen = {0};
    gw_files files;
    gw_diag diag;
    gw_buf message;
    int exit_code = GW_EXIT_USAGE;
    const char *word = options->operands.items[0];
    gw_diag_init(&diag);
    gw_files_init(&files);
    gw_buf_init(&message, 1 << 16);
    if (!gw_commands_load(options, &catalogue)) goto cleanup;
    if (gw_files_is_file(word) && !is_scenario(word)) {
        if (gw_files_add(&files, word, &diag) == GW_OK)
            exit_code = convert_session(&catalogue, &files.items[0], options->output);
        goto cleanup;
    }
    if (gw_files_is_file(word)) {
        if (gw_catalogue_add_own(&catalogue, word, &diag) != GW_OK) goto cleanup;
        word = gw_catalogue_id(&catalogue.arena, word);
    }
    gw_selection selection = {.role = GW_SELECT_SERVERS, .patterns = &word, .pattern_count = 1};
    if (gw_select(&catalogue.suite, options->scenarios, &selection, &chosen, &message))
        exit_code = convert_chosen(&catalogue, &chosen, options->output);
    else
        gw_console_error("%s", gw_buf_cstr(&message));
cleanup:
    gw_console_diag(&diag);
    gw_chosen_deinit(&chosen);
    gw_buf_deinit(&message);
    gw_files_deinit(&files);
    gw_diag_deinit(&diag);
    gw_catalogue_deinit(&catalogue);
    return exit_code;
}
