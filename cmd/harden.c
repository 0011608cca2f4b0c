// SPDX-License-Identifier: MIT
#include "cmd/harden.h"

#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* In whole pages, the last one only if all of it may be constant: what shares
 * it is written later. */
static int
seal(struct dl_phdr_info *of, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from, to;
	bool *sealed = arg;
	int i;

	(void)size;
	for (i = 0; i < of->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &of->dlpi_phdr[i];

		if (h->p_type != PT_GNU_RELRO)
			continue;
		from = (of->dlpi_addr + h->p_vaddr) / page * page;
		to = (of->dlpi_addr + h->p_vaddr + h->p_memsz) / page * page;
		*sealed = from < to &&
		    mprotect((void *)from, to - from, PROT_READ) == 0;
	}
	return 1; /* the first is the program */
}

void
harden_relro(void)
{
	bool sealed = false;

	errno = 0;
	dl_iterate_phdr(seal, &sealed);
	if (!sealed)
		fprintf(stderr, "culvert: constant data stays writable: %s\n",
		    errno ? strerror(errno) : "it is not marked");
}
