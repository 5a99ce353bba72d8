/* An input for people: the parser's configuration, the steps, and what is fed. */
#include "byop.h"

#include <string.h>

enum { LINE = 200, SHOWN_BYTES = 64, SHOWN_FEEDS = 64, MAX_TEXT = 4 << 20 };

static void print_lines(const char *text, FILE *out) {
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        size_t len = (size_t)(end - text);
        if (len <= LINE)
            fprintf(out, "  %.*s\n", (int)len, text);
        else
            fprintf(out, "  %.*s ... %zu characters more\n", LINE, text, len - LINE);
    }
}

/* The first line of what script_print writes is about a server. */
static void print_steps(const gw_byop_plan *plan, gw_span input, FILE *out) {
    gw_script script;
    gw_buf text;
    gw_script_decode(input, &script);
    /* As plan.c does it: the other side of the connection masks. */
    for (size_t i = 0; i < script.count && plan->config.role == GWSPEC_CLIENT; i++)
        if (script.steps[i].op == GW_SCRIPT_FRAME) script.steps[i].b ^= 1 << 2;
    gw_buf_init(&text, MAX_TEXT);
    if (gw_script_print(&script, &text) == GW_OK)
        print_lines(strchr(gw_buf_cstr(&text), '\n') + 1, out);
    else
        fprintf(out, "  out of memory\n");
    gw_buf_deinit(&text);
}

/* How many feeds like the first follow each other from `step` on, whose bytes are these. */
static size_t alike(const gw_byop_step *step, const gw_byop_step *end, const uint8_t *bytes) {
    size_t n = 1;
    while (step + n < end && !step[n].is_tick && step[n].len == step->len && step[n].chunk == step->chunk &&
           memcmp(bytes, bytes + n * step->len, step->len) == 0)
        n++;
    return n;
}

static void print_feed(const gw_byop_step *step, size_t times, const uint8_t *bytes, FILE *out) {
    fprintf(out, "  feed %zu bytes", step->len);
    if (times > 1) fprintf(out, ", %zu times", times);
    if (step->chunk) fprintf(out, " in pieces of %zu", step->chunk);
    fprintf(out, ":");
    for (size_t i = 0; i < step->len && i < SHOWN_BYTES; i++) fprintf(out, " %02x", bytes[i]);
    if (step->len > SHOWN_BYTES) fprintf(out, " ... %zu bytes more", step->len - SHOWN_BYTES);
    fprintf(out, "\n");
}

static void print_feeds(const gw_byop_plan *plan, FILE *out) {
    size_t pos = 0, lines = 0, i = 0;
    for (size_t times; i < plan->count && lines < SHOWN_FEEDS; i += times, lines++) {
        const gw_byop_step *step = &plan->steps[i];
        if (step->is_tick) {
            times = 1;
            fprintf(out, "  tick %llu ms\n", (unsigned long long)step->now_ms);
        } else {
            times = alike(step, plan->steps + plan->count, plan->stream.data + pos);
            print_feed(step, times, plan->stream.data + pos, out);
            pos += times * step->len;
        }
    }
    if (i < plan->count) fprintf(out, "  ... %zu calls more\n", plan->count - i);
}

void gw_byop_print_input(const gwspec_parser_api *api, gw_span input, FILE *out) {
    gw_byop_plan plan;
    gw_byop_oracle oracle;
    if (gw_byop_plan_make(&plan, &oracle, api, 0, input)) {
        fprintf(out, "role %s, max_message_bytes %llu, heartbeat_interval_ms %u\n",
                plan.config.role == GWSPEC_CLIENT ? "client" : "server",
                (unsigned long long)plan.config.max_message_bytes, plan.config.heartbeat_interval_ms);
        fprintf(out, "steps of the input:\n");
        print_steps(&plan, input, out);
        fprintf(out, "what the parser gets:\n");
        print_feeds(&plan, out);
    } else {
        fprintf(out, "out of memory\n");
    }
    gw_byop_plan_deinit(&plan);
    gw_byop_oracle_deinit(&oracle);
}
