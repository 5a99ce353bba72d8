# gw_embed(OUT.c SYMBOL ROOT FILES...): files of the tree as one C table, so that an installed program needs no data folder.
# The table is `const gw_embedded_file SYMBOL[]` with `const size_t SYMBOL_count`; paths are relative to ROOT.
function(gw_embed out symbol root)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DSYMBOL=${symbol} -DROOT=${root} "-DFILES=${ARGN}" -P ${CMAKE_SOURCE_DIR}/cmake/GwEmbedScript.cmake
    DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/cmake/GwEmbedScript.cmake
    COMMENT "Embedding ${symbol}" VERBATIM)
endfunction()
