/* Runs files and folders of inputs through a target, as an ordinary test and with any compiler. It fails when a folder
 * is missing or holds no file, so that a corpus that went astray is noticed.
 *
 *   replay FILE_OR_FOLDER...
 *   replay --unlisted FILE...   each file has to be a finding once no difference from an oracle is on a list
 *   replay --times N FILE...    each file N times as the fuzzer runs it, and the speed: for tests/bench/fuzz */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PATH_BYTES = 4096, MAX_FILE_BYTES = 16 << 20 };

static size_t files;
static size_t times = 1;
static char current[MAX_PATH_BYTES]; /* for the reader of a crash */

_Noreturn static void die(const char *path, const char *why) {
    fprintf(stderr, "replay: %s: %s\n", path, why);
    exit(2);
}

/* In a process of its own. */
static bool aborts(const uint8_t *bytes, size_t size) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL); /* no report of the input: it is meant to fail */
        LLVMFuzzerTestOneInput(bytes, size);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) die("fork", strerror(errno));
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void run_file(const char *path, size_t size) {
    if (size > MAX_FILE_BYTES) die(path, "too long");
    FILE *file = fopen(path, "rb");
    if (!file) die(path, strerror(errno));
    /* Exactly as long as the input, so that a read beyond it is noticed by whoever watches the heap. */
    uint8_t *bytes = malloc(size ? size : 1);
    if (!bytes || fread(bytes, 1, size, file) != size) die(path, "cannot be read");
    fclose(file);
    snprintf(current, sizeof current, "%s", path);
    for (size_t i = 0; i < times && !gw_fuzz_unlisted; i++) LLVMFuzzerTestOneInput(bytes, size);
    if (gw_fuzz_unlisted && !aborts(bytes, size)) die(path, "is no finding without the list of known differences");
    free(bytes);
    files++;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void run_path(const char *path);

static void run_folder(const char *path) {
    struct dirent **entries;
    size_t before = files;
    int count = scandir(path, &entries, NULL, by_name);
    if (count < 0) die(path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char inner[MAX_PATH_BYTES];
        if (entries[i]->d_name[0] != '.') {
            int n = snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
            if (n < 0 || (size_t)n >= sizeof inner) die(path, "the path is too long");
            run_path(inner);
        }
        free(entries[i]);
    }
    free(entries);
    if (files == before) die(path, "holds no input");
}

static void run_path(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) die(path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        run_folder(path);
    else
        run_file(path, (size_t)info.st_size);
}

int main(int argc, char **argv) {
    int first = 1;
    gw_fuzz_thorough = true;
    if (argc > 3 && strcmp(argv[1], "--times") == 0) {
        times = strtoull(argv[2], NULL, 10);
        gw_fuzz_thorough = false;
        first = 3;
    }
    if (argc > 2 && strcmp(argv[1], "--unlisted") == 0) {
        gw_fuzz_unlisted = true;
        first = 2;
    }
    if (argc <= first || times == 0) die("usage", "replay [--times N | --unlisted] FILE_OR_FOLDER...");
    clock_t start = clock();
    for (int i = first; i < argc; i++) run_path(argv[i]);
    if (gw_fuzz_finish && times == 1 && files > 100) gw_fuzz_finish(); /* a corpus, not one input */
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (times > 1)
        printf("%.0f executions/s\n", seconds > 0 ? (double)(files * times) / seconds : 0.0);
    else
        printf("%zu inputs\n", files);
    return 0;
}
