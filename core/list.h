/* An intrusive list: the link lives in the object, so that leaving needs no
 * search and joining needs no memory.  An object that is in no list points
 * to itself. */
#ifndef CORE_LIST_H
#define CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

static inline void
list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool
list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void
list_add(struct list *head, struct list *item) /* at the end */
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}

static inline void
list_del(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

/* All of from goes to the end of head. */
static inline void
list_move(struct list *head, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = head->prev;
	head->prev->next = from->next;
	from->prev->next = head;
	head->prev = from->prev;
	list_init(from);
}

#define list_item(l, type, member) \
	((type *)(void *)((char *)(l) - offsetof(type, member)))

#define list_each(l, head) for ((l) = (head)->next; (l) != (head); (l) = (l)->next)

/* The same where the body may take l out of the list. */
#define list_each_safe(l, n, head)                                       \
	for ((l) = (head)->next, (n) = (l)->next; (l) != (head); (l) = (n), \
	    (n) = (l)->next)

#endif
