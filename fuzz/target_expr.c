/* Fuzz target: time expressions (protocol/expr.h). Compiling says where it failed; what compiles has one value, which
 * does not depend on what the expression does not use. */
#include "fuzz.h"
#include "protocol/expr.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_BYTES};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const gw_expr_env envs[] = {
        {.interval = 0},
        {.interval = GW_S, .eps = 50 * GW_MS, .timeout = GW_S, .drop = GW_S, .drop_max = 2 * GW_S, .greeting = 1},
        {.interval = 30 * GW_S, .eps = GW_S, .timeout = GW_NEVER, .drop = GW_NEVER, .drop_max = GW_NEVER},
        {.interval = GW_NEVER, .eps = 1, .timeout = 1, .greeting = GW_NEVER},
        {.interval = 1, .eps = GW_NEVER, .drop = 1, .drop_max = GW_NEVER}};
    gw_arena arena;
    gw_expr_error error = {.text = ""};
    gw_arena_init(&arena);
    const gw_expr *expr = gw_expr_compile(&arena, gw_span_make(data, size), &error);
    if (!expr) {
        GW_FUZZ_CHECK(error.offset <= size && error.text[0] && memchr(error.text, 0, sizeof error.text), "offset %zu",
                      error.offset);
    } else {
        GW_FUZZ_CHECK(strlen(gw_expr_text(expr)) == size && memcmp(gw_expr_text(expr), data, size) == 0, "other text");
        for (size_t i = 0; i < sizeof envs / sizeof envs[0]; i++) {
            gw_ns value = gw_expr_eval(expr, envs[i]);
            gw_expr_env other = envs[i];
            if (!gw_expr_uses_interval(expr)) other.interval = 7;
            if (!gw_expr_uses_eps(expr)) other.eps = 7;
            GW_FUZZ_CHECK(gw_expr_eval(expr, other) == value, "an unused variable counts");
            GW_FUZZ_CHECK(value >= -GW_NEVER, "a value out of range");
        }
        /* Parentheses around the whole change nothing. */
        char wrapped[GW_EXPR_MAX_TEXT + 3];
        if (size + 2 <= GW_EXPR_MAX_TEXT) {
            wrapped[0] = '(';
            memcpy(wrapped + 1, data, size);
            wrapped[size + 1] = ')';
            const gw_expr *again = gw_expr_compile(&arena, gw_span_make(wrapped, size + 2), &error);
            GW_FUZZ_CHECK(!again || gw_expr_eval(again, envs[1]) == gw_expr_eval(expr, envs[1]), "parentheses count");
        }
    }
    gw_arena_deinit(&arena);
    return 0;
}
