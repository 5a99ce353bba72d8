/* Floor 4 (net): bookkeeping of lateness. */
#include "net/lag.h"

#include <string.h>

/* Histogram slots grow by 1/16 of an octave: values below 16 are exact, then 16 slots for each doubling. */
static size_t slot_of(gw_ns value) {
    uint64_t v = value > 0 ? (uint64_t)value : 0;
    if (v < 16) return (size_t)v;
    unsigned octave = 63 - (unsigned)__builtin_clzll(v);
    return (octave - 3) * 16 + ((v >> (octave - 4)) & 15);
}

static gw_ns slot_upper(size_t slot) {
    if (slot < 16) return (gw_ns)slot;
    unsigned octave = (unsigned)(slot / 16) + 3;
    uint64_t base = (uint64_t)1 << octave;
    return (gw_ns)(base + ((uint64_t)(slot % 16 + 1) << (octave - 4)) - 1);
}

void gw_lag_init(gw_lag *lag) {
    memset(lag, 0, sizeof *lag);
    for (size_t i = 0; i < GW_LAG_BUCKETS; i++) lag->ring[i].index = -1;
}

static void note_bucket(gw_lag *lag, int64_t index, gw_ns lateness) {
    struct gw_lag_bucket *bucket = &lag->ring[index % GW_LAG_BUCKETS];
    if (index > lag->newest_index) lag->newest_index = index;
    if (index < bucket->index) { /* older than the ring reaches */
        if (lateness > lag->forgotten_worst_ns) lag->forgotten_worst_ns = lateness;
        return;
    }
    if (index > bucket->index) {
        if (bucket->worst_ns > lag->forgotten_worst_ns) lag->forgotten_worst_ns = bucket->worst_ns;
        bucket->index = index;
        bucket->worst_ns = 0;
    }
    if (lateness > bucket->worst_ns) bucket->worst_ns = lateness;
}

static void note_episode(gw_lag *lag, gw_ns from, gw_ns to) {
    int64_t first = from > 0 ? from / GW_LAG_BUCKET_NS : 0, last = to / GW_LAG_BUCKET_NS;
    gw_ns lateness = to - from;
    if (last - first >= GW_LAG_BUCKETS) {
        if (lateness > lag->forgotten_worst_ns) lag->forgotten_worst_ns = lateness;
        first = last - GW_LAG_BUCKETS + 1;
    }
    for (int64_t i = first; i <= last; i++) note_bucket(lag, i, lateness);
}

void gw_lag_timer(gw_lag *lag, gw_ns due_ns, gw_ns done_ns) {
    gw_ns lateness = done_ns > due_ns ? done_ns - due_ns : 0;
    lag->histogram[slot_of(lateness)]++;
    lag->count++;
    if (lateness > lag->max_ns) lag->max_ns = lateness;
    note_episode(lag, done_ns - lateness, done_ns);
}

void gw_lag_busy(gw_lag *lag, gw_ns from_ns, gw_ns to_ns) {
    if (to_ns <= from_ns) return;
    if (to_ns - from_ns > lag->busy_max_ns) lag->busy_max_ns = to_ns - from_ns;
    note_episode(lag, from_ns, to_ns);
}

void gw_lag_mark(gw_lag *lag) {
    memset(lag->histogram, 0, sizeof lag->histogram);
    lag->count = 0;
    lag->max_ns = lag->busy_max_ns = 0;
}

static gw_ns percentile(const gw_lag *lag, unsigned percent) {
    if (lag->count == 0) return 0;
    uint64_t wanted = (lag->count * percent + 99) / 100, seen = 0;
    for (size_t i = 0; i < GW_LAG_HISTOGRAM; i++) {
        seen += lag->histogram[i];
        if (seen >= wanted) return slot_upper(i) < lag->max_ns ? slot_upper(i) : lag->max_ns;
    }
    return lag->max_ns;
}

gw_lag_summary gw_lag_summarize(const gw_lag *lag) {
    return (gw_lag_summary){.count = lag->count,
                            .p50_ns = percentile(lag, 50),
                            .p99_ns = percentile(lag, 99),
                            .max_ns = lag->max_ns,
                            .busy_max_ns = lag->busy_max_ns};
}

gw_ns gw_lag_worst(const gw_lag *lag, gw_ns t0, gw_ns t1) {
    if (t1 < t0) return 0;
    int64_t first = t0 > 0 ? t0 / GW_LAG_BUCKET_NS : 0, last = t1 / GW_LAG_BUCKET_NS;
    int64_t oldest = lag->newest_index - GW_LAG_BUCKETS + 1;
    gw_ns worst = first < oldest ? lag->forgotten_worst_ns : 0;
    if (first < oldest) first = oldest;
    if (last > lag->newest_index) last = lag->newest_index;
    for (int64_t i = first; i <= last; i++) {
        const struct gw_lag_bucket *bucket = &lag->ring[i % GW_LAG_BUCKETS];
        if (bucket->index == i && bucket->worst_ns > worst) worst = bucket->worst_ns;
    }
    return worst;
}
