package edu

import "time"

// WishlistItem is a course that a user plans to take.
type WishlistItem struct {
	UserID   int64
	CourseID int64
	AddedAt  time.Time
}

// WishlistOrder is the only order of a wishlist: the last added first.
var WishlistOrder = SortOrder{Name: "wishlist", Kind: TimeValue, Desc: true}

// PageCursor returns the cursor of the item in the wishlist.
func (w *WishlistItem) PageCursor() Cursor {
	return Cursor{Order: WishlistOrder.Name, Value: NewTimeValue(w.AddedAt), ID: w.CourseID}
}
