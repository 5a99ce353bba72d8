/* For use_test.py: a parser that tells nothing, crashes at a Pong that is fed as a whole, and makes the MISTAKE of the
 * environment. */
/* The header's is const. */
#define gwspec_parser gwspec_parser_of_header
#include "gwspec_parser.h"
#undef gwspec_parser

#include <stdlib.h>
#include <string.h>

static int parser;

static void *create(const gwspec_config *config) {
    (void)config;
    return &parser;
}

static void feed(void *self, const uint8_t *bytes, size_t len) {
    (void)self;
    if (len && bytes[0] == 0x8a) abort();
}

static void next_event(void *self, gwspec_event *event) {
    (void)self;
    event->kind = GWSPEC_NEED_MORE;
}

static void nothing(void *self) {
    (void)self;
}

extern gwspec_parser_api gwspec_parser;
gwspec_parser_api gwspec_parser = {.abi = GWSPEC_PARSER_ABI,
                                   .name = "use",
                                   .reports = GWSPEC_REPORTS_MESSAGES,
                                   .create = create,
                                   .feed = feed,
                                   .next_event = next_event,
                                   .reset = nothing,
                                   .destroy = nothing};

__attribute__((constructor)) static void make_mistake(void) {
    static const gwspec_known no_rule[] = {{"foo", "bar"}, {NULL, NULL}},
                              no_reason[] = {{"any-mask", ""}, {NULL, NULL}};
    const char *mistake = getenv("MISTAKE");
    if (!mistake) return;
    if (strcmp(mistake, "abi") == 0) gwspec_parser.abi = 9;
    if (strcmp(mistake, "name") == 0) gwspec_parser.name = NULL;
    if (strcmp(mistake, "tick") == 0) gwspec_parser.reports = GWSPEC_REPORTS_PACKETS | GWSPEC_REPORTS_TIMEOUT;
    if (strcmp(mistake, "roles") == 0) gwspec_parser.roles = 16;
    if (strcmp(mistake, "reports") == 0) gwspec_parser.reports |= 64;
    if (strcmp(mistake, "rule") == 0) gwspec_parser.known = no_rule;
    if (strcmp(mistake, "reason") == 0) gwspec_parser.known = no_reason;
}
