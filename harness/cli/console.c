/* Floor 5: the terminal, the wall clock and the seed: what the environment gives to a run. */
#include "cli/console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { MIN_WIDTH = 60, MAX_WIDTH = 160 };

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value && *value;
}

gw_console gw_console_open(bool no_color) {
    const char *term = getenv("TERM");
    bool terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
    gw_console console = {
        .live = terminal, .colour = terminal && !no_color && !is_set("NO_COLOR"), .width = GW_CONSOLE_WIDTH};
    struct winsize size;
    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        console.width = size.ws_col < MIN_WIDTH ? MIN_WIDTH : size.ws_col > MAX_WIDTH ? MAX_WIDTH : size.ws_col;
    return console;
}

bool gw_console_write(gw_span text) {
    if (ferror(stdout)) return false; /* that was told, and nobody wants the rest in pieces */
    if ((text.len == 0 || fwrite(text.ptr, 1, text.len, stdout) == text.len) && fflush(stdout) == 0) return true;
    gw_console_error("standard output: %s", strerror(errno));
    return false;
}

void gw_console_error(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("gwspec: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void gw_console_diag(const gw_diag *diag) {
    fputs(gw_buf_cstr(&diag->text), stderr);
    if (diag->errors > diag->max_errors)
        gw_console_error("%zu more errors are not shown", diag->errors - diag->max_errors);
}

uint64_t gw_console_random_seed(void) {
    uint32_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) seed = (uint32_t)time(NULL);
    return seed; /* 32 bits: a number that a person can type */
}

void gw_console_wall_time(char *out, size_t size) {
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    if (strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0 && size) out[0] = 0;
}
