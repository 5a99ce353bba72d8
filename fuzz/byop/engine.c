/* A bounded engine without libFuzzer: replays seeds, then changes them at random. It sees no coverage, so it finds
 * less; it works with every compiler, and for parsers behind a pipe there is no coverage anyway. */
#include "byop.h"

#include "base/rng.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { POOL = 256, MAX_SEED = 1 << 20, KINDS = 64 };

typedef struct input {
    uint8_t *data;
    size_t size;
} input;

typedef struct state {
    const gw_byop_engine *engine;
    gw_rng rng;
    input pool[POOL];
    size_t count;
    char kinds[KINDS][GW_BYOP_KIND_SIZE]; /* of findings, so that each is told once */
    size_t kind_count, findings;
} state;

bool gw_byop_read_file(const char *path, uint8_t **data, size_t *size) {
    FILE *file = fopen(path, "rb");
    *data = file ? malloc(MAX_SEED) : NULL;
    *size = *data ? fread(*data, 1, MAX_SEED, file) : 0;
    bool good = *data && !ferror(file) && feof(file);
    if (file) fclose(file);
    if (good) return true;
    fprintf(stderr, "gwspec: cannot read %s: %s\n", path, errno ? strerror(errno) : "it is too long");
    free(*data);
    *data = NULL;
    return false;
}

bool gw_byop_save(const char *dir, const char *kind, const uint8_t *data, size_t size, char *path, size_t path_size) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++) h = (h ^ data[i]) * UINT64_C(0x100000001b3);
    snprintf(path, path_size, "%s/%s-%016llx", dir, kind, (unsigned long long)h);
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(data, 1, size, file) == size;
    if (file && fclose(file) != 0) good = false;
    if (!good) fprintf(stderr, "gwspec: cannot write %s: %s\n", path, strerror(errno));
    return good;
}

void gw_byop_kind(const char *text, char out[GW_BYOP_KIND_SIZE]) {
    const char *open = strchr(text, '"'), *close = strrchr(text, '"');
    size_t n = 0;
    for (; *text && n + 1 < GW_BYOP_KIND_SIZE; text++)
        if ((!open || text < open || text > close) && !(*text >= '0' && *text <= '9')) out[n++] = *text;
    out[n] = 0;
}

static bool is_new(state *s, const char *text) {
    char kind[GW_BYOP_KIND_SIZE];
    gw_byop_kind(text, kind);
    for (size_t i = 0; i < s->kind_count; i++)
        if (strcmp(s->kinds[i], kind) == 0) return false;
    if (s->kind_count < KINDS) memcpy(s->kinds[s->kind_count++], kind, sizeof kind);
    return true;
}

static void check(state *s, const uint8_t *data, size_t size, const char *origin) {
    char text[GW_BYOP_TEXT_SIZE] = "", path[GW_BYOP_PATH_SIZE] = "";
    /* Exactly as long as the input, and never NULL. */
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) return;
    if (size) memcpy(copy, data, size);
    if (!s->engine->check(s->engine->context, copy, size, text, sizeof text) && is_new(s, text)) {
        s->findings++;
        if (origin)
            fprintf(stderr, "finding: %s\n  input: %s\n", text, origin);
        else if (gw_byop_save(s->engine->save_dir, "finding", data, size, path, sizeof path))
            fprintf(stderr, "finding: %s\n  input: %s\n", text, path);
    }
    free(copy);
}

static void keep(state *s, const uint8_t *data, size_t size) {
    size_t at = s->count < POOL ? s->count++ : (size_t)gw_rng_below(&s->rng, POOL);
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) {
        if (at == s->count - 1) s->count--;
        return;
    }
    if (size) memcpy(copy, data, size);
    free(s->pool[at].data);
    s->pool[at] = (input){copy, size};
}

static bool take_file(state *s, const char *path) {
    uint8_t *data;
    size_t size;
    if (!gw_byop_read_file(path, &data, &size)) return false;
    check(s, data, size, path);
    if (size <= s->engine->max_len) keep(s, data, size);
    free(data);
    return true;
}

static bool only_replays(const gw_byop_engine *engine) {
    return engine->seed_count == 1 && !engine->runs && !engine->seconds;
}

/* One file that somebody wants to understand. */
static bool tell_file(state *s, const char *path) {
    uint8_t *data;
    size_t size;
    if (!gw_byop_read_file(path, &data, &size)) return false;
    gw_byop_print_input(s->engine->api, gw_span_make(data, size), stderr);
    check(s, data, size, path);
    if (!s->findings) fprintf(stderr, "no finding\n");
    free(data);
    return true;
}

static int visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static bool take_path(state *s, const char *path) {
    struct stat about;
    if (stat(path, &about) != 0) {
        fprintf(stderr, "gwspec: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }
    if (!S_ISDIR(about.st_mode)) return only_replays(s->engine) ? tell_file(s, path) : take_file(s, path);
    struct dirent **entries;
    int count = scandir(path, &entries, visible, alphasort);
    bool good = count > 0;
    if (!good) fprintf(stderr, "gwspec: %s holds no files\n", path);
    for (int i = 0; i < count; i++) {
        char inner[GW_BYOP_PATH_SIZE];
        snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        good = good && take_file(s, inner);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    return good;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fuzz(state *s) {
    const gw_byop_engine *engine = s->engine;
    uint8_t *data = malloc(engine->max_len);
    double start = now();
    uint64_t runs = 0;
    if (!data) {
        fprintf(stderr, "gwspec: out of memory\n");
        return;
    }
    while ((!engine->runs || runs < engine->runs) && (!engine->seconds || now() - start < engine->seconds) &&
           s->findings < engine->max_findings) {
        size_t size = 0;
        if (s->count) {
            const input *from = &s->pool[gw_rng_below(&s->rng, s->count)];
            memcpy(data, from->data, size = from->size);
        }
        for (uint64_t n = 1 + gw_rng_below(&s->rng, 5); n-- > 0;)
            size = gw_byop_mutate(engine->api, NULL, data, size, engine->max_len, (uint32_t)gw_rng_next(&s->rng));
        check(s, data, size, NULL);
        runs++;
        /* A slow walk away from the seeds. */
        if (gw_rng_below(&s->rng, 16) == 0) keep(s, data, size);
    }
    fprintf(stderr, "%llu runs in %.1f s, seed %llu, %zu findings\n", (unsigned long long)runs, now() - start,
            (unsigned long long)engine->seed, s->findings);
    free(data);
}

int gw_byop_engine_run(const gw_byop_engine *engine) {
    state *s = calloc(1, sizeof *s);
    if (!s) return -1;
    s->engine = engine;
    gw_rng_init(&s->rng, engine->seed);
    bool good = true;
    for (size_t i = 0; i < engine->seed_count && good; i++) good = take_path(s, engine->seeds[i]);
    if (good && (engine->runs || engine->seconds)) fuzz(s);
    int findings = good ? (int)s->findings : -1;
    for (size_t i = 0; i < s->count; i++) free(s->pool[i].data);
    free(s);
    return findings;
}
