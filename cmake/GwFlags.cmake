# Language level, warnings and the switches of the presets.

option(GWSPEC_TESTS "Build the tests (needs Check and the test peers)" OFF)
option(GWSPEC_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
option(GWSPEC_FUZZ_ONLY "Build only the fuzz targets and what they need: no network libraries" OFF)
option(GWSPEC_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(GWSPEC_COVERAGE "Build for coverage" OFF)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_compile_definitions(_GNU_SOURCE)
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
                    -Wvla -Wformat=2 -Wundef -Werror=implicit-function-declaration -fno-common)

option(GWSPEC_WERROR "Treat warnings as errors" OFF)
if(GWSPEC_WERROR)
  add_compile_options(-Werror)
endif()

if(GWSPEC_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
# The engine that fuzz targets link, and how code under test is instrumented for it. A fleet (GWSPEC_FUZZ_ONLY) brings
# both: the engine here, the instrumentation in CFLAGS. Mutators and targets are not under test: without coverage they run
# twice as fast and are no features to the engine.
set(GWSPEC_FUZZ_ENGINE "-fsanitize=fuzzer" CACHE STRING "Link flags or library of the fuzzing engine")
set(GWSPEC_FUZZ_UNCOVERED "")
if(GWSPEC_FUZZ_ONLY)
  set(GWSPEC_FUZZ_UNCOVERED -fno-sanitize=fuzzer-no-link)
elseif(GWSPEC_FUZZ)
  add_compile_options(-fsanitize-coverage=inline-8bit-counters,pc-table)
  set(GWSPEC_FUZZ_UNCOVERED -fno-sanitize-coverage=inline-8bit-counters,pc-table)
endif()
if(GWSPEC_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

# gw_floor(NAME SOURCES... [DEPENDS libs...]): one static library per floor of the harness.
function(gw_floor name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(gw_${name} STATIC ${arg_SOURCES})
  target_include_directories(gw_${name} PUBLIC ${CMAKE_SOURCE_DIR}/harness)
  target_link_libraries(gw_${name} PUBLIC ${arg_DEPENDS})
endfunction()
