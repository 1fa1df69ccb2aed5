package edu

// Image is a picture. Its size and its thumbhash are nil if they are unknown.
type Image struct {
	URL       string
	Alt       string
	Width     *int
	Height    *int
	Thumbhash *string
	Sources   []*ImageSource
}

// ImageSource is a picture in one format and several widths.
type ImageSource struct{ MimeType, Srcset string }
