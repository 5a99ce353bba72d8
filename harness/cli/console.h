/* Standard output and error, and what is known of the terminal behind them. Floor 5. */
#ifndef GW_CLI_CONSOLE_H
#define GW_CLI_CONSOLE_H

#include "base/buf.h"
#include "base/diag.h"

/* Exit codes of the program (0 and 1: report/summary.h). */
enum { GW_EXIT_OK = 0, GW_EXIT_USAGE = 2, GW_EXIT_TARGET = 3, GW_EXIT_INTERNAL = 4, GW_EXIT_INTERRUPTED = 130 };

enum { GW_CONSOLE_MAX_TEXT = 256 << 20, GW_CONSOLE_WIDTH = 100 };

typedef struct gw_console {
    bool live;    /* a terminal that can rewrite its last line */
    bool colour;  /* on standard output */
    size_t width; /* columns; GW_CONSOLE_WIDTH when it is no terminal */
} gw_console;

/* Looks at standard output, NO_COLOR (https://no-color.org) and TERM. */
gw_console gw_console_open(bool no_color);
/* Writes the text to standard output and flushes it. False when that failed (a full disk): the reason is told, once,
 * and nothing is written any more. */
bool gw_console_write(gw_span text);
/* "gwspec: TEXT" on standard error. */
void gw_console_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What is wrong with files, on standard error. */
void gw_console_diag(const gw_diag *diag);
/* Bytes from the operating system. */
uint64_t gw_console_random_seed(void);
/* Now, as 2026-01-31T12:00:00Z. */
void gw_console_wall_time(char *out, size_t size);

#endif
