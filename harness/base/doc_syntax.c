/* Floor 0: what libyaml cannot read, told in words that say what to do. */
#include "base/doc_internal.h"

#include <string.h>

gw_place gw_doc_place_of_mark(const gw_doc *doc, yaml_mark_t mark) {
    return (gw_place){.file = doc->file,
                      .source = doc->source,
                      .line = (uint32_t)mark.line + 1,
                      .column = (uint32_t)mark.column + 1,
                      .width = 1};
}

/* Words that are in what libyaml says, and ours. */
typedef struct complaint {
    const char *problem;
    const char *context; /* NULL: any */
    const char *words;
    enum { AT_PROBLEM, AT_CONTEXT, AT_PROBLEM_NAMING_CONTEXT } place;
} complaint;

static const char tab[] = "a tab where only spaces may stand";
static const char unclosed_quote[] = "a quote that is not closed";
static const char directive[] = "directives are not supported: remove the line";
static const char cannot_start[] = "found character that cannot start any token";
static const char anchor[] = "a plain value cannot start with '&' or '*': put it in quotes";

static const complaint complaints[] = {
    {"found unexpected end of stream", NULL, unclosed_quote, AT_CONTEXT},
    {"found unexpected document indicator", NULL, unclosed_quote, AT_CONTEXT},
    {"found unknown escape character", NULL,
     "an unknown escape: in double quotes write \\\\ for a backslash, or use single quotes", AT_PROBLEM},
    {"did not find expected hexdecimal number", NULL,
     "hexadecimal digits are missing: \\x needs 2 of them, \\u 4, \\U 8", AT_PROBLEM},
    {"found invalid Unicode character escape code", NULL, "an escape that is no character", AT_PROBLEM},
    {"did not find expected ',' or ']'", NULL, "a comma or ']' is missing in the list that begins in",
     AT_PROBLEM_NAMING_CONTEXT},
    {"did not find expected ',' or '}'", NULL, "a comma or '}' is missing in the map that begins in",
     AT_PROBLEM_NAMING_CONTEXT},
    {"did not find expected key", NULL, "neither a key nor in the column of the other keys of the map that begins in",
     AT_PROBLEM_NAMING_CONTEXT},
    {"did not find expected '-' indicator", NULL,
     "no '-' in the column of the other entries of the list that begins in", AT_PROBLEM_NAMING_CONTEXT},
    {"did not find expected node content", NULL, "a value is missing", AT_PROBLEM},
    {"did not find expected <document start>", NULL, "nothing may stand behind the value of the file", AT_PROBLEM},
    {"could not find expected ':'", NULL,
     "a ':' is missing behind this key, which stands in one line and has 1024 characters at most", AT_CONTEXT},
    {"found unexpected ':'", NULL, "a space is missing behind the ':', or quotes around the text", AT_PROBLEM},
    {"mapping values are not allowed in this context", NULL,
     "a ':' that belongs to no key: put the text in quotes, or indent the map", AT_PROBLEM},
    {"mapping keys are not allowed in this context", NULL, "a '?' where no key may begin", AT_PROBLEM},
    {"block sequence entries are not allowed in this context", NULL,
     "no list entry may begin here: begin it on a line of its own", AT_PROBLEM},
    {cannot_start, NULL, tab, AT_PROBLEM}, /* unless it is another character than a tab */
    {"found a tab character that violates indentation", NULL, tab, AT_PROBLEM},
    {"found a tab character where an indentation space is expected", NULL, tab, AT_PROBLEM},
    {"did not find expected comment or line break", "while scanning a block scalar",
     "only a comment may stand behind '|' or '>': the text begins in the next line", AT_PROBLEM},
    {"did not find expected alphabetic or numeric character", "while scanning an alias", anchor, AT_CONTEXT},
    {"did not find expected alphabetic or numeric character", "while scanning an anchor", anchor, AT_CONTEXT},
    {NULL, "directive", directive, AT_CONTEXT},
    {"directive", NULL, directive, AT_PROBLEM},
    {"found incompatible YAML document", NULL, directive, AT_PROBLEM},
    {NULL, "a tag", "tags are not supported", AT_CONTEXT},
    {"found undefined tag handle", NULL, "tags are not supported", AT_PROBLEM},
};

static bool is_in(const char *known, const char *said) {
    return !known || (said && strstr(said, known));
}

static uint8_t byte_at(const gw_doc *doc, yaml_mark_t mark) {
    size_t byte = 0;
    for (size_t points = 0; byte < doc->source.len; byte++) {
        bool begins = (doc->source.ptr[byte] & 0xc0) != 0x80;
        if (begins && points == mark.index) break;
        points += begins;
    }
    return byte < doc->source.len ? doc->source.ptr[byte] : 0;
}

static const complaint *find_complaint(const char *problem, const char *context) {
    for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++)
        if (is_in(complaints[i].problem, problem) && is_in(complaints[i].context, context)) return &complaints[i];
    return NULL;
}

void gw_doc_report_syntax(const gw_doc *doc, const yaml_parser_t *parser, gw_diag *diag) {
    if (parser->error == YAML_MEMORY_ERROR) {
        gw_diag_error(diag, (gw_place){.file = doc->file}, "%s", gw_status_text(GW_ERR_NOMEM));
        return;
    }
    const char *problem = parser->problem ? parser->problem : "";
    complaint c = {.words = problem};
    const complaint *known = find_complaint(problem, parser->context);
    if (known) c = *known;
    uint8_t byte = byte_at(doc, parser->problem_mark); /* 0 at the end */
    bool at_context = c.place == AT_CONTEXT || (c.place == AT_PROBLEM_NAMING_CONTEXT && byte == 0);
    gw_place place = gw_doc_place_of_mark(doc, at_context ? parser->context_mark : parser->problem_mark);
    if (strcmp(problem, cannot_start) == 0 && byte != '\t')
        gw_diag_error(diag, place, "not readable as YAML: a plain value cannot start with '%c': put it in quotes",
                      byte);
    else if (c.place == AT_PROBLEM_NAMING_CONTEXT)
        gw_diag_error(diag, place, "not readable as YAML: %s line %zu, column %zu", c.words,
                      parser->context_mark.line + 1, parser->context_mark.column + 1);
    else
        gw_diag_error(diag, place, "not readable as YAML: %s", c.words);
}
