package resolvers

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/validate"
	"github.com/7p-education/api/loaders"
)

// Limits of the files of a video, as the schema documents them.
const (
	maxPictureSize   = 16_384 // pixels
	maxCaptions      = 50
	maxCaptionLength = 100
)

// The extensions of the files of a video.
var (
	videoExtensions   = slices.Sorted(maps.Keys(edu.VideoTypes))
	posterExtensions  = []string{".avif", ".jpg", ".png", ".webp"}
	captionExtensions = []string{".vtt"}
)

// viewerCanPlay reports whether the viewer may play a video. A preview, and an anonymous viewer, need no reads.
func viewerCanPlay(ctx context.Context, v *edu.Video) (bool, error) {
	l := loaders.FromContext(ctx)
	if v.IsPreview || !l.Viewer.SignedIn() {
		return v.IsPreview, nil
	}
	enrollment, err := l.ViewerEnrollment.Load(ctx, v.CourseID)
	if err != nil {
		return false, err
	}
	c, err := l.Course.Load(ctx, loaders.EntityKey{ID: v.CourseID})
	return err == nil && v.CanPlay(c, l.Viewer, enrollment != nil), err
}

// prefetchPlayback prefetches what viewerCanPlay reads for videos.
func (pf *prefetcher) prefetchPlayback(list []*edu.Video) {
	if !pf.loaders.Viewer.SignedIn() {
		return
	}
	var courses []int64
	for _, v := range list {
		if v.Media != nil && !v.IsPreview {
			courses = append(courses, v.CourseID)
		}
	}
	prefetchKeys(pf, pf.loaders.ViewerEnrollment, courses, nil)
	pf.addPolicyCourses(courses)
}

// validateMedia validates the files of a video and returns them as edu.Video.Media has them: nil for nil.
func validateMedia(in validate.Input, input *graph.VideoMediaInput) []byte {
	if input == nil {
		return nil
	}
	in = in.AtPath("media")
	files := edu.VideoMedia{
		Path:     in.ValidatePath("path", input.Path, videoExtensions),
		Width:    validatePictureSize(in, "width", input.Width),
		Height:   validatePictureSize(in, "height", input.Height),
		Captions: validateCaptions(in, input.Captions),
	}
	if input.Poster != nil {
		poster := in.ValidatePath("poster", *input.Poster, posterExtensions)
		files.Poster = &poster
	}
	encoded, err := json.Marshal(files)
	if err != nil {
		panic(err) // there is no such value in the type
	}
	return encoded
}

func validatePictureSize(in validate.Input, field string, pixels *int) *int {
	if pixels != nil {
		in.ValidateRange(field, *pixels, 1, maxPictureSize)
	}
	return pixels
}

// validateCaptions validates the captions of a video. Each language may occur once.
func validateCaptions(in validate.Input, list []*graph.VideoCaptionInput) []edu.CaptionFile {
	in.ValidateCount("captions", len(list), 0, maxCaptions)
	var captions []edu.CaptionFile
	languages := map[string]bool{}
	for i, input := range list[:min(len(list), maxCaptions)] {
		at := in.AtPath("captions", i)
		c := edu.CaptionFile{
			Language: validateLanguage(at, "language", input.Language),
			Label:    at.ValidateLine("label", input.Label, 1, maxCaptionLength),
			Path:     at.ValidatePath("path", input.Path, captionExtensions),
		}
		if languages[c.Language] {
			at.RejectField("language", "must be different from the languages before it; {language} is there already", c.Language)
		}
		languages[c.Language] = true
		captions = append(captions, c)
	}
	return captions
}
