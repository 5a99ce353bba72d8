/* Floor 5: from options to a target, a catalogue and a choice. */
#include "cli/run_setup.h"

#include "cli/console.h"
#include "cli/runner.h"
#include "reference-server/faults.h"

#include <string.h>

static bool print_diag(gw_diag *diag, bool good) {
    if (!good) gw_console_diag(diag);
    gw_diag_deinit(diag);
    return good;
}

/* The target's file, as given or built in. */
static bool load_target_file(gw_run_setup *setup, const gw_options *options) {
    gw_diag diag;
    gw_diag_init(&diag);
    gw_files files;
    gw_files_init(&files);
    gw_span text = {0};
    const char *shown = "scenarios/" GW_RUNNER_DEFAULT_TARGET;
    bool good = true;
    if (options->target) {
        shown = options->target;
        good = gw_files_add(&files, options->target, &diag) == GW_OK;
        if (good) text = files.items[0].text;
    } else {
        text = gw_files_embedded(GW_RUNNER_DEFAULT_TARGET);
    }
    if (good) setup->loaded = gw_target_load(text, shown, &diag);
    gw_files_deinit(&files);
    return print_diag(&diag, good && setup->loaded);
}

/* "Name: value" as a template: what the user wrote is meant literally. */
static gw_target_pair header_pair(gw_arena *arena, const char *text) {
    size_t len = strcspn(text, ":");
    gw_span value = gw_span_trim(gw_span_cstr(text + len + 1));
    gw_buf escaped;
    gw_buf_init(&escaped, 1 << 20);
    for (size_t i = 0; i < value.len; i++) {
        bool opens = value.ptr[i] == '$' && i + 1 < value.len && value.ptr[i + 1] == '{';
        gw_buf_append_cstr(&escaped, opens ? "$$" : "");
        if (!opens) gw_buf_append_byte(&escaped, value.ptr[i]);
    }
    gw_target_pair pair = {.name = gw_arena_strndup(arena, text, len),
                           .value = gw_arena_strdup(arena, gw_buf_cstr(&escaped))};
    gw_buf_deinit(&escaped);
    return pair;
}

static void add_headers(gw_run_setup *setup, const gw_options *options) {
    gw_target_pairs old = setup->target.connect.headers;
    size_t count = old.count + options->headers.count;
    if (options->headers.count == 0) return;
    gw_target_pair *list = GW_ARENA_ARRAY(&setup->arena, gw_target_pair, count);
    for (size_t i = 0; i < old.count; i++) list[i] = old.list[i];
    for (size_t i = 0; i < options->headers.count; i++)
        list[old.count + i] = header_pair(&setup->arena, options->headers.items[i]);
    setup->target.connect.headers = (gw_target_pairs){.list = list, .count = count};
}

static void override(const char **place, const char *value) {
    if (value) *place = value;
}

static bool load_target(gw_run_setup *setup, const gw_options *options) {
    if (options->command == GW_COMMAND_CLIENT) return true; /* its knobs are the protocol's */
    if (options->simulate) { /* nothing is started, but the knobs of the reference gateway hold */
        if (!load_target_file(setup, options) || !setup->loaded) return false;
        setup->target = *setup->loaded;
        return true;
    }
    gw_target_tls tls = {.ca = options->ca,
                         .cert = options->cert,
                         .key = options->key,
                         .sni = options->sni,
                         .insecure = options->insecure};
    if (options->url)
        setup->loaded = gw_target_from_url(options->url, &tls, options->headers.items, options->headers.count);
    else if (!load_target_file(setup, options))
        return false;
    if (!setup->loaded) {
        gw_console_error("%s", gw_status_text(GW_ERR_NOMEM));
        return false;
    }
    setup->target = *setup->loaded;
    setup->has_target = true;
    override(&setup->target.tls.ca, options->ca);
    override(&setup->target.tls.cert, options->cert);
    override(&setup->target.tls.key, options->key);
    override(&setup->target.tls.sni, options->sni);
    setup->target.tls.insecure |= options->insecure;
    if (!options->url) add_headers(setup, options);
    return true;
}

static bool load_catalogue(gw_run_setup *setup, const gw_options *options) {
    gw_diag diag;
    gw_diag_init(&diag);
    gw_catalogue_source source = {.folder = options->scenarios, .protocol_file = options->protocol};
    if (setup->has_target) gw_catalogue_claim(&source, &setup->target, &setup->arena);
    gw_catalogue_deinit(&setup->catalogue);
    bool good = gw_catalogue_load(&setup->catalogue, source, &diag) == GW_OK;
    if (good && setup->has_target) good = gw_target_check_events(&setup->target, setup->catalogue.protocol, &diag);
    return print_diag(&diag, good);
}

static void apply_knobs(gw_run_setup *setup) {
    setup->protocol = setup->catalogue.protocol;
    gw_knobs knobs = setup->protocol->knobs;
    if (setup->loaded) gw_target_apply_knobs(&setup->target, &knobs);
    setup->protocol = gw_protocol_with_knobs(&setup->catalogue.arena, setup->protocol, &knobs);
}

static bool choose(gw_run_setup *setup, const gw_options *options) {
    const char *const *patterns;
    gw_diag diag;
    gw_diag_init(&diag);
    bool good = gw_catalogue_patterns(&setup->catalogue, options->operands.items, options->operands.count, &diag,
                                      &patterns) == GW_OK;
    if (!print_diag(&diag, good)) return false;
    bool client = options->command == GW_COMMAND_CLIENT;
    gw_selection selection = {.role = client ? GW_SELECT_CLIENTS : GW_SELECT_SERVERS,
                              .patterns = patterns,
                              .pattern_count = options->operands.count,
                              .filters = options->filters.items,
                              .filter_count = options->filters.count,
                              .tags = options->tags.items,
                              .tag_count = options->tags.count};
    gw_buf message;
    gw_buf_init(&message, 1 << 16);
    good = gw_select(&setup->catalogue.suite, options->scenarios, &selection, &setup->chosen, &message);
    if (!good) gw_console_error("%s", gw_buf_cstr(&message));
    gw_buf_deinit(&message);
    return good;
}

static bool check_faults(const gw_options *options) {
    if (options->target) return true; /* a server of somebody else's has names of its own for what it does wrong */
    for (size_t i = 0; i < options->faults.count; i++) {
        gw_fault fault;
        gw_span name = gw_span_cstr(options->faults.items[i]);
        if (gw_faults_find(name, &fault) == GW_OK) continue;
        const char *meant = gw_faults_suggest(name);
        if (meant)
            gw_console_error("unknown fault '%s' (did you mean '%s'?)", options->faults.items[i], meant);
        else
            gw_console_error("unknown fault '%s', see 'gwspec coverage'", options->faults.items[i]);
        return false;
    }
    return true;
}

/* The target's expected failures, and those of a file of their own. */
static bool load_expected(gw_run_setup *setup, const gw_options *options) {
    setup->expected = setup->has_target ? setup->target.expected : NULL;
    setup->expected_count = setup->has_target ? setup->target.expected_count : 0;
    if (!options->expected) return true;
    gw_diag diag;
    gw_files files;
    gw_diag_init(&diag);
    gw_files_init(&files);
    const gw_expected *more = NULL;
    size_t count = 0;
    bool good = gw_files_add(&files, options->expected, &diag) == GW_OK &&
                gw_catalogue_load_expected(&setup->arena, files.items[0].text, options->expected, &diag, &more, &count);
    if (good) {
        gw_expected *all = GW_ARENA_ARRAY(&setup->arena, gw_expected, setup->expected_count + count + 1);
        if (count) memcpy(all, more, count * sizeof *all);
        if (setup->expected_count) memcpy(all + count, setup->expected, setup->expected_count * sizeof *all);
        setup->expected = all;
        setup->expected_count += count;
    }
    gw_files_deinit(&files);
    return print_diag(&diag, good);
}

bool gw_run_setup_init(gw_run_setup *setup, const gw_options *options) {
    *setup = (gw_run_setup){0};
    gw_arena_init(&setup->arena);
    if (!check_faults(options) || !load_target(setup, options) || !load_catalogue(setup, options)) return false;
    apply_knobs(setup);
    return load_expected(setup, options) && choose(setup, options);
}

void gw_run_setup_deinit(gw_run_setup *setup) {
    gw_chosen_deinit(&setup->chosen);
    gw_catalogue_deinit(&setup->catalogue);
    gw_target_destroy(setup->loaded);
    gw_arena_deinit(&setup->arena);
}
