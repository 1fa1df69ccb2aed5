package loaders

import (
	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// planByID plans the read of things by their own keys: one statement for all.
func planByID[V any](query func(ids []int64, into func(V)) store.Query, key func(V) int64) plan[int64, V] {
	return func(ids []int64) ([]store.Query, func(func(int64, V))) {
		rows := make([]V, 0, len(ids))
		q := query(ids, func(v V) { rows = append(rows, v) })
		return []store.Query{q}, func(set func(int64, V)) {
			for _, v := range rows {
				set(key(v), v)
			}
		}
	}
}

// EntityKey is the key of a thing and of what is wanted of it.
type EntityKey struct {
	ID      int64
	Columns edu.Columns
}

// planByColumns plans the read of things by their own keys: one statement for all of
// which the same is wanted.
func planByColumns[V any](query func(ids []int64, want edu.Columns, into func(V)) store.Query, key func(V) int64) plan[EntityKey, V] {
	return func(keys []EntityKey) ([]store.Query, func(func(EntityKey, V))) {
		var queries []store.Query
		var delivers []func(func(EntityKey, V))
		for want, ids := range groupKeys(keys, func(d EntityKey) (edu.Columns, int64) { return d.Columns, d.ID }) {
			q, deliver := planByID(func(ids []int64, into func(V)) store.Query { return query(ids, want, into) }, key)(ids)
			queries = append(queries, q...)
			delivers = append(delivers, func(set func(EntityKey, V)) {
				deliver(func(id int64, v V) { set(EntityKey{id, want}, v) })
			})
		}
		return queries, func(set func(EntityKey, V)) {
			for _, deliver := range delivers {
				deliver(set)
			}
		}
	}
}

// ListKey is the key of a page of a list under a parent; Of says which list.
type ListKey[A comparable] struct {
	Parent int64
	Args   A
	Page   edu.PageArgs
}

// planPages plans the read of the same page under many parents: one statement for
// all parents that want the same, and one more where totals are wanted.
func planPages[A comparable, V any](
	query func(ids []int64, args A, p edu.PageArgs, into func(parent int64, v V)) store.Query,
	total func(ids []int64, args A, into func(parent int64, n int)) store.Query,
	cursor func(A) func(V) edu.Cursor,
) plan[ListKey[A], *edu.Page[V]] {
	type group struct {
		of   A
		page edu.PageArgs
	}
	return func(keys []ListKey[A]) ([]store.Query, func(func(ListKey[A], *edu.Page[V]))) {
		var queries []store.Query
		rows, totals := make(map[ListKey[A]][]V, len(keys)), map[ListKey[A]]int{}
		for g, ids := range groupKeys(keys, func(k ListKey[A]) (group, int64) { return group{k.Args, k.Page}, k.Parent }) {
			queries = append(queries, query(ids, g.of, g.page, func(parent int64, v V) {
				k := ListKey[A]{parent, g.of, g.page}
				rows[k] = append(rows[k], v)
			}))
			if g.page.CountTotal && total != nil {
				queries = append(queries, total(ids, g.of, func(parent int64, n int) {
					totals[ListKey[A]{parent, g.of, g.page}] = n
				}))
			}
		}
		return queries, func(set func(ListKey[A], *edu.Page[V])) {
			for _, k := range keys {
				page := edu.NewPage(rows[k], k.Page, cursor(k.Args))
				page.TotalCount = totals[k]
				set(k, page)
			}
		}
	}
}

// planLists plans the read of a plain list under many parents: one statement for all
// parents that want the same.
func planLists[A comparable, V any](
	query func(ids []int64, args A, into func(parent int64, v V)) store.Query,
) plan[ParentKey[A], []V] {
	return func(keys []ParentKey[A]) ([]store.Query, func(func(ParentKey[A], []V))) {
		var queries []store.Query
		rows := make(map[ParentKey[A]][]V, len(keys))
		for args, ids := range groupKeys(keys, func(k ParentKey[A]) (A, int64) { return k.Args, k.Parent }) {
			queries = append(queries, query(ids, args, func(parent int64, v V) {
				k := ParentKey[A]{parent, args}
				rows[k] = append(rows[k], v)
			}))
		}
		return queries, func(set func(ParentKey[A], []V)) {
			for k, list := range rows {
				set(k, list)
			}
		}
	}
}

// ParentKey is the key of something that a parent has, by arguments.
type ParentKey[A comparable] struct {
	Parent int64
	Args   A
}

// planPerKey plans the read of something that takes a statement of its own for each
// key, as the figures of a dashboard do.
func planPerKey[K comparable, V any](query func(K, *V) store.Query) plan[K, V] {
	return func(keys []K) ([]store.Query, func(func(K, V))) {
		values := make([]V, len(keys))
		queries := make([]store.Query, len(keys))
		for i, k := range keys {
			queries[i] = query(k, &values[i])
		}
		return queries, func(set func(K, V)) {
			for i, k := range keys {
				set(k, values[i])
			}
		}
	}
}

// groupKeys groups keys by what they want, keeping their order.
func groupKeys[K any, G comparable](keys []K, keyParts func(K) (G, int64)) map[G][]int64 {
	groups := map[G][]int64{}
	for _, k := range keys {
		g, id := keyParts(k)
		groups[g] = append(groups[g], id)
	}
	return groups
}
