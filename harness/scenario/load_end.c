/* Floor 3: expect-close, expect-fail, expect-reaction, expect-open: how a connection ends, or that it does not. */
#include "scenario/load_common.h"

#include <string.h>

/* What `any-of` and the class of reaction say, before the protocol's own defaults are put in. */
typedef struct reaction {
    bool stated, ignore, close;
    gw_reaction_kind kind; /* GW_REACTION_COUNT: it may be taken for legal, or for any fault of its content */
} reaction;

static void read_any_of(loader *l, const gw_doc_node *node, void *at) {
    static const char *const words[] = {"ignore", "close"};
    reaction *r = at;
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_SEQ, "any-of")) return;
    if (node->count == 0) gw_doc_error(l->diag, node, "any-of is empty; it takes ignore, close or both");
    for (const gw_doc_node *n = node->first; n; n = n->next) {
        size_t index;
        if (!gw_doc_expect_word(l->diag, n, words, LOAD_COUNT(words), "any-of", &index)) continue;
        if (index == 0)
            r->ignore = true;
        else
            r->close = true;
    }
    r->stated = true;
}

static void read_class(loader *l, const gw_doc_node *node, void *at) {
#define REACTION_KEY(name, key) key,
    static const char *const words[] = {GW_REACTION_TABLE(REACTION_KEY) "odd"};
#undef REACTION_KEY
    size_t index;
    if (load_word(l, node, words, LOAD_COUNT(words), &index)) ((reaction *)at)->kind = (gw_reaction_kind)index;
}

static const load_field reaction_fields[] = {{"any-of", read_any_of, 0, false}, {"to", read_class, 0, false}};

/* base: gw_step */
static const load_field within_fields[] = {{"within", load_expr, offsetof(gw_step, window.within), false}};
static const load_field code_fields[] = {{"code", load_codes, offsetof(gw_step, as.end.codes), false}};
static const load_field close_fields[] = {
    {"after", load_expr, offsetof(gw_step, window.after), false},
    {"non-strict-within", load_expr, offsetof(gw_step, window.non_strict_within), false},
    {"since", load_since, offsetof(gw_step, window.since), false},
};
static const load_field fail_code_fields[] = {{"code", load_any_codes, offsetof(gw_step, as.end.codes), true}};
static const load_field lax_fields[] = {
    {"non-strict-code", load_any_codes, offsetof(gw_step, as.end.non_strict_codes), false},
    {"non-strict-any", load_bool, offsetof(gw_step, as.end.non_strict_any), false},
    {"fin-within", load_expr, offsetof(gw_step, as.end.fin_within), false},
};

/* What may be done on any of the faults that a message's content can have. */
static gw_reaction odd(const gw_protocol *protocol) {
    static const gw_reaction_kind kinds[] = {GW_REACTION_MALFORMED, GW_REACTION_UNKNOWN_EVENT, GW_REACTION_BAD_DATA};
    gw_reaction all = {.ignore = true};
    bool any = false;
    for (size_t i = 0; i < LOAD_COUNT(kinds); i++) {
        const gw_reaction *each = &protocol->reactions[kinds[i]];
        all.close |= each->close;
        any |= each->close && (each->codes.count == 0 || all.codes.count + each->codes.count > GW_PROTOCOL_MAX_CODES);
        for (size_t c = 0; !any && c < each->codes.count; c++)
            all.codes.ranges[all.codes.count++] = each->codes.ranges[c];
    }
    if (any) all.codes.count = 0;
    return all;
}

static void finish_reaction(loader *l, const gw_doc_node *map, gw_step *step, const reaction *r) {
    l->takes_limit |= r->kind == GW_REACTION_TOO_BIG;
    const gw_reaction every = odd(l->protocol);
    const gw_reaction *allowed = r->kind == GW_REACTION_COUNT ? &every : &l->protocol->reactions[r->kind];
    step->as.end.ignore = r->stated ? r->ignore : allowed->ignore;
    step->as.end.close = r->stated ? r->close : allowed->close;
    if (gw_doc_get(map, "code")) return;
    gw_code_set *set = &step->as.end.codes;
    for (size_t i = 0; i < allowed->codes.count && i < GW_PROGRAM_MAX_CODES; i++) {
        set->ranges[i].low = allowed->codes.ranges[i].low;
        set->ranges[i].high = allowed->codes.ranges[i].high;
        set->count = (uint8_t)(i + 1);
    }
}

void load_end(loader *l, const gw_doc_node *map, gw_step *step) {
    reaction r = {.kind = GW_REACTION_MALFORMED};
    bool fail = step->kind == GW_STEP_EXPECT_FAIL;
    step->as.end.non_strict_any = fail;
    const load_group close[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(within_fields, step),
                                LOAD_GROUP(code_fields, step), LOAD_GROUP(lax_fields, step),
                                LOAD_GROUP(close_fields, step)};
    const load_group failing[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(within_fields, step),
                                  LOAD_GROUP(fail_code_fields, step), LOAD_GROUP(lax_fields, step)};
    const load_group reacting[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(within_fields, step),
                                   LOAD_GROUP(code_fields, step), LOAD_GROUP(reaction_fields, &r)};
    bool ok;
    switch (step->kind) {
    case GW_STEP_EXPECT_CLOSE:
        ok = load_fields(l, map, "expect-close", close, LOAD_COUNT(close));
        break;
    case GW_STEP_EXPECT_FAIL:
        ok = load_fields(l, map, "expect-fail", failing, LOAD_COUNT(failing));
        break;
    case GW_STEP_EXPECT_REACTION:
        ok = load_fields(l, map, "expect-reaction", reacting, LOAD_COUNT(reacting));
        break;
    default:
        ok = load_fields(l, map, "expect-open", reacting, 2); /* on, rule, within */
        break;
    }
    if (!ok) return;
    if (!gw_doc_get(map, "within")) step->window.within = load_constant(l, "2s");
    if (fail && !gw_doc_get(map, "fin-within")) step->as.end.fin_within = load_constant(l, "2s");
    if (step->kind == GW_STEP_EXPECT_REACTION) finish_reaction(l, map, step, &r);
}
