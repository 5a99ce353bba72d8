/* net/process: programs started, heard, and ended with all they started. */
#include "net/process.h"

#include "support/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct heard {
    gw_loop *loop;
    gw_process *process;
    gw_buf lines; /* "o:text\n" or "e:text\n" */
    size_t exits;
    gw_process_exit how;
    bool destroy_on_line, destroy_on_exit;
} heard;

static void on_line(gw_process *process, gw_span line, bool from_stderr, gw_ns at_ns, void *user) {
    heard *h = user;
    ck_assert_ptr_eq(process, h->process);
    ck_assert_int_gt(at_ns, 0);
    gw_buf_append_cstr(&h->lines, from_stderr ? "e:" : "o:");
    gw_buf_append_span(&h->lines, line);
    gw_buf_append_byte(&h->lines, '\n');
    if (h->destroy_on_line) {
        gw_process_destroy(h->process);
        h->process = NULL;
    }
}

static void on_exit_of(gw_process *process, const gw_process_exit *how, void *user) {
    heard *h = user;
    (void)process;
    h->exits++;
    h->how = *how;
    if (h->destroy_on_exit) {
        gw_process_destroy(h->process);
        h->process = NULL;
    }
}

static const gw_process_callbacks callbacks = {on_line, on_exit_of};

static void start(heard *h, const gw_process_options *options) {
    memset(h, 0, sizeof *h);
    gw_error error = {""};
    h->loop = gw_loop_create(NULL);
    gw_buf_init(&h->lines, 4 << 20);
    h->process = gw_process_start(h->loop, options, &callbacks, h, &error);
    ck_assert_msg(h->process != NULL, "%s", error.text);
}

static void shell(heard *h, const char *script) {
    const char *argv[] = {"sh", "-c", script, NULL};
    start(h, &(gw_process_options){.argv = argv});
}

static void finish(heard *h) {
    gw_process_destroy(h->process);
    gw_loop_destroy(h->loop);
    gw_buf_deinit(&h->lines);
}

#define WAIT_FOR(h, condition)                                                                                         \
    do {                                                                                                               \
        gw_ns wait_deadline = gw_clock_now() + 10 * GW_S;                                                              \
        while (!(condition)) {                                                                                         \
            ck_assert_msg(gw_clock_now() < wait_deadline, "never came: %s", #condition);                               \
            ck_assert_int_eq(gw_loop_turn((h)->loop, wait_deadline), GW_OK);                                           \
        }                                                                                                              \
    } while (0)

START_TEST(process_start_fails_at_once_when_the_command_is_not_found) {
    gw_loop *loop = gw_loop_create(NULL);
    gw_error error = {""};
    const char *argv[] = {"no-such-command-here", NULL};
    ck_assert_ptr_null(gw_process_start(loop, &(gw_process_options){.argv = argv}, &callbacks, NULL, &error));
    ck_assert_str_eq(error.text, "no-such-command-here: start: No such file or directory");
    const char *good[] = {"true", NULL};
    gw_process_options nowhere = {.argv = good, .directory = "/no/such/folder"};
    ck_assert_ptr_null(gw_process_start(loop, &nowhere, &callbacks, NULL, &error));
    ck_assert_str_eq(error.text, "/no/such/folder: start: No such file or directory");
    gw_process_options no_log = {.argv = good, .log_file = "/no/such/log"};
    ck_assert_ptr_null(gw_process_start(loop, &no_log, &callbacks, NULL, &error));
    ck_assert_str_eq(error.text, "/no/such/log: start: No such file or directory");
    gw_loop_destroy(loop);
}
END_TEST

START_TEST(process_exit_tells_the_code_after_all_output) {
    heard h;
    shell(&h, "echo one; echo two >&2; printf three; exit 3");
    WAIT_FOR(&h, h.exits == 1);
    ck_assert(!h.how.signaled);
    ck_assert_int_eq(h.how.code, 3);
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&h.lines), "o:one\n"));
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&h.lines), "e:two\n"));
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&h.lines), "o:three\n"));
    char text[80];
    ck_assert_str_eq(gw_process_exit_text(&h.how, text, sizeof text), "exited with code 3");
    gw_process_exit again;
    ck_assert(gw_process_exited(h.process, &again));
    ck_assert_int_eq(again.code, 3);
    finish(&h);
}
END_TEST

START_TEST(process_exit_tells_the_signal) {
    heard h;
    shell(&h, "kill -SEGV $$");
    WAIT_FOR(&h, h.exits == 1);
    ck_assert(h.how.signaled);
    ck_assert_int_eq(h.how.code, SIGSEGV);
    char text[80];
    ck_assert_str_eq(gw_process_exit_text(&h.how, text, sizeof text), "was ended by signal 11 (Segmentation fault)");
    finish(&h);
}
END_TEST

START_TEST(process_gets_environment_and_directory) {
    setenv("GW_TEST_KEPT", "kept", 1);
    setenv("GW_TEST_CHANGED", "before", 1);
    const char *argv[] = {"sh", "-c", "echo $GW_TEST_KEPT $GW_TEST_CHANGED $GW_TEST_NEW; pwd", NULL};
    const char *env[] = {"GW_TEST_CHANGED=after", "GW_TEST_NEW=new", NULL};
    heard h;
    start(&h, &(gw_process_options){.argv = argv, .env = env, .directory = "/usr"});
    WAIT_FOR(&h, h.exits == 1);
    ck_assert_str_eq(gw_buf_cstr(&h.lines), "o:kept after new\no:/usr\n");
    finish(&h);
}
END_TEST

START_TEST(process_tail_keeps_the_last_whole_lines) {
    heard h;
    shell(&h, "i=0; while [ $i -lt 3000 ]; do echo line number $i; i=$((i+1)); done");
    WAIT_FOR(&h, h.exits == 1);
    gw_span tail = gw_process_tail(h.process);
    ck_assert_uint_le(tail.len, GW_PROCESS_TAIL_BYTES);
    ck_assert_uint_gt(tail.len, GW_PROCESS_TAIL_BYTES - 100);
    ck_assert(gw_span_starts_with(tail, GW_SPAN_LIT("line number ")));
    gw_span last = GW_SPAN_LIT("line number 2999\n");
    ck_assert(gw_span_equal(gw_span_from(tail, tail.len - last.len), last));
    finish(&h);
}
END_TEST

START_TEST(process_line_is_cut_when_it_never_ends) {
    heard h;
    shell(&h, "head -c 100000 /dev/zero | tr '\\0' x; echo; echo after");
    WAIT_FOR(&h, h.exits == 1);
    ck_assert_uint_eq(h.lines.len, 2 + GW_PROCESS_LINE_MAX + 1 + 8);
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&h.lines), "x\no:after\n"));
    finish(&h);
}
END_TEST

START_TEST(process_output_goes_to_the_log_file_too) {
    char path[64] = "/tmp/gwspec-log-XXXXXX", content[64] = "";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    const char *argv[] = {"sh", "-c", "echo logged; exit 0", NULL};
    heard h;
    start(&h, &(gw_process_options){.argv = argv, .log_file = path});
    WAIT_FOR(&h, h.exits == 1);
    ck_assert_int_gt(read(fd, content, sizeof content - 1), 0);
    ck_assert_str_eq(content, "logged\n");
    close(fd);
    unlink(path);
    finish(&h);
}
END_TEST

START_TEST(process_stop_ends_a_polite_program_by_sigterm) {
    heard h;
    shell(&h, "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done");
    WAIT_FOR(&h, h.lines.len > 0);
    gw_process_stop(h.process, 5 * GW_S);
    WAIT_FOR(&h, h.exits == 1);
    ck_assert(!h.how.signaled);
    ck_assert_int_eq(h.how.code, 7);
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&h.lines), "o:bye\n"));
    finish(&h);
}
END_TEST

static bool is_alive(long pid) {
    return kill((pid_t)pid, 0) == 0;
}

/* A program that ignores SIGTERM, with a grandchild that does too. */
static long start_stubborn(heard *h) {
    shell(h,
          "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.01; done' & while :; do sleep 0.01; done");
    WAIT_FOR(h, h->lines.len > 0);
    long grandchild = strtol(gw_buf_cstr(&h->lines) + 2, NULL, 10);
    ck_assert_int_gt(grandchild, 1);
    ck_assert(is_alive(grandchild));
    return grandchild;
}

START_TEST(process_stop_kills_what_ignores_sigterm_with_all_its_children) {
    heard h;
    long grandchild = start_stubborn(&h);
    gw_ns asked = gw_clock_now();
    gw_process_stop(h.process, 20 * GW_MS);
    WAIT_FOR(&h, h.exits == 1);
    ck_assert(h.how.signaled);
    ck_assert_int_eq(h.how.code, SIGKILL);
    ck_assert_int_ge(h.how.at_ns, asked + 20 * GW_MS);
    gw_process_destroy(h.process); /* waits for the grandchild too */
    h.process = NULL;
    ck_assert(!is_alive(grandchild));
    finish(&h);
}
END_TEST

START_TEST(process_destroy_leaves_nothing_behind) {
    heard h;
    long grandchild = start_stubborn(&h);
    pid_t child = gw_process_pid(h.process);
    gw_process_destroy(h.process);
    h.process = NULL;
    ck_assert(!is_alive(grandchild));
    ck_assert(!is_alive(child));
    ck_assert_uint_eq(h.exits, 0);
    finish(&h);
}
END_TEST

START_TEST(process_stop_after_the_exit_ends_orphans) {
    heard h;
    shell(&h, "sh -c 'echo $$; while :; do sleep 0.01; done' & exit 0");
    WAIT_FOR(&h, h.exits == 1 && h.lines.len > 0);
    long orphan = strtol(gw_buf_cstr(&h.lines) + 2, NULL, 10);
    ck_assert_int_gt(orphan, 1);
    ck_assert(is_alive(orphan));
    gw_process_stop(h.process, 0);
    gw_process_destroy(h.process);
    h.process = NULL;
    ck_assert(!is_alive(orphan));
    finish(&h);
}
END_TEST

START_TEST(process_may_be_destroyed_inside_its_callbacks) {
    for (int which = 0; which < 2; which++) {
        heard h;
        shell(&h, "echo a; echo b");
        h.destroy_on_line = which == 0;
        h.destroy_on_exit = which == 1;
        WAIT_FOR(&h, !h.process);
        ck_assert_str_eq(gw_buf_cstr(&h.lines), which == 0 ? "o:a\n" : "o:a\no:b\n");
        finish(&h);
    }
}
END_TEST

START_TEST(process_child_inherits_no_descriptor_of_ours) {
    /* What the test itself inherited from its caller comes to everyone; the loop's own must not. */
    static const char list[] = "ls /proc/self/fd | wc -l";
    FILE *before = popen(list, "r");
    char count[32] = "", expected[80];
    ck_assert_ptr_nonnull(fgets(count, sizeof count, before));
    pclose(before);
    snprintf(expected, sizeof expected, "o:%s", count);
    heard h;
    shell(&h, list);
    WAIT_FOR(&h, h.exits == 1);
    ck_assert_str_eq(gw_buf_cstr(&h.lines), expected);
    finish(&h);
}
END_TEST

static void ignore_signal(int number, void *user) {
    (void)number;
    (void)user;
}

START_TEST(process_child_dies_of_the_signals_that_the_loop_ignores_or_blocks) {
    static const struct {
        const char *script;
        int number;
    } rows[] = {{"kill -PIPE $$; echo survived", SIGPIPE}, {"kill -TERM $$; echo survived", SIGTERM}};
    for (size_t i = 0; i < 2; i++) {
        heard h = {0};
        const char *argv[] = {"sh", "-c", rows[i].script, NULL};
        gw_buf_init(&h.lines, 1 << 10);
        h.loop = gw_loop_create(NULL);
        ck_assert_int_eq(gw_loop_on_signal(h.loop, ignore_signal, NULL), GW_OK);
        h.process = gw_process_start(h.loop, &(gw_process_options){.argv = argv}, &callbacks, &h, NULL);
        ck_assert_ptr_nonnull(h.process);
        WAIT_FOR(&h, h.exits == 1);
        ck_assert(h.how.signaled);
        ck_assert_int_eq(h.how.code, rows[i].number);
        finish(&h);
    }
}
END_TEST

GW_TEST_MAIN("net/process", 30, process_start_fails_at_once_when_the_command_is_not_found,
             process_exit_tells_the_code_after_all_output, process_exit_tells_the_signal,
             process_gets_environment_and_directory, process_tail_keeps_the_last_whole_lines,
             process_line_is_cut_when_it_never_ends, process_output_goes_to_the_log_file_too,
             process_stop_ends_a_polite_program_by_sigterm,
             process_stop_kills_what_ignores_sigterm_with_all_its_children, process_destroy_leaves_nothing_behind,
             process_stop_after_the_exit_ends_orphans, process_may_be_destroyed_inside_its_callbacks,
             process_child_inherits_no_descriptor_of_ours,
             process_child_dies_of_the_signals_that_the_loop_ignores_or_blocks)
