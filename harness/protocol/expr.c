/* Floor 2: time expressions, compiled to a small stack program whose units are checked once. Knows no clock. */
#include "protocol/expr.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum op_kind { OP_CONSTANT, OP_SYMBOL, OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MIN, OP_MAX } op_kind;

typedef struct op {
    op_kind kind;
    double value;    /* OP_CONSTANT: ns, or a plain number */
    unsigned symbol; /* OP_SYMBOL: GW_EXPR_... */
} op;

struct gw_expr {
    const char *text;
    op ops[GW_EXPR_MAX_OPS];
    size_t count;
    unsigned symbols;
};

static const struct symbol {
    const char *word;
    unsigned bit;
} symbols[] = {{"I", GW_EXPR_I}, {"eps", GW_EXPR_EPS},   {"T", GW_EXPR_T},
               {"D", GW_EXPR_D}, {"Dmax", GW_EXPR_DMAX}, {"G", GW_EXPR_G}};

enum { SYMBOL_COUNT = sizeof symbols / sizeof *symbols };

/* 0: no symbol. */
static unsigned symbol_of(gw_span word) {
    for (size_t i = 0; i < SYMBOL_COUNT; i++)
        if (gw_span_equal_cstr(word, symbols[i].word)) return symbols[i].bit;
    return 0;
}

/* What a sub-expression is: a time, or a plain factor. */
typedef enum unit { UNIT_NUMBER, UNIT_TIME } unit;

typedef struct compiler {
    gw_span text;
    size_t at;
    unsigned depth;
    gw_expr *expr;
    gw_expr_error *error;
} compiler;

static bool fail(compiler *c, size_t at, const char *text) {
    c->error->offset = at;
    snprintf(c->error->text, sizeof c->error->text, "%s", text);
    return false;
}

static void skip_blanks(compiler *c) {
    while (c->at < c->text.len && strchr(" \t\r\n", c->text.ptr[c->at])) c->at++;
}

static bool peek(compiler *c, char wanted) {
    skip_blanks(c);
    return c->at < c->text.len && c->text.ptr[c->at] == (uint8_t)wanted;
}

static bool accept(compiler *c, char wanted) {
    bool found = peek(c, wanted);
    c->at += found;
    return found;
}

static bool is_letter(uint8_t ch) {
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

static gw_span word_at(const compiler *c, size_t at) {
    size_t n = 0;
    while (at + n < c->text.len && is_letter(c->text.ptr[at + n])) n++;
    return gw_span_sub(c->text, at, n);
}

static bool emit(compiler *c, op_kind kind, double value) {
    if (c->expr->count >= GW_EXPR_MAX_OPS) return fail(c, c->at, "the expression is too long");
    c->expr->ops[c->expr->count++] = (op){kind, value, 0};
    return true;
}

static bool emit_symbol(compiler *c, unsigned symbol) {
    if (!emit(c, OP_SYMBOL, 0)) return false;
    c->expr->ops[c->expr->count - 1].symbol = symbol;
    c->expr->symbols |= symbol;
    return true;
}

static bool parse_sum(compiler *c, unit *result);
static bool parse_factor(compiler *c, unit *result);

static bool parse_number(compiler *c, unit *result) {
    size_t start = c->at, n = 0;
    char digits[32];
    while (c->at < c->text.len &&
           (c->text.ptr[c->at] == '.' || (c->text.ptr[c->at] >= '0' && c->text.ptr[c->at] <= '9'))) {
        if (n + 1 >= sizeof digits) return fail(c, start, "the number is too long");
        digits[n++] = (char)c->text.ptr[c->at++];
    }
    digits[n] = 0;
    char *end;
    double value = strtod(digits, &end);
    if (*end || n == 0) return fail(c, start, "not a number");
    gw_span suffix = word_at(c, c->at);
    *result = UNIT_NUMBER;
    if (suffix.len) {
        gw_ns time;
        if (symbol_of(suffix)) return fail(c, c->at, "write a '*' between a number and 'I' or 'eps'");
        c->at += suffix.len;
        if (gw_time_parse(gw_span_sub(c->text, start, c->at - start), &time) != GW_OK)
            return fail(c, start, "not a duration: the units are ns, us, ms, s and m");
        *result = UNIT_TIME;
        return emit(c, OP_CONSTANT, (double)time);
    }
    if (!accept(c, '%')) return emit(c, OP_CONSTANT, value);
    skip_blanks(c);
    gw_span of = word_at(c, c->at);
    if (!gw_span_equal_cstr(of, "of")) return fail(c, c->at, "expected 'of' after '%'");
    c->at += of.len;
    return emit(c, OP_CONSTANT, value / 100) && parse_factor(c, result) && emit(c, OP_MUL, 0);
}

static bool parse_choice(compiler *c, op_kind kind, unit *result) {
    if (!accept(c, '(')) return fail(c, c->at, "expected '('");
    if (!parse_sum(c, result)) return false;
    while (accept(c, ',')) {
        unit other;
        size_t at = c->at;
        if (!parse_sum(c, &other)) return false;
        if (other != *result) return fail(c, at, "a time and a plain number cannot be compared");
        if (!emit(c, kind, 0)) return false;
    }
    return accept(c, ')') || fail(c, c->at, "expected ',' or ')'");
}

static bool parse_word(compiler *c, unit *result) {
    gw_span word = word_at(c, c->at);
    size_t start = c->at;
    c->at += word.len;
    *result = UNIT_TIME;
    if (symbol_of(word)) return emit_symbol(c, symbol_of(word));
    if (gw_span_equal_cstr(word, "min")) return parse_choice(c, OP_MIN, result);
    if (gw_span_equal_cstr(word, "max")) return parse_choice(c, OP_MAX, result);
    return fail(c, start, "unknown word: there are I, eps, T, D, Dmax, G, min and max");
}

static bool parse_factor(compiler *c, unit *result) {
    bool ok;
    skip_blanks(c);
    if (++c->depth > GW_EXPR_MAX_DEPTH) return fail(c, c->at, "the expression is nested too deep");
    uint8_t ch = c->at < c->text.len ? c->text.ptr[c->at] : 0;
    if (ch == '(') {
        c->at++;
        ok = parse_sum(c, result) && (accept(c, ')') || fail(c, c->at, "expected ')'"));
    } else if (ch == '.' || (ch >= '0' && ch <= '9')) {
        ok = parse_number(c, result);
    } else if (is_letter(ch)) {
        ok = parse_word(c, result);
    } else {
        ok = fail(c, c->at, "expected a number with a unit, I, eps, min, max or '('");
    }
    c->depth--;
    return ok;
}

static bool parse_product(compiler *c, unit *result) {
    if (!parse_factor(c, result)) return false;
    for (;;) {
        unit other;
        bool times = peek(c, '*'), over = peek(c, '/');
        if (!times && !over) return true;
        size_t at = c->at++;
        if (!parse_factor(c, &other)) return false;
        if (times && *result == UNIT_TIME && other == UNIT_TIME) return fail(c, at, "a time times a time is no time");
        if (over && *result == UNIT_NUMBER && other == UNIT_TIME) return fail(c, at, "a number over a time is no time");
        if (over)
            *result = *result == other ? UNIT_NUMBER : UNIT_TIME;
        else if (other == UNIT_TIME)
            *result = UNIT_TIME;
        if (!emit(c, times ? OP_MUL : OP_DIV, 0)) return false;
    }
}

static bool parse_sum(compiler *c, unit *result) {
    if (!parse_product(c, result)) return false;
    for (;;) {
        unit other;
        bool plus = peek(c, '+'), minus = peek(c, '-');
        if (!plus && !minus) return true;
        size_t at = c->at++;
        if (!parse_product(c, &other)) return false;
        if (other != *result) return fail(c, at, "a plain number and a time do not add up: give the number a unit");
        if (!emit(c, plus ? OP_ADD : OP_SUB, 0)) return false;
    }
}

const gw_expr *gw_expr_compile(gw_arena *arena, gw_span text, gw_expr_error *error) {
    gw_expr *expr = GW_ARENA_NEW(arena, gw_expr);
    compiler c = {.text = text, .expr = expr, .error = error};
    unit result;
    *error = (gw_expr_error){0};
    if (text.len > GW_EXPR_MAX_TEXT) return fail(&c, 0, "the expression is too long"), NULL;
    if (text.len && memchr(text.ptr, 0, text.len)) return fail(&c, 0, "a NUL in the expression"), NULL;
    expr->text = gw_arena_strndup(arena, text.ptr, text.len);
    if (!parse_sum(&c, &result)) return NULL;
    skip_blanks(&c);
    if (c.at < text.len) return fail(&c, c.at, "expected an operator or the end"), NULL;
    if (result != UNIT_TIME) return fail(&c, 0, "a number without a unit: write 250ms, 1.5s or 2*I"), NULL;
    return expr;
}

static uint32_t code_points(gw_span s) {
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += (s.ptr[i] & 0xc0) != 0x80;
    return n;
}

const gw_expr *gw_expr_from_doc(gw_arena *arena, const gw_doc_node *node, const char *what, gw_diag *diag) {
    if (!node->text || node->kind == GW_DOC_NULL || node->kind == GW_DOC_BOOL) {
        gw_doc_error(diag, node, "%s must be a time such as 250ms or \"I + eps\", not %s", what,
                     gw_doc_kind_name(node->kind));
        return NULL;
    }
    gw_span text = gw_span_make(node->text, node->text_len);
    gw_expr_error error;
    const gw_expr *expr = gw_expr_compile(arena, text, &error);
    if (expr) return expr;
    gw_place place = gw_doc_place(node);
    uint32_t plain = code_points(text);
    /* Inside a text with escapes or line breaks the column cannot be told: then the whole value is marked. */
    if (place.width == plain || place.width == plain + 2) {
        place.column += code_points(gw_span_sub(text, 0, error.offset)) + (place.width == plain + 2);
        place.width = 1;
    }
    gw_diag_error(diag, place, "%s: %s", what, error.text);
    return NULL;
}

const gw_expr *gw_expr_constant(gw_arena *arena, gw_ns value) {
    gw_expr *expr = GW_ARENA_NEW(arena, gw_expr);
    *expr = (gw_expr){.text = gw_arena_printf(arena, "%gms", (double)value / (double)GW_MS), .count = 1};
    expr->ops[0] = (op){OP_CONSTANT, (double)value, 0};
    return expr;
}

static double apply(op_kind kind, double a, double b) {
    switch (kind) {
    case OP_ADD:
        return a + b;
    case OP_SUB:
        return a - b;
    case OP_MUL:
        return a * b;
    case OP_DIV:
        return a / b;
    case OP_MIN:
        return a < b ? a : b;
    default:
        return a > b ? a : b;
    }
}

static gw_ns value_of(unsigned symbol, const gw_expr_env *env) {
    switch (symbol) {
    case GW_EXPR_I:
        return env->interval;
    case GW_EXPR_EPS:
        return env->eps;
    case GW_EXPR_T:
        return env->timeout;
    case GW_EXPR_D:
        return env->drop;
    case GW_EXPR_DMAX:
        return env->drop_max;
    default:
        return env->greeting;
    }
}

/* A time that never ends stays so, whatever it is multiplied by. */
static double number_of(gw_ns time) {
    return time == GW_NEVER ? (double)INFINITY : (double)time;
}

gw_ns gw_expr_eval(const gw_expr *expr, gw_expr_env env) {
    double stack[GW_EXPR_MAX_OPS] = {0};
    size_t n = 0;
    for (size_t i = 0; i < expr->count; i++) {
        const op *o = &expr->ops[i];
        if (o->kind == OP_CONSTANT)
            stack[n++] = o->value;
        else if (o->kind == OP_SYMBOL)
            stack[n++] = number_of(value_of(o->symbol, &env));
        else
            n--, stack[n - 1] = apply(o->kind, stack[n - 1], stack[n]);
    }
    double value = stack[0];
    if (isnan(value) || value >= (double)GW_NEVER) return GW_NEVER;
    if (value <= -(double)GW_NEVER) return -GW_NEVER;
    return (gw_ns)llround(value);
}

unsigned gw_expr_symbols(const gw_expr *expr) {
    return expr->symbols;
}

bool gw_expr_uses_interval(const gw_expr *expr) {
    return expr->symbols & (GW_EXPR_I | GW_EXPR_T | GW_EXPR_D | GW_EXPR_DMAX | GW_EXPR_G);
}

bool gw_expr_uses_eps(const gw_expr *expr) {
    return expr->symbols & GW_EXPR_EPS;
}

const char *gw_expr_text(const gw_expr *expr) {
    return expr->text;
}
