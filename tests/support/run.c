/* Test support: main() of a unit test program. */
#include "support/run.h"

#include <stdlib.h>

int gw_test_run(const char *suite, const TTest *const *tests, size_t count, double deadline_s) {
    Suite *s = suite_create(suite);
    TCase *c = tcase_create(suite);
    tcase_set_timeout(c, deadline_s);
    for (size_t i = 0; i < count; i++) tcase_add_test(c, tests[i]);
    suite_add_tcase(s, c);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int run = srunner_ntests_run(runner), failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
