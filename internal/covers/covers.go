// Package covers has the covers of the demo's courses: pictures in several widths and formats, made by scripts/covers.
package covers

import (
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/7p-education/api/edu"
)

//go:embed files
var files embed.FS

// Path is the directory of the covers in URLs.
const Path = "/covers/"

// cover is an entry of covers.json. The names of its files contain hashes of their contents, so a file never changes.
type cover struct {
	Width     int      `json:"width"`
	Height    int      `json:"height"`
	Thumbhash []byte   `json:"thumbhash"`
	WebP      []string `json:"webp"` // by width, the largest last
	AVIF      []string `json:"avif"`
}

// readCovers returns the covers by the name of their largest WebP file, which is that of their URL, and these names.
var readCovers = sync.OnceValues(func() (map[string]cover, []string) {
	var list []cover
	text, err := files.ReadFile("files/covers.json")
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		panic(err) // the files are part of the program
	}
	byName, names := map[string]cover{}, make([]string, len(list))
	for i, c := range list {
		names[i] = c.WebP[len(c.WebP)-1]
		byName[names[i]] = c
	}
	return byName, names
})

// Name returns the name of the cover with a number, from 0. Numbers beyond the last start again.
func Name(number int) string {
	_, names := readCovers()
	return names[number%len(names)]
}

// Image returns the picture at a URL. Its size, thumbhash and sources are known if it is a cover.
func Image(url, alt string) *edu.Image {
	picture := &edu.Image{URL: url, Alt: alt, Sources: []*edu.ImageSource{}}
	directory, name := path.Split(url)
	all, _ := readCovers()
	c, ok := all[name]
	if !ok || !strings.HasSuffix(directory, Path) {
		return picture
	}
	hash := base64.StdEncoding.EncodeToString(c.Thumbhash)
	picture.Width, picture.Height, picture.Thumbhash = &c.Width, &c.Height, &hash
	picture.Sources = []*edu.ImageSource{
		{MimeType: "image/avif", Srcset: formatSrcset(directory, c.AVIF)},
		{MimeType: "image/webp", Srcset: formatSrcset(directory, c.WebP)},
	}
	return picture
}

// formatSrcset returns the files as the attribute srcset has them, e.g. "/covers/a-320.webp 320w".
func formatSrcset(directory string, list []string) string {
	candidates := make([]string, len(list))
	for i, name := range list {
		base, _, _ := strings.Cut(name, ".")
		candidates[i] = fmt.Sprintf("%s%s %sw", directory, name, base[strings.LastIndex(base, "-")+1:])
	}
	return strings.Join(candidates, ", ")
}
