/* The main() of a unit test program. Test support. */
#ifndef GW_TESTS_SUPPORT_RUN_H
#define GW_TESTS_SUPPORT_RUN_H

#include <check.h>
#include <stddef.h>

/* Runs the tests, each in a process of its own with a deadline; returns the exit code of main(). A suite without tests
 * fails. */
int gw_test_run(const char *suite, const TTest *const *tests, size_t count, double deadline_s);

#define GW_TEST_MAIN(suite, deadline_s, ...)                                                                           \
    int main(void) {                                                                                                   \
        const TTest *const gw_tests[] = {__VA_ARGS__};                                                                 \
        return gw_test_run((suite), gw_tests, sizeof gw_tests / sizeof gw_tests[0], (deadline_s));                     \
    }

#endif
