package server_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// thumbnailOf returns the job's thumbnail, or nil if there is none.
func (w *world) thumbnailOf(m *job.Manifest) image.Image {
	w.t.Helper()
	data, ok := s3test.Get(w.t, m.Ref().ThumbnailKey())
	if !ok {
		return nil
	}
	if most := 12 << 10; len(data) > most {
		w.t.Errorf("the thumbnail has %d bytes, want at most %d", len(data), most)
	}
	picture, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	return picture
}

func TestFirstObjectWritesTheThumbnail(t *testing.T) {
	w := newWorld(t)
	m := w.job("coffee.jpg", &job.Box{120, 60, 420, 320}, &job.Box{120, 60, 420, 320})
	w.invoke(m, 2).result(t)
	if w.thumbnailOf(m) != nil {
		t.Error("the second object wrote a thumbnail")
	}
	w.invoke(m, 1).result(t)
	if picture := w.thumbnailOf(m); picture == nil || picture.Bounds() != image.Rect(0, 0, 192, 128) {
		t.Errorf("the thumbnail of a photo of 600 × 400 is %v", picture)
	}
}

func TestFailedObjectHasAThumbnailToo(t *testing.T) {
	w := newWorld(t)
	m := w.job("coffee.jpg", &job.Box{590, 390, 900, 900})
	if result := w.invoke(m, 1).result(t); result.Status != job.StatusFailed {
		t.Fatalf("the object ends with %+v", result)
	}
	if w.thumbnailOf(m) == nil {
		t.Error("there is no thumbnail")
	}
}

func TestThumbnailOfASmallTransparentPhotoIsOnWhite(t *testing.T) {
	picture := image.NewNRGBA(image.Rect(0, 0, 100, 80))
	for y := 20; y < 60; y++ {
		for x := 20; x < 80; x++ {
			picture.SetNRGBA(x, y, color.NRGBA{200, 30, 30, 255})
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	m := w.jobOf("cutout.png", file.Bytes())
	m.Source.ContentType = "image/png"
	w.invoke(m, 1).result(t)
	small := w.thumbnailOf(m)
	if small == nil || small.Bounds() != picture.Rect {
		t.Fatalf("the thumbnail is %v", small)
	}
	for at, want := range map[image.Point]color.Gray{{5, 5}: {255}, {50, 40}: {81}} {
		if got := color.GrayModel.Convert(small.At(at.X, at.Y)).(color.Gray); got.Y < want.Y-8 || int(got.Y) > int(want.Y)+8 {
			t.Errorf("at %v it is as bright as %d, want %d", at, got.Y, want.Y)
		}
	}
}

func TestThumbnailOfAVeryLongPhoto(t *testing.T) {
	picture := image.NewNRGBA(image.Rect(0, 0, 40_000, 64))
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	m := w.jobOf("long.png", file.Bytes())
	m.Source.ContentType = "image/png"
	w.invoke(m, 1).result(t)
	if small := w.thumbnailOf(m); small == nil || small.Bounds() != image.Rect(0, 0, 192, 1) {
		t.Errorf("the thumbnail is %v", small)
	}
}

func TestThumbnailErrorsAreIgnored(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.transport = transport(func(r *http.Request) error {
			if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/photo") {
				return errors.New("connection reset by peer")
			}
			return nil
		})
	})
	m := w.job("cat.jpg")
	if result := w.invoke(m, 1).result(t); result.Status != job.StatusSucceeded {
		t.Errorf("the object ends with %+v", result)
	}
	if w.thumbnailOf(m) != nil {
		t.Error("the thumbnail was written")
	}
}
