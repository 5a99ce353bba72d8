/* Floor 5: a first look at a gateway: does it take a connection, say hello, and by which protocol? The scenario
 * hello/at-once is run once, and what it saw is read. */
#include "cli/init.h"

#include "cli/console.h"
#include "cli/runner.h"
#include "protocol/packet.h"

#include <stdio.h>
#include <string.h>

#define SCENARIO "hello/at-once"

/* The catalogue of one protocol with that scenario alone. */
static bool load(gw_catalogue *catalogue, gw_catalogue_source source) {
    gw_diag diag;
    gw_diag_init(&diag);
    bool good = gw_catalogue_load_tables(catalogue, source, &diag) == GW_OK &&
                gw_suite_load(&catalogue->suite, gw_files_embedded(SCENARIO ".yaml"), SCENARIO,
                              "scenarios/" SCENARIO ".yaml", &diag) == GW_OK &&
                catalogue->suite.count == 1;
    if (!good) gw_console_diag(&diag);
    gw_diag_deinit(&diag);
    return good;
}

static void take_violation(void *context, const gw_violation *violation) {
    (void)violation;
    *(bool *)context = false;
}

/* Is it the hello of this protocol, and nothing else? */
static bool is_hello(const gw_protocol *protocol, const char *text) {
    gw_packet *packet = gw_packet_decode(protocol, gw_span_cstr(text));
    bool valid = packet && packet->event && packet->event == protocol->heartbeat.hello;
    if (valid)
        gw_packet_judge(packet, protocol, GW_ROLE_SERVER, 0,
                        (gw_violation_sink){.take = take_violation, .context = &valid});
    gw_packet_destroy(packet);
    return valid;
}

static void read_result(const gw_result *result, gw_init_look *look) {
    gw_ns opened = 0;
    bool left = false; /* by us: a Close that comes then is an answer */
    look->hello = result->verdict == GW_VERDICT_PASS || result->verdict == GW_VERDICT_NON_STRICT;
    look->interval = result->interval;
    look->message[0] = look->answer[0] = look->closing[0] = '\0';
    for (size_t i = 0; i < result->wire_count; i++) {
        const gw_wire_entry *entry = &result->wire[i];
        bool closes = strncmp(entry->text, "close ", 6) == 0;
        left |= closes && entry->direction == GW_WIRE_SENT;
        if (entry->direction != GW_WIRE_RECEIVED) continue;
        if (strncmp(entry->text, "101 ", 4) == 0 && !look->upgraded) {
            look->upgraded = true;
            opened = entry->at;
        } else if (!look->upgraded && !look->answer[0]) {
            snprintf(look->answer, sizeof look->answer, "%s", entry->text);
        } else if (closes && !left && !look->closing[0]) {
            snprintf(look->closing, sizeof look->closing, "%s", entry->text + 6);
        } else if (!look->message[0] &&
                   (strncmp(entry->text, "text ", 5) == 0 || strncmp(entry->text, "binary ", 7) == 0)) {
            const char *text = strchr(entry->text, ' ');
            snprintf(look->message, sizeof look->message, "%s", text + strspn(text, " "));
            look->hello_after = entry->at - opened;
        }
    }
}

/* One connection by that protocol; false: the run could not be made. */
static bool connect_by(const gw_options *options, const char *url, const gw_catalogue *catalogue, gw_init_look *look) {
    gw_target_tls tls = {options->ca, options->cert, options->key, options->sni, options->insecure};
    gw_target *target = gw_target_from_url(url, &tls, options->headers.items, options->headers.count);
    if (!target) return false;
    gw_runner_outcome outcome;
    gw_runner_plan plan = {.scenarios = catalogue->suite.scenarios,
                           .scenario_count = 1,
                           .suite = &catalogue->suite,
                           .protocol = catalogue->protocol,
                           .target = target,
                           .headers = options->headers.items,
                           .header_count = options->headers.count,
                           .seed = gw_console_random_seed()};
    gw_runner_run(&plan, NULL, &outcome);
    look->reached = outcome.end == GW_RUNNER_COMPLETE;
    if (look->reached)
        read_result(outcome.results[0], look);
    else
        snprintf(look->answer, sizeof look->answer, "%.*s", (int)sizeof look->answer - 1, outcome.message);
    gw_runner_outcome_deinit(&outcome);
    gw_target_destroy(target);
    return true;
}

/* Which other protocol might it be? One whose hello this is; when nothing was heard, one whose client has to speak
 * first. */
static const gw_protocol *guess(const gw_catalogue *catalogue, const gw_init_look *look) {
    for (size_t i = 0; i < catalogue->protocol_count; i++) {
        const gw_protocol *p = catalogue->protocols[i];
        const gw_greeting *greeting = &p->heartbeat.greeting;
        if (p == catalogue->protocol || !p->heartbeat.hello) continue;
        if (look->message[0] ? is_hello(p, look->message) : greeting->send && !greeting->after_hello) return p;
    }
    return NULL;
}

bool gw_init_look_at(const gw_options *options, const char *url, gw_init_look *look) {
    gw_catalogue catalogue;
    *look = (gw_init_look){0};
    gw_catalogue_source source = {.protocol_file = options->protocol};
    bool good = load(&catalogue, source) && connect_by(options, url, &catalogue, look);
    if (good) snprintf(look->protocol, sizeof look->protocol, "%s", catalogue.protocol->name);
    bool known = look->hello || options->protocol;
    const gw_protocol *other = good && look->reached && !known ? guess(&catalogue, look) : NULL;
    if (other) {
        gw_catalogue second;
        gw_init_look again = {0};
        snprintf(again.protocol, sizeof again.protocol, "%s", other->name);
        good = load(&second, (gw_catalogue_source){.protocol_name = other->name}) &&
               connect_by(options, url, &second, &again);
        if (good && again.hello) *look = again;
        gw_catalogue_deinit(&second);
    }
    gw_catalogue_deinit(&catalogue);
    return good;
}
