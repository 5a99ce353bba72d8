/* Floor 4: a wire log as a picture. Knows results; knows nothing of files and terminals. */
#include "report/html.h"

#include "report/text.h"

#include <string.h>

/* Pixels of the picture. */
enum { WIDTH = 960, LEFT = 96, RIGHT = 24, TOP = 26, LANE = 56, MARK = 16 };
/* What is drawn at most: a flood would only be a block of colour. */
enum { MAX_LANES = 12, MAX_MARKS = 600, MAX_TICKS = 10, MAX_LINES = 40 };

typedef struct timeline {
    const gw_result *result;
    const char *lanes[MAX_LANES];
    size_t lane_count;
    gw_ns span; /* of the whole picture; > 0 */
    gw_buf *out;
} timeline;

static double x_of(const timeline *t, gw_ns at) {
    if (at < 0) at = 0;
    if (at > t->span) at = t->span;
    return LEFT + (double)at / (double)t->span * (WIDTH - LEFT - RIGHT);
}

static int bottom_of(const timeline *t) {
    return TOP + (int)t->lane_count * LANE;
}

/* Index of the client's lane, one more when it is new; MAX_LANES: there is no room for it. */
static size_t lane_of(timeline *t, const char *client) {
    if (!client) client = "";
    for (size_t i = 0; i < t->lane_count; i++)
        if (!strcmp(t->lanes[i], client)) return i;
    if (t->lane_count == MAX_LANES) return MAX_LANES;
    t->lanes[t->lane_count] = client;
    return t->lane_count++;
}

static void measure(timeline *t) {
    const gw_result *result = t->result;
    t->span = result->duration;
    for (size_t i = 0; i < result->wire_count; i++) {
        lane_of(t, result->wire[i].client);
        if (result->wire[i].at > t->span) t->span = result->wire[i].at;
    }
    for (size_t i = 0; i < result->finding_count; i++)
        if (result->findings[i].at > t->span) t->span = result->findings[i].at;
    if (t->span < GW_MS) t->span = GW_MS;
}

static void append_text(timeline *t, const char *class, double x, double y, const char *text) {
    gw_buf_printf(t->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
    gw_text_append_xml(t->out, gw_span_cstr(text), false);
    gw_buf_append_cstr(t->out, "</text>\n");
}

/* The smallest of 1, 2, 5 x 10^n ms that gives no more than MAX_TICKS. */
static gw_ns tick_step(gw_ns span) {
    static const int factors[] = {2, 5, 10};
    gw_ns base = GW_MS, step = base;
    for (size_t i = 0; span / step > MAX_TICKS; i++) {
        step = base * factors[i % 3];
        if (i % 3 == 2) base = step;
    }
    return step;
}

static void append_axis(timeline *t) {
    gw_ns step = tick_step(t->span);
    for (gw_ns at = 0; at <= t->span; at += step) {
        char label[48];
        gw_time_format_ms(at, label, sizeof label);
        gw_buf_printf(t->out, "<line class=\"tick\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n", x_of(t, at),
                      TOP - 6, x_of(t, at), bottom_of(t));
        append_text(t, "axis", x_of(t, at), TOP - 10, label);
    }
    if (t->result->interval <= 0 || t->span / t->result->interval > MAX_LINES) return;
    for (gw_ns at = t->result->interval; at <= t->span; at += t->result->interval)
        gw_buf_printf(t->out, "<line class=\"interval\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n", x_of(t, at),
                      TOP, x_of(t, at), bottom_of(t));
}

static void append_lanes(timeline *t) {
    for (size_t i = 0; i < t->lane_count; i++) {
        double y = TOP + LANE * ((double)i + 0.5);
        append_text(t, "lane", 4, y + 4, t->lanes[i]);
        gw_buf_printf(t->out, "<line class=\"lane\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n", LEFT, y,
                      WIDTH - RIGHT, y);
    }
}

static void append_mark(timeline *t, const gw_wire_entry *entry) {
    static const struct {
        const char *class;
        double up;
    } looks[] = {
        [GW_WIRE_SENT] = {"sent", -MARK}, [GW_WIRE_RECEIVED] = {"received", MARK}, [GW_WIRE_NOTE] = {"note", 0}};
    size_t lane = lane_of(t, entry->client);
    if (lane == MAX_LANES) return;
    double x = x_of(t, entry->at), y = TOP + LANE * ((double)lane + 0.5);
    char time[48];
    gw_time_format_ms(entry->at, time, sizeof time);
    gw_buf_printf(t->out, "<g class=\"%s\"><title>+ %s  ", looks[entry->direction].class, time);
    gw_text_append_xml(t->out, gw_span_cstr(entry->text), false);
    if (entry->more) gw_buf_printf(t->out, " and %u more", (unsigned)entry->more);
    gw_buf_append_cstr(t->out, "</title>");
    double up = looks[entry->direction].up;
    if (up != 0) gw_buf_printf(t->out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", x, y, x, y + up);
    gw_buf_printf(t->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"/></g>\n", x, y + up, up != 0 ? 4 : 3);
}

static void append_findings(timeline *t) {
    for (size_t i = 0; i < t->result->finding_count; i++) {
        const gw_finding *finding = &t->result->findings[i];
        double x = x_of(t, finding->at);
        gw_buf_printf(t->out, "<line class=\"finding\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n", x, TOP, x,
                      bottom_of(t) + 4);
        if (finding->rule) append_text(t, "finding", x, bottom_of(t) + 16, finding->rule);
    }
}

void gw_html_append_timeline(const gw_result *result, gw_buf *out) {
    timeline t = {.result = result, .out = out};
    if (result->wire_count == 0) return;
    measure(&t);
    int height = bottom_of(&t) + 22;
    gw_buf_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"timeline\">\n", WIDTH, height);
    append_axis(&t);
    append_lanes(&t);
    /* Of very many the first and the last ones. */
    for (size_t i = 0; i < result->wire_count; i++)
        if (i < MAX_MARKS / 2 || result->wire_count - i <= MAX_MARKS / 2) append_mark(&t, &result->wire[i]);
    append_findings(&t);
    gw_buf_append_cstr(out, "</svg>\n");
}
