/* Replays records of real gateways through the engine: the verdict and the rule must be those of the real run. */
#include "support/run.h"
#include "support/transcript.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static const char folder[] = "tests/golden/transcripts";

START_TEST(engine_judges_a_record_as_it_judged_the_gateway) {
    DIR *dir = opendir(folder);
    unsigned records = 0;
    if (!dir) ck_abort_msg("%s is missing", folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[512];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        gw_transcript_record record;
        gw_transcript_replay(path, &record);
        const char *rule = gw_transcript_rule(record.result), *verdict = gw_verdict_word(record.result->verdict);
        if (strcmp(verdict, record.verdict) != 0 || strcmp(rule, record.rule) != 0)
            ck_abort_msg("%s: %s of '%s', but the real run gave %s of '%s'; %s", path, verdict, rule, record.verdict,
                         record.rule, record.result->finding_count ? record.result->findings[0].observed : "");
        gw_result_destroy(record.result);
        records++;
    }
    closedir(dir);
    ck_assert_uint_ge(records, 9);
}
END_TEST

GW_TEST_MAIN("engine_recorded", 30, engine_judges_a_record_as_it_judged_the_gateway)
