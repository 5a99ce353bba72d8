/* Rooms and participants of one scenario, its triggers, and their removal. Floor 5. */
#include "cli/fixtures_internal.h"

#include <stdlib.h>
#include <string.h>

typedef enum item_state { ITEM_WAITS, ITEM_ASKED, ITEM_READY, ITEM_FAILED } item_state;

/* What is made once for a scenario, a room or a participant of it: its scope says which. */
typedef struct set_item set_item;
struct set_item {
    set_item *next;
    gw_fixtures_set *set;
    gw_target_scope scope;
    set_item *parent; /* what has to be there first: a participant's room, a room's scenario; NULL for a scenario */
    char *name;
    item_state state;
    fixtures_sequence *sequence;
    cJSON *values; /* "name" and captures; owned */
    char *error;
};

/* A client that waits for its participant. */
typedef struct set_wait set_wait;
struct set_wait {
    set_wait *next;
    unsigned conn;
    set_item *participant;
    gw_fixtures_provided_fn *fn;
    void *user;
};

typedef struct set_trigger set_trigger;
struct set_trigger {
    set_trigger *next;
    gw_fixtures_set *set;
    unsigned number;
    fixtures_sequence *sequence;
    gw_fixtures_triggered_fn *fn;
    void *user;
};

struct gw_fixtures_set {
    gw_fixtures *fixtures;
    gw_fixtures_set *next, *prev; /* in fixtures->sets */
    set_item *items;              /* newest first: participants stand before their rooms, the scenario last */
    set_item *scenario;           /* the last of them */
    set_wait *waits;
    set_trigger *triggers;
    bool advancing;
    /* while it is removed */
    set_item *removing;
    fixtures_sequence *removal;
    char *first_error;
    gw_fixtures_fn *fn;
    void *user;
};

static void item_destroy(set_item *item) {
    if (!item) return;
    fixtures_sequence_destroy(item->sequence);
    cJSON_Delete(item->values);
    free(item->name);
    free(item->error);
    free(item);
}

/* A parent of NULL stands for any. */
static set_item *find_item(const gw_fixtures_set *set, gw_target_scope scope, const set_item *parent,
                           const char *name) {
    for (set_item *item = set->items; item; item = item->next)
        if (item->scope == scope && (!parent || item->parent == parent) && strcmp(item->name, name) == 0) return item;
    return NULL;
}

static set_item *get_item(gw_fixtures_set *set, gw_target_scope scope, set_item *parent, const char *name) {
    set_item *item = find_item(set, scope, parent, name);
    if (item) return item;
    item = calloc(1, sizeof *item);
    if (!item || !(item->name = strdup(name)) || !(item->values = cJSON_CreateObject())) {
        item_destroy(item);
        return NULL;
    }
    cJSON_AddStringToObject(item->values, "name", name);
    item->set = set;
    item->scope = scope;
    item->parent = parent;
    item->next = set->items;
    set->items = item;
    return item;
}

gw_fixtures_set *gw_fixtures_set_create(gw_fixtures *fixtures, const char *scenario) {
    gw_fixtures_set *set = calloc(1, sizeof *set);
    if (!set || !(set->scenario = get_item(set, GW_TARGET_SCENARIO, NULL, scenario))) {
        free(set);
        return NULL;
    }
    set->fixtures = fixtures;
    set->next = fixtures->sets;
    if (set->next) set->next->prev = set;
    fixtures->sets = set;
    return set;
}

/* Objects that captures go to and come from. */
static const char *const OBJECTS[GW_TARGET_SCOPES] = {"run", "scenario", "room", "participant"};
static const char *const FIXTURES[GW_TARGET_SCOPES] = {"fixtures.run", "fixtures.scenario", "fixtures.room",
                                                       "fixtures.participant"};
static const char *const CLEANUPS[GW_TARGET_SCOPES] = {"cleanup.run", "cleanup.scenario", "cleanup.room",
                                                       "cleanup.participant"};

/* What texts about this item may refer to. */
static void add_values(gw_vars *vars, const set_item *item) {
    for (const set_item *at = item; at; at = at->parent) gw_vars_set(vars, OBJECTS[at->scope], at->values);
    if (item->scope != GW_TARGET_PARTICIPANT) return;
    cJSON *client = cJSON_CreateString(item->name);
    gw_vars_set(vars, "client", client);
    cJSON_Delete(client);
}

static void advance(gw_fixtures_set *set);

static void on_item_done(fixtures_sequence *sequence, const char *error, void *user) {
    set_item *item = user;
    item->state = error ? ITEM_FAILED : ITEM_READY;
    if (error) {
        item->error = strdup(error);
    } else {
        cJSON_Delete(item->values);
        item->values = cJSON_DetachItemFromObjectCaseSensitive(sequence->vars.values, OBJECTS[item->scope]);
    }
    item->sequence = NULL;
    fixtures_sequence_destroy(sequence);
    advance(item->set);
}

static void ask_for(set_item *item) {
    gw_fixtures *fixtures = item->set->fixtures;
    const gw_target_calls *calls = &fixtures->target->fixtures[item->scope];
    fixtures_sequence *sequence = fixtures_sequence_create(fixtures, FIXTURES[item->scope], calls->list, calls->count);
    if (!sequence) {
        item->state = ITEM_FAILED;
        return;
    }
    add_values(&sequence->vars, item);
    sequence->capture_as = OBJECTS[item->scope];
    item->state = ITEM_ASKED;
    item->sequence = sequence;
    fixtures_sequence_start(sequence, on_item_done, item);
}

/* One step of one item; false when nothing can be done now. */
static bool advance_item(set_item *item) {
    if (item->state != ITEM_WAITS) return false;
    const set_item *parent = item->parent;
    if (parent && parent->state == ITEM_FAILED) {
        item->state = ITEM_FAILED;
        item->error = parent->error ? strdup(parent->error) : NULL;
        return true;
    }
    if (parent && parent->state != ITEM_READY) return false;
    ask_for(item);
    return true;
}

static void hand_over(gw_fixtures_set *set, const set_wait *wait) {
    const set_item *item = wait->participant;
    gw_error error = {0};
    gw_fixtures_place place = {0};
    if (item->state == ITEM_FAILED) {
        wait->fn(wait->conn, NULL, item->error ? item->error : "out of memory", wait->user);
        return;
    }
    gw_vars vars = {.values = cJSON_Duplicate(set->fixtures->values, true), .rng = &set->fixtures->rng};
    add_values(&vars, item);
    gw_status status = fixtures_place_init(&place, &set->fixtures->target->connect, &vars, &error);
    gw_vars_deinit(&vars);
    place.vars = cJSON_Duplicate(item->values, true);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(item->parent->values, "id");
    if (!id) id = cJSON_GetObjectItemCaseSensitive(item->parent->values, "name");
    cJSON_DeleteItemFromObjectCaseSensitive(place.vars, "room");
    cJSON_AddItemToObject(place.vars, "room", cJSON_Duplicate(id, true));
    wait->fn(wait->conn, status == GW_OK ? &place : NULL, status == GW_OK ? NULL : error.text, wait->user);
    fixtures_place_deinit(&place);
}

static set_wait *take_ready_wait(gw_fixtures_set *set) {
    for (set_wait **at = &set->waits; *at; at = &(*at)->next) {
        set_wait *wait = *at;
        if (wait->participant->state != ITEM_READY && wait->participant->state != ITEM_FAILED) continue;
        *at = wait->next;
        return wait;
    }
    return NULL;
}

static void advance(gw_fixtures_set *set) {
    if (set->advancing) return; /* the loop below sees what changed */
    set->advancing = true;
    bool changed = true;
    while (changed) {
        changed = false;
        for (set_item *item = set->items; item; item = item->next) changed |= advance_item(item);
        for (set_wait *wait; (wait = take_ready_wait(set)); changed = true) {
            hand_over(set, wait);
            free(wait);
        }
    }
    set->advancing = false;
}

void gw_fixtures_provide(gw_fixtures_set *set, const gw_action *action, gw_fixtures_provided_fn *fn, void *user) {
    const char *room_name = action->room ? action->room : "main";
    const char *name = action->participant ? action->participant : action->client;
    set_wait *wait = malloc(sizeof *wait);
    set_item *room = get_item(set, GW_TARGET_ROOM, set->scenario, room_name);
    set_item *participant = room ? get_item(set, GW_TARGET_PARTICIPANT, room, name) : NULL;
    if (!wait || !participant) {
        free(wait);
        fn(action->conn, NULL, "out of memory", user);
        return;
    }
    set_wait **end = &set->waits;
    while (*end) end = &(*end)->next;
    *wait = (set_wait){.conn = action->conn, .participant = participant, .fn = fn, .user = user};
    *end = wait;
    advance(set);
}

static void trigger_unlink(set_trigger *trigger) {
    set_trigger **at = &trigger->set->triggers;
    while (*at != trigger) at = &(*at)->next;
    *at = trigger->next;
}

static void on_trigger_done(fixtures_sequence *sequence, const char *error, void *user) {
    set_trigger *trigger = user;
    cJSON *data = sequence->data;
    sequence->data = NULL;
    char *copy = error ? strdup(error) : NULL;
    trigger_unlink(trigger);
    fixtures_sequence_destroy(sequence);
    trigger->fn(trigger->number, error ? NULL : data, error && !copy ? "out of memory" : copy, trigger->user);
    cJSON_Delete(data);
    free(copy);
    free(trigger);
}

static void add_trigger_values(gw_fixtures_set *set, const gw_action *action, gw_vars *vars) {
    const char *by_name = action->by_participant ? action->by_participant : action->by;
    const set_item *room = find_item(set, GW_TARGET_ROOM, NULL, action->room ? action->room : "main");
    const set_item *by = by_name && room ? find_item(set, GW_TARGET_PARTICIPANT, room, by_name) : NULL;
    if (by_name && !by) by = find_item(set, GW_TARGET_PARTICIPANT, NULL, by_name);
    add_values(vars, room ? room : set->scenario);
    if (by) gw_vars_set(vars, "by", by->values);
    cJSON *event = cJSON_CreateString(action->event);
    cJSON *data = action->data ? cJSON_Duplicate(action->data, true) : cJSON_CreateObject();
    gw_vars_set(vars, "event", event);
    gw_vars_set(vars, "data", data);
    cJSON_Delete(event);
    cJSON_Delete(data);
}

void gw_fixtures_trigger(gw_fixtures_set *set, const gw_target_trigger *trigger, const gw_action *action,
                         gw_fixtures_triggered_fn *fn, void *user) {
    set_trigger *call = calloc(1, sizeof *call);
    fixtures_sequence *sequence = fixtures_sequence_create(set->fixtures, "trigger", &trigger->call, 1);
    if (!call || !sequence) {
        free(call);
        fixtures_sequence_destroy(sequence);
        fn(action->trigger, NULL, "out of memory", user);
        return;
    }
    add_trigger_values(set, action, &sequence->vars);
    sequence->what = action->event;
    sequence->data_capture = trigger->data;
    sequence->cookies_of = trigger->call.cookies_of_by ? "by" : NULL;
    *call = (set_trigger){
        .next = set->triggers, .set = set, .number = action->trigger, .sequence = sequence, .fn = fn, .user = user};
    set->triggers = call;
    fixtures_sequence_start(sequence, on_trigger_done, call);
}

static void drop_pending(gw_fixtures_set *set) {
    for (set_wait *wait = set->waits; wait;) {
        set_wait *next = wait->next;
        free(wait);
        wait = next;
    }
    for (set_trigger *trigger = set->triggers; trigger;) {
        set_trigger *next = trigger->next;
        fixtures_sequence_destroy(trigger->sequence);
        free(trigger);
        trigger = next;
    }
    for (set_item *item = set->items; item; item = item->next) {
        fixtures_sequence_destroy(item->sequence);
        item->sequence = NULL;
    }
    set->waits = NULL;
    set->triggers = NULL;
}

static void set_destroy(gw_fixtures_set *set) {
    if (set->next) set->next->prev = set->prev;
    *(set->prev ? &set->prev->next : &set->fixtures->sets) = set->next;
    for (set_item *item = set->items; item;) {
        set_item *next = item->next;
        item_destroy(item);
        item = next;
    }
    gw_fixtures_fn *fn = set->fn;
    void *user = set->user;
    char *error = set->first_error;
    free(set);
    if (fn) fn(error, user);
    free(error);
}

static void remove_next(gw_fixtures_set *set);

static void on_removed(fixtures_sequence *sequence, const char *error, void *user) {
    gw_fixtures_set *set = user;
    if (error && !set->first_error) set->first_error = strdup(error);
    fixtures_sequence_destroy(sequence);
    set->removal = NULL;
    remove_next(set);
}

static void remove_next(gw_fixtures_set *set) {
    const gw_target *target = set->fixtures->target;
    while (set->removing) {
        const set_item *item = set->removing;
        set->removing = item->next;
        const gw_target_calls *calls = &target->cleanup[item->scope];
        if (item->state != ITEM_READY || !calls->count) continue;
        set->removal = fixtures_sequence_create(set->fixtures, CLEANUPS[item->scope], calls->list, calls->count);
        if (!set->removal) continue;
        add_values(&set->removal->vars, item);
        set->removal->keep_going = true;
        fixtures_sequence_start(set->removal, on_removed, set);
        return;
    }
    set_destroy(set);
}

void gw_fixtures_set_finish(gw_fixtures_set *set, bool cleanup, gw_fixtures_fn *fn, void *user) {
    drop_pending(set);
    fixtures_sequence_destroy(set->removal); /* a second call, without cleanup, ends the first one's */
    set->removal = NULL;
    set->fn = fn;
    set->user = user;
    set->removing = cleanup ? set->items : NULL;
    remove_next(set);
}

void fixtures_set_drop(gw_fixtures_set *set) {
    gw_fixtures_set_finish(set, false, NULL, NULL);
}
