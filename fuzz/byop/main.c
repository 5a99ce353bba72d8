/* The program that a parser becomes without libFuzzer: a linker takes this main from the archive only when there is no
 * other. */
#include "byop.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Present where a sanitizer is linked: called before it ends the program. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

enum { INPUT_SECONDS = 25 };

static const uint8_t *current;
static size_t current_size;
static const char *save_dir;

static void save_current(void) {
    char path[1024];
    if (!current) return;
    const uint8_t *data = current;
    current = NULL;
    if (gw_byop_save(save_dir, "crash", data, current_size, path, sizeof path))
        fprintf(stderr, "finding: crash\n  input: %s\n", path);
}

/* Writing a file is more than a handler may do by the letter; the process is lost anyway, the input need not be. */
static void on_signal(int number) {
    save_current();
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_crashes(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
    static char stack[1 << 16]; /* the parser's own may be what overflowed */
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESETHAND};
    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(save_current);
        return;
    }
    sigaltstack(&other, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) sigaction(signals[i], &action, NULL);
}

static bool check(void *context, const uint8_t *input, size_t size, char *text, size_t text_size) {
    (void)context;
    current = input;
    current_size = size;
    alarm(INPUT_SECONDS);
    bool good = gwspec_check(&gwspec_parser, input, size, text, text_size);
    alarm(0);
    current = NULL;
    return good;
}

/* In a process of its own, so that a crash is a finding like others. */
static bool check_apart(void *context, const uint8_t *input, size_t size, char *text, size_t text_size) {
    (void)context;
    gw_byop_finding finding = {text, text_size};
    int ends[2], status = 0;
    pid_t pid = pipe(ends) == 0 ? fork() : -1;
    if (pid < 0) {
        perror("gwspec");
        exit(2);
    }
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr)) _exit(2); /* a sanitizer says the same thing each time */
        alarm(INPUT_SECONDS);
        bool good = gwspec_check(&gwspec_parser, input, size, text, text_size);
        size_t len = strlen(text);
        _exit(good ? 0 : write(ends[1], text, len) == (ssize_t)len ? 1 : 2);
    }
    close(ends[1]);
    size_t got = 0;
    for (ssize_t n; (n = read(ends[0], text + got, text_size - 1 - got)) > 0;) got += (size_t)n;
    text[got] = 0;
    close(ends[0]);
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status)) return gw_byop_found(&finding, "crash: %s", strsignal(WTERMSIG(status)));
    if (status && !got) return gw_byop_found(&finding, "crash: exit status %d", WEXITSTATUS(status));
    return status == 0;
}

static int usage(const char *program) {
    fprintf(stderr,
            "usage: %s [options] SEED...\n"
            "SEED is a file or a folder of inputs. Without --runs and --seconds they are replayed and no more.\n"
            "  --runs N --seconds S   also try changes of them, so many or so long\n"
            "  --seed N               the same number gives the same changes (1)\n"
            "  --max-len N            bytes of an input (1024)\n"
            "  --max-findings N       go on until so many different ones (1)\n"
            "  --save DIR             where inputs of findings go (.)\n"
            "  --minimize FILE        make a finding's input smaller, and write it there\n"
            "exit: 0 no finding, 1 findings, 2 wrong use\n",
            program);
    return 2;
}

int main(int argc, char **argv) {
    gw_byop_engine engine;
    if (!gw_byop_options(argc, argv, &engine, NULL)) return usage(argv[0]);
    engine.api = &gwspec_parser;
    engine.check = engine.minimize ? check_apart : check;
    engine.seeds = (const char *const *)argv + optind;
    engine.seed_count = (size_t)(argc - optind);
    if (!gw_byop_work_given(&engine)) return usage(argv[0]);
    if (!gw_byop_api_usable(&gwspec_parser)) return 2;
    save_dir = engine.save_dir;
    watch_crashes();
    int findings = engine.minimize ? gw_byop_minimize(&engine) : gw_byop_engine_run(&engine);
    return findings < 0 ? 2 : findings > 0;
}
