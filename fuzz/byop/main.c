/* The program that a parser becomes without libFuzzer: a linker takes this main from the archive only when there is no
 * other. */
#include "byop.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Present where a sanitizer is linked: called before it ends the program. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

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
    alarm(25);
    bool good = gwspec_check(&gwspec_parser, input, size, text, text_size);
    alarm(0);
    current = NULL;
    return good;
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
            "exit: 0 no finding, 1 findings, 2 usage\n",
            program);
    return 2;
}

int main(int argc, char **argv) {
    gw_byop_engine engine;
    if (!gw_byop_options(argc, argv, &engine, NULL)) return usage(argv[0]);
    if (optind == argc && !engine.runs && !engine.seconds) return usage(argv[0]);
    engine.api = &gwspec_parser;
    engine.check = check;
    engine.seeds = (const char *const *)argv + optind;
    engine.seed_count = (size_t)(argc - optind);
    save_dir = engine.save_dir;
    watch_crashes();
    int findings = gw_byop_engine_run(&engine);
    return findings < 0 ? 2 : findings > 0;
}
