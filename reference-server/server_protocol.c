/* Reads a protocol description for the mock. Of the program: it opens files. */
#include "reference-server/server_protocol.h"

#include "base/embedded.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FILE_BYTES = 4 << 20 };

extern const gw_embedded_file gw_server_protocols[];
extern const size_t gw_server_protocols_count;

/* Files that a description extends; they stay until it is loaded. */
enum { MAX_FILES = 8 };
typedef struct file_texts {
    gw_buf items[MAX_FILES];
    size_t count;
} file_texts;

static bool find_built_in(const char *name, gw_span *text, const char **file) {
    size_t len = strlen(name);
    for (size_t i = 0; i < gw_server_protocols_count; i++) {
        const gw_embedded_file *each = &gw_server_protocols[i];
        if (strncmp(each->path, name, len) != 0 || strcmp(each->path + len, ".yaml") != 0) continue;
        *text = gw_span_make(each->bytes, each->len);
        *file = each->path;
        return true;
    }
    return false;
}

static bool read_file(const char *path, gw_buf *out, gw_buf *error) {
    FILE *file = fopen(path, "rb");
    int why = errno;
    uint8_t block[4096];
    for (size_t n; file && (n = fread(block, 1, sizeof block, file)) > 0;) gw_buf_append(out, block, n);
    if (file && ferror(file)) why = errno;
    bool good = file && !ferror(file) && out->error == GW_OK;
    if (file) fclose(file);
    if (!good)
        gw_buf_printf(error, "gwspec-server: --protocol %s: %s\n", path,
                      out->error != GW_OK ? "the file is too long" : strerror(why));
    return good;
}

static bool find(void *context, const char *name, const char *path, gw_span *text, const char **file) {
    file_texts *files = context;
    gw_buf unheard;
    if (name) return find_built_in(name, text, file);
    if (files->count == MAX_FILES) return false;
    gw_buf_init(&unheard, 4096);
    gw_buf *own = &files->items[files->count++];
    gw_buf_init(own, MAX_FILE_BYTES);
    bool good = read_file(path, own, &unheard);
    gw_buf_deinit(&unheard);
    *text = gw_buf_span(own);
    *file = path;
    return good;
}

const gw_protocol *gw_server_protocol_load(gw_arena *arena, const char *name, gw_buf *error) {
    file_texts files = {0};
    const gw_protocol_source source = {find, &files};
    const gw_protocol *protocol = NULL;
    const char *shown = name;
    gw_span text;
    gw_buf file;
    gw_diag diag;
    gw_buf_init(&file, MAX_FILE_BYTES);
    gw_diag_init(&diag);
    bool good = find_built_in(name, &text, &shown);
    if (!good && read_file(name, &file, error)) {
        text = gw_buf_span(&file);
        good = true;
    }
    if (good && !(protocol = gw_protocol_load_from(arena, text, shown, &source, &diag)))
        gw_buf_append_span(error, gw_buf_span(&diag.text));
    if (protocol && strcmp(protocol->name, "gateway") == 0) protocol = NULL;
    char why[GW_CORE_ERROR_BYTES];
    if (protocol && !gw_core_can_serve(protocol, why)) {
        gw_buf_printf(error, "gwspec-server: --protocol %s: %s\n", name, why);
        protocol = NULL;
    }
    gw_diag_deinit(&diag);
    gw_buf_deinit(&file);
    while (files.count) gw_buf_deinit(&files.items[--files.count]);
    return protocol;
}
