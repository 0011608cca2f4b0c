// SPDX-License-Identifier: MIT
#include "core/list.h"

#include "test/t.h"

struct thing {
	int n;
	struct list in;
};

static const char *
spelled(struct list *head)
{
	static char text[32];
	struct list *l;
	size_t at = 0;

	list_each(l, head)
		text[at++] = (char)('0' + list_item(l, struct thing, in)->n);
	text[at] = '\0';
	return text;
}

TEST(list_keeps_the_order_of_joining)
{
	struct thing t[4];
	struct list head;
	int i;

	list_init(&head);
	CHECK(list_empty(&head));
	CHECK_STR(spelled(&head), "");
	for (i = 0; i < 4; i++) {
		t[i].n = i;
		list_add(&head, &t[i].in);
	}
	CHECK(!list_empty(&head));
	CHECK_STR(spelled(&head), "0123");
	list_del(&t[0].in);
	list_del(&t[2].in);
	CHECK_STR(spelled(&head), "13");
	list_add(&head, &t[0].in);
	CHECK_STR(spelled(&head), "130");
}

TEST(list_leaving_twice_is_harmless)
{
	struct thing a = { .n = 1 }, b = { .n = 2 };
	struct list head;

	list_init(&head);
	list_add(&head, &a.in);
	list_add(&head, &b.in);
	list_del(&a.in);
	CHECK(list_empty(&a.in));
	list_del(&a.in);
	CHECK_STR(spelled(&head), "2");
	list_del(&b.in);
	CHECK(list_empty(&head));
}

TEST(list_can_be_emptied_during_a_safe_walk)
{
	struct thing t[9];
	struct list head, *l, *next;
	int i;

	list_init(&head);
	for (i = 0; i < 9; i++) {
		t[i].n = i;
		list_add(&head, &t[i].in);
	}
	list_each_safe(l, next, &head)
		if (list_item(l, struct thing, in)->n % 2)
			list_del(l);
	CHECK_STR(spelled(&head), "02468");
	list_each_safe(l, next, &head)
		list_del(l);
	CHECK(list_empty(&head));
}
