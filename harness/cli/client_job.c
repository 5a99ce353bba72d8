/* Floor 5: one scenario against a client under test. It gives no verdicts. */
#include "cli/client_internal.h"

#include <stdlib.h>

static void hand_over(client_job *job) {
    gw_client_gate *gate = job->gate ? job->gate : job->run->gate;
    gw_client_gate_caller caller;
    while (job->state == CLIENT_RUNNING && job->wanted_count && gw_client_gate_take(gate, &caller)) {
        unsigned index = job->wanted[job->wanted_first++];
        job->wanted_count--;
        gw_link_adopt(&job->link, index, caller.stream, gw_buf_span(&caller.early), caller.early_at);
        gw_buf_deinit(&caller.early);
    }
}

static void on_incoming(void *user) {
    client_job *job = user;
    job->connected = job->run->any_connected = true;
    gw_engine_on_incoming(job->link.engine, gw_clock_now());
    hand_over(job);
    gw_link_pump(&job->link);
}

static void on_action(const gw_action *action, void *user) {
    client_job *job = user;
    if (action->kind == GW_ACTION_ACCEPT) {
        job->wanted[job->wanted_first + job->wanted_count++] = action->conn;
        hand_over(job);
    } else if (action->kind == GW_ACTION_DONE) {
        gw_loop_defer(job->run->loop, &job->done_task);
    }
}

static void before_tick(void *user) {
    client_note_lag(((client_job *)user)->run, gw_clock_now());
}

static const gw_link_hooks HOOKS = {.act = on_action, .before_tick = before_tick};

static void on_done(gw_loop_task *task, void *user) {
    (void)task;
    client_job *job = user;
    client_run *run = job->run;
    job->result = gw_engine_take_result(job->link.engine);
    if (run->gate) gw_client_gate_listen(run->gate, NULL, NULL);
    gw_link_deinit(&job->link);
    gw_client_gate_destroy(job->gate);
    job->gate = NULL;
    job->state = CLIENT_ENDING;
    run->running--;
    run->ending++;
    client_program_stop(job);
}

/* The client is gone, and nothing of it is left in its group. */
static void on_gone(gw_loop_task *task, void *user) {
    (void)task;
    client_job *job = user;
    client_job_release(job);
    job->run->ending--;
    client_job_over(job);
}

static bool open_gate(client_job *job, gw_error *error) {
    client_run *run = job->run;
    if (run->gate) {
        gw_client_gate_listen(run->gate, on_incoming, job);
        return true;
    }
    job->gate = gw_client_gate_create(run->loop, &run->address, run->tls, on_incoming, job, error);
    return job->gate != NULL;
}

bool client_job_start(client_job *job) {
    client_run *run = job->run;
    const gw_runner_plan *plan = run->plan;
    gw_error error = {0};
    gw_ns now = gw_clock_now();
    gw_engine_config config = {.scenario = job->scenario,
                               .protocol = plan->protocol,
                               .requirements = plan->suite ? plan->suite->requirements : NULL,
                               .seed = plan->seed,
                               .timeout_scale = plan->timeout_scale,
                               .interval = plan->interval,
                               .no_deadlines = run->client->no_deadlines,
                               .watches_client = run->client->command_count > 0,
                               .memory = &run->memory,
                               .unix_ms = (gw_clock_wall() - now) / GW_MS};
    unsigned count = (unsigned)job->scenario->client_count + 1;
    job->stopping = job->exited = job->connected = false;
    job->wanted_first = job->wanted_count = 0;
    job->wanted = calloc(count, sizeof *job->wanted);
    if (!gw_link_init(&job->link, run->loop, gw_engine_create(&config), count, &HOOKS, job) || !job->wanted) {
        client_end(run, GW_RUNNER_INTERNAL, "out of memory");
        return false;
    }
    job->done_task = (gw_loop_task){.fn = on_done, .user = job};
    job->exit_task = (gw_loop_task){.fn = on_gone, .user = job};
    job->state = CLIENT_RUNNING;
    job->beside = ++run->running;
    bool ok = open_gate(job, &error);
    uint16_t port = ok ? gw_client_gate_port(job->gate ? job->gate : run->gate) : 0;
    if (ok && run->client->command_count) ok = client_program_start(job, port, &error);
    if (!ok) {
        client_end(run, GW_RUNNER_UNREACHABLE, "%s", error.text);
        return false;
    }
    if (run->gate) client_note(run, "waiting for a client: %s", job->scenario->id);
    gw_engine_start(job->link.engine, gw_clock_now());
    gw_link_pump(&job->link);
    return true;
}

void client_job_release(client_job *job) {
    gw_loop_undefer(job->run->loop, &job->done_task);
    gw_loop_undefer(job->run->loop, &job->exit_task);
    gw_link_deinit(&job->link);
    gw_client_gate_destroy(job->gate);
    job->gate = NULL;
    gw_process_destroy(job->process);
    job->process = NULL;
    free(job->wanted);
    job->wanted = NULL;
}
