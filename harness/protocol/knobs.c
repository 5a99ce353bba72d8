/* Floor 2: choices for what a document leaves open. */
#include "protocol/knobs.h"

#include <string.h>

#define KNOB_KEY(name, key, standard, words) key,
static const char *const keys[] = {GW_KNOB_TABLE(KNOB_KEY)};
#undef KNOB_KEY
#define KNOB_STANDARD(name, key, standard, words) standard,
static const char *const standards[] = {GW_KNOB_TABLE(KNOB_STANDARD)};
#undef KNOB_STANDARD
#define KNOB_WORDS(name, key, standard, words) words,
static const char *const word_lists[] = {GW_KNOB_TABLE(KNOB_WORDS)};
#undef KNOB_WORDS

/* Every word that any knob has. */
static const char *const all_words[] = {"true", "false", "any",     "must",    "should", "may",    "allow", "warn",
                                        "deny", "stays", "dropped", "ignored", "closed", "counts", "ms",    "s"};

void gw_knobs_init(gw_knobs *knobs) {
    for (size_t i = 0; i < GW_KNOB_COUNT; i++) knobs->value[i] = standards[i];
}

static bool has_word(const char *list, const char *word) {
    size_t len = strlen(word);
    for (const char *p = list; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
        if (strncmp(p, word, len) == 0 && (p[len] == '|' || p[len] == 0)) return true;
    return false;
}

/* The words of a list, out of the static ones. */
static size_t split(const char *list, const char **out) {
    size_t n = 0;
    for (size_t i = 0; i < sizeof all_words / sizeof *all_words; i++)
        if (has_word(list, all_words[i])) out[n++] = all_words[i];
    return n;
}

static size_t find(const char *key) {
    size_t i = 0;
    while (i < GW_KNOB_COUNT && strcmp(keys[i], key) != 0) i++;
    return i;
}

bool gw_knobs_read(gw_knobs *knobs, const gw_doc_node *map, gw_diag *diag) {
    if (!gw_doc_expect_keys(diag, map, keys, GW_KNOB_COUNT, "knobs")) return false;
    bool ok = true;
    for (const gw_doc_node *c = map->first; c; c = c->next) {
        const char *words[sizeof all_words / sizeof *all_words];
        size_t knob = find(c->key), which;
        size_t count = split(word_lists[knob], words);
        if (gw_doc_expect_word(diag, c, words, count, keys[knob], &which))
            knobs->value[knob] = words[which];
        else
            ok = false;
    }
    return ok;
}

gw_status gw_knobs_set(gw_knobs *knobs, const char *key, const char *value) {
    const char *words[sizeof all_words / sizeof *all_words];
    size_t knob = find(key);
    if (knob == GW_KNOB_COUNT) return GW_ERR_NOT_FOUND;
    size_t count = split(word_lists[knob], words);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], value) != 0) continue;
        knobs->value[knob] = words[i];
        return GW_OK;
    }
    return GW_ERR_INVALID;
}

const char *gw_knobs_get(const gw_knobs *knobs, const char *key) {
    size_t knob = find(key);
    return knob == GW_KNOB_COUNT ? NULL : knobs->value[knob];
}

bool gw_knobs_is(const gw_knobs *knobs, gw_knob knob, const char *value) {
    return strcmp(knobs->value[knob], value) == 0;
}

const char *gw_knob_key(gw_knob knob) {
    return keys[knob];
}

const char *gw_knob_words(gw_knob knob) {
    return word_lists[knob];
}
