/* Time expressions: "I - eps", "2*I + eps", "max(50ms, 5% of I)", "0.9*I", "250ms". Floor 2.
 *
 * Compiled once, evaluated with the announced interval I and the tolerance eps. Every result is a time; a number
 * without a unit is only a factor. Operators + - * / and parentheses, min(...), max(...), N% of X. */
#ifndef GW_PROTOCOL_EXPR_H
#define GW_PROTOCOL_EXPR_H

#include "base/arena.h"
#include "base/doc.h"
#include "base/time.h"

enum { GW_EXPR_MAX_TEXT = 256, GW_EXPR_MAX_DEPTH = 16, GW_EXPR_MAX_OPS = 48 };

typedef struct gw_expr gw_expr; /* immutable; lives in the arena it was compiled into */

typedef struct gw_expr_env {
    gw_ns interval; /* I */
    gw_ns eps;
    gw_ns timeout;  /* T: what hello announces beside I */
    gw_ns drop;     /* D: a silent side is dropped no sooner */
    gw_ns drop_max; /* Dmax: and no later */
    gw_ns greeting; /* G: the client's first message is due */
} gw_expr_env;

/* Symbols, as bits. */
enum { GW_EXPR_I = 1, GW_EXPR_EPS = 2, GW_EXPR_T = 4, GW_EXPR_D = 8, GW_EXPR_DMAX = 16, GW_EXPR_G = 32 };

typedef struct gw_expr_error {
    size_t offset; /* byte in the text */
    char text[96]; /* "expected a number, 'I', 'eps' or '('" */
} gw_expr_error;

/* NULL when the text is no time expression: *error then says where and why. */
const gw_expr *gw_expr_compile(gw_arena *arena, gw_span text, gw_expr_error *error);
/* The same from a node of a user's file, errors at their column in it. `what` names the key. NULL on error. */
const gw_expr *gw_expr_from_doc(gw_arena *arena, const gw_doc_node *node, const char *what, gw_diag *diag);
/* A constant, for defaults. */
const gw_expr *gw_expr_constant(gw_arena *arena, gw_ns value);

/* Rounded to the nearest nanosecond, half away from zero; GW_NEVER (or -GW_NEVER) when it does not fit or the
 * expression divides by zero. May be negative. */
gw_ns gw_expr_eval(const gw_expr *expr, gw_expr_env env);
/* GW_EXPR_... that it names. */
unsigned gw_expr_symbols(const gw_expr *expr);
/* It grows with what hello announces: names I, T, D or Dmax. */
bool gw_expr_uses_interval(const gw_expr *expr);
bool gw_expr_uses_eps(const gw_expr *expr);
/* As the user wrote it. */
const char *gw_expr_text(const gw_expr *expr);

#endif
