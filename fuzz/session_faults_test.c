/* Test of what judges a session (watch.h): each fault of the reference server, put in alone, has to be noticed by the
 * session target on some input of its corpus. Those that cannot be are listed with the reason; one of them that is
 * noticed after all is a failure, too.
 *
 *   session_faults_test CORPUS */
#include "fuzz.h"
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_INPUTS = 1024, MAX_INPUT_BYTES = 64 << 10 };

static struct input {
    uint8_t *bytes;
    size_t len;
} inputs[MAX_INPUTS];
static size_t input_count;

static void die(const char *what, const char *why) {
    fprintf(stderr, "session_faults_test: %s: %s\n", what, why);
    exit(2);
}

static void load(const char *folder) {
    struct dirent **entries;
    char path[4096];
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0) die(folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        int n = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (n < 0 || (size_t)n >= sizeof path) die(folder, "a path is too long");
        bool hidden = entries[i]->d_name[0] == '.';
        free(entries[i]);
        if (hidden) continue;
        if (input_count == MAX_INPUTS) die(folder, "too many inputs");
        FILE *file = fopen(path, "rb");
        struct input *input = &inputs[input_count++];
        input->bytes = malloc(MAX_INPUT_BYTES);
        if (!file || !input->bytes) die(path, strerror(errno));
        input->len = fread(input->bytes, 1, MAX_INPUT_BYTES, file);
        if (input->len == MAX_INPUT_BYTES) die(path, "too long");
        fclose(file);
    }
    free(entries);
    if (input_count == 0) die(folder, "holds no input");
}

static void run_all(const gw_faults *faults) {
    static gw_script script;
    for (size_t i = 0; i < input_count; i++) {
        gw_script_decode(gw_span_make(inputs[i].bytes, inputs[i].len), &script);
        gw_world_run(&script, faults);
    }
}

/* In a process of its own, which aborts at the first property that is broken. */
static bool is_noticed(const gw_faults *faults) {
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        run_all(faults);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) die("fork", strerror(errno));
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) return true;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        die("a run", "it ended in another way than by a broken property");
    return false;
}

/* Faults that the session target cannot notice. */
static const struct {
    const char *name, *reason;
} beyond[] = {
    {"utf8-late", "a server may fail bad text when its message ends"},
    {"counts-unknown", "what an unknown event does to the timers is the server's affair"},
    {"counts-string-id", "so is what an id of another type does"},
};

static const char *reason_of(gw_fault fault) {
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++)
        if (strcmp(beyond[i].name, gw_faults_info(fault)->name) == 0) return beyond[i].reason;
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 2) die("usage", "session_faults_test CORPUS");
    load(argv[1]);
    if (is_noticed(NULL)) die("the server without faults", "something is noticed");
    size_t noticed = 0, wrong = 0;
    for (gw_fault fault = 0; fault < GW_FAULT_COUNT; fault++) {
        gw_faults faults = {0};
        gw_faults_add(&faults, fault);
        bool seen = is_noticed(&faults);
        const char *reason = reason_of(fault);
        noticed += seen;
        wrong += seen == (reason != NULL);
        if (!seen) printf("not noticed: %s (%s)\n", gw_faults_info(fault)->name, reason ? reason : "why not?");
        if (seen && reason) printf("noticed, but listed: %s\n", gw_faults_info(fault)->name);
    }
    printf("faults %d noticed %zu wrong %zu\n", GW_FAULT_COUNT, noticed, wrong);
    return wrong ? 1 : 0;
}
