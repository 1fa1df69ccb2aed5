package edu

import (
	"encoding/json"
	"path"
	"time"
)

// VideoMedia names the files of a video. Paths are relative to the directory of the course on the media server.
type VideoMedia struct {
	Path     string        `json:"path"` // of the playlist or the file that a player opens
	Width    *int          `json:"width,omitempty"`
	Height   *int          `json:"height,omitempty"`
	Poster   *string       `json:"poster,omitempty"`
	Captions []CaptionFile `json:"captions,omitempty"`
}

// CaptionFile names the file of a video's captions in one language, a BCP 47 language tag.
type CaptionFile struct {
	Language string `json:"language"`
	Label    string `json:"label"`
	Path     string `json:"path"`
}

// VideoPlayback has what a player needs. Its URLs are signed.
type VideoPlayback struct {
	URL       string
	MimeType  string
	Width     *int
	Height    *int
	Captions  []*VideoCaption
	Poster    *string
	ExpiresAt time.Time
}

// VideoCaption is a track of captions of a video. Its URL is signed.
type VideoCaption struct{ Language, Label, URL string }

// VideoTypes are the media types of the files that a player opens, by their extensions.
var VideoTypes = map[string]string{
	".m3u8": "application/vnd.apple.mpegurl", // RFC 8216, section 4
	".mpd":  "application/dash+xml",
	".mp4":  "video/mp4",
	".webm": "video/webm",
}

// ParseMedia returns the files of the video, nil if there are none.
func (v *Video) ParseMedia() (*VideoMedia, error) {
	if v.Media == nil {
		return nil, nil
	}
	var m VideoMedia
	if err := json.Unmarshal(v.Media, &m); err != nil {
		return nil, err
	}
	return &m, nil
}

// Playback returns what a player needs. The URLs of files, which sign returns, are valid until expires.
func (m *VideoMedia) Playback(expires time.Time, sign func(file string, expires time.Time) string) *VideoPlayback {
	p := &VideoPlayback{
		URL: sign(m.Path, expires), MimeType: VideoTypes[path.Ext(m.Path)], Width: m.Width, Height: m.Height,
		Captions: make([]*VideoCaption, 0, len(m.Captions)), ExpiresAt: expires,
	}
	if m.Poster != nil {
		poster := sign(*m.Poster, expires)
		p.Poster = &poster
	}
	for _, c := range m.Captions {
		p.Captions = append(p.Captions, &VideoCaption{Language: c.Language, Label: c.Label, URL: sign(c.Path, expires)})
	}
	return p
}

// CanPlay reports whether a viewer may play the video, which the viewer can see. A preview is for all visitors. The
// other videos are for users who are enrolled in the course, its instructor and admins.
func (v *Video) CanPlay(c *Course, viewer Principal, enrolled bool) bool {
	return v.IsPreview || enrolled || c != nil && viewer.CanManageCourse(c)
}
