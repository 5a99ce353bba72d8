/* Floor 5: reading files and folders. */
#include "cli/files.h"

#include "base/embedded.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

extern const gw_embedded_file gw_scenarios_table[];
extern const size_t gw_scenarios_table_count;

void gw_files_init(gw_files *files) {
    *files = (gw_files){0};
    gw_arena_init(&files->arena);
}

void gw_files_deinit(gw_files *files) {
    gw_arena_deinit(&files->arena);
    free(files->items);
    *files = (gw_files){0};
}

static gw_status add(gw_files *files, gw_file file) {
    if (files->count == files->capacity) {
        size_t capacity = files->capacity ? files->capacity * 2 : 64;
        gw_file *items = realloc(files->items, capacity * sizeof *items);
        if (!items) return GW_ERR_NOMEM;
        files->items = items;
        files->capacity = capacity;
    }
    files->items[files->count++] = file;
    return GW_OK;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const gw_file *)a)->path, ((const gw_file *)b)->path);
}

static void sort_from(gw_files *files, size_t start) {
    if (files->count > start) qsort(files->items + start, files->count - start, sizeof *files->items, by_path);
}

void gw_files_add_embedded(gw_files *files) {
    size_t start = files->count;
    for (size_t i = 0; i < gw_scenarios_table_count; i++) {
        const gw_embedded_file *row = &gw_scenarios_table[i];
        add(files, (gw_file){.path = row->path,
                             .shown = gw_arena_printf(&files->arena, "scenarios/%s", row->path),
                             .text = gw_span_make(row->bytes, row->len)});
    }
    sort_from(files, start);
}

gw_span gw_files_embedded(const char *path) {
    for (size_t i = 0; i < gw_scenarios_table_count; i++)
        if (strcmp(gw_scenarios_table[i].path, path) == 0)
            return gw_span_make(gw_scenarios_table[i].bytes, gw_scenarios_table[i].len);
    return (gw_span){0};
}

static gw_status fail(gw_diag *diag, const char *path, const char *why) {
    gw_diag_error(diag, (gw_place){.file = path}, "%s", why);
    return GW_ERR_IO;
}

/* Reads up to the maximum and one byte more, so that a device or a growing file ends as well. */
static gw_status read_file(gw_arena *arena, const char *path, gw_span *out, gw_diag *diag) {
    FILE *stream = fopen(path, "rb");
    if (!stream) return fail(diag, path, strerror(errno));
    gw_buf text;
    gw_buf_init(&text, GW_FILES_MAX_BYTES);
    char piece[16384];
    size_t len;
    while ((len = fread(piece, 1, sizeof piece, stream)) > 0 && gw_buf_append(&text, piece, len) == GW_OK) {
    }
    gw_status status = GW_OK;
    if (ferror(stream))
        status = fail(diag, path, strerror(errno));
    else if (text.error)
        status = fail(diag, path, "the file is larger than 4 MiB");
    if (status == GW_OK) *out = gw_span_make(gw_arena_strndup(arena, gw_buf_cstr(&text), text.len), text.len);
    gw_buf_deinit(&text);
    fclose(stream);
    return status;
}

gw_status gw_files_add(gw_files *files, const char *path, gw_diag *diag) {
    gw_file file = {.path = gw_arena_strdup(&files->arena, path)};
    file.shown = file.path;
    gw_status status = read_file(&files->arena, path, &file.text, diag);
    return status == GW_OK ? add(files, file) : status;
}

static bool is_yaml(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static gw_status walk(gw_files *files, const char *root, const char *below, unsigned depth, gw_diag *diag) {
    const char *folder = *below ? gw_arena_printf(&files->arena, "%s/%s", root, below) : root;
    if (depth > GW_FILES_MAX_DEPTH) return fail(diag, folder, "the folders are nested too deep");
    DIR *dir = opendir(folder);
    if (!dir) return fail(diag, folder, strerror(errno));
    gw_status status = GW_OK;
    for (struct dirent *entry; status == GW_OK && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') continue;
        const char *path = gw_arena_printf(&files->arena, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        const char *shown = gw_arena_printf(&files->arena, "%s/%s", root, path);
        if (gw_files_is_folder(shown)) {
            status = walk(files, root, path, depth + 1, diag);
        } else if (is_yaml(entry->d_name)) {
            gw_file file = {.path = path, .shown = shown};
            status = files->count < GW_FILES_MAX ? read_file(&files->arena, shown, &file.text, diag)
                                                 : fail(diag, root, "the folder holds too many files");
            if (status == GW_OK) status = add(files, file);
        }
    }
    closedir(dir);
    return status;
}

gw_status gw_files_add_folder(gw_files *files, const char *folder, gw_diag *diag) {
    size_t start = files->count, len = strlen(folder);
    while (len > 1 && folder[len - 1] == '/') len--;
    gw_status status = walk(files, gw_arena_strndup(&files->arena, folder, len), "", 0, diag);
    sort_from(files, start);
    return status;
}

static bool has_type(const char *path, mode_t type) {
    struct stat info;
    return stat(path, &info) == 0 && (info.st_mode & S_IFMT) == type;
}

bool gw_files_is_file(const char *path) {
    return has_type(path, S_IFREG);
}

bool gw_files_is_folder(const char *path) {
    return has_type(path, S_IFDIR);
}

static bool is_same(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The folder that a path goes to, and the name in it. */
static const char *name_in_folder(const char *path, struct stat *folder) {
    const char *slash = strrchr(path, '/');
    char *above = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    bool there = above && stat(above, folder) == 0;
    free(above);
    return !there ? NULL : slash ? slash + 1 : path;
}

bool gw_files_collide(const char *a, const char *b) {
    struct stat x, y;
    bool a_there = stat(a, &x) == 0, b_there = stat(b, &y) == 0;
    if (a_there && b_there) return S_ISREG(x.st_mode) && is_same(&x, &y);
    const char *name = name_in_folder(a, &x), *other = name_in_folder(b, &y);
    return name && other && strcmp(name, other) == 0 && is_same(&x, &y);
}
