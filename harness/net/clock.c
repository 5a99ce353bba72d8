/* Floor 4 (net): monotonic time, and kernel stamps translated to it. */
#include "net/clock.h"

#include <time.h>

enum { SAMPLE_NOISE_NS = 5000, SAMPLE_TRIES = 3 };

static gw_ns read_clock(clockid_t id) {
    struct timespec ts;
    clock_gettime(id, &ts); /* cannot fail for these two clocks */
    return (gw_ns)ts.tv_sec * GW_S + ts.tv_nsec;
}

gw_ns gw_clock_now(void) {
    return read_clock(CLOCK_MONOTONIC);
}

gw_ns gw_clock_wall(void) {
    return read_clock(CLOCK_REALTIME);
}

void gw_clock_note(gw_clock *clock, gw_ns before_ns, gw_ns realtime_ns, gw_ns after_ns) {
    if (after_ns - before_ns > SAMPLE_NOISE_NS) return;
    gw_ns offset = before_ns + (after_ns - before_ns) / 2 - realtime_ns;
    gw_ns moved = offset - clock->offset_ns;
    bool first = clock->sampled_ns == 0;
    if (!first && moved <= GW_CLOCK_STEP_NS && moved >= -GW_CLOCK_STEP_NS) {
        /* Both clocks are slewed alike, so what is left is noise: a slow mean keeps it out. */
        clock->offset_ns += moved / 8;
        clock->sampled_ns = after_ns;
        return;
    }
    /* When the step happened is unknown, so no stamp from before this moment can be placed. */
    if (!first) {
        clock->steps++;
        clock->distrust_ns = after_ns;
    }
    clock->offset_ns = offset;
    clock->sampled_ns = after_ns;
}

void gw_clock_sample(gw_clock *clock) {
    for (int i = 0; i < SAMPLE_TRIES; i++) {
        gw_ns before = gw_clock_now();
        gw_ns realtime = gw_clock_wall();
        gw_ns after = gw_clock_now();
        if (after - before > SAMPLE_NOISE_NS) continue;
        gw_clock_note(clock, before, realtime, after);
        return;
    }
}

void gw_clock_init(gw_clock *clock) {
    /* A first guess of any quality, so that a machine too slow for a clean sample still has one. */
    gw_ns now = gw_clock_now();
    *clock = (gw_clock){.offset_ns = now - gw_clock_wall()};
    gw_clock_sample(clock);
    if (clock->sampled_ns == 0) clock->sampled_ns = now;
}

bool gw_clock_convert(const gw_clock *clock, gw_ns realtime_ns, gw_ns read_ns, gw_ns *out) {
    gw_ns t = realtime_ns + clock->offset_ns;
    if (t < clock->distrust_ns || t > read_ns + GW_CLOCK_STEP_NS) return false;
    *out = t < read_ns ? t : read_ns;
    return true;
}
