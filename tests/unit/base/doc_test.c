/* Unit tests of base/doc.h. */
#include "base/doc.h"
#include "support/guard.h"
#include "support/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gw_diag diag;

static gw_doc *parse(const char *text, size_t len) {
    uint8_t *bytes = gw_guard_alloc(text, len);
    gw_diag_deinit(&diag);
    gw_diag_init(&diag);
    gw_doc *doc = gw_doc_parse(gw_span_make(bytes, len), "f.yaml", &diag);
    gw_guard_free(bytes, len);
    return doc;
}

static gw_doc *parse_good(const char *text) {
    gw_doc *doc = parse(text, strlen(text));
    ck_assert_msg(doc != NULL, "%s", gw_buf_cstr(&diag.text));
    return doc;
}

static const struct golden {
    const char *text;
    size_t len;
    const char *message;
} goldens[] = {
#define GOLDEN(text, message)                                                                                          \
    { text, sizeof(text) - 1, message }
    GOLDEN("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: error: duplicate key 'a' (first in line 1)\n"
                                 "    3 | a: 3\n      | ^\n"),
    GOLDEN("{a: 1, b: {a: 2, \"a\": 3}}", "f.yaml:1:18: error: duplicate key 'a' (first in line 1)\n"
                                          "    1 | {a: 1, b: {a: 2, \"a\": 3}}\n      |                  ^\n"),
    GOLDEN("a: &x 1\n", "f.yaml:1:4: error: anchors are not supported: write the value out\n"
                        "    1 | a: &x 1\n      |    ^\n"),
    GOLDEN("a: *x\n", "f.yaml:1:4: error: aliases are not supported: write the value out\n"
                      "    1 | a: *x\n      |    ^\n"),
    GOLDEN("a: !!str 1\n", "f.yaml:1:4: error: tags are not supported\n    1 | a: !!str 1\n      |    ^\n"),
    GOLDEN("a: {b: ! c}\n", "f.yaml:1:8: error: tags are not supported\n    1 | a: {b: ! c}\n      |        ^\n"),
    GOLDEN("<<: {a: 1}\n", "f.yaml:1:1: error: merge keys are not supported: write the keys out\n"
                           "    1 | <<: {a: 1}\n      | ^\n"),
    GOLDEN("? [a]\n: 1\n", "f.yaml:1:3: error: a key must be a word or a quoted string\n    1 | ? [a]\n      |   ^\n"),
    GOLDEN("? a: b\n", "f.yaml:1:3: error: a key must be a word or a quoted string\n    1 | ? a: b\n      |   ^\n"),
    GOLDEN("%YAML 1.2\n---\na: 1\n", "f.yaml:1:1: error: directives are not supported: remove the line\n"
                                     "    1 | %YAML 1.2\n      | ^\n"),
    GOLDEN("%TAG ! x:\n---\na: 1\n", "f.yaml:1:1: error: directives are not supported: remove the line\n"
                                     "    1 | %TAG ! x:\n      | ^\n"),
    GOLDEN("[a, ?b]\n", "f.yaml:1:6: error: a '?' before a key: put both in quotes\n    1 | [a, ?b]\n      |      ^\n"),
    GOLDEN("x: 1\n---\nb: 2\n", "f.yaml:2:1: error: a second document in the file\n    2 | ---\n      | ^\n"),
    GOLDEN("\xc3\xa9: \xff\n", "f.yaml:1:4: error: byte 0xff is not UTF-8\n    1 | \xc3\xa9: \xff\n      |    ^\n"),
    GOLDEN("a: \xed\xa0\x80\n", "f.yaml:1:4: error: byte 0xed is not UTF-8\n    1 | a: \xed\xa0\x80\n      |    ^\n"),
    GOLDEN("a: \xe2\x82", "f.yaml:1:4: error: byte 0xe2 is not UTF-8\n    1 | a: \xe2\x82\n      |    ^\n"),
    GOLDEN("a: x\0y\n", "f.yaml:1:5: error: control character 0x00: write it as \"\\x00\"\n"
                        "    1 | a: x?y\n      |     ^\n"),
    GOLDEN("a: b\rc: d\n", "f.yaml:1:5: error: a carriage return that no line feed follows: end lines by a line feed\n"
                           "    1 | a: b?c: d\n      |     ^\n"),
    GOLDEN("a: \"\xc2\x85\"\n", "f.yaml:1:5: error: character U+0085: write it as \"\\u0085\"\n"
                                "    1 | a: \"\xc2\x85\"\n      |     ^\n"),
    GOLDEN("a: \xc2\x9f\n", "f.yaml:1:4: error: character U+009F: write it as \"\\u009F\"\n"
                            "    1 | a: \xc2\x9f\n      |    ^\n"),
    GOLDEN("a: b\xe2\x80\xa8\n", "f.yaml:1:5: error: character U+2028: write it as \"\\u2028\"\n"
                                 "    1 | a: b\xe2\x80\xa8\n      |     ^\n"),
    GOLDEN("# b\xe2\x80\xa9\n", "f.yaml:1:4: error: character U+2029: write it as \"\\u2029\"\n"
                                "    1 | # b\xe2\x80\xa9\n      |    ^\n"),
    GOLDEN("a\xef\xbb\xbf: 1\n", "f.yaml:1:2: error: character U+FEFF: write it as \"\\uFEFF\"\n"
                                 "    1 | a\xef\xbb\xbf: 1\n      |  ^\n"),
    GOLDEN("a: \xef\xbf\xbe\n", "f.yaml:1:4: error: character U+FFFE: write it as \"\\uFFFE\"\n"
                                "    1 | a: \xef\xbf\xbe\n      |    ^\n"),
    GOLDEN("a: \"\\uFFFE\\ud83d\\ude00\"\n",
           "f.yaml:1:4: error: a surrogate pair that cannot be told from U+FFFE: write the character itself\n"
           "    1 | a: \"\\uFFFE\\ud83d\\ude00\"\n      |    ^\n"),
    GOLDEN("'': 1\n", "f.yaml:1:1: error: an empty key\n    1 | '': 1\n      | ^\n"),
};

START_TEST(doc_parse_reports_each_mistake_with_its_place) {
    const struct golden *g = &goldens[_i];
    ck_assert_ptr_null(parse(g->text, g->len));
    ck_assert_str_eq(gw_buf_cstr(&diag.text), g->message);
}
END_TEST

/* What libyaml cannot read: where, and the words behind "not readable as YAML: ". */
static const struct syntax {
    const char *text, *place, *words;
} syntax[] = {
    {"a: b\nc: \"d\ne: f\n", "2:4", "a quote that is not closed"},
    {"a: 'b\n---\n", "1:4", "a quote that is not closed"},
    {"a: @x\n", "1:4", "a plain value cannot start with '@': put it in quotes"},
    {"a: %x\n", "1:4", "a plain value cannot start with '%': put it in quotes"},
    {"a: *.txt\n", "1:4", "a plain value cannot start with '&' or '*': put it in quotes"},
    {"a: & b\n", "1:4", "a plain value cannot start with '&' or '*': put it in quotes"},
    {"a: \"b\\q\"\n", "1:6", "an unknown escape: in double quotes write \\\\ for a backslash, or use single quotes"},
    {"a: \"\\xg\"\n", "1:7", "hexadecimal digits are missing: \\x needs 2 of them, \\u 4, \\U 8"},
    {"a: \"\\ud83d\"\n", "1:7", "an escape that is no character"},
    {"a: [b, c\n", "1:4", "a comma or ']' is missing in the list that begins in line 1, column 4"},
    {"a: ['b' 'c']\n", "1:9", "a comma or ']' is missing in the list that begins in line 1, column 4"},
    {"a: {b\nc: d}\n", "2:2", "a comma or '}' is missing in the map that begins in line 1, column 4"},
    {"a: 1\n- b\n", "2:1",
     "neither a key nor in the column of the other keys of the map that begins in line 1, column 1"},
    {"- a\nb: 1\n", "2:1", "no '-' in the column of the other entries of the list that begins in line 1, column 1"},
    {"[a, , b]\n", "1:5", "a value is missing"},
    {"'a' 'b'\n", "1:5", "nothing may stand behind the value of the file"},
    {"a: 1\nb\nc: 2\n", "2:1",
     "a ':' is missing behind this key, which stands in one line and has 1024 characters at most"},
    {"{a:}\n", "1:3", "a space is missing behind the ':', or quotes around the text"},
    {"a: b: c\n", "1:5", "a ':' that belongs to no key: put the text in quotes, or indent the map"},
    {"a: ? b\n", "1:4", "a '?' where no key may begin"},
    {"a: - b\n", "1:4", "no list entry may begin here: begin it on a line of its own"},
    {"a: 1\nb:\t- x\n", "2:4", "no list entry may begin here: begin it on a line of its own"},
    {"a:\n\tb: 1\n", "2:1", "a tab where only spaces may stand"},
    {"a:\n  b: c\n\td\n", "3:1", "a tab where only spaces may stand"},
    {"a: |\n\tb\n", "2:1", "a tab where only spaces may stand"},
    {"a: |b\n", "1:5", "only a comment may stand behind '|' or '>': the text begins in the next line"},
    {"%YAML 2.0\n---\n", "1:1", "directives are not supported: remove the line"},
    {"%YAML x\n---\n", "1:1", "directives are not supported: remove the line"},
    {"%TAG x\n---\n", "1:1", "directives are not supported: remove the line"},
    {"%YAML 1.2\n%YAML 1.2\n---\n", "2:1", "directives are not supported: remove the line"},
    {"%A\n---\n", "1:1", "directives are not supported: remove the line"},
    {"a: !<\n", "1:4", "tags are not supported"},
    {"a: !b!c d\n", "1:4", "tags are not supported"},
    {"a: >0\n", "1:5", "found an indentation indicator equal to 0"},
};

START_TEST(doc_parse_says_what_is_not_yaml) {
    char message[256];
    const struct syntax *s = &syntax[_i];
    snprintf(message, sizeof message, "f.yaml:%s: error: not readable as YAML: %s\n", s->place, s->words);
    ck_assert_ptr_null(parse(s->text, strlen(s->text)));
    ck_assert_msg(strncmp(gw_buf_cstr(&diag.text), message, strlen(message)) == 0, "%s, not\n%s",
                  gw_buf_cstr(&diag.text), message);
}
END_TEST

START_TEST(doc_parse_writes_nothing_to_stderr) {
    char name[] = "/tmp/gw-doc-XXXXXX";
    int file = mkstemp(name), saved = dup(2);
    ck_assert_int_ge(file, 0);
    dup2(file, 2);
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++)
        gw_doc_destroy(parse(goldens[i].text, goldens[i].len));
    dup2(saved, 2);
    ck_assert_int_eq(lseek(file, 0, SEEK_END), 0);
    close(file);
    unlink(name);
}
END_TEST

START_TEST(doc_parse_resolves_scalars_by_the_core_schema) {
    gw_doc *doc =
        parse_good("[~, null, true, FALSE, 12, -7, +3, 0x1F, 0o17, 1.5, .5, 5., 1e3, .inf, -.inf, .nan, yes, '1', "
                   "012, 9223372036854775807, 9223372036854775808, 1.2.3, -x, 0x]");
    static const gw_doc_kind kinds[] = {GW_DOC_NULL,  GW_DOC_NULL,   GW_DOC_BOOL,   GW_DOC_BOOL,  GW_DOC_INT,
                                        GW_DOC_INT,   GW_DOC_INT,    GW_DOC_INT,    GW_DOC_INT,   GW_DOC_FLOAT,
                                        GW_DOC_FLOAT, GW_DOC_FLOAT,  GW_DOC_FLOAT,  GW_DOC_FLOAT, GW_DOC_FLOAT,
                                        GW_DOC_FLOAT, GW_DOC_STRING, GW_DOC_STRING, GW_DOC_INT,   GW_DOC_INT,
                                        GW_DOC_FLOAT, GW_DOC_STRING, GW_DOC_STRING, GW_DOC_STRING};
    static const double numbers[] = {0, 0, 0, 0, 12, -7, 3, 31, 15, 1.5, .5, 5, 1000};
    const gw_doc_node *root = gw_doc_root(doc), *n = root->first;
    ck_assert_uint_eq(root->count, sizeof kinds / sizeof *kinds);
    for (size_t i = 0; n; n = n->next, i++) {
        ck_assert_msg(n->kind == kinds[i], "%s is %s", n->text, gw_doc_kind_name(n->kind));
        if (i >= 4 && i < 13) ck_assert_msg(!(n->number < numbers[i]) && !(n->number > numbers[i]), "%s", n->text);
    }
    gw_doc_destroy(doc);
}
END_TEST

START_TEST(doc_nodes_know_their_places) {
    gw_doc *doc = parse_good("# c\n\"k\xc3\xa9y\": 'va l'\nlist:\n  - {a: x, b: }\n  - \xe2\x82\xac yy\n");
    const gw_doc_node *root = gw_doc_root(doc), *first = root->first, *list = gw_doc_get(root, "list");
    ck_assert_uint_eq(first->line, 2);
    ck_assert_uint_eq(first->column, 8);
    ck_assert_uint_eq(first->width, 6);
    ck_assert_uint_eq(first->key_column, 1);
    ck_assert_uint_eq(gw_doc_key_place(first).width, 3);
    ck_assert_uint_eq(list->first->line, 4);
    ck_assert_uint_eq(list->first->column, 5);
    const gw_doc_node *b = gw_doc_get(list->first, "b");
    ck_assert_int_eq(b->kind, GW_DOC_NULL);
    ck_assert_uint_eq(b->column, 12); /* a value that is not there stands at its key */
    ck_assert_uint_eq(list->first->next->width, 4);
    ck_assert_ptr_eq(b->parent, list->first);
    ck_assert_ptr_null(gw_doc_get(list, "x"));
    ck_assert_ptr_null(gw_doc_get(NULL, "x"));
    gw_doc_destroy(doc);
}
END_TEST

START_TEST(doc_places_count_code_points_in_a_line) {
    gw_doc *doc =
        parse_good("\xef\xbb\xbf{\"\\ud83d\\ude00\": \xc3\xa9\xf0\x9f\x98\x80, \xe2\x82\xac: [x]}\r\n# c\r\n");
    const gw_doc_node *first = gw_doc_root(doc)->first, *second = first->next;
    ck_assert_uint_eq(first->key_column, 2); /* a byte order mark is no character of the line */
    ck_assert_uint_eq(first->column, 18);
    ck_assert_uint_eq(first->width, 2);
    ck_assert_uint_eq(second->key_column, 22);
    ck_assert_uint_eq(second->first->column, 26);
    gw_doc_destroy(doc);
    doc = parse_good("a: >-\r\n  x\r\n  y\r\nb: \"c\n  d\"\n");
    first = gw_doc_root(doc)->first;
    ck_assert_str_eq(first->text, "x y");
    ck_assert_uint_eq(first->line, 1); /* a block stands where its '>' is */
    ck_assert_uint_eq(first->column, 4);
    ck_assert_uint_eq(first->width, 1);
    ck_assert_uint_eq(first->next->key_line, 4);
    ck_assert_uint_eq(first->next->width, 1);
    gw_doc_destroy(doc);
}
END_TEST

START_TEST(doc_parse_reads_surrogate_pairs_in_double_quotes_alone) {
    gw_doc *doc = parse_good("# \\ud83d\\ude00\n{\"\\uD83D\\uDE00\": [\"x\\udbff\\udfffy\\ud83d\\ude00\", "
                             "'\\ud83d\\ude00', \\\\ud83d\\ude00,\n"
                             "  \"\\\\ud83d\\\\ude00\", \"\\uFFFE\"]}");
    const gw_doc_node *first = gw_doc_root(doc)->first, *n = first->first;
    ck_assert_str_eq(first->key, "\xf0\x9f\x98\x80");
    ck_assert_str_eq(n->text, "x\xf4\x8f\xbf\xbfy\xf0\x9f\x98\x80");
    ck_assert_str_eq(n->next->text, "\\ud83d\\ude00");
    ck_assert_str_eq(n->next->next->text, "\\\\ud83d\\ude00");
    ck_assert_str_eq(n->next->next->next->text, "\\ud83d\\ude00");
    ck_assert_str_eq(n->next->next->next->next->text, "\xef\xbf\xbe");
    gw_doc_destroy(doc);
}
END_TEST

static void nested(size_t depth, bool good) {
    char text[2 * GW_DOC_MAX_DEPTH + 8];
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    gw_doc *doc = parse(text, 2 * depth);
    ck_assert_msg((doc != NULL) == good, "depth %zu: %s", depth, gw_buf_cstr(&diag.text));
    gw_doc_destroy(doc);
}

START_TEST(doc_parse_limits_depth) {
    nested(GW_DOC_MAX_DEPTH - 1, true);
    nested(GW_DOC_MAX_DEPTH, true);
    nested(GW_DOC_MAX_DEPTH + 1, false);
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&diag.text), "f.yaml:1:65: error: nesting is too deep"));
}
END_TEST

START_TEST(doc_parse_limits_size) {
    char *text = malloc(GW_DOC_MAX_BYTES + 1);
    memset(text, ' ', GW_DOC_MAX_BYTES + 1);
    memcpy(text, "a: 1 #", 6);
    gw_doc *doc = parse(text, GW_DOC_MAX_BYTES);
    ck_assert_ptr_nonnull(doc);
    gw_doc_destroy(doc);
    ck_assert_ptr_null(parse(text, GW_DOC_MAX_BYTES + 1));
    ck_assert_str_eq(gw_buf_cstr(&diag.text), "f.yaml: error: the file is larger than 4194304 bytes\n");
    free(text);
}
END_TEST

/* Each takes a fraction of a second; what takes the square of its length does not come back before the test's deadline.
 */
static const struct large {
    const char *begin, *unit, *end;
    size_t units; /* 0: as many as a file may hold */
} larges[] = {
    {"", "[", "", 0},
    {"[", "[],", "]", 100000},
    {"{", "\xc3\xa9: 1,", "}", 100000}, /* one line, 99,999 duplicate keys */
    {"[", "\"\\ud83d\\ude00\",", "]", 100000},
    {"\"", "\\ud83d\\ude00", "\"", 0},
    {"[", "\"a\" ", "]", 0},
    {"'", "''", "'", 0},
    {"a: |\n", " \n", "", 0},
    {"", "- ", "", 0},
    {"", "a\n", "", 0},
    {"", "\t", "", 0},
    {"!<", "%41", ">", 0},
};

START_TEST(doc_parse_takes_time_by_length) {
    const struct large *l = &larges[_i];
    size_t begin = strlen(l->begin), unit = strlen(l->unit), end = strlen(l->end);
    size_t units = l->units ? l->units : (GW_DOC_MAX_BYTES - begin - end) / unit, len = begin + units * unit + end;
    char *text = malloc(len);
    memcpy(text, l->begin, begin);
    for (size_t i = 0; i < units; i++) memcpy(text + begin + i * unit, l->unit, unit);
    memcpy(text + len - end, l->end, end);
    gw_doc *doc = parse(text, len);
    ck_assert_int_eq(doc == NULL, diag.errors > 0);
    gw_doc_destroy(doc);
    free(text);
}
END_TEST

START_TEST(doc_parse_reads_quotes_inside_quotes) {
    char text[1100] = "a: '";
    for (int i = 0; i < 500; i++) strcat(text, "''");
    strcat(text, "'");
    gw_doc *doc = parse_good(text);
    ck_assert_uint_eq(gw_doc_root(doc)->first->text_len, 500);
    gw_doc_destroy(doc);
    doc = parse_good("['a''''b', 'it''s', '''', 'x\n  y''''']");
    const gw_doc_node *n = gw_doc_root(doc)->first;
    ck_assert_str_eq(n->text, "a''b");
    ck_assert_str_eq(n->next->text, "it's");
    ck_assert_str_eq(n->next->next->text, "'");
    ck_assert_str_eq(n->next->next->next->text, "x y''");
    gw_doc_destroy(doc);
}
END_TEST

START_TEST(doc_parse_takes_json_and_empty_files) {
    gw_doc *doc = parse_good("{\"a\": [1, \"x\\u0041\\/\", null], \"b\": {}}");
    gw_buf out;
    gw_buf_init(&out, 1000);
    ck_assert_int_eq(gw_doc_to_json(gw_doc_root(doc), &out), GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&out), "{\"a\":[1,\"xA/\",null],\"b\":{}}");
    gw_doc_destroy(doc);
    doc = parse_good("# nothing\n");
    ck_assert_int_eq(gw_doc_root(doc)->kind, GW_DOC_NULL);
    gw_doc_destroy(doc);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(doc_to_json_writes_only_json) {
    gw_doc *doc = parse_good("[+1, 0x10, 5., .5, 012, 1e400, 1.50, \"q\\\"\\\\\\x01\\t\"]");
    gw_buf out;
    gw_buf_init(&out, 1000);
    ck_assert_int_eq(gw_doc_to_json(gw_doc_root(doc), &out), GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&out), "[1,16,5,0.5,12,1e400,1.50,\"q\\\"\\\\\\u0001\\t\"]");
    gw_doc_destroy(doc);
    doc = parse_good("\"\\x7f\\x9f\\xa0\\u2028\\ufeff\\uffff\\U0001ffff\"");
    gw_buf_clear(&out);
    ck_assert_int_eq(gw_doc_to_json(gw_doc_root(doc), &out), GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&out), "\"\\u007f\\u009f\u00a0\\u2028\\ufeff\\uffff\U0001ffff\"");
    gw_doc_destroy(doc);
    doc = parse_good(".inf");
    gw_buf_clear(&out);
    ck_assert_int_eq(gw_doc_to_json(gw_doc_root(doc), &out), GW_ERR_INVALID);
    gw_doc_destroy(doc);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(doc_checks_say_what_was_meant) {
    static const char *const keys[] = {"within", "event", "on"};
    gw_doc *doc = parse_good("expect: {on: alice, witin: 1s}\nmode: of\nfor: 250\nlist: x\n");
    const gw_doc_node *root = gw_doc_root(doc);
    size_t which;
    gw_ns time;
    ck_assert(!gw_doc_expect_keys(&diag, gw_doc_get(root, "expect"), keys, 3, "expect"));
    ck_assert(!gw_doc_expect_word(&diag, gw_doc_get(root, "mode"), keys, 3, "mode", &which));
    ck_assert(!gw_doc_expect_duration(&diag, gw_doc_get(root, "for"), &time));
    ck_assert(!gw_doc_expect_kind(&diag, gw_doc_get(root, "list"), GW_DOC_SEQ, "list"));
    ck_assert(!gw_doc_require(&diag, gw_doc_get(root, "expect"), "event", "expect"));
    ck_assert_str_eq(gw_buf_cstr(&diag.text),
                     "f.yaml:1:21: error: unknown key 'witin' in expect (did you mean 'within'?)\n"
                     "    1 | expect: {on: alice, witin: 1s}\n      |                     ^~~~~\n"
                     "f.yaml:2:7: error: unknown word 'of' for mode (did you mean 'on'?)\n"
                     "    2 | mode: of\n      |       ^~\n"
                     "f.yaml:3:6: error: not a duration: write a number with its unit, such as 250ms or 1.5s\n"
                     "    3 | for: 250\n      |      ^~~\n"
                     "f.yaml:4:7: error: list must be a list, not a string\n    4 | list: x\n      |       ^\n"
                     "f.yaml:1:1: error: expect needs the key 'event'\n"
                     "    1 | expect: {on: alice, witin: 1s}\n      | ^~~~~~\n");
    ck_assert(gw_doc_expect_word(&diag, gw_doc_get(gw_doc_get(root, "expect"), "on"),
                                 (const char *const[]){"bob", "alice"}, 2, "on", &which));
    ck_assert_uint_eq(which, 1);
    gw_doc_destroy(doc);
}
END_TEST

START_TEST(doc_expect_word_takes_words_that_yaml_reads_as_something_else) {
    gw_doc *doc = parse_good("a: true\n");
    size_t which = 9;
    ck_assert(gw_doc_expect_word(&diag, gw_doc_root(doc)->first, (const char *const[]){"any", "true"}, 2, "a", &which));
    ck_assert_uint_eq(which, 1);
    gw_doc_destroy(doc);
}
END_TEST

int main(void) {
    TCase *c = tcase_create("doc");
    Suite *s = suite_create("base/doc");
    tcase_add_loop_test(c, doc_parse_reports_each_mistake_with_its_place, 0, sizeof goldens / sizeof *goldens);
    tcase_add_loop_test(c, doc_parse_says_what_is_not_yaml, 0, sizeof syntax / sizeof *syntax);
    tcase_add_test(c, doc_parse_writes_nothing_to_stderr);
    tcase_add_test(c, doc_parse_resolves_scalars_by_the_core_schema);
    tcase_add_test(c, doc_nodes_know_their_places);
    tcase_add_test(c, doc_places_count_code_points_in_a_line);
    tcase_add_test(c, doc_parse_reads_surrogate_pairs_in_double_quotes_alone);
    tcase_add_loop_test(c, doc_parse_takes_time_by_length, 0, sizeof larges / sizeof *larges);
    tcase_add_test(c, doc_parse_limits_depth);
    tcase_add_test(c, doc_parse_limits_size);
    tcase_add_test(c, doc_parse_reads_quotes_inside_quotes);
    tcase_add_test(c, doc_parse_takes_json_and_empty_files);
    tcase_add_test(c, doc_to_json_writes_only_json);
    tcase_add_test(c, doc_checks_say_what_was_meant);
    tcase_add_test(c, doc_expect_word_takes_words_that_yaml_reads_as_something_else);
    suite_add_tcase(s, c);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner), ran = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed || !ran;
}
