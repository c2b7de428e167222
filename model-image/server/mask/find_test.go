package mask_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
)

// recorder is a segmenter that returns a fixed mask and records the requested
// boxes.
type recorder struct {
	answer *mask.Mask
	err    error
	boxes  []image.Rectangle
	points []job.Point // of the last prompt
}

func (r *recorder) Segment(_ context.Context, _ image.Image, prompt mask.Prompt) (*mask.Mask, error) {
	r.boxes, r.points = append(r.boxes, prompt.Box), prompt.Points
	return r.answer, r.err
}

// partly returns a mask over r in which the given share of points belongs to
// the object.
func partly(r image.Rectangle, share float64) *mask.Mask {
	m := mask.New(r, 100, 100)
	for i := range int(share * float64(len(m.Cover))) {
		m.Cover[i] = 255
	}
	return m
}

// plain returns an opaque picture of one color.
func plain(width, height int, c color.NRGBA) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := 0; i < len(p.Pix); i += 4 {
		p.Pix[i], p.Pix[i+1], p.Pix[i+2], p.Pix[i+3] = c.R, c.G, c.B, c.A
	}
	return p
}

func wantCode(t *testing.T, err error, code job.Code, words string) {
	t.Helper()
	failure, ok := job.AsFailure(err)
	if !ok || failure.Code != code || !strings.Contains(failure.Message, words) {
		t.Errorf("error is %v, want a failure %s that says %q", err, code, words)
	}
}

func TestFindPrefersTheGivenMask(t *testing.T) {
	photo := plain(100, 80, color.NRGBA{200, 0, 0, 100})
	given := partly(photo.Bounds(), 0.3)
	box := image.Rect(10, 10, 50, 50)
	s := &recorder{answer: partly(box, 0.5)}
	got, use, err := mask.Finder{Segmenter: s}.Find(t.Context(), photo, mask.Object{Index: 1, Box: &box, Points: []job.Point{{X: 1, Y: 1}}, Given: given})
	if err != nil || got != given || len(s.boxes) != 0 || use.Source != job.MaskGiven {
		t.Errorf("Find = %p, %v after %d calls of the segmenter, want the given mask %p", got, err, len(s.boxes), given)
	}
}

func TestFindRefusesAnEmptyGivenMask(t *testing.T) {
	photo := plain(100, 80, color.NRGBA{200, 0, 0, 255})
	_, _, err := mask.Finder{}.Find(t.Context(), photo, mask.Object{Index: 3, Given: partly(photo.Bounds(), 0)})
	wantCode(t, err, job.CodeNoObject, "mask of object 3 is empty")
	_, _, err = mask.Finder{}.Find(t.Context(), photo, mask.Object{Index: 3, Given: &mask.Mask{Rect: photo.Bounds(), Width: 3, Height: 3}})
	if _, users := job.AsFailure(err); err == nil || users {
		t.Errorf("a mask whose raster has the wrong size gave %v, want a fault", err)
	}
}

// cutOut returns a picture of which only a square is visible.
func cutOut() *image.NRGBA {
	photo := plain(100, 80, color.NRGBA{200, 0, 0, 0})
	for y := 20; y < 60; y++ {
		for x := 30; x < 70; x++ {
			photo.SetNRGBA(x, y, color.NRGBA{200, 0, 0, 128})
		}
		photo.SetNRGBA(29, y, color.NRGBA{200, 0, 0, 127})
	}
	return photo
}

func TestFindUsesAlphaOfAPictureWithoutABox(t *testing.T) {
	photo := cutOut()
	s := &recorder{answer: partly(photo.Bounds(), 0.5)}
	got, use, err := mask.Finder{Segmenter: s}.Find(t.Context(), photo, mask.Object{Index: 1})
	if err != nil || len(s.boxes) != 0 || use.Source != job.MaskAlpha {
		t.Fatalf("Find: %+v, %v after %d calls of the segmenter", use, err, len(s.boxes))
	}
	if got.Count() != 40*40 {
		t.Errorf("the mask has %d pixels, want the 1600 with alpha of at least one half", got.Count())
	}
}

func TestFindPrefersPointsAndBoxToAlpha(t *testing.T) {
	photo := cutOut()
	box := image.Rect(20, 10, 50, 80)
	points := []job.Point{{X: 40, Y: 40, Inside: true}}
	for name, c := range map[string]struct {
		object mask.Object
		found  float64 // share of the picture
		want   job.MaskSource
	}{
		"box":                           {mask.Object{Index: 1, Box: &box}, 0.1, job.MaskSegmenter},
		"points":                        {mask.Object{Index: 1, Points: points}, 0.1, job.MaskPoints},
		"points and box":                {mask.Object{Index: 1, Box: &box, Points: points}, 0.001, job.MaskPoints},
		"box in which nothing is found": {mask.Object{Index: 1, Box: &box}, 0, job.MaskAlpha},
		"box that is filled":            {mask.Object{Index: 1, Box: &box}, 0.5, job.MaskSegmenter},
	} {
		t.Run(name, func(t *testing.T) {
			s := &recorder{answer: partly(photo.Bounds(), c.found)}
			got, use, err := mask.Finder{Segmenter: s}.Find(t.Context(), photo, c.object)
			if err != nil || use.Source != c.want || len(s.points) != len(c.object.Points) {
				t.Fatalf("Find: %+v, %v", use, err)
			}
			if c.want == job.MaskAlpha && got.Count() != 20*40 {
				t.Errorf("the mask has %d pixels, want the 800 of the box with alpha", got.Count())
			}
		})
	}
	s := &recorder{answer: partly(photo.Bounds(), 0)}
	_, _, err := mask.Finder{Segmenter: s}.Find(t.Context(), photo, mask.Object{Index: 4, Points: points})
	wantCode(t, err, job.CodeNoObject, "No object stands out at the points of object 4")
}

func TestFindIgnoresAnOpaqueAlphaChannel(t *testing.T) {
	photo := plain(100, 80, color.NRGBA{200, 0, 0, 255})
	photo.SetNRGBA(99, 79, color.NRGBA{}) // outside the box
	box := image.Rect(10, 10, 50, 50)
	s := &recorder{answer: partly(box, 0.5)}
	got, _, err := mask.Finder{Segmenter: s}.Find(t.Context(), photo, mask.Object{Index: 1, Box: &box})
	if err != nil || got != s.answer || len(s.boxes) != 1 || s.boxes[0] != box {
		t.Errorf("Find = %v, %v after asking for %v, want the segmenter's answer for %v", got, err, s.boxes, box)
	}
}

func TestFindReportsATransparentPicture(t *testing.T) {
	photo := plain(100, 80, color.NRGBA{200, 0, 0, 60})
	_, _, err := mask.Finder{}.Find(t.Context(), photo, mask.Object{Index: 1})
	wantCode(t, err, job.CodeNoObject, "The picture has only transparent pixels")
	box := image.Rect(10, 10, 50, 50)
	_, _, err = mask.Finder{}.Find(t.Context(), photo, mask.Object{Index: 2, Box: &box})
	wantCode(t, err, job.CodeNoObject, "Box 2 has only transparent pixels")
}

func TestFindKeepsAHairlineInAlpha(t *testing.T) {
	photo := plain(3000, 2000, color.NRGBA{})
	for x := 100; x < 2900; x++ {
		photo.SetNRGBA(x, 1001, color.NRGBA{0, 200, 0, 255})
	}
	got, _, err := mask.Finder{}.Find(t.Context(), photo, mask.Object{Index: 1})
	if err != nil || got.Count() < 900 {
		t.Fatalf("Find: %v with %d points, want the line along the picture", err, got.Count())
	}
}

func TestFindChecksTheShareOfTheBox(t *testing.T) {
	photo := plain(200, 200, color.NRGBA{200, 0, 0, 255})
	box := image.Rect(50, 50, 150, 150)
	around := image.Rect(0, 0, 200, 200) // four times the box
	ask := func(share float64, object mask.Object) (*mask.Mask, error) {
		m, _, err := mask.Finder{Segmenter: &recorder{answer: partly(around, share)}}.Find(t.Context(), photo, object)
		return m, err
	}
	if got, err := ask(0.01, mask.Object{Index: 2, Box: &box}); err != nil || got.Share() != 0.01 {
		t.Errorf("4%% of the box gave %v, want the segmenter's mask", err)
	}
	_, err := ask(0.004, mask.Object{Index: 2, Box: &box})
	wantCode(t, err, job.CodeNoObject, "No object stands out in box 2; draw the box closer around it.")
	_, err = ask(0.01, mask.Object{Index: 1})
	wantCode(t, err, job.CodeNoObject, "No object stands out in the photo; draw a box closely around it.")
	if _, use, _ := (mask.Finder{Segmenter: &recorder{answer: partly(around, 0.1)}}).Find(t.Context(), photo, mask.Object{Index: 2, Box: &box}); use.Share != 0.4 || use.Score != nil {
		t.Errorf("the use of a mask of 40%% of its box is %+v", use)
	}
	got, err := ask(0.245, mask.Object{Index: 2, Box: &box})
	if err != nil || got.Rect != box || got.Share() != 1 {
		t.Errorf("98%% of the box gave %v, want all of the box", err)
	}
}

func TestFindWrapsSegmenterErrors(t *testing.T) {
	fault := errors.New("out of memory")
	_, _, err := mask.Finder{Segmenter: &recorder{err: fault}}.Find(t.Context(), plain(9, 9, color.NRGBA{A: 255}), mask.Object{Index: 1})
	if !errors.Is(err, fault) {
		t.Errorf("error is %v, want one that wraps the segmenter's", err)
	}
}

func TestFindReportsABoxOutsideThePicture(t *testing.T) {
	box := image.Rect(200, 200, 300, 300)
	_, _, err := mask.Finder{}.Find(t.Context(), plain(100, 100, color.NRGBA{A: 255}), mask.Object{Index: 4, Box: &box})
	wantCode(t, err, job.CodeBoxOutside, "Box 4")
}
