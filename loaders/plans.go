package loaders

import (
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// planByID plans reading entities by id, or by another key: one query for all.
func planByID[K comparable, V any](query func(ids []K, into func(V)) store.Query, key func(V) K) plan[K, V] {
	return func(ids []K) ([]store.Query, func(func(K, V))) {
		rows := make([]V, 0, len(ids))
		q := query(ids, func(v V) { rows = append(rows, v) })
		return []store.Query{q}, func(set func(K, V)) {
			for _, v := range rows {
				set(key(v), v)
			}
		}
	}
}

// EntityKey is the id of an entity and the columns to read of it.
type EntityKey struct {
	ID      int64
	Columns edu.Columns
}

// planByColumns plans reading entities by id: one query for each set of columns.
func planByColumns[V any](query func(ids []int64, columns edu.Columns, into func(V)) store.Query, key func(V) int64) plan[EntityKey, V] {
	return func(keys []EntityKey) ([]store.Query, func(func(EntityKey, V))) {
		var queries []store.Query
		var deliveries []func(func(EntityKey, V))
		for columns, ids := range groupKeys(keys, func(k EntityKey) (edu.Columns, int64) { return k.Columns, k.ID }) {
			q, deliver := planByID(func(ids []int64, into func(V)) store.Query { return query(ids, columns, into) }, key)(ids)
			queries = append(queries, q...)
			deliveries = append(deliveries, func(set func(EntityKey, V)) {
				deliver(func(id int64, v V) { set(EntityKey{id, columns}, v) })
			})
		}
		return queries, func(set func(EntityKey, V)) {
			for _, deliver := range deliveries {
				deliver(set)
			}
		}
	}
}

// ListKey is the key of a page of a list under a parent. Args selects the list.
type ListKey[A comparable] struct {
	Parent int64
	Args   A
	Page   edu.PageArgs
}

// planPages plans reading the same page under many parents: one query for each combination of
// arguments and page, and one more if totals are requested.
func planPages[A comparable, V any](
	query func(ids []int64, args A, p edu.PageArgs, into func(parent int64, v V)) store.Query,
	total func(ids []int64, args A, into func(parent int64, n int)) store.Query,
	cursor func(A) func(V) edu.Cursor,
) plan[ListKey[A], *edu.Page[V]] {
	type group struct {
		args A
		page edu.PageArgs
	}
	return func(keys []ListKey[A]) ([]store.Query, func(func(ListKey[A], *edu.Page[V]))) {
		var queries []store.Query
		rows, totals := make(map[ListKey[A]][]V, len(keys)), map[ListKey[A]]int{}
		for g, ids := range groupKeys(keys, func(k ListKey[A]) (group, int64) { return group{k.Args, k.Page}, k.Parent }) {
			queries = append(queries, query(ids, g.args, g.page, func(parent int64, v V) {
				k := ListKey[A]{parent, g.args, g.page}
				rows[k] = append(rows[k], v)
			}))
			if g.page.CountTotal && total != nil {
				queries = append(queries, total(ids, g.args, func(parent int64, n int) {
					totals[ListKey[A]{parent, g.args, g.page}] = n
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

// planLists plans reading a plain list under many parents: one query for each set of arguments.
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

// ParentKey is the key of a value that a parent has, and its arguments.
type ParentKey[A comparable] struct {
	Parent int64
	Args   A
}

// planPerKey plans reading values that need a query for each key, as the figures of a dashboard do.
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

// groupKeys groups the ids of keys by the rest of the key. The ids of a group are in the order of
// the keys.
func groupKeys[K any, G comparable](keys []K, keyParts func(K) (G, int64)) map[G][]int64 {
	groups := map[G][]int64{}
	for _, k := range keys {
		g, id := keyParts(k)
		groups[g] = append(groups[g], id)
	}
	return groups
}

// planTimeSeries plans reading time series. Intervals for which the query returns no point have the
// value zero.
func planTimeSeries(l *Loaders, query func(parent int64, by edu.Interval, since time.Time, into func(edu.TimePoint)) store.Query) plan[ParentKey[edu.TimeSeries], []*edu.TimePoint] {
	return planPerKey(func(k ParentKey[edu.TimeSeries], into *[]*edu.TimePoint) store.Query {
		points := k.Args.ZeroPoints(l.Viewer.Now())
		at := make(map[int64]*edu.TimePoint, len(points))
		for _, p := range points {
			at[p.At.Unix()] = p
		}
		*into = points
		return query(k.Parent, k.Args.Interval, points[0].At, func(p edu.TimePoint) {
			if point, ok := at[p.At.Unix()]; ok {
				point.Value = p.Value
			}
		})
	})
}

// appendTo returns a function that appends to a list, which starts empty.
func appendTo[V any](list *[]V) func(V) {
	*list = []V{}
	return func(v V) { *list = append(*list, v) }
}
