// SPDX-License-Identifier: MIT
#include "core/err.h"

#include "test/t.h"

TEST(err_each_has_words_of_its_own)
{
	int a, b;

	for (a = ERR_RESET; a <= 0; a++) {
		CHECK(*err_str(a) != '\0');
		for (b = ERR_RESET; b < a; b++)
			CHECK(strcmp(err_str(a), err_str(b)) != 0);
	}
	CHECK_STR(err_str(0), "success");
	CHECK_STR(err_str(7), "success");
	CHECK_STR(err_str(ERR_RESET - 1), "unknown error");
	CHECK_STR(err_str(ERR_EOF), "EOF");
}
