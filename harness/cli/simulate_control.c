/* Rooms, participants and triggers of a simulated gateway. Floor 5. It must not know connections. */
#include "cli/simulate_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_MAX = 16 << 20 };

/* No answer from a gateway that hangs: the request fails later. */
static void fail_later(sim *s, bool trigger, unsigned number) {
    for (size_t i = 0; i < SIM_MAX_LATE; i++) {
        if (s->late[i].due != GW_NEVER) continue;
        s->late[i] = (sim_late){s->now + SIMULATE_NO_ANSWER, trigger, number};
        return;
    }
}

gw_ns sim_late_due(const sim *s) {
    gw_ns next = GW_NEVER;
    for (size_t i = 0; i < SIM_MAX_LATE; i++)
        if (s->late[i].due < next) next = s->late[i].due;
    return next;
}

static void refuse(sim *s, bool trigger, unsigned number, const char *why) {
    if (trigger)
        gw_engine_on_triggered(s->engine, number, NULL, why, s->now);
    else
        gw_engine_on_provisioned(s->engine, number, NULL, NULL, why, s->now);
}

void sim_late_fail(sim *s) {
    for (size_t i = 0; i < SIM_MAX_LATE; i++) {
        sim_late late = s->late[i];
        if (late.due > s->now) continue;
        s->late[i].due = GW_NEVER;
        refuse(s, late.trigger, late.number, "simulation: control: no answer within 10 s");
    }
}

/* True when the gateway cannot answer; the engine is or will be told. */
static bool cannot_answer(sim *s, bool trigger, unsigned number) {
    gw_core_state state = gw_core_get_state(s->core);
    if (state == GW_CORE_ALIVE) return false;
    if (state == GW_CORE_DIED)
        refuse(s, trigger, number, "simulation: control: Connection refused");
    else
        fail_later(s, trigger, number);
    return true;
}

static sim_name *find(const sim *s, const char *room, const char *participant) {
    for (sim_name *name = s->names; name; name = name->next) {
        if (strcmp(name->room, room) != 0 || !name->participant != !participant) continue;
        if (!participant || strcmp(name->participant, participant) == 0) return name;
    }
    return NULL;
}

/* The id of a room or participant, made when there is none yet. */
static const char *get(sim *s, const char *room, const char *participant, char error[GW_CORE_ERROR_BYTES]) {
    sim_name *name = find(s, room, participant);
    if (name) return name->id;
    const char *room_id = participant ? get(s, room, NULL, error) : NULL;
    if (participant && !room_id) return NULL;
    if (!(name = calloc(1, sizeof *name))) {
        snprintf(error, GW_CORE_ERROR_BYTES, "out of memory");
        return NULL;
    }
    *name = (sim_name){.room = room, .participant = participant};
    gw_status status = participant ? gw_core_participant_create(s->core, gw_span_cstr(room_id), name->id, error)
                                   : gw_core_room_create(s->core, name->id, error);
    if (status != GW_OK) {
        free(name);
        return NULL;
    }
    name->next = s->names;
    s->names = name;
    return name->id;
}

void sim_provision(sim *s, const gw_action *action) {
    char error[GW_CORE_ERROR_BYTES] = "", target[256];
    if (cannot_answer(s, false, action->conn)) return;
    const char *participant = get(s, action->room, action->participant, error);
    const char *room = get(s, action->room, NULL, error);
    if (!participant || !room) {
        gw_engine_on_provisioned(s->engine, action->conn, NULL, NULL, error, s->now);
        return;
    }
    snprintf(target, sizeof target, "%s?room=%s&participant=%s", s->config->protocol->endpoint, room, participant);
    cJSON *vars = cJSON_CreateObject();
    cJSON_AddStringToObject(vars, "id", participant);
    cJSON_AddStringToObject(vars, "name", action->participant);
    cJSON_AddStringToObject(vars, "room", room);
    gw_endpoint endpoint = {.host = "localhost", .target = target, .subprotocol = s->config->protocol->subprotocol};
    gw_engine_on_provisioned(s->engine, action->conn, &endpoint, vars, NULL, s->now);
    cJSON_Delete(vars);
}

void sim_trigger(sim *s, const gw_action *action) {
    char error[GW_CORE_ERROR_BYTES] = "";
    if (cannot_answer(s, true, action->trigger)) return;
    const sim_name *room = find(s, action->room, NULL);
    char *text = action->data ? cJSON_PrintUnformatted(action->data) : NULL;
    gw_span data = text ? gw_span_cstr(text) : GW_SPAN_LIT("{}");
    gw_buf sent;
    size_t delivered;
    gw_buf_init(&sent, DATA_MAX);
    gw_status status = GW_ERR_NOT_FOUND;
    if (room)
        status = gw_core_event(s->core, gw_span_cstr(room->id), gw_span_cstr(action->event), data, s->now, &sent,
                               &delivered, error);
    else
        snprintf(error, sizeof error, "nobody is in the room %s", action->room);
    sim_collect(s);
    cJSON *tree = status == GW_OK ? cJSON_ParseWithLength(gw_buf_cstr(&sent), sent.len) : NULL;
    gw_engine_on_triggered(s->engine, action->trigger, tree, status == GW_OK ? NULL : error, s->now);
    cJSON_Delete(tree);
    gw_buf_deinit(&sent);
    cJSON_free(text);
}

void sim_names_free(sim *s) {
    for (sim_name *name = s->names; name;) {
        sim_name *next = name->next;
        free(name);
        name = next;
    }
    s->names = NULL;
}
