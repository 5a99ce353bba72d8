/* Floor 5: the process of a client under test. */
#include "cli/client_internal.h"

#include "report/text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_WORDS = 512, MAX_URL = 512, MAX_TAIL = 200, MAX_SWEEPS = 64 };

void client_program_url(const client_run *run, uint16_t port, char *out, size_t size) {
    const char *path = run->plan->protocol->endpoint;
    const char *host = run->tls ? "localhost" : "127.0.0.1"; /* certificates are for names */
    snprintf(out, size, "%s://%s:%u%s", run->tls ? "wss" : "ws", host, (unsigned)port, path ? path : "/");
}

/* A word with each {url} replaced; NULL: out of memory. */
static char *expand(const char *word, const char *url) {
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    for (const char *at; (at = strstr(word, "{url}")); word = at + strlen("{url}")) {
        gw_buf_append(&out, word, (size_t)(at - word));
        gw_buf_append_cstr(&out, url);
    }
    gw_buf_append_cstr(&out, word);
    char *copy = out.error == GW_OK ? strdup(gw_buf_cstr(&out)) : NULL;
    gw_buf_deinit(&out);
    return copy;
}

static void on_line(gw_process *process, gw_span line, bool from_stderr, gw_ns at_ns, void *user) {
    (void)process;
    (void)from_stderr;
    client_job *job = user;
    if (job->state == CLIENT_RUNNING) gw_engine_on_client_output(job->link.engine, at_ns);
    if (job->run->plan->verbose && job->state == CLIENT_RUNNING)
        client_note(job->run, "%s: %.*s", job->scenario->id, GW_SPAN_ARG(line));
}

/* "exited with code 1; its last line: Error: unknown event 99" */
static void describe(const client_job *job, const gw_process_exit *how, gw_buf *out) {
    char text[128];
    gw_buf_append_cstr(out, gw_process_exit_text(how, text, sizeof text));
    gw_span tail = gw_process_tail(job->process), line;
    while (tail.len && tail.ptr[tail.len - 1] <= ' ') tail.len--;
    line = tail;
    for (size_t i = tail.len; i > 0; i--) {
        if (tail.ptr[i - 1] != '\n') continue;
        line = gw_span_from(tail, i);
        break;
    }
    if (!line.len) return;
    gw_buf_append_cstr(out, "; its last line: ");
    gw_text_append_without_nul(out, gw_span_make(line.ptr, line.len < MAX_TAIL ? line.len : MAX_TAIL));
}

static void on_exit_of_client(gw_process *process, const gw_process_exit *how, void *user) {
    (void)process;
    client_job *job = user;
    job->exited = true;
    if (job->stopping) {
        bool killed = how->signaled && how->code == SIGKILL;
        if (killed && !job->run->told_stubborn) {
            job->run->told_stubborn = true;
            client_note(job->run, "%s: the client did not end within 1 s of SIGTERM, and was killed",
                        job->scenario->id);
        }
        gw_loop_defer(job->run->loop, &job->exit_task);
        return;
    }
    gw_buf text;
    gw_buf_init(&text, 4096);
    describe(job, how, &text);
    gw_engine_on_client_exit(job->link.engine, gw_buf_cstr(&text), how->signaled || how->code != 0, how->at_ns);
    gw_buf_deinit(&text);
    gw_link_pump(&job->link);
}

static const gw_process_callbacks CALLBACKS = {.on_line = on_line, .on_exit = on_exit_of_client};

bool client_program_start(client_job *job, uint16_t port, gw_error *error) {
    const gw_client_plan *client = job->run->client;
    char *words[MAX_WORDS + 1] = {0}, url[MAX_URL], variable[MAX_URL + 16], scenario[MAX_URL];
    client_program_url(job->run, port, url, sizeof url);
    snprintf(variable, sizeof variable, "GWSPEC_URL=%s", url);
    snprintf(scenario, sizeof scenario, "GWSPEC_SCENARIO=%.400s", job->scenario->id);
    const char *const env[] = {variable, scenario, NULL};
    bool ok = true;
    for (size_t i = 0; ok && i < client->command_count && i < MAX_WORDS; i++)
        ok = (words[i] = expand(client->command[i], url)) != NULL;
    gw_process_options options = {.argv = (const char *const *)words, .env = env};
    if (ok)
        job->process = gw_process_start(job->run->loop, &options, &CALLBACKS, job, error);
    else
        gw_error_set(error, GW_ERR_NOMEM, "out of memory");
    for (size_t i = 0; words[i]; i++) free(words[i]);
    return job->process != NULL;
}

void client_program_stop(client_job *job) {
    job->stopping = true;
    if (!job->process || job->exited) {
        gw_loop_defer(job->run->loop, &job->exit_task);
        return;
    }
    gw_process_stop(job->process, CLIENT_GRACE);
}

/* Kills the children of this process that it did not start itself. */
void client_program_sweep(void) {
    char path[64];
    for (int round = 0; round < MAX_SWEEPS; round++) {
        snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
        FILE *list = fopen(path, "r");
        int pid, found = 0;
        while (list && fscanf(list, "%d", &pid) == 1) {
            kill(pid, SIGKILL);
            found += waitpid(pid, NULL, 0) == pid;
        }
        if (list) fclose(list);
        if (!found) return; /* what they had started has come to us meanwhile, so once more after each success */
    }
}
