package loaders

import (
	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// byKey plans the read of things by their own keys: one statement for all.
func byKey[V any](query func(ids []int64, into func(V)) store.Query, key func(V) int64) plan[int64, V] {
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

// Detail is the key of a thing and of what is wanted of it.
type Detail struct {
	ID   int64
	Want edu.Columns
}

// byDetail plans the read of things by their own keys: one statement for all of
// which the same is wanted.
func byDetail[V any](query func(ids []int64, want edu.Columns, into func(V)) store.Query, key func(V) int64) plan[Detail, V] {
	return func(keys []Detail) ([]store.Query, func(func(Detail, V))) {
		var queries []store.Query
		var delivers []func(func(Detail, V))
		for want, ids := range split(keys, func(d Detail) (edu.Columns, int64) { return d.Want, d.ID }) {
			q, deliver := byKey(func(ids []int64, into func(V)) store.Query { return query(ids, want, into) }, key)(ids)
			queries = append(queries, q...)
			delivers = append(delivers, func(set func(Detail, V)) {
				deliver(func(id int64, v V) { set(Detail{id, want}, v) })
			})
		}
		return queries, func(set func(Detail, V)) {
			for _, deliver := range delivers {
				deliver(set)
			}
		}
	}
}

// List is the key of a page of a list under a parent; Of says which list.
type List[A comparable] struct {
	Parent int64
	Of     A
	Page   edu.PageArgs
}

// pages plans the read of the same page under many parents: one statement for
// all parents that want the same, and one more where totals are wanted.
func pages[A comparable, V any](
	query func(ids []int64, of A, p edu.PageArgs, into func(parent int64, v V)) store.Query,
	total func(ids []int64, of A, into func(parent int64, n int)) store.Query,
	cursor func(A) func(V) edu.Cursor,
) plan[List[A], *edu.Page[V]] {
	type group struct {
		of   A
		page edu.PageArgs
	}
	return func(keys []List[A]) ([]store.Query, func(func(List[A], *edu.Page[V]))) {
		var queries []store.Query
		rows, totals := make(map[List[A]][]V, len(keys)), map[List[A]]int{}
		for g, ids := range split(keys, func(k List[A]) (group, int64) { return group{k.Of, k.Page}, k.Parent }) {
			queries = append(queries, query(ids, g.of, g.page, func(parent int64, v V) {
				k := List[A]{parent, g.of, g.page}
				rows[k] = append(rows[k], v)
			}))
			if g.page.Total && total != nil {
				queries = append(queries, total(ids, g.of, func(parent int64, n int) {
					totals[List[A]{parent, g.of, g.page}] = n
				}))
			}
		}
		return queries, func(set func(List[A], *edu.Page[V])) {
			for _, k := range keys {
				page := edu.NewPage(rows[k], k.Page, cursor(k.Of))
				page.TotalCount = totals[k]
				set(k, page)
			}
		}
	}
}

// lists plans the read of a plain list under many parents: one statement for all
// parents that want the same.
func lists[A comparable, V any](
	query func(ids []int64, of A, into func(parent int64, v V)) store.Query,
) plan[Of[A], []V] {
	return func(keys []Of[A]) ([]store.Query, func(func(Of[A], []V))) {
		var queries []store.Query
		rows := make(map[Of[A]][]V, len(keys))
		for of, ids := range split(keys, func(k Of[A]) (A, int64) { return k.Args, k.Parent }) {
			queries = append(queries, query(ids, of, func(parent int64, v V) {
				k := Of[A]{parent, of}
				rows[k] = append(rows[k], v)
			}))
		}
		return queries, func(set func(Of[A], []V)) {
			for k, list := range rows {
				set(k, list)
			}
		}
	}
}

// Of is the key of something that a parent has, by arguments.
type Of[A comparable] struct {
	Parent int64
	Args   A
}

// each plans the read of something that takes a statement of its own for each
// key, as the figures of a dashboard do.
func each[K comparable, V any](query func(K, *V) store.Query) plan[K, V] {
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

// split groups keys by what they want, keeping their order.
func split[K any, G comparable](keys []K, of func(K) (G, int64)) map[G][]int64 {
	groups := map[G][]int64{}
	for _, k := range keys {
		g, id := of(k)
		groups[g] = append(groups[g], id)
	}
	return groups
}
