# Every library that gwspec uses, by its pkg-config name, as an imported target gw::NAME.

find_package(PkgConfig REQUIRED)
function(gw_dependency name module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
  add_library(gw::${name} ALIAS PkgConfig::${name})
endfunction()

gw_dependency(cjson libcjson)
gw_dependency(yaml libfyaml)
gw_dependency(regex libpcre2-8)
gw_dependency(openssl openssl)
gw_dependency(curl libcurl)
gw_dependency(websockets libwebsockets)
gw_dependency(uv libuv)
if(GWSPEC_TESTS)
  gw_dependency(check check)
endif()
# Oracles of tests and fuzz targets.
if(GWSPEC_TESTS OR GWSPEC_FUZZ)
  gw_dependency(jansson jansson)
  # wslay's package has no pkg-config file on Debian 12.
  find_path(GWSPEC_WSLAY_INCLUDE wslay/wslay.h REQUIRED)
  find_library(GWSPEC_WSLAY_LIBRARY wslay REQUIRED)
  add_library(gw_wslay INTERFACE)
  target_include_directories(gw_wslay SYSTEM INTERFACE ${GWSPEC_WSLAY_INCLUDE})
  target_link_libraries(gw_wslay INTERFACE ${GWSPEC_WSLAY_LIBRARY})
  add_library(gw::wslay ALIAS gw_wslay)
endif()
