/* What the server wrote: its last lines for reports, all of it in a file. Floor 5. It must not know why the server
 * ended. */
#include "cli/runner_internal.h"

#include "report/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gw_span trim(gw_span line) {
    while (line.len && strchr(" \t\r", line.ptr[0]) && line.ptr[0]) line = gw_span_from(line, 1);
    return line;
}

void runner_server_last_lines(runner *r, size_t max, gw_buf *out) {
    if (!r->server.process) return;
    gw_span tail = gw_process_tail(r->server.process);
    size_t from = tail.len, lines = 0;
    gw_buf clean;
    gw_buf_init(&clean, GW_PROCESS_TAIL_BYTES * 4);
    while (from > 0) { /* back to the start of the last `max` lines that say something */
        size_t start = from - 1;
        while (start > 0 && tail.ptr[start - 1] != '\n') start--;
        bool says = trim(gw_span_sub(tail, start, from - 1 - start)).len > 0;
        if (says && lines++ == max) break;
        from = start;
    }
    while (from < tail.len) {
        const uint8_t *end = memchr(tail.ptr + from, '\n', tail.len - from);
        size_t len = end ? (size_t)(end - (tail.ptr + from)) : tail.len - from;
        gw_span line = gw_span_sub(tail, from, len);
        from += len + 1;
        if (!trim(line).len) continue;
        gw_buf_clear(&clean);
        gw_fixtures_redact(r->fixtures, line, &clean);
        gw_text_append_without_nul(out, gw_buf_span(&clean));
        gw_buf_append_byte(out, '\n');
    }
    gw_buf_deinit(&clean);
}

void runner_server_obituary(runner *r, char *out, size_t size) {
    gw_process_exit how;
    char text[128] = "";
    *out = '\0';
    if (!r->server.process) return;
    bool exited = gw_process_exited(r->server.process, &how);
    if (exited) gw_process_exit_text(&how, text, sizeof text);
    gw_buf lines, joined;
    gw_buf_init(&lines, GW_PROCESS_TAIL_BYTES * 4);
    gw_buf_init(&joined, size);
    runner_server_last_lines(r, RUNNER_TAIL_LINES, &lines);
    for (const char *line = gw_buf_cstr(&lines); *line;) {
        size_t len = strcspn(line, "\n");
        if (joined.len) gw_buf_append_cstr(&joined, " | ");
        gw_buf_append_span(&joined, trim(gw_span_make(line, len)));
        line += len + (line[len] == '\n');
    }
    snprintf(out, size, "%s%s%s%s", text, exited && joined.len ? "; " : "", joined.len ? "its last lines: " : "",
             gw_buf_cstr(&joined));
    gw_buf_deinit(&lines);
    gw_buf_deinit(&joined);
}

void runner_log_filter(gw_span line, gw_buf *out, void *user) {
    gw_fixtures_redact(((runner *)user)->fixtures, line, out);
}

/* A file in the folder for temporary ones; without it the server runs all the same. */
static char *temporary_log(void) {
    const char *folder = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/gwspec-server-XXXXXX.log", folder && *folder ? folder : "/tmp") < 0) return NULL;
    int fd = mkstemps(path, (int)strlen(".log"));
    if (fd >= 0) {
        close(fd);
        return path;
    }
    free(path);
    return NULL;
}

const char *runner_log_file(runner *r) {
    const gw_target_start *start = &r->target->start;
    if (r->server.log) return r->server.log;
    if (!start->log) {
        r->server.temporary = true;
        return r->server.log = temporary_log();
    }
    gw_buf path;
    gw_buf_init(&path, 4096);
    gw_fixtures_path(r->target, start->log, &path);
    r->server.log = strdup(gw_buf_cstr(&path));
    gw_buf_deinit(&path);
    /* what cannot be written is told by whoever opens it to append */
    int fd = r->server.log ? open(r->server.log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
    if (fd >= 0) close(fd);
    return r->server.log;
}

void runner_server_settle_log(runner *r) {
    if (!r->server.log) return;
    gw_runner_end end = r->outcome->end;
    bool matters = r->incident_count > 0 || end == GW_RUNNER_UNREACHABLE || end == GW_RUNNER_LOST;
    if (r->server.temporary && !matters) {
        unlink(r->server.log);
        free(r->server.log);
    } else {
        r->outcome->server_log = r->server.log;
    }
    r->server.log = NULL;
}
