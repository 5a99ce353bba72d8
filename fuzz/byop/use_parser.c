/* For use_test.py: a parser that tells nothing, crashes at a Pong that is fed as a whole, and makes the mistake that
 * the environment names. */
/* The header's is const. */
#define gwspec_parser gwspec_parser_of_header
#include "gwspec_parser.h"
#undef gwspec_parser

#include <stdlib.h>

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
