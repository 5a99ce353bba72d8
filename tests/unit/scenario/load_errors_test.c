/* Golden test of the loader's errors: each tests/golden/scenario-errors/NAME.yaml is wrong, and NAME.txt is exactly
 * what the user reads. With GWSPEC_GOLDEN_UPDATE set in the environment the texts are written anew instead (look at the
 * difference before you commit it). */
#include "support/run.h"
#include "unit/scenario/suite_fixture.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/golden/scenario-errors/"
enum { MIN_FILES = 25 };

static char *read_file(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    char *text = calloc(1, 1 << 16);
    ck_assert_ptr_nonnull(text);
    *len = fread(text, 1, (1 << 16) - 1, file);
    fclose(file);
    return text;
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file && fputs(text, file) >= 0 && fclose(file) == 0, "cannot write %s", path);
}

/* Prints the lines that differ. */
static void show_difference(const char *name, const char *want, const char *have) {
    fprintf(stderr, "--- %s\n", name);
    while (*want || *have) {
        size_t a = strcspn(want, "\n"), b = strcspn(have, "\n");
        if (a == b && strncmp(want, have, a) == 0) {
            fprintf(stderr, "  %.*s\n", (int)a, want);
        } else {
            if (*want) fprintf(stderr, "- %.*s\n", (int)a, want);
            if (*have) fprintf(stderr, "+ %.*s\n", (int)b, have);
        }
        want += a + (want[a] == '\n');
        have += b + (have[b] == '\n');
    }
}

/* One file; false when its errors are not the golden ones. */
static bool check_file(const char *path) {
    suite_fixture f;
    size_t len = 0, want_len = 0;
    suite_fixture_init(&f);
    char *text = read_file(path, &len), golden[256];
    ck_assert_ptr_nonnull(text);
    snprintf(golden, sizeof golden, "%.*s.txt", (int)(strlen(path) - strlen(".yaml")), path);
    gw_status status = gw_suite_load(&f.suite, gw_span_make(text, len), "wrong", strrchr(path, '/') + 1, &f.diag);
    ck_assert_msg(status == GW_ERR_INVALID && f.diag.errors > 0, "%s is no wrong file", path);
    ck_assert_uint_eq(f.suite.count, 0);
    const char *have = gw_buf_cstr(&f.diag.text);
    if (getenv("GWSPEC_GOLDEN_UPDATE")) write_file(golden, have);
    char *want = read_file(golden, &want_len);
    bool same = want && strcmp(want, have) == 0;
    if (!same) show_difference(golden, want ? want : "", have);
    free(want);
    free(text);
    suite_fixture_deinit(&f);
    return same;
}

START_TEST(load_reports_errors_in_the_golden_words) {
    glob_t files;
    ck_assert_int_eq(glob(FOLDER "*.yaml", 0, NULL, &files), 0);
    ck_assert_uint_ge(files.gl_pathc, MIN_FILES);
    size_t wrong = 0;
    for (size_t i = 0; i < files.gl_pathc; i++) wrong += !check_file(files.gl_pathv[i]);
    globfree(&files);
    ck_assert_msg(wrong == 0, "%zu files read otherwise (see above)", wrong);
}
END_TEST

GW_TEST_MAIN("scenario/load-errors", 60, load_reports_errors_in_the_golden_words)
