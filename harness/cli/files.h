/* Texts that the program works on: built in, from a folder, or single files. Floor 5: the place that reads files. */
#ifndef GW_CLI_FILES_H
#define GW_CLI_FILES_H

#include "base/arena.h"
#include "base/diag.h"

enum { GW_FILES_MAX_BYTES = 4 << 20, GW_FILES_MAX = 20000, GW_FILES_MAX_DEPTH = 16 };

typedef struct gw_file {
    const char *path;  /* relative to its root: "heartbeat/silent-client.yaml" */
    const char *shown; /* as the user would open it */
    gw_span text;
} gw_file;

typedef struct gw_files {
    gw_file *items; /* sorted by path within each call that added them */
    size_t count, capacity;
    gw_arena arena;
} gw_files;

void gw_files_init(gw_files *files);
void gw_files_deinit(gw_files *files);
/* The tree that is compiled into the program, shown as "scenarios/...". */
void gw_files_add_embedded(gw_files *files);
/* Every .yaml and .yml below a folder; names that start with a dot are left out. GW_ERR_IO: diag says why. */
gw_status gw_files_add_folder(gw_files *files, const char *folder, gw_diag *diag);
/* One file, whatever its name; its path is the shown one. GW_ERR_IO: diag says why. */
gw_status gw_files_add(gw_files *files, const char *path, gw_diag *diag);
/* One of the built-in files by its path, or the empty span. */
gw_span gw_files_embedded(const char *path);
/* A regular file, or a folder, stands there. */
bool gw_files_is_file(const char *path);
bool gw_files_is_folder(const char *path);
/* Would what is written to one go to the other as well? Not so for a device or a pipe. Neither needs to exist yet. */
bool gw_files_collide(const char *a, const char *b);

#endif
