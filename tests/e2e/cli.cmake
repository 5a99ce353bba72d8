# The program as a user calls it.
find_program(GW_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
add_test(NAME e2e.cli COMMAND ${GW_PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/cli_test.py $<TARGET_FILE:gwspec>)
set_tests_properties(e2e.cli PROPERTIES LABELS e2e TIMEOUT 180)
