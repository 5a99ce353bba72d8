/* Floor 3: the choice among scenarios by pattern, filter and tag. */
#include "scenario/suite.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool same(char a, char b, bool fold) {
    return fold ? tolower((unsigned char)a) == tolower((unsigned char)b) : a == b;
}

/* '*' and '?'; goes back only to the last '*', so the time is at most length times length. */
static bool glob(const char *pattern, const char *text, bool fold) {
    const char *star = NULL, *retry = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            retry = text;
        } else if (*pattern == '?' || (*pattern && same(*pattern, *text, fold))) {
            pattern++, text++;
        } else if (star) {
            pattern = star + 1;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*') pattern++;
    return *pattern == 0;
}

static bool is_glob(const char *pattern) {
    return strpbrk(pattern, "*?") != NULL;
}

bool gw_suite_match(const char *pattern, const char *id) {
    if (is_glob(pattern)) return glob(pattern, id, false);
    size_t len = strlen(pattern);
    while (len > 0 && pattern[len - 1] == '/') len--;
    return len > 0 && strncmp(pattern, id, len) == 0 && (id[len] == 0 || id[len] == '/');
}

/* A word is looked for inside the text, a glob takes all of it. */
static bool word_matches(const char *word, const char *text) {
    return is_glob(word) ? glob(word, text, true) : strcasestr(text, word) != NULL;
}

static bool filter_matches(const char *word, const gw_scenario *scenario) {
    if (word_matches(word, scenario->id) || word_matches(word, scenario->title)) return true;
    for (size_t i = 0; i < scenario->requires_count; i++)
        if (word_matches(word, scenario->requires_ids[i])) return true;
    return false;
}

static bool has_tag(const gw_scenario *scenario, const char *tag) {
    for (size_t i = 0; i < scenario->tag_count; i++)
        if (strcmp(scenario->tags[i], tag) == 0) return true;
    return false;
}

bool gw_suite_selects(const gw_selection *selection, const gw_scenario *scenario) {
    if (selection->role != GW_SELECT_ANY &&
        (selection->role == GW_SELECT_CLIENTS) != (scenario->role == GW_ROLE_CLIENT))
        return false;
    bool chosen = selection->pattern_count == 0;
    for (size_t i = 0; i < selection->pattern_count && !chosen; i++)
        chosen = gw_suite_match(selection->patterns[i], scenario->id);
    for (size_t i = 0; i < selection->filter_count && chosen; i++) {
        const char *word = selection->filters[i];
        bool negated = word[0] == '!';
        chosen = filter_matches(word + negated, scenario) != negated;
    }
    bool wanted = false, any = false;
    for (size_t i = 0; i < selection->tag_count && chosen; i++) {
        const char *tag = selection->tags[i];
        if (tag[0] == '!') {
            chosen = !has_tag(scenario, tag + 1);
        } else {
            any = true;
            wanted |= has_tag(scenario, tag);
        }
    }
    return chosen && (wanted || !any);
}
