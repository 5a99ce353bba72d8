# What carries a plan out: over the network, and in simulation.
gw_floor(runner
  SOURCES
    embedded_server.c
    fixtures.c fixtures_call.c fixtures_command.c fixtures_capture.c fixtures_place.c fixtures_set.c
    client_gate.c client_job.c client_program.c client_run.c link.c
    runner.c runner_incident.c runner_job.c runner_log.c runner_probe.c runner_schedule.c runner_server.c runner_verdict.c
    secrets.c spelling.c
    simulate.c simulate_bystander.c simulate_control.c simulate_pipe.c simulate_plan.c
  DEPENDS gw_net gw_report gw_scenario gw_protocol gw_wire gw_base gw_refcore gw::cjson gw::regex)
target_include_directories(gw_runner PUBLIC ${CMAKE_SOURCE_DIR})
