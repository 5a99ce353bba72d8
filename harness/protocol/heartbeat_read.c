/* Floor 2: from events and packets to inputs of the heartbeat model. */
#include "protocol/heartbeat_internal.h"
#include "protocol/template.h"

#include <math.h>

gw_heartbeat_input_kind gw_heartbeat_classify(const gw_protocol *protocol, const gw_event *event, bool in,
                                              gw_role peer) {
    const gw_heartbeat_rules *r = &protocol->heartbeat;
    const gw_role sender = in ? peer : gw_role_other(peer);
    if (!event || !r->hello) return in ? GW_HEARTBEAT_EVENT_IN : GW_HEARTBEAT_EVENT_OUT;
    if (event == r->hello) return in ? GW_HEARTBEAT_HELLO_IN : GW_HEARTBEAT_HELLO_OUT;
    if (event == r->greeting.send && sender == GW_ROLE_CLIENT)
        return in ? GW_HEARTBEAT_GREETING_IN : GW_HEARTBEAT_GREETING_OUT;
    bool asks = event == r->question[sender].event;
    /* One event may be a heartbeat of one side and the question of the other. */
    if (gw_protocol_is_beat(protocol, event) && (!asks || event == r->beat[sender].send))
        return in ? GW_HEARTBEAT_BEAT_IN : GW_HEARTBEAT_BEAT_OUT;
    if (asks) return in ? GW_HEARTBEAT_ASK_IN : GW_HEARTBEAT_ASK_OUT;
    if (event == r->question[gw_role_other(sender)].answer)
        return in ? GW_HEARTBEAT_ANSWER_IN : GW_HEARTBEAT_ANSWER_OUT;
    return in ? GW_HEARTBEAT_EVENT_IN : GW_HEARTBEAT_EVENT_OUT;
}

uint64_t gw_heartbeat_echo(const gw_protocol *protocol, const gw_event *event, const cJSON *data, gw_role sender) {
    const gw_question *own = &protocol->heartbeat.question[sender];
    const gw_question *other = &protocol->heartbeat.question[gw_role_other(sender)];
    if (!event) return 0;
    if (event == own->event) return gw_template_hash(&own->echo_from, data);
    return event == other->answer ? gw_template_hash(&other->echo_to, data) : 0;
}

gw_heartbeat_input gw_heartbeat_read(const gw_protocol *protocol, const gw_packet *packet, bool in, gw_role peer,
                                     gw_ns at) {
    const gw_role sender = in ? peer : gw_role_other(peer);
    gw_heartbeat_input input = {.kind = gw_heartbeat_classify(protocol, packet->event, in, peer), .at = at};
    if (input.kind == GW_HEARTBEAT_HELLO_IN || input.kind == GW_HEARTBEAT_HELLO_OUT) {
        if (!gw_packet_interval(packet, protocol, &input.interval)) input.interval = 0;
        if (!gw_packet_timeout(packet, protocol, &input.timeout)) input.timeout = 0;
    }
    input.echo = gw_heartbeat_echo(protocol, packet->event, packet->data, sender);
    input.echo_known = true;
    input.has_sequence = packet->has_sequence;
    input.sequence = packet->sequence;
    const gw_beat *beat = &protocol->heartbeat.beat[sender];
    if (!packet->event || packet->event != beat->send || !gw_template_has_sequence(beat->data)) return input;
    input.value = GW_HEARTBEAT_VALUE_OTHER;
    if (!packet->data || cJSON_IsNull(packet->data)) input.value = GW_HEARTBEAT_VALUE_NULL;
    if (cJSON_IsNumber(packet->data) && fabs(packet->data->valuedouble) <= 9007199254740992.0) {
        input.value = GW_HEARTBEAT_VALUE_NUMBER;
        input.value_number = (int64_t)packet->data->valuedouble;
    }
    return input;
}
