/* Benchmark: judging JSON texts, ours against cJSON and jansson, in one run. Ours builds no tree, but is strict; the
 * others parse and free. Prints a table; million texts a second, best of several rounds. */
#include "base/time.h"
#include "protocol/json.h"

#include <cJSON.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 15, REPEAT = 20000 };

static const struct {
    const char *name, *text;
} texts[] = {
    {"heartbeat", "{\"e\":1,\"d\":{}}"},
    {"hello", "{\"e\":0,\"d\":{\"heartbeatInterval\":45000}}"},
    {"message", "{\"e\":3,\"d\":{\"authorId\":\"5f2b9c1e\",\"content\":\"hello, who is there "
                "tonight?\",\"sentAt\":1700000000000}}"},
    {"message, umlauts", "{\"e\":3,\"d\":{\"authorId\":\"5f2b9c1e\",\"content\":\"Grüße aus Köln, wir hören uns "
                         "später\",\"sentAt\":1700000000000}}"},
    {"message, Chinese", "{\"e\":3,\"d\":{\"authorId\":\"5f2b9c1e\",\"content\":"
                         "\"你好，今天晚上有谁在这里吗？我们一起聊天吧\",\"sentAt\":1700000000000}}"},
    {"message, emoji",
     "{\"e\":3,\"d\":{\"authorId\":\"5f2b9c1e\",\"content\":\"😀 hi 😀😀 you 🎉🎉🎉\",\"sentAt\":1700000000000}}"},
    {"message, escapes", "{\"e\":3,\"d\":{\"authorId\":\"5f2b9c1e\",\"content\":\"a "
                         "\\\"quote\\\"\\n\\u00e9\\ud83d\\ude00\",\"sentAt\":1.7e12}}"},
    {"participant", "{\"e\":6,\"d\":{\"userId\":\"p1\",\"banned\":true,\"color\":false,\"admin\":null}}"},
    {"nested", "{\"e\":4,\"d\":{\"a\":[[1,2,3],[4,5,6],{\"b\":{\"c\":{\"d\":[-0.5,1e10,2.25]}}}],\"f\":\"g\"}}"},
};

static gw_ns now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (gw_ns)t.tv_sec * GW_S + t.tv_nsec;
}

static void ours(const char *text, size_t len) {
    if (gw_json_judge(gw_span_make(text, len), (gw_json_limits){0}, NULL) != GW_JSON_IS_VALID) abort();
}

static void with_cjson(const char *text, size_t len) {
    cJSON *tree = cJSON_ParseWithLength(text, len);
    if (!tree) abort();
    cJSON_Delete(tree);
}

static void with_jansson(const char *text, size_t len) {
    json_t *tree = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!tree) abort();
    json_decref(tree);
}

/* Million texts a second; the best round, since noise of other processes only ever slows down. */
static double measure(void (*run)(const char *, size_t), const char *text) {
    gw_ns best = GW_NEVER;
    size_t len = strlen(text);
    for (int i = 0; i < ROUNDS; i++) {
        gw_ns start = now_ns();
        for (int j = 0; j < REPEAT; j++) run(text, len);
        gw_ns took = now_ns() - start;
        if (took < best) best = took;
    }
    return (double)REPEAT * 1e3 / (double)best;
}

int main(void) {
    printf("JSON texts, millions a second, best of %d rounds\n", ROUNDS);
    printf("%-18s %6s %9s %9s %9s %12s %13s\n", "text", "bytes", "judge", "cJSON", "jansson", "judge/cJSON",
           "judge/jansson");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double a = measure(ours, texts[i].text), b = measure(with_cjson, texts[i].text),
               c = measure(with_jansson, texts[i].text);
        printf("%-18s %6zu %9.2f %9.2f %9.2f %11.1fx %12.1fx\n", texts[i].name, strlen(texts[i].text), a, b, c, a / b,
               a / c);
    }
    return 0;
}
