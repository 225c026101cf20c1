// Loaded with LD_AUDIT, makes Node.js refuse buffers whose memory is not V8's own, as Electron does since its version 21. The status is
// napi_no_external_buffers_allowed.
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>
#include <string.h>

static int refuse(void) {
  return 22;
}

unsigned int la_version(unsigned int version) {
  return version < LAV_CURRENT ? version : LAV_CURRENT;
}

unsigned int la_objopen(struct link_map *map, Lmid_t list, uintptr_t *cookie) {
  (void)map, (void)list, (void)cookie;
  return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

uintptr_t la_symbind64(Elf64_Sym *symbol, unsigned int index, uintptr_t *from, uintptr_t *to, unsigned int *flags, const char *name) {
  (void)index, (void)from, (void)to, (void)flags;
  if (strcmp(name, "napi_create_external_arraybuffer") == 0 || strcmp(name, "napi_create_external_buffer") == 0) {
    return (uintptr_t)refuse;
  }
  return symbol->st_value;
}
