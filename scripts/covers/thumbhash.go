package main

import (
	"image"
	"math"
)

// thumbhash returns the ThumbHash of an opaque picture of at most 100 × 100 points, which is wider than high:
// https://evanw.github.io/thumbhash/.
func thumbhash(picture *image.RGBA) []byte {
	w, h := picture.Bounds().Dx(), picture.Bounds().Dy()
	luminance, yellowBlue, redGreen := make([]float64, w*h), make([]float64, w*h), make([]float64, w*h)
	for i := range luminance {
		r, g, b := float64(picture.Pix[4*i])/255, float64(picture.Pix[4*i+1])/255, float64(picture.Pix[4*i+2])/255
		luminance[i], yellowBlue[i], redGreen[i] = (r+g+b)/3, (r+g)/2-b, r-g
	}
	ly := max(1, int(math.Round(7*float64(h)/float64(w))))
	l := transform(luminance, w, h, 7, max(3, ly))
	p, q := transform(yellowBlue, w, h, 3, 3), transform(redGreen, w, h, 3, 3)
	header := round(63*l.mean) | round(31.5+31.5*p.mean)<<6 | round(31.5+31.5*q.mean)<<12 | round(31*l.scale)<<18
	header16 := ly | round(63*p.scale)<<3 | round(63*q.scale)<<9 | 1<<15 // the last bit: wider than high
	hash := []byte{byte(header), byte(header >> 8), byte(header >> 16), byte(header16), byte(header16 >> 8)}
	odd := false
	for _, c := range []channel{l, p, q} {
		for _, f := range c.terms {
			if nibble := byte(round(15 * f)); odd {
				hash[len(hash)-1] |= nibble << 4
			} else {
				hash = append(hash, nibble)
			}
			odd = !odd
		}
	}
	return hash
}

func round(f float64) int { return int(math.Round(f)) }

// channel is the start of the cosine transform of a channel. The terms are from 0 to 1.
type channel struct {
	mean, scale float64
	terms       []float64
}

func transform(values []float64, w, h, nx, ny int) (c channel) {
	for cy := range ny {
		for cx := 0; cx*ny < nx*(ny-cy); cx++ {
			var f float64
			for y := range h {
				fy := math.Cos(math.Pi / float64(h) * float64(cy) * (float64(y) + 0.5))
				for x := range w {
					f += values[x+y*w] * fy * math.Cos(math.Pi/float64(w)*float64(cx)*(float64(x)+0.5))
				}
			}
			f /= float64(w * h)
			if cx == 0 && cy == 0 {
				c.mean = f
				continue
			}
			c.terms = append(c.terms, f)
			c.scale = max(c.scale, math.Abs(f))
		}
	}
	for i := range c.terms {
		if c.scale > 0 {
			c.terms[i] = 0.5 + 0.5/c.scale*c.terms[i]
		}
	}
	return c
}
