# What `cmake --install` puts where: the programs, the library for parsers of one's own with its header and seeds, and how
# other projects find it (find_package(gwspec), pkg-config gwspec-byop).

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS gwspec gwspec-server gwspec_fuzz_pipe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS gwspec_byop EXPORT gwspecTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES fuzz/byop/gwspec_parser.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY fuzz/byop/corpus/ DESTINATION ${CMAKE_INSTALL_DATADIR}/gwspec/parser-corpus)
install(DIRECTORY scenarios/ DESTINATION ${CMAKE_INSTALL_DATADIR}/gwspec/scenarios FILES_MATCHING PATTERN "*.yaml" PATTERN "*.json")
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY fuzz/byop/examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples PATTERN planted EXCLUDE PATTERN __pycache__ EXCLUDE)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gwspec)
install(EXPORT gwspecTargets NAMESPACE gwspec:: DESTINATION ${package_dir})
configure_package_config_file(cmake/gwspecConfig.cmake.in ${CMAKE_BINARY_DIR}/gwspecConfig.cmake INSTALL_DESTINATION ${package_dir}
                              PATH_VARS CMAKE_INSTALL_DATADIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/gwspecConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/gwspecConfig.cmake ${CMAKE_BINARY_DIR}/gwspecConfigVersion.cmake DESTINATION ${package_dir})

# Relative, so that the prefix may move.
file(RELATIVE_PATH GWSPEC_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/gwspec-byop.pc.in ${CMAKE_BINARY_DIR}/gwspec-byop.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/gwspec-byop.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
