# `cmake --build --preset release --target package` makes two Debian packages, for the Debian it runs on:
# rcopy, and librcopy-dev for programs that use the library. debian_files.cmake gives them Debian's shape.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME rcopy)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "copy files so that the copies can be trusted")
set(CPACK_PACKAGE_CONTACT "rcopy contributors <contributors@rcopy.example>"
  CACHE STRING "Maintainer of the Debian packages")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/src/package/debian_files.cmake)
set(CPACK_COMPONENTS_ALL program development)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME rcopy)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "sqlite3, xxhash")
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION
"rcopy copies files and directories like cp. A copy that was cut short, by a
signal, a crash or a power cut, is continued by the same command. A finished
one is read back from the medium before it gets its name.

A journal in SQLite knows how far each copy is, and the hash of that part.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME librcopy-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libfmt-dev, libsqlite3-dev, libxxhash-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
"The copier of rcopy as a static library for C++20: copies that go on after an
interruption and are read back from the medium, with a callback for what
happens and a way to stop.")

include(CPack)
