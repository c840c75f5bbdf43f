# Run by CPack between install and package: what Debian wants besides, or elsewhere.

cmake_minimum_required(VERSION 3.25)  # for its policies

# compressed(FILE): in place, the same for the same content.
function(compressed file)
  execute_process(COMMAND gzip -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# copyright(FILE): the license in Debian's form.
function(copyright file)
  file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../../LICENSE holder REGEX "^Copyright")
  string(REGEX REPLACE "Copyright \\(c\\) " "" holder "${holder}")
  file(READ ${CMAKE_CURRENT_LIST_DIR}/../../LICENSE text)
  string(REGEX REPLACE "^.*\n(Permission is)" "\\1" text "${text}")
  string(STRIP "${text}" text)
  string(REPLACE "\n\n" "\n.\n" text "${text}")
  string(REPLACE "\n" "\n " text "${text}")
  file(WRITE ${file}
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: rcopy

Files: *
Copyright: ${holder}
License: Expat
 ${text}
")
endfunction()

string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)  # or SOURCE_DATE_EPOCH
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} upper)
  set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  set(usr ${CPACK_TEMPORARY_DIRECTORY}/${component}/usr)
  set(doc ${usr}/share/doc/${package})

  copyright(${doc}/copyright)
  file(WRITE ${doc}/changelog.Debian
"${package} (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Version ${CPACK_PACKAGE_VERSION}; what changed is in changelog.gz.

 -- ${CPACK_PACKAGE_CONTACT}  ${now}
")
  configure_file(${CMAKE_CURRENT_LIST_DIR}/../../docs/CHANGELOG.md ${doc}/changelog COPYONLY)
  compressed(${doc}/changelog.Debian)
  compressed(${doc}/changelog)
endforeach()

set(usr ${CPACK_TEMPORARY_DIRECTORY}/program/usr)
file(REMOVE ${usr}/share/doc/rcopy/LICENSE ${usr}/share/doc/rcopy/docs/CHANGELOG.md)
compressed(${usr}/share/man/man1/rcopy.1)
file(MAKE_DIRECTORY ${usr}/share/zsh/vendor-completions)
file(RENAME ${usr}/share/zsh/site-functions/_rcopy ${usr}/share/zsh/vendor-completions/_rcopy)
file(REMOVE_RECURSE ${usr}/share/zsh/site-functions)

file(GLOB_RECURSE libraries ${CPACK_TEMPORARY_DIRECTORY}/development/usr/lib*/*.a)
execute_process(
  COMMAND strip --strip-debug --remove-section=.comment --remove-section=.note
    --enable-deterministic-archives ${libraries}
  COMMAND_ERROR_IS_FATAL ANY)
