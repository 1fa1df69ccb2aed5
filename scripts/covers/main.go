// Command covers makes the covers of the demo's courses, in internal/covers/files: ten patterns in three widths, as AVIF
// and as WebP, and their list. It needs cwebp and avifenc (Debian: apt-get install webp libavif-bin). The files are
// committed, because each version of the encoders makes other bytes.
//
//	go run ./scripts/covers
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	count         = 10
	width, height = 960, 540
	directory     = "internal/covers/files"
)

// widths are the widths of the files, the largest last.
var widths = []int{320, 640, 960}

// cover is an entry of the list.
type cover struct {
	Width     int      `json:"width"`
	Height    int      `json:"height"`
	Thumbhash []byte   `json:"thumbhash"` // https://evanw.github.io/thumbhash/
	WebP      []string `json:"webp"`      // the names of the files, by width
	AVIF      []string `json:"avif"`
}

func main() {
	log.SetFlags(0)
	if err := makeCovers(); err != nil {
		log.Fatal(err)
	}
}

func makeCovers() error {
	if err := os.RemoveAll(directory); err != nil {
		return err
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "covers")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	covers := make([]cover, count)
	for i := range covers {
		picture := draw(i)
		covers[i] = cover{Width: width, Height: height, Thumbhash: thumbhash(shrink(picture, 96))}
		for _, w := range widths {
			source := filepath.Join(work, "cover.png")
			if err := writePNG(source, shrink(picture, w)); err != nil {
				return err
			}
			webp, err := encode(fmt.Sprintf("cover-%d-%d", i+1, w), ".webp", func(out string) *exec.Cmd {
				return exec.Command("cwebp", "-quiet", "-q", "70", "-m", "6", source, "-o", out)
			})
			if err != nil {
				return err
			}
			avif, err := encode(fmt.Sprintf("cover-%d-%d", i+1, w), ".avif", func(out string) *exec.Cmd {
				return exec.Command("avifenc", "--min", "25", "--max", "35", "--speed", "2", source, out)
			})
			if err != nil {
				return err
			}
			covers[i].WebP, covers[i].AVIF = append(covers[i].WebP, webp), append(covers[i].AVIF, avif)
		}
	}
	list, err := json.MarshalIndent(covers, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, "covers.json"), append(list, '\n'), 0o644)
}

// encode runs an encoder and names its output by the first 12 hex digits of its SHA-256.
func encode(name, extension string, command func(out string) *exec.Cmd) (string, error) {
	out := filepath.Join(directory, "new"+extension)
	if text, err := command(out).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, text)
	}
	body, err := os.ReadFile(out)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	name += "." + hex.EncodeToString(sum[:6]) + extension
	return name, os.Rename(out, filepath.Join(directory, name))
}

func writePNG(file string, picture image.Image) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := png.Encode(f, picture); err != nil {
		return err
	}
	return f.Close()
}

// draw draws the pattern of a cover in two colors.
func draw(n int) *image.RGBA {
	hue := float64(n) / count
	back, front := fromHSL(hue, 0.55, 0.32), fromHSL(hue+0.08, 0.6, 0.5)
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			share := math.Max(0, math.Min(1, pattern(n%5, float64(x), float64(y))))
			shade := 0.85 + 0.3*float64(x+y)/(width+height)
			picture.Set(x, y, mix(back, front, share, shade))
		}
	}
	return picture
}

// pattern returns how much of the front color a point has, with soft edges.
func pattern(kind int, x, y float64) float64 {
	edge := func(distance float64) float64 { return distance/2 + 0.5 }
	switch kind {
	case 0: // circles around a corner
		return edge(40 - math.Abs(math.Mod(math.Hypot(x-width, y-height), 160)-80))
	case 1: // waves
		return edge(36 - math.Abs(math.Mod(y+40*math.Sin(x/110)+540, 120)-60))
	case 2: // dots
		return edge(34 - math.Hypot(math.Mod(x, 120)-60, math.Mod(y, 120)-60))
	case 3: // diagonal stripes
		return edge(30 - math.Abs(math.Mod(x+y, 144)-72)/math.Sqrt2)
	default: // diamonds
		return edge(46 - math.Abs(math.Mod(x, 120)-60) - math.Abs(math.Mod(y, 120)-60))
	}
}

func mix(back, front [3]float64, share, shade float64) color.RGBA {
	channel := func(i int) uint8 { return uint8(255 * math.Min(1, shade*(back[i]+share*(front[i]-back[i])))) }
	return color.RGBA{channel(0), channel(1), channel(2), 255}
}

// fromHSL returns the red, green and blue, from 0 to 1, of a hue, a saturation and a lightness.
func fromHSL(h, s, l float64) (rgb [3]float64) {
	for i, offset := range []float64{0, 8, 4} {
		k := math.Mod(offset+12*h, 12)
		rgb[i] = l - s*math.Min(l, 1-l)*math.Max(-1, math.Min(math.Min(k-3, 9-k), 1))
	}
	return rgb
}

// shrink returns a picture of a width, each of whose points is the mean of the points that it covers.
func shrink(picture *image.RGBA, w int) *image.RGBA {
	h := w * height / width
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			var sum [3]int
			fromX, toX, fromY, toY := x*width/w, (x+1)*width/w, y*height/h, (y+1)*height/h
			for sy := fromY; sy < toY; sy++ {
				for sx := fromX; sx < toX; sx++ {
					c := picture.RGBAAt(sx, sy)
					sum[0], sum[1], sum[2] = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B)
				}
			}
			n := (toX - fromX) * (toY - fromY)
			small.SetRGBA(x, y, color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255})
		}
	}
	return small
}
